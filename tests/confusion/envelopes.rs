//! Envelopes whose public part says something else than what encrypted them.

use crate::common::forge::{
    Envelope, NULL, algorithm, dotted, issuer_and_serial, oaep_id, octets, sequence, small_integer,
};
use crate::common::verdict::{BAD_CHECK, SEALED, around, envelope, open, open_error, policies};
use crate::common::{Parties, widest_policy};
use scep::crypto::{ContentCipher, DigestAlgorithm, DigestSet, KeyTransport, Policy};
use scep::{FailInfo, Item, OpenError, ParseErrorKind, Refused, oid};

use ContentCipher::Aes128Cbc;
use DigestAlgorithm::{Sha1, Sha256, Sha512};

#[test]
fn oaep_parameters_cannot_be_lowered() {
    // Whoever captured the envelope writes weaker parameters, and signs anew.
    let parties = Parties::new();
    let strong = KeyTransport::RsaOaep {
        digest: Sha256,
        mgf_digest: Sha256,
    };
    let csr = parties.csr.as_der();
    let mut envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, strong);
    assert!(open(&parties, &widest_policy(), &around(&parties, &envelope)).is_ok());
    for weaker in [
        algorithm(oid::RSA_ENCRYPTION, &NULL),
        algorithm(oid::RSAES_OAEP, &[]),
        oaep_id(None, None, None),
        oaep_id(Some(Sha1), Some(Sha1), None),
        oaep_id(Some(Sha1), Some(Sha256), None),
        oaep_id(Some(Sha256), Some(Sha1), None),
        oaep_id(Some(Sha512), Some(Sha512), None),
    ] {
        envelope.key_encryption = weaker;
        let message = around(&parties, &envelope);
        assert_eq!(open_error(&parties, &widest_policy(), &message), SEALED);
    }
    // Parameters that the policy refuses are refused before the key is touched.
    let sha2 = DigestSet::of(&[Sha256, Sha512]);
    let policy = Policy::strict()
        .with_oaep_digests(sha2)
        .with_mgf_digests(sha2);
    for (id, refused) in [
        (oaep_id(None, None, None), Refused::OaepDigest(oid::SHA1)),
        (
            oaep_id(Some(Sha256), None, None),
            Refused::MgfDigest(oid::SHA1),
        ),
        (
            oaep_id(Some(Sha256), Some(Sha256), Some(b"label")),
            Refused::OaepLabel,
        ),
    ] {
        envelope.key_encryption = id;
        let error = open_error(&parties, &policy, &around(&parties, &envelope));
        assert_eq!(error, (OpenError::Refused(refused), FailInfo::BadAlg));
    }
}

#[test]
fn an_authenticating_cipher_is_refused_by_name() {
    // EnvelopedData has no place for the tag of one: read without it, it would be a stream cipher.
    let parties = Parties::new();
    let gcm = |last: &str| dotted(&format!("2.16.840.1.101.3.4.1.{last}"));
    let chacha20_poly1305 = dotted("1.2.840.113549.1.9.16.3.18");
    for oid in [gcm("6"), gcm("26"), gcm("46"), gcm("7"), chacha20_poly1305] {
        let mut envelope = envelope(&parties);
        let parameters = sequence(&[&octets(&[0; 12]), &small_integer(16)]);
        envelope.cipher = algorithm(oid, &parameters);
        for (name, policy, ..) in policies() {
            let error = open_error(&parties, &policy, &around(&parties, &envelope));
            let refused = OpenError::Refused(Refused::ContentCipher(oid));
            assert_eq!(error, (refused, FailInfo::BadAlg), "{name}");
        }
    }
    // As AuthEnvelopedData (RFC 5083) it is no EnvelopedData.
    let authenticated = dotted("1.2.840.113549.1.9.16.1.23");
    let mut envelope = envelope(&parties);
    envelope.outer_type = authenticated;
    let error = open_error(&parties, &widest_policy(), &around(&parties, &envelope));
    let (OpenError::Parse(error), BAD_CHECK) = error else {
        panic!("{error:?}");
    };
    let unexpected = ParseErrorKind::UnexpectedType(authenticated);
    assert_eq!(
        (error.kind(), error.item()),
        (unexpected, Item::ContentType)
    );
}

#[test]
fn the_first_of_two_keys_for_one_recipient_decides() {
    // Two content keys for the same recipient: which one opens must not depend on which one is right.
    let parties = Parties::new();
    let copy = |encrypted_key: &[u8]| {
        sequence(&[
            &small_integer(0),
            &issuer_and_serial(&parties.ca),
            &algorithm(oid::RSA_ENCRYPTION, &NULL),
            &octets(encrypted_key),
        ])
    };
    let good = envelope(&parties);
    let another = envelope(&parties).encrypted_key;
    for (first, opens) in [
        (&good.encrypted_key[..], true),
        (&another, false),
        (&[1; 256], false),
        (&[], false),
    ] {
        let mut twice = good.clone();
        twice.other_recipients = vec![copy(first)];
        let message = around(&parties, &twice);
        match open(&parties, &widest_policy(), &message) {
            Ok(_) => assert!(opens),
            Err(error) => {
                assert!(!opens);
                assert_eq!((error, error.fail_info()), SEALED);
            }
        }
    }
}
