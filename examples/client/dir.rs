//! The files of DIR: each is written in one step, so that the program can be killed at any moment.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::pem;
use crate::stop::{Outcome, Stop};

pub const KEY: &str = "key.pem";
pub const CSR: &str = "csr.pem";
pub const CERTIFICATE: &str = "cert.pem";
/// From the issuing CA's certificate up to the trusted one.
pub const CHAIN: &str = "chain.pem";
/// The certificate that is trusted.
pub const CA: &str = "ca.pem";
pub const NEXT_CA: &str = "next-ca.pem";
pub const CRL_DER: &str = "crl.der";
pub const CRL_PEM: &str = "crl.pem";

/// DIR, which no other process of this kind uses at the same time.
pub struct Dir {
    path: PathBuf,
    _lock: File,
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Everybody,
    Owner,
}

impl Dir {
    /// Opens DIR, and makes it if it is missing.
    pub fn open(path: &Path) -> Outcome<Self> {
        let problem = |error| Stop::Usage(format!("--out {}: {error}", path.display()));
        fs::create_dir_all(path).map_err(problem)?;
        let lock = File::create(path.join(".lock")).map_err(problem)?;
        // The system lets go of it however the process ends.
        lock.try_lock()
            .map_err(|_| Stop::Usage(format!("another run is at work in {}", path.display())))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where a file is, for people.
    pub fn path(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    /// What is in a file, if there is one.
    pub fn read(&self, name: &str) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.problem("read", name, &error)),
        }
    }

    /// What is in the PEM block of a file, if there is such a file.
    pub fn read_pem(&self, name: &str, label: &str) -> Outcome<Option<Zeroizing<Vec<u8>>>> {
        let Some(text) = self.read(name)? else {
            return Ok(None);
        };
        match pem::decode(&text) {
            Ok((found, der)) if found == label => Ok(Some(der)),
            Ok((found, _)) => {
                Err(self.damaged(name, format_args!("it is a PEM block of {found:?}")))
            }
            Err(error) => Err(self.damaged(name, error)),
        }
    }

    /// Writes a file or replaces it. After a crash there is the old one or the new one; when this returns, the new one.
    pub fn write(&self, name: &str, bytes: &[u8], readers: Readers) -> Outcome<()> {
        let finished = self.path.join(name);
        let unfinished = self.path.join(format!("{name}.unfinished"));
        let write = || {
            let folder = folder_of(&finished);
            if !folder.exists() {
                fs::create_dir(folder)?;
                sync(folder_of(folder))?;
            }
            // One that a kill left behind may be open to other readers.
            remove_if_there(&unfinished)?;
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            if readers == Readers::Owner {
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            }
            let mut file = options.open(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &finished)?;
            sync(folder)
        };
        write().map_err(|error| self.problem("write", name, &error))
    }

    /// Writes PEM blocks of one label.
    pub fn write_pem<'d>(
        &self,
        name: &str,
        label: &'static str,
        ders: impl IntoIterator<Item = &'d [u8]>,
        readers: Readers,
    ) -> Outcome<()> {
        let mut text = Zeroizing::new(String::new());
        for der in ders {
            let block = pem::encode(label, der).map_err(|error| self.damaged(name, error))?;
            text.push_str(&block);
        }
        self.write(name, text.as_bytes(), readers)
    }

    /// Puts a file in the place of another, if there is such a file.
    pub fn replace(&self, name: &str, with: &str) -> Outcome<()> {
        let moved = || match fs::rename(self.path.join(with), self.path.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => sync(&self.path),
        };
        moved().map_err(|error| self.problem("replace", name, &error))
    }

    /// Removes a file, if there is such a file.
    pub fn remove(&self, name: &str) -> Outcome<()> {
        let path = self.path.join(name);
        remove_if_there(&path).map_err(|error| self.problem("remove", name, &error))
    }

    /// Removes a folder with what is in it, if there is one.
    pub fn remove_folder(&self, name: &str) -> Outcome<()> {
        match fs::remove_dir_all(self.path.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(self.problem("remove", name, &error))
            }
            _ => Ok(()),
        }
    }

    /// A file is missing that an earlier run wrote.
    pub fn missing(&self, name: &str) -> Stop {
        self.damaged(name, "it is gone")
    }

    /// A file is not what this program writes.
    pub fn damaged(&self, name: &str, what: impl std::fmt::Display) -> Stop {
        Stop::Failed(format!("{}: {what}", self.path(name)))
    }

    fn problem(&self, verb: &str, name: &str, error: &io::Error) -> Stop {
        Stop::Failed(format!("cannot {verb} {}: {error}", self.path(name)))
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync(folder_of(path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the names in a folder last. Only some systems can.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A directory of its own for a test, which is removed in the end.
    pub struct Temporary(pub Dir);

    impl Temporary {
        pub fn new() -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let name = format!("scep-client-{}-{number}", std::process::id());
            Self(ok(Dir::open(&std::env::temp_dir().join(name))))
        }

        pub fn write(&self, name: &str, bytes: &[u8]) {
            ok(self.0.write(name, bytes, Readers::Everybody));
        }

        pub fn read(&self, name: &str) -> Option<Vec<u8>> {
            ok(self.0.read(name)).map(|bytes| bytes.to_vec())
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0.path);
        }
    }

    pub fn ok<T>(outcome: Outcome<T>) -> T {
        outcome.unwrap_or_else(|stop| panic!("{stop}"))
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let dir = Temporary::new();
        assert_eq!(dir.read(KEY), None);
        // As a kill in the middle of writing leaves it.
        fs::write(dir.0.path.join("key.pem.unfinished"), b"a par").unwrap();
        assert_eq!(dir.read(KEY), None);
        for bytes in [b"a part", b"others"] {
            dir.write(KEY, bytes);
            assert_eq!(dir.read(KEY).unwrap(), bytes);
        }
        assert!(!dir.0.contains("key.pem.unfinished"));
        ok(dir.0.remove(KEY));
        ok(dir.0.remove(KEY));
        assert_eq!(dir.read(KEY), None);
    }

    #[cfg(unix)]
    #[test]
    fn what_is_the_owners_is_read_by_nobody_else() {
        use std::os::unix::fs::PermissionsExt;

        let dir = Temporary::new();
        // One that others can read must not lend its mode to the key.
        fs::write(dir.0.path.join("key.pem.unfinished"), b"").unwrap();
        ok(dir.0.write(KEY, b"secret", Readers::Owner));
        let mode = fs::metadata(dir.0.path.join(KEY))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn two_runs_do_not_work_in_one_directory() {
        let dir = Temporary::new();
        assert!(matches!(Dir::open(&dir.0.path), Err(Stop::Usage(_))));
    }

    #[test]
    fn a_pem_block_is_of_the_label() {
        let dir = Temporary::new();
        let ders = [&b"one"[..]];
        ok(dir
            .0
            .write_pem(CSR, pem::CERTIFICATE_REQUEST, ders, Readers::Owner));
        assert_eq!(
            ok(dir.0.read_pem(CSR, pem::CERTIFICATE_REQUEST)).unwrap()[..],
            *b"one"
        );
        assert!(matches!(
            dir.0.read_pem(CSR, pem::CERTIFICATE),
            Err(Stop::Failed(_))
        ));
        dir.write(CSR, b"-----BEGIN CERTIFICATE REQUEST-----\nb25l");
        let damaged = dir.0.read_pem(CSR, pem::CERTIFICATE_REQUEST);
        assert!(matches!(damaged, Err(Stop::Failed(_))));
    }
}
