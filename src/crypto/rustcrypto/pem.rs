//! Private keys in PEM.

use crate::crypto::CryptoError;
use zeroize::Zeroizing;

/// Decodes PEM, and reads what is inside with `read`, which is told the label.
pub(super) fn read<K>(
    pem: &str,
    read: impl FnOnce(&str, &[u8]) -> Result<K, CryptoError>,
) -> Result<K, CryptoError> {
    let decoder = pem_rfc7468::Decoder::new_detect_wrap(pem.as_bytes());
    let mut decoder = decoder.map_err(|_| CryptoError::InvalidKey)?;
    // Into one buffer of the right size, so that no copy is left behind when it grows.
    let mut der = Zeroizing::new(alloc::vec![0; decoder.remaining_len()]);
    decoder
        .decode(&mut der)
        .map_err(|_| CryptoError::InvalidKey)?;
    match decoder.type_label() {
        "ENCRYPTED PRIVATE KEY" => Err(CryptoError::Unsupported),
        label => read(label, &der),
    }
}
