//! What the CA keeps on record. All of it is files, read when it is needed and written before anybody is told, so there
//! is nothing to lose when the program is killed.

use std::time::UNIX_EPOCH;

use base64ct::{Base64, Encoding};
use der::Decode;
use der::oid::AssociatedOid;
use scep::crypto::CryptoRng;
use scep::server::{HeldEnrolment, TransactionKey};
use scep::{Certificate, Crl};
use x509_cert::ext::pkix::CrlNumber;

use crate::dir::{Dir, Readers};
use crate::issue::{DAY, Issuer};
use crate::serial::Serial;
use crate::{Outcome, Problem, pem};

/// The CA's records.
pub struct Store {
    dir: Dir,
}

/// What was asked for, and how far it is.
#[derive(Debug, PartialEq, Eq)]
pub struct Enrolment {
    pub held: HeldEnrolment,
    /// Whether the client has shown that it knows the challenge password, so that replies may be encrypted under it.
    pub knows_challenge: bool,
    pub state: State,
}

/// How far an enrolment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits, until PENDING was answered so many times more.
    Waiting(u32),
    /// It is granted, under a serial number that is fixed before the certificate is made: whatever happens meanwhile,
    /// there is only one.
    Granted(Serial),
    /// The certificate was handed over.
    Delivered(Serial),
}

const ISSUED: &str = "issued";
const REVOKED: &str = "revoked";
const ENROLMENTS: &str = "enrolments";

/// The longest serial number that a certificate may have, in octets.
const MAX_SERIAL_LEN: usize = 20;

impl Store {
    /// The folders that it has in DIR.
    pub const FOLDERS: [&'static str; 3] = [ISSUED, REVOKED, ENROLMENTS];

    pub fn new(dir: Dir) -> Self {
        Self { dir }
    }

    /// A serial number that no certificate on record has.
    pub fn new_serial(&self, rng: &mut dyn CryptoRng) -> Outcome<Serial> {
        loop {
            let serial = Serial::random(rng);
            if !self.dir.contains(&issued_file(&serial))? {
                return Ok(serial);
            }
        }
    }

    /// The certificate that was issued under this serial number.
    pub fn issued(&self, serial: &Serial) -> Outcome<Option<Certificate<'static>>> {
        if serial.as_bytes().len() > MAX_SERIAL_LEN {
            return Ok(None);
        }
        let file = issued_file(serial);
        let Some(pem) = self.dir.read(&file)? else {
            return Ok(None);
        };
        let der = pem::decode(pem::CERTIFICATE, &pem).ok_or_else(|| self.unreadable(&file))?;
        Ok(Some(Certificate::from_der(der.to_vec())?))
    }

    pub fn add_issued(&self, certificate: &Certificate<'_>) -> Outcome<()> {
        let file = issued_file(&Serial::of(certificate));
        let pem = pem::certificates(&[certificate])?;
        self.dir.write(&file, &pem, Readers::Everybody)
    }

    /// Whether this certificate, to the byte, was issued here.
    pub fn has_issued(&self, certificate: &Certificate<'_>) -> Outcome<bool> {
        Ok(self.issued(&Serial::of(certificate))?.as_ref() == Some(certificate))
    }

    pub fn is_revoked(&self, certificate: &Certificate<'_>) -> Outcome<bool> {
        let serial = Serial::of(certificate);
        Ok(self
            .revoked()?
            .iter()
            .any(|(revoked, _)| *revoked == serial))
    }

    /// The serial numbers of what is revoked, in order, and since when.
    fn revoked(&self) -> Outcome<Vec<(Serial, i64)>> {
        let mut revoked = Vec::new();
        for (name, date) in self.dir.list(REVOKED)? {
            let serial = Serial::from_hex(&name).ok_or_else(|| {
                let path = self.dir.path(&format!("{REVOKED}/{name}"));
                format!("{path} should be named after a serial number, in hexadecimal digits")
            })?;
            let date = date.duration_since(UNIX_EPOCH).unwrap_or_default();
            revoked.push((serial, i64::try_from(date.as_secs())?));
        }
        revoked.sort_unstable_by(|(one, _), (other, _)| one.as_bytes().cmp(other.as_bytes()));
        Ok(revoked)
    }

    /// The CRL of an issuer, from the file if that is still right.
    pub fn crl(
        &self,
        file: &str,
        issuer: Issuer<'_>,
        now: i64,
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Crl<'static>> {
        let subject = issuer.certificate.subject_der();
        let mut revoked = Vec::new();
        for (serial, date) in self.revoked()? {
            let certificate = self.issued(&serial)?;
            if certificate.is_some_and(|one| one.issuer_der() == subject) {
                revoked.push((serial, date));
            }
        }
        let previous = self.dir.read(file)?;
        let previous = previous.map(|pem| self.read_crl(file, &pem)).transpose()?;
        let mut number = vec![0];
        if let Some(previous) = previous.filter(|one| one.crl.issuer_der() == subject) {
            if previous.made > now - DAY && previous.revoked == revoked {
                return Ok(previous.crl);
            }
            number = previous.number;
        }
        let crl = issuer.crl(&successor(number), &revoked, now, rng)?;
        let pem = pem::encode(pem::CRL, crl.as_der())?;
        self.dir.write(file, pem.as_bytes(), Readers::Everybody)?;
        Ok(crl)
    }

    fn read_crl(&self, file: &str, pem: &[u8]) -> Outcome<OldCrl> {
        let der = pem::decode(pem::CRL, pem).ok_or_else(|| self.unreadable(file))?;
        let crl = Crl::from_der(der.to_vec())?;
        let list = crl.to_x509()?.tbs_cert_list;
        let extensions = list.crl_extensions.unwrap_or_default();
        let number = extensions
            .iter()
            .find(|extension| extension.extn_id == CrlNumber::OID);
        let number = number.ok_or_else(|| self.unreadable(file))?;
        let number = CrlNumber::from_der(number.extn_value.as_bytes())?.0;
        let revoked = list.revoked_certificates.unwrap_or_default();
        let seconds =
            |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs());
        Ok(OldCrl {
            crl,
            number: number.as_bytes().to_vec(),
            made: seconds(list.this_update)?,
            revoked: revoked
                .into_iter()
                .map(|entry| {
                    let serial = Serial::new(entry.serial_number.as_bytes());
                    Ok((serial, seconds(entry.revocation_date)?))
                })
                .collect::<Outcome<_>>()?,
        })
    }

    /// The enrolment of a transaction.
    pub fn enrolment(&self, transaction: &TransactionKey) -> Outcome<Option<Enrolment>> {
        let file = format!("{ENROLMENTS}/{transaction}");
        let text = self.dir.read(&file)?;
        let enrolment =
            text.map(|text| Enrolment::from_text(&text).ok_or_else(|| self.unreadable(&file)));
        enrolment.transpose()
    }

    /// Keeps the enrolment of a transaction, in the place of what was there.
    pub fn keep(&self, transaction: &TransactionKey, enrolment: &Enrolment) -> Outcome<()> {
        let file = format!("{ENROLMENTS}/{transaction}");
        self.dir
            .write(&file, enrolment.to_text().as_bytes(), Readers::Owner)
    }

    fn unreadable(&self, file: &str) -> Problem {
        format!("{} is damaged", self.dir.path(file)).into()
    }
}

/// What the last CRL says.
struct OldCrl {
    crl: Crl<'static>,
    number: Vec<u8>,
    made: i64,
    revoked: Vec<(Serial, i64)>,
}

fn issued_file(serial: &Serial) -> String {
    format!("{ISSUED}/{serial}.pem")
}

/// The number that is greater by one, big-endian.
fn successor(mut number: Vec<u8>) -> Vec<u8> {
    for octet in number.iter_mut().rev() {
        *octet = octet.wrapping_add(1);
        if *octet != 0 {
            return number;
        }
    }
    number.insert(0, 1);
    number
}

/// The last line of the enrolment of whoever knows the challenge password.
const KNOWN: &str = "knows the challenge\n";

/// As text: a line for people, then a word and its value on each line.
impl Enrolment {
    fn to_text(&self) -> String {
        let state = match &self.state {
            State::Waiting(answers) => format!("waiting {answers}"),
            State::Granted(serial) => format!("granted {serial}"),
            State::Delivered(serial) => format!("delivered {serial}"),
        };
        let held = Base64::encode_string(&self.held.to_bytes());
        let subject = self.held.subject();
        let known = if self.knows_challenge { KNOWN } else { "" };
        format!("# {subject}\n{state}\nheld {held}\n{known}")
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        let mut lines = std::str::from_utf8(text).ok()?.lines().skip(1);
        let mut next = || lines.next()?.split_once(' ');
        let state = match next()? {
            ("waiting", answers) => State::Waiting(answers.parse().ok()?),
            ("granted", serial) => State::Granted(Serial::from_hex(serial)?),
            ("delivered", serial) => State::Delivered(Serial::from_hex(serial)?),
            _ => return None,
        };
        let ("held", held) = next()? else {
            return None;
        };
        let held = HeldEnrolment::from_bytes(&Base64::decode_vec(held).ok()?).ok()?;
        Some(Self {
            held,
            knows_challenge: text.ends_with(KNOWN.as_bytes()),
            state,
        })
    }
}
