//! The example `ca`, serving.

use std::fs;
use std::path::PathBuf;

use super::{Finished, Program, Scratch, example};

/// A CA that serves until it is dropped.
pub(crate) struct Ca<'s> {
    scratch: &'s Scratch,
    program: Option<Program>,
    /// Its directory, in the scratch directory.
    pub(crate) name: String,
    options: String,
    pub(crate) url: String,
    /// Of its certificate, by SHA-256, as it prints it.
    pub(crate) fingerprint: String,
}

impl<'s> Ca<'s> {
    pub(crate) fn start(scratch: &'s Scratch, name: &str, options: &str) -> Self {
        let mut ca = Self {
            scratch,
            program: None,
            name: name.to_owned(),
            options: options.to_owned(),
            url: String::new(),
            fingerprint: String::new(),
        };
        ca.serve("127.0.0.1:0");
        ca
    }

    fn serve(&mut self, address: &str) {
        let (name, options) = (&self.name, &self.options);
        let arguments = format!("--dir {name} --listen {address} {options}");
        let mut program = Program::start(self.scratch.path(), example("ca"), &arguments);
        self.url = program.wait_for_line("listening on ");
        self.fingerprint = program.wait_for_line("SHA-256 fingerprint of the CA: ");
        self.program = Some(program);
    }

    /// Starts it again in the same directory and at the same address.
    pub(crate) fn restart(&mut self) {
        let address = self.url.strip_prefix("http://").unwrap();
        let address = address.split('/').next().unwrap().to_owned();
        self.serve(&address);
    }

    pub(crate) fn kill(&mut self) {
        self.program.take().unwrap().kill();
    }

    pub(crate) fn terminate(&mut self) -> Finished {
        self.program.take().unwrap().terminate()
    }

    /// A file of its directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(&self.name).join(name)
    }

    /// The options that have openssl trust this CA and, if there is one, the root above it.
    pub(crate) fn trust(&self) -> String {
        format!("-CAfile {}/ca.pem", self.name)
    }

    /// Has openssl verify a certificate up to the root.
    pub(crate) fn vouches_for(&self, certificate: &str) {
        let verify = format!("verify {} {certificate}", self.trust());
        self.scratch.openssl("issued", &verify);
    }

    /// The serial numbers of all that it has issued, in order.
    pub(crate) fn issued(&self) -> Vec<String> {
        let files = fs::read_dir(self.file("issued")).unwrap();
        let names = files.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut serials: Vec<String> = names
            .filter_map(|name| Some(name.strip_suffix(".pem")?.to_owned()))
            .collect();
        serials.sort();
        serials
    }

    /// It has issued one certificate in all, this one.
    pub(crate) fn has_issued_only(&self, certificate: &str) {
        let serial = self.scratch.serial(certificate);
        assert_eq!(self.issued(), [serial], "{certificate}\n{}", self.log());
    }

    /// What it has written of the requests since it was started.
    fn log(&self) -> String {
        let program = self.program.as_ref();
        program.map(Program::errors).unwrap_or_default()
    }

    /// Revokes what it has issued.
    pub(crate) fn revoke(&self, serial: &str) {
        fs::write(self.file("revoked").join(serial), []).unwrap();
    }
}
