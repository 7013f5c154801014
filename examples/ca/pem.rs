//! PEM, as the files of DIR have it.

use pem_rfc7468::{Decoder, LineEnding, encode_string};
use scep::Certificate;
use zeroize::Zeroizing;

pub const CERTIFICATE: &str = "CERTIFICATE";
pub const PRIVATE_KEY: &str = "PRIVATE KEY";
pub const CRL: &str = "X509 CRL";

/// One block of PEM.
pub fn encode(label: &str, der: &[u8]) -> Result<Zeroizing<String>, pem_rfc7468::Error> {
    encode_string(label, LineEnding::LF, der).map(Zeroizing::new)
}

/// Certificates, the first one first.
pub fn certificates(certificates: &[&Certificate<'_>]) -> Result<Vec<u8>, pem_rfc7468::Error> {
    let mut text = Vec::new();
    for certificate in certificates {
        text.extend(encode(CERTIFICATE, certificate.as_der())?.as_bytes());
    }
    Ok(text)
}

/// The contents of the first block, if it has this label.
pub fn decode(label: &str, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let end = format!("-----END {label}-----");
    let end_at = text
        .windows(end.len())
        .position(|window| window == end.as_bytes())?;
    // What follows is not the block's own, and would be an error.
    let block = text.get(..end_at + end.len())?;
    let mut decoder = Decoder::new(block).ok()?;
    let mut der = Zeroizing::new(vec![0; decoder.remaining_len()]);
    decoder.decode(&mut der).ok()?;
    (decoder.type_label() == label).then_some(der)
}
