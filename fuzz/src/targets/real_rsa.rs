//! Real RSA, on keys, signatures and ciphertexts of any kind; and real curves and passwords, on whatever messages say of them.

use std::sync::LazyLock;

use scep::crypto::rustcrypto::{EcKey, RsaKey};
use scep::crypto::{
    CryptoError, DecryptionKey, DigestAlgorithm, KeyTransport, Policy, Provider,
    SignatureAlgorithm, SigningKey,
};
use scep::{Certificate, Limits, PkiMessage, Recipient, SignerTrust, UnverifiedCsr};

use super::parse::Sink;
use crate::parties::PASSWORD;
use crate::reached;
use crate::toy::Counter;

/// Has the RustCrypto provider do what the first byte says with what follows it.
pub fn real_rsa(data: &[u8]) {
    let Some((&what, input)) = data.split_first() else {
        return;
    };
    match what % 7 {
        0 => verify_with(input),
        1 => encrypt_to(input),
        2 => decrypt(input),
        3 => read_key(input),
        4 => receive(input),
        6 => agree(input),
        _ => check_certificate(input),
    }
}

const PROVIDER: Provider = Provider::rustcrypto();
const MESSAGE: &[u8] = b"scep";

struct Known {
    ca: Certificate<'static>,
    key: RsaKey,
    /// With a key on P-256.
    curve_ca: Certificate<'static>,
    curve_key: EcKey,
    /// A right signature of each kind over [`MESSAGE`].
    signatures: Vec<(SignatureAlgorithm, Vec<u8>)>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let ca = include_str!("../../../test-vectors/keys/ca-jscep.pem");
    let key = include_str!("../../../test-vectors/keys/ca-jscep.key");
    let key = RsaKey::from_pem(key).expect("a key");
    let curve_ca = include_str!("../../../test-vectors/keys/ca-ec.pem");
    let curve_key = include_str!("../../../test-vectors/keys/ca-ec.key");
    let signatures = SigningKey::algorithms(&key)
        .iter()
        .map(|algorithm| {
            let signature = key.sign(*algorithm, MESSAGE, &mut Counter::new(14));
            (*algorithm, signature.expect("a signature"))
        })
        .collect();
    Known {
        ca: Certificate::from_pem(ca).expect("a certificate"),
        key,
        curve_ca: Certificate::from_pem(curve_ca).expect("a certificate"),
        curve_key: EcKey::from_pem(curve_key).expect("a key"),
        signatures,
    }
});

/// Verifies the input as a signature by a good key, and a good signature by the input as a key.
fn verify_with(input: &[u8]) {
    let public_key = KNOWN.ca.public_key_der();
    let chosen = usize::from(input.first().copied().unwrap_or_default());
    let (algorithm, right) = &KNOWN.signatures[chosen % KNOWN.signatures.len()];
    let signatures = PROVIDER.signatures();
    let is_right = signatures
        .verify(*algorithm, public_key, &[MESSAGE], input)
        .is_ok();
    assert!(!is_right || input == right, "a forged signature");
    let is_key = signatures
        .verify(*algorithm, input, &[MESSAGE], right)
        .is_ok();
    assert!(
        !is_key || input.len() >= public_key.len() - 2,
        "another key verifies"
    );
}

fn encrypt_to(input: &[u8]) {
    let (transport, rng) = (transport(input), &mut Counter::new(15));
    let encrypted = PROVIDER
        .key_encryption()
        .encrypt_key(transport, input, &[7; 16], rng);
    assert!(encrypted.is_err() || input.len() > 128);
}

fn decrypt(input: &[u8]) {
    let transport = transport(input);
    let key = KNOWN
        .key
        .decrypt_key(transport, input, &mut Counter::new(16));
    match key {
        Ok(key) => assert!(key.len() < 256),
        Err(error) => assert!(matches!(
            error,
            CryptoError::Failed | CryptoError::Unsupported
        )),
    }
}

fn read_key(input: &[u8]) {
    let keys = [RsaKey::from_pkcs8_der(input), RsaKey::from_pkcs1_der(input)];
    for key in keys.into_iter().flatten() {
        Sink::debug(&key);
        let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
        let signature = key.sign(algorithm, MESSAGE, &mut Counter::new(17));
        let Ok(signature) = signature else {
            continue;
        };
        let verified =
            PROVIDER
                .signatures()
                .verify(algorithm, key.public_key_der(), &[MESSAGE], &signature);
        // A key whose parts do not fit together must not give a signature that helps to factor it.
        assert_eq!(verified, Ok(()), "a wrong signature came out");
    }
}

fn receive(input: &[u8]) {
    let Ok(message) = PkiMessage::parse(input, &Limits::REQUEST) else {
        return;
    };
    let trust = SignerTrust::new().self_issued().issuer(&KNOWN.ca);
    let recipient = Recipient::new(&KNOWN.ca, &KNOWN.key).expect("its key");
    let on_curve = Recipient::new(&KNOWN.curve_ca, &KNOWN.curve_key).expect("its key");
    let policy = Policy::legacy().with_max_password_iterations(MAX_ITERATIONS);
    let received = message.receive(
        &PROVIDER,
        &policy,
        &trust,
        &[recipient, on_curve.with_password(PASSWORD)],
        &mut Counter::new(18),
    );
    match received {
        Ok(request) => reached::request(&request),
        Err(error) => {
            Sink::show(&error);
        }
    }
}

/// Few, so that a run takes no longer for them.
pub const MAX_ITERATIONS: u32 = 100;

/// Agrees with the input as a key, from both sides.
fn agree(input: &[u8]) {
    let (encryption, rng) = (PROVIDER.key_encryption(), &mut Counter::new(19));
    let opening = KNOWN.curve_key.agree(input, rng);
    let sealing = encryption.agree(input, rng);
    match (opening, &sealing) {
        (Ok(opening), Ok((_, sealing))) => assert_eq!([opening.len(), sealing.len()], [32; 2]),
        (Ok(_), Err(error)) => panic!("a point for one side only: {error}"),
        (Err(_), Ok((_, sealing))) => assert!(sealing.len() > 32, "another curve has longer ones"),
        (Err(_), Err(_)) => return,
    }
    if let Ok((ephemeral, secret)) = sealing
        && input == KNOWN.curve_key.public_key_der()
    {
        assert_eq!(KNOWN.curve_key.agree(&ephemeral, rng), Ok(secret));
    }
}

fn check_certificate(input: &[u8]) {
    let policy = Policy::legacy();
    if let Ok(certificate) = Certificate::from_der(input) {
        let _ = certificate.verify_issued_by(&KNOWN.ca, &PROVIDER, &policy);
        let _ = certificate.verify_issued_by(&certificate, &PROVIDER, &policy);
    }
    if let Ok(csr) = UnverifiedCsr::from_der(input, &Limits::REQUEST) {
        let _ = csr.verify(&PROVIDER, &policy);
    }
}

fn transport(input: &[u8]) -> KeyTransport {
    let chosen = input.last().copied().unwrap_or_default();
    if chosen & 1 == 0 {
        return KeyTransport::RsaPkcs1v15;
    }
    let digest = |bits: u8| DigestAlgorithm::ALL[usize::from(bits) % DigestAlgorithm::ALL.len()];
    KeyTransport::RsaOaep {
        digest: digest(chosen >> 1),
        mgf_digest: digest(chosen >> 4),
    }
}
