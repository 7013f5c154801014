//! Public keys under which anybody can sign.

use crate::common::forge::{
    NULL, Order, algorithm, digest_id, octets, sequence, tlv, with_public_key,
};
use crate::common::verdict::{bad_alg, good, policies, verify_error};
use crate::common::{Parties, key, vector};
use scep::crypto::{DigestAlgorithm, Policy, SigningKey};
use scep::{FailInfo, Limits, PkiMessage, Refused, SignerTrust, VerifyError, oid};

/// The SubjectPublicKeyInfo of an RSA key.
fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let integer = |digits: &[u8]| tlv(0x02, &[&[0], digits].concat());
    let key = sequence(&[&integer(modulus), &tlv(0x02, exponent)]);
    let bits = tlv(0x03, &[&[0], &key[..]].concat());
    sequence(&[&algorithm(oid::RSA_ENCRYPTION, &NULL), &bits])
}

/// What every policy says of a request by a signer of this key, with a signature that somebody without a private key makes.
fn verdicts(spki: &[u8], forged: impl Fn(&[u8]) -> Vec<u8>) -> Vec<(VerifyError, FailInfo)> {
    let parties = Parties::new();
    let mut forge = good(&parties);
    forge.set_signer(&with_public_key(&parties.client, spki));
    let signed = tlv(0x31, &forge.attribute_contents(Order::Der));
    let info = forge.signer_info(Order::Der, &forged(&signed));
    let message = forge.assemble(&[info]);
    policies()
        .iter()
        .map(|(_, policy, ..)| verify_error(&parties, policy, &message))
        .collect()
}

/// The block that a signature of a 2048-bit key is to give when it is raised to the exponent (RFC 8017, section 9.2).
fn encoded_message(parties: &Parties, signed: &[u8]) -> Vec<u8> {
    let digests = parties.provider.digests();
    let hash = digests.digest(DigestAlgorithm::Sha256, &[signed]).unwrap();
    let info = sequence(&[
        &digest_id(DigestAlgorithm::Sha256),
        &octets(hash.as_bytes()),
    ]);
    let mut block = vec![0xff; 256 - info.len()];
    block[..2].copy_from_slice(&[0, 1]);
    *block.last_mut().unwrap() = 0;
    [block, info].concat()
}

#[test]
fn an_exponent_of_one_signs_whatever_it_is_given() {
    // The signature is the encoded message itself.
    let parties = Parties::new();
    let spki = rsa_key(&[0xff; 256], &[1]);
    let refused = bad_alg(Refused::RsaKey);
    for verdict in verdicts(&spki, |signed| encoded_message(&parties, signed)) {
        assert_eq!(verdict, refused);
    }
}

#[test]
fn an_even_modulus_has_a_known_factor() {
    let mut modulus = [0xff; 256];
    modulus[255] = 0xfe;
    let refused = bad_alg(Refused::RsaKey);
    for verdict in verdicts(&rsa_key(&modulus, &[1, 0, 1]), |_| vec![1; 256]) {
        assert_eq!(verdict, refused);
    }
}

#[test]
fn a_tiny_modulus_is_factored() {
    for bytes in [1, 32, 64, 127] {
        let refused = bad_alg(Refused::RsaModulusBits(8 * bytes));
        let spki = rsa_key(&vec![0xff; bytes], &[1, 0, 1]);
        for verdict in verdicts(&spki, |_| vec![1; bytes]) {
            assert_eq!(verdict, refused, "{bytes}");
        }
    }
}

#[test]
fn a_key_and_its_certificate_go_together() {
    // A right signature by a key, beside the certificate of another.
    let parties = Parties::new();
    let stranger = key(vector!("keys/cpend.key"));
    let mut forge = good(&parties);
    forge.set_signer(&parties.issued);
    let message = forge.sign(&stranger);
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::Signature, FailInfo::BadMessageCheck));
    // The certificate with the stranger's key in it is nobody's.
    let spki = SigningKey::public_key(&stranger).unwrap();
    forge.set_signer(&with_public_key(&parties.issued, spki));
    let message = forge.sign(&stranger);
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().issuer(&parties.ca);
    let verdict = message.verify(&parties.provider, &parties.policy, &trust);
    assert_eq!(verdict.unwrap_err(), VerifyError::UntrustedSigner);
}
