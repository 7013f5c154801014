//! Reading files, and recognising PEM and base64.

use std::ffi::OsStr;
use std::io::{Error, Read};

use base64ct::{Base64Unpadded, Encoding};
#[cfg(feature = "ec")]
use scep::crypto::rustcrypto::EcKey;
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{CryptoError, DecryptionKey};
use scep::{CaCertificates, Capabilities, Certificate, Limits, Oid, ParseError, PkiMessage, oid};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode, Header, SliceReader};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::http::is_url;

/// Nothing that SCEP sends is longer; PEM and base64 take more bytes than what is in them.
const MAX_LEN: u64 = 64 << 20;

const PEM_BEGIN: &str = "-----BEGIN ";

/// Why a file was not decoded.
pub struct Failure {
    pub error: String,
    /// The ASN.1 item that could not be read, if the trouble is inside.
    pub item: Option<&'static str>,
    /// The offset of the trouble in the decoded bytes.
    pub offset: Option<usize>,
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self {
            error: error.to_string(),
            item: Some(error.item().name()),
            offset: Some(error.offset()),
        }
    }
}

impl From<String> for Failure {
    fn from(error: String) -> Self {
        Self {
            error,
            item: None,
            offset: None,
        }
    }
}

/// Reads a file; a URL is its own content.
pub fn read(file: &OsStr) -> Result<Vec<u8>, Failure> {
    match file.to_str().filter(|name| is_url(name)) {
        Some(url) => Ok(url.as_bytes().to_vec()),
        None => read_bytes(file).map_err(|error| error.to_string().into()),
    }
}

/// Gives what is inside of PEM or base64, and anything else as it is.
pub fn decode(bytes: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let Ok(text) = std::str::from_utf8(&bytes) else {
        return Ok(bytes);
    };
    if text.contains(PEM_BEGIN) {
        let mut blocks = pem_blocks(text)?;
        let (_, der) = blocks.remove(0);
        return match blocks.len() {
            0 => Ok(der.to_vec()),
            more => Err(format!("{} PEM blocks: give each in a file of its own", more + 1).into()),
        };
    }
    Ok(base64(text).unwrap_or(bytes))
}

/// Reads a name such as `CN=device,O=Example`, and gives its DER.
pub fn subject(text: &str) -> Result<Vec<u8>, String> {
    let name = text.parse::<Name>().ok();
    name.and_then(|name| name.to_der().ok())
        .ok_or_else(|| format!("--subject: not a name like \"CN=device,O=Example\": {text:?}"))
}

/// Reads an object identifier in its dotted form.
pub fn oid(text: &str) -> Result<Oid, String> {
    let oid = ObjectIdentifier::new(text);
    oid.map(Oid::from)
        .map_err(|error| format!("--purpose: {text:?}: {error}"))
}

/// Reads a private key that opens envelopes.
pub fn key(file: &OsStr) -> Result<Box<dyn DecryptionKey>, String> {
    let problem = |what: &str| format!("key {}: {what}", file.display());
    let bytes = read_bytes(file).map_err(|error| problem(&error.to_string()))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| problem("no PEM"))?;
    for (label, der) in pem_blocks(text).map_err(|error| problem(&error))? {
        let key = match label.as_str() {
            "PRIVATE KEY" => match key_algorithm(&der) {
                Some(algorithm) if algorithm == oid::EC_PUBLIC_KEY => ec_key(&label, &der),
                Some(algorithm) if algorithm == oid::ED25519 => {
                    Err("an Ed25519 key only signs, and opens nothing".to_owned())
                }
                _ => rsa_key(RsaKey::from_pkcs8_der(&der)),
            },
            "RSA PRIVATE KEY" => rsa_key(RsaKey::from_pkcs1_der(&der)),
            "EC PRIVATE KEY" => ec_key(&label, &der),
            _ => continue,
        };
        return key.map_err(|error| problem(&error));
    }
    Err(problem("no PEM block of an unencrypted private key"))
}

fn rsa_key(key: Result<RsaKey, CryptoError>) -> Result<Box<dyn DecryptionKey>, String> {
    Ok(Box::new(key.map_err(|error| error.to_string())?))
}

#[cfg(feature = "ec")]
fn ec_key(label: &str, der: &[u8]) -> Result<Box<dyn DecryptionKey>, String> {
    let key = match label {
        "EC PRIVATE KEY" => EcKey::from_sec1_der(der),
        _ => EcKey::from_pkcs8_der(der),
    };
    Ok(Box::new(key.map_err(|error| error.to_string())?))
}

#[cfg(not(feature = "ec"))]
fn ec_key(_: &str, _: &[u8]) -> Result<Box<dyn DecryptionKey>, String> {
    Err("a key on a curve needs a build with `--features ec`".to_owned())
}

/// The algorithm of a PrivateKeyInfo.
fn key_algorithm(der: &[u8]) -> Option<Oid> {
    let mut reader = SliceReader::new(der).ok()?;
    Header::decode(&mut reader).ok()?;
    u8::decode(&mut reader).ok()?;
    let algorithm = AlgorithmIdentifierRef::decode(&mut reader).ok()?;
    Some(algorithm.oid.into())
}

/// Reads an answer to GetCACert, or certificates in PEM.
pub fn ca_certificates(file: &OsStr) -> Result<Vec<Certificate<'static>>, String> {
    let problem = |what: String| format!("CA certificates {}: {what}", file.display());
    let bytes = read_bytes(file).map_err(|error| problem(error.to_string()))?;
    if std::str::from_utf8(&bytes).is_ok() {
        return certificates(file);
    }
    let body = CaCertificates::parse(bytes, None, &Limits::REPLY)
        .map_err(|error| problem(error.to_string()))?;
    body.certificates()
        .map(|certificate| Ok(certificate?.into_owned()))
        .collect::<Result<_, ParseError>>()
        .map_err(|error| problem(error.to_string()))
}

/// Reads an answer to GetCACaps.
pub fn capabilities(file: &OsStr) -> Result<Capabilities, String> {
    let bytes =
        read_bytes(file).map_err(|error| format!("capabilities {}: {error}", file.display()))?;
    Ok(Capabilities::parse(&bytes))
}

/// Reads a pkiMessage.
pub fn message(file: &OsStr) -> Result<PkiMessage<'static>, String> {
    let problem = |what: String| format!("request {}: {what}", file.display());
    let body = read(file)
        .and_then(decode)
        .map_err(|failure| problem(failure.error))?;
    PkiMessage::parse(body, &Limits::REPLY).map_err(|error| problem(error.to_string()))
}

/// Reads certificates, each in a PEM block, or one in DER.
pub fn certificates(file: &OsStr) -> Result<Vec<Certificate<'static>>, String> {
    let problem = |what: String| format!("signer {}: {what}", file.display());
    let bytes = read_bytes(file).map_err(|error| problem(error.to_string()))?;
    let ders = match std::str::from_utf8(&bytes) {
        Ok(text) if text.contains(PEM_BEGIN) => pem_blocks(text)
            .map_err(problem)?
            .into_iter()
            .map(|(_, der)| der.to_vec())
            .collect(),
        _ => vec![bytes.to_vec()],
    };
    ders.into_iter()
        .map(|der| Certificate::from_der(der).map_err(|error| problem(error.to_string())))
        .collect()
}

fn read_bytes(file: &OsStr) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let len = if file == "-" {
        std::io::stdin()
            .lock()
            .take(MAX_LEN + 1)
            .read_to_end(&mut bytes)?
    } else {
        std::fs::File::open(file)?
            .take(MAX_LEN + 1)
            .read_to_end(&mut bytes)?
    };
    if len as u64 > MAX_LEN {
        return Err(Error::other("longer than 64 MiB"));
    }
    Ok(bytes)
}

/// A label, and the bytes of its block, which may be a key's.
type PemBlock = (String, Zeroizing<Vec<u8>>);

/// Every PEM block, with whatever text is between them; at least one.
fn pem_blocks(text: &str) -> Result<Vec<PemBlock>, String> {
    let starts: Vec<usize> = text.match_indices(PEM_BEGIN).map(|(at, _)| at).collect();
    if starts.is_empty() {
        return Err("no PEM".to_owned());
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let block = |(start, end): (&usize, usize)| {
        let block = &text[*start..end];
        // What follows the block is not its own.
        let end = block
            .find("\n-----END ")
            .and_then(|at| Some(at + 1 + block[at + 1..].find('\n')? + 1))
            .unwrap_or(block.len());
        decode_pem(&block[..end]).map_err(|error| format!("PEM: {error}"))
    };
    starts.iter().zip(ends).map(block).collect()
}

fn decode_pem(block: &str) -> Result<PemBlock, pem_rfc7468::Error> {
    let mut decoder = pem_rfc7468::Decoder::new_detect_wrap(block.as_bytes())?;
    // One buffer of the right size leaves no copies of a key behind.
    let mut der = Zeroizing::new(vec![0; decoder.remaining_len()]);
    decoder.decode(&mut der)?;
    Ok((decoder.type_label().to_owned(), der))
}

/// The bytes, if the text is base64 of either alphabet and starts like an ASN.1 SEQUENCE.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text
        .chars()
        .filter(|character| !character.is_ascii_whitespace())
        .map(|character| match character {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let bytes = Base64Unpadded::decode_vec(text.trim_end_matches('=')).ok()?;
    bytes.starts_with(&[0x30]).then_some(bytes)
}
