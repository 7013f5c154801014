//! Keys and certificates as PEM.

use std::ffi::OsStr;
use std::fs;

use pem_rfc7468::{Decoder, LineEnding};
use scep::Certificate;
use scep::crypto::rustcrypto::RsaKey;
use zeroize::Zeroizing;

use crate::key::Key;

pub const CERTIFICATE: &str = "CERTIFICATE";
pub const CERTIFICATE_REQUEST: &str = "CERTIFICATE REQUEST";
pub const CRL: &str = "X509 CRL";
pub const PRIVATE_KEY: &str = "PRIVATE KEY";

/// A PEM block.
pub fn encode(label: &'static str, der: &[u8]) -> Result<Zeroizing<String>, pem_rfc7468::Error> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map(Zeroizing::new)
}

/// The label and the bytes of the only PEM block in a text.
pub fn decode(text: &[u8]) -> Result<(&str, Zeroizing<Vec<u8>>), pem_rfc7468::Error> {
    let mut decoder = Decoder::new_detect_wrap(text)?;
    // One buffer of the right size leaves no copies of a key behind.
    let mut der = Zeroizing::new(vec![0; decoder.remaining_len()]);
    decoder.decode(&mut der)?;
    Ok((decoder.type_label(), der))
}

/// The key of a PEM text: of PKCS #8, of PKCS #1 if it is of RSA, or of SEC 1 if it is on an elliptic curve.
pub fn key(text: &[u8]) -> Result<Key, String> {
    let (label, der) = decode(text).map_err(|error| error.to_string())?;
    let key = match label {
        PRIVATE_KEY => Key::from_pkcs8_der(&der),
        "RSA PRIVATE KEY" => RsaKey::from_pkcs1_der(&der).map(Key::Rsa),
        #[cfg(feature = "ec")]
        "EC PRIVATE KEY" => Key::from_sec1_der(&der),
        _ => {
            return Err(format!(
                "a PEM block of {label:?} and not of an unencrypted private key"
            ));
        }
    };
    let build = if cfg!(feature = "ec") {
        ", on P-256, P-384 or P-521, or of Ed25519"
    } else {
        "; others need a build with `--features ec`"
    };
    key.map_err(|error| format!("no key of RSA with 1024 to 8192 bits{build}: {error}"))
}

/// Reads a file with a key.
pub fn key_file(path: &OsStr) -> Result<Key, String> {
    let problem = |what: String| format!("--key {}: {what}", path.display());
    let text = fs::read(path).map(Zeroizing::new);
    let text = text.map_err(|error| problem(error.to_string()))?;
    key(&text).map_err(problem)
}

/// Reads a file with a certificate in DER, or in PEM, where a chain may follow it.
pub fn certificate_file(path: &OsStr) -> Result<Certificate<'static>, String> {
    let problem = |what: String| format!("--ca-cert {}: {what}", path.display());
    let bytes = fs::read(path).map_err(|error| problem(error.to_string()))?;
    let der = if bytes.starts_with(&[0x30]) {
        bytes
    } else {
        let (label, der) = decode(first_block(&bytes))
            .map_err(|error| problem(format!("neither DER nor PEM ({error})")))?;
        if label != CERTIFICATE {
            return Err(problem(format!(
                "a PEM block of {label:?} and not of a certificate"
            )));
        }
        der.to_vec()
    };
    Certificate::from_der(der).map_err(|error| problem(error.to_string()))
}

/// The bytes up to the end of the first PEM block: the decoder takes nothing behind it.
fn first_block(text: &[u8]) -> &[u8] {
    const END: &[u8] = b"-----END CERTIFICATE-----";
    let at = text.windows(END.len()).position(|window| window == END);
    at.map_or(text, |at| &text[..at + END.len()])
}
