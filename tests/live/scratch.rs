//! A directory for the files of one test, and openssl run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory of its own, gone when the test ends, passed or failed.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("scep-test-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A new directory in this one.
    pub(crate) fn dir(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir(&path).unwrap();
        path
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.0.join(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn run(&self, arguments: &str) -> Output {
        Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(&self.0)
            .output()
            .expect("the openssl program must be there")
    }

    /// Runs openssl, which must succeed, and gives what it printed.
    pub(crate) fn openssl(&self, what: &str, arguments: &str) -> String {
        let output = self.run(arguments);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let status = output.status;
        assert!(
            status.success(),
            "{what}: openssl {arguments}\n{status}\n{text}"
        );
        text
    }
}

/// What the tests ask of a certificate in a file.
impl Scratch {
    /// The certificate is on this key.
    pub(crate) fn is_on_key(&self, certificate: &str, key: &str) {
        let what = "the certificate's key";
        let certified = self.openssl(what, &format!("x509 -in {certificate} -noout -pubkey"));
        let public = self.openssl(what, &format!("pkey -in {key} -pubout"));
        assert_eq!(certified, public, "{certificate} is not on {key}");
    }

    /// The serial number of a certificate, in hexadecimal digits.
    pub(crate) fn serial(&self, certificate: &str) -> String {
        let told = self.openssl("serial", &format!("x509 -in {certificate} -noout -serial"));
        told.trim().trim_start_matches("serial=").to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind in a directory of temporary files must not turn a failed test into an abort.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
