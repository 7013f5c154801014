//! What each policy refuses, what no policy accepts, and that a refusal names the right thing: each message here is a good
//! one with one thing changed, signed again where a signer would have signed it so.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Attribute, Envelope, Forge, NULL, Order, algorithm, cipher_oid, digest_id, digest_oid, dotted,
    elements, explicit, inside, issuer_and_serial, mgf1_id, oaep_id, octets, oid_der, printable,
    sequence, signature_id, small_integer, tlv, with_public_key,
};
use common::{DIGESTS, Parties, key, pss, rng, self_signed};
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{
    CipherSet, ContentCipher, DigestAlgorithm, DigestSet, KeyTransport, Policy, SignatureAlgorithm,
    SignatureScheme, SignatureSchemeSet, SigningKey, TransportScheme, TransportSet,
};
use scep::{
    BuildError, CaRoles, CertRep, CsrBuilder, DecryptError, FailInfo, IssuerAndSerialNumber, Item,
    Layer, Limits, MessageType, OpenError, ParseErrorKind, PkiMessage, PkiStatus, Recipient,
    Refused, Request, RequestBuilder, SignerIdentity, SignerMatch, SignerTrust, TransactionError,
    VerifyError, oid,
};

use ContentCipher::{Aes128Cbc, Aes192Cbc, Aes256Cbc, DesCbc, TripleDesCbc};
use DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};

/// A 1024-bit key, of no other use.
const SMALL_KEY: &[u8] = b"\
-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQClWLHt+VfG/Cp4CkN3/JEIbHme1YBQ0XbexMFS6VIizjgaMLMH
vV4gQsVSdy6RArmC4YGNk0bOc2PTFUJ4meSkCZBX94PRfl5VYdlNS6gfFS85johI
Wu7RwJqdOYcNiA7laRJ2mfK8NPNVicshUpldYQzfLa33bluseWdAzNxYeQIDAQAB
AoGAbkU/rMC8rIUh4Zqeslerdd26Ipaqk7uONjUr5Rqb34B+Y+EUlNXS/1roc/3t
/WG+zK2OFBgjga3s5ipogTvJAhaaz1lFoZJDkQfT++rnd06Poi7r78ozOdOM/BF2
PWK6DjjA7JyHfGIHOJab6oTnFX6P+9hcdyYrAe9xbfECWM0CQQDUbhVeJLm0flBf
LmTU6sQxSudEOMPcdvwAggEWgM5plSiy8nhydsXPG/diPJmwJ7i7Z6lzLxI0aS6W
iJs661fjAkEAx0JtlyJWVovZn7pa3fVmtbhUYkcLPN4W7LGgEHqPN1wxnbkb8/O/
kNFZTkaRVEm331X4s1Gdy1VXxVds7zQk8wJAPA83qVtWycogrRhv16bce1dDFY27
Cnz1eKtI5XTbZwyN6jIVjb844/pzMeoSRbSlTQ7c4L0BN6I5UsQip0DcowJAWn90
EJE6z0HjDCVyQZ7EEEJwqNYFZ5aiqMufm/xd8VHBAxZgeLK6zYYXXnK0bKiyhw+f
zamC1iejnnAvfJCdOwJBAIOD8DoLWAz60xtIH5plSzC21VXH0RteH+aKwyu+51Ms
CXLDvPuRh3tjMJUFfOx4blMaz4CC+Hudto5uLF8hBng=
-----END RSA PRIVATE KEY-----
";

/// Each named policy with the digests, ciphers and least modulus that it should allow.
fn policies() -> Vec<(&'static str, Policy, DigestSet, CipherSet, usize)> {
    let sha2 = DigestSet::of(&[Sha256, Sha384, Sha512]);
    let sha = sha2.with(Sha1);
    let aes = CipherSet::of(&[Aes128Cbc, Aes192Cbc, Aes256Cbc]);
    let ciphers = aes.with(TripleDesCbc);
    vec![
        ("strict", Policy::strict(), sha2, aes, 2048),
        ("default", Policy::default(), sha, ciphers, 2048),
        ("compatible", Policy::compatible(), sha, ciphers, 1024),
        #[cfg(feature = "legacy")]
        (
            "legacy",
            Policy::legacy(),
            sha.with(Md5),
            ciphers.with(DesCbc),
            1024,
        ),
    ]
}

/// A good PKCSReq, taken apart.
fn good(parties: &Parties) -> Forge {
    Forge::of(&parties.pkcs_req().0)
}

/// A PKCSReq with one thing changed, signed.
fn changed(parties: &Parties, change: impl FnOnce(&mut Forge)) -> Vec<u8> {
    let mut forge = good(parties);
    change(&mut forge);
    forge.sign(&parties.client_key)
}

/// The error of reading a message: what, in which item, at which byte.
fn parse_error(bytes: &[u8]) -> (ParseErrorKind, Item, usize) {
    let error = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap_err();
    assert_eq!(error.layer(), Layer::Message);
    assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
    (error.kind(), error.item(), error.offset())
}

/// Where a part stands that stands once.
fn offset_of(bytes: &[u8], part: &[u8]) -> usize {
    let mut found = bytes.windows(part.len()).enumerate();
    let (offset, _) = found.find(|(_, window)| *window == part).unwrap();
    assert!(found.all(|(_, window)| window != part));
    offset
}

fn verify(parties: &Parties, policy: &Policy, bytes: &[u8]) -> Result<SignerMatch, VerifyError> {
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued().issuer(&parties.ca);
    message
        .verify(&parties.provider, policy, &trust)
        .map(|verified| verified.signer_match())
}

/// The error of verifying a request, and what a server answers.
fn verify_error(parties: &Parties, policy: &Policy, bytes: &[u8]) -> (VerifyError, FailInfo) {
    let error = verify(parties, policy, bytes).unwrap_err();
    (error, error.fail_info())
}

fn open(parties: &Parties, policy: &Policy, bytes: &[u8]) -> Result<Request, OpenError> {
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued().issuer(&parties.ca);
    message
        .verify(&parties.provider, policy, &trust)
        .unwrap()
        .open(&parties.provider, &parties.ca_recipients(), &mut rng())
}

/// The error of opening a request, and what a server answers.
fn open_error(parties: &Parties, policy: &Policy, bytes: &[u8]) -> (OpenError, FailInfo) {
    let error = open(parties, policy, bytes).unwrap_err();
    (error, error.fail_info())
}

/// A message around an envelope.
fn around(parties: &Parties, envelope: &Envelope) -> Vec<u8> {
    changed(parties, |forge| forge.set_content(Some(envelope.to_der())))
}

/// A good envelope around the CSR.
fn envelope(parties: &Parties) -> Envelope {
    let transport = KeyTransport::RsaPkcs1v15;
    Envelope::seal(parties.csr.as_der(), &parties.ca, Aes128Cbc, transport)
}

fn bad_alg(refused: Refused) -> (VerifyError, FailInfo) {
    (VerifyError::Refused(refused), FailInfo::BadAlg)
}

const BAD_CHECK: FailInfo = FailInfo::BadMessageCheck;

/// The one error of an envelope that does not open.
const SEALED: (OpenError, FailInfo) = (OpenError::Decrypt(DecryptError), BAD_CHECK);

#[test]
fn the_unchanged_message_is_good() {
    let parties = Parties::new();
    for (name, policy, ..) in policies() {
        let message = changed(&parties, |_| {});
        assert!(open(&parties, &policy, &message).is_ok(), "{name}");
        let message = around(&parties, &envelope(&parties));
        assert!(open(&parties, &policy, &message).is_ok(), "{name}");
    }
    // The forge gives back what it took.
    let (message, _) = parties.pkcs_req();
    assert_eq!(Forge::of(&message).sign(&parties.client_key), message);
    let content = Forge::of(&message).content.unwrap();
    assert_eq!(Envelope::of(&content).to_der(), content);
}

// Algorithms, at verifying.

#[test]
fn each_policy_has_its_message_digests() {
    let parties = Parties::new();
    for (name, policy, digests, ..) in policies() {
        for digest in DIGESTS {
            for signature in [SignatureAlgorithm::RsaPkcs1v15(digest), pss(digest)] {
                let message = changed(&parties, |forge| forge.set_signature(signature));
                if digests.contains(digest) {
                    let verdict = verify(&parties, &policy, &message);
                    assert_eq!(verdict, Ok(SignerMatch::SelfIssued), "{name} {signature:?}");
                } else {
                    let refused = bad_alg(Refused::MessageDigest(digest_oid(digest)));
                    let error = verify_error(&parties, &policy, &message);
                    assert_eq!(error, refused, "{name} {signature:?}");
                }
            }
        }
        // MD5, which can be signed with the feature `legacy` only, and a digest that nobody knows.
        let unknown = dotted("2.16.840.1.101.3.4.2.8");
        for oid in [oid::MD5, unknown] {
            if oid == oid::MD5 && digests.contains(Md5) {
                continue;
            }
            let message = changed(&parties, |forge| {
                forge.digest_algorithm = algorithm(oid, &NULL);
            });
            let error = verify_error(&parties, &policy, &message);
            assert_eq!(error, bad_alg(Refused::MessageDigest(oid)), "{name}");
        }
    }
}

#[cfg(feature = "legacy")]
#[test]
fn md5_signs_under_legacy_only_and_never_in_pss() {
    let parties = Parties::new();
    let md5 = SignatureAlgorithm::RsaPkcs1v15(Md5);
    let message = changed(&parties, |forge| forge.set_signature(md5));
    for (name, policy, ..) in policies() {
        match name {
            "legacy" => assert!(verify(&parties, &policy, &message).is_ok()),
            _ => assert_eq!(
                verify_error(&parties, &policy, &message),
                bad_alg(Refused::MessageDigest(oid::MD5)),
                "{name}"
            ),
        }
    }
    let message = changed(&parties, |forge| {
        forge.set_signature(md5);
        forge.signature_algorithm = signature_id(pss(Md5));
    });
    assert_eq!(
        verify_error(&parties, &Policy::legacy(), &message),
        bad_alg(Refused::Signature(oid::RSASSA_PSS))
    );
}

#[test]
fn the_digest_of_a_request_is_the_callers_list() {
    let parties = Parties::new();
    let (message, _) = parties.pkcs_req();
    let policy = Policy::default().with_message_digests(DigestSet::of(&[Sha512]));
    assert_eq!(
        verify_error(&parties, &policy, &message),
        bad_alg(Refused::MessageDigest(oid::SHA256))
    );
    for (schemes, signature, oid) in [
        (
            SignatureScheme::RsaPss,
            SignatureAlgorithm::RsaPkcs1v15(Sha256),
            oid::RSA_ENCRYPTION,
        ),
        (SignatureScheme::RsaPkcs1v15, pss(Sha256), oid::RSASSA_PSS),
    ] {
        let message = changed(&parties, |forge| forge.set_signature(signature));
        let policy = Policy::default().with_signature_schemes(SignatureSchemeSet::of(&[schemes]));
        let error = verify_error(&parties, &policy, &message);
        assert_eq!(error, bad_alg(Refused::Signature(oid)));
    }
}

#[test]
fn every_way_to_write_an_rsa_signature_verifies() {
    let parties = Parties::new();
    for digest in DIGESTS {
        let with_rsa = match digest {
            Sha1 => oid::SHA1_WITH_RSA,
            Sha384 => oid::SHA384_WITH_RSA,
            Sha512 => oid::SHA512_WITH_RSA,
            _ => oid::SHA256_WITH_RSA,
        };
        for id in [
            algorithm(oid::RSA_ENCRYPTION, &[]),
            algorithm(with_rsa, &NULL),
            algorithm(with_rsa, &[]),
        ] {
            let message = changed(&parties, |forge| {
                forge.set_signature(SignatureAlgorithm::RsaPkcs1v15(digest));
                forge.signature_algorithm = id;
            });
            assert!(verify(&parties, &Policy::default(), &message).is_ok());
        }
        // No NULL, and a signature's identifier where a digest's belongs, as CryptoAPI writes it.
        for id in [
            algorithm(digest_oid(digest), &[]),
            algorithm(with_rsa, &NULL),
        ] {
            let message = changed(&parties, |forge| {
                forge.set_signature(SignatureAlgorithm::RsaPkcs1v15(digest));
                forge.digest_algorithm = id;
            });
            assert!(verify(&parties, &Policy::default(), &message).is_ok());
        }
    }
}

#[test]
fn a_signature_algorithm_must_be_known_and_fit_its_digest() {
    let parties = Parties::new();
    let policy = Policy::default();
    let ecdsa = dotted("1.2.840.10045.4.3.2");
    for (oid, id) in [
        (ecdsa, algorithm(ecdsa, &[])),
        (oid::RSASSA_PSS, algorithm(oid::RSASSA_PSS, &[])),
        (oid::RSASSA_PSS, algorithm(oid::RSASSA_PSS, &NULL)),
    ] {
        let message = changed(&parties, |forge| forge.signature_algorithm = id);
        let error = verify_error(&parties, &policy, &message);
        assert_eq!(error, bad_alg(Refused::Signature(oid)));
    }
    let message = changed(&parties, |forge| {
        forge.signature_algorithm = algorithm(oid::SHA512_WITH_RSA, &NULL);
    });
    let mismatch = VerifyError::DigestMismatch {
        signer_info: DigestAlgorithm::Sha256,
        signature: DigestAlgorithm::Sha512,
    };
    assert_eq!(
        verify_error(&parties, &policy, &message),
        (mismatch, FailInfo::BadAlg)
    );
}

#[test]
fn the_digest_of_pss_is_the_signer_infos() {
    let parties = Parties::new();
    let policy = Policy::default();
    let message = changed(&parties, |forge| {
        forge.set_signature(pss(Sha256));
        forge.signature_algorithm = signature_id(pss(Sha512));
    });
    let mismatch = VerifyError::DigestMismatch {
        signer_info: Sha256,
        signature: Sha512,
    };
    let error = verify_error(&parties, &policy, &message);
    assert_eq!(error, (mismatch, FailInfo::BadAlg));

    // The mask's hash: one that the policy refuses, and one that the provider cannot do.
    for mgf_digest in [Md5, Sha512] {
        let message = changed(&parties, |forge| {
            forge.set_signature(pss(Sha256));
            forge.signature_algorithm = signature_id(SignatureAlgorithm::RsaPss {
                digest: Sha256,
                mgf_digest,
                salt_len: 32,
            });
        });
        let error = verify_error(&parties, &policy, &message);
        assert_eq!(error, bad_alg(Refused::Signature(oid::RSASSA_PSS)));
    }

    // Another salt length than the signature has, and a trailer that is not the one there is.
    let message = changed(&parties, |forge| {
        forge.set_signature(pss(Sha256));
        forge.signature_algorithm = signature_id(SignatureAlgorithm::RsaPss {
            digest: Sha256,
            mgf_digest: Sha256,
            salt_len: 31,
        });
    });
    let error = verify_error(&parties, &policy, &message);
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    let message = changed(&parties, |forge| {
        forge.set_signature(pss(Sha256));
        let parameters = sequence(&[
            &explicit(0, &digest_id(Sha256)),
            &explicit(1, &mgf1_id(Sha256)),
            &explicit(2, &small_integer(32)),
            &explicit(3, &small_integer(2)),
        ]);
        forge.signature_algorithm = algorithm(oid::RSASSA_PSS, &parameters);
    });
    let error = verify_error(&parties, &policy, &message);
    assert_eq!(error, bad_alg(Refused::Signature(oid::RSASSA_PSS)));
}

#[test]
fn each_policy_has_its_least_modulus() {
    let parties = Parties::new();
    let small = key(SMALL_KEY);
    let signer = self_signed(&small, "CN=small");
    let mut forge = good(&parties);
    forge.set_signer(&signer);
    let message = forge.sign(&small);
    let csr = csr_of(&parties, &small);
    let enclosed = Envelope::seal(&csr, &parties.ca, Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let enclosed = around(&parties, &enclosed);
    for (name, policy, .., least) in policies() {
        let roles = CaRoles::new(&signer);
        let client = parties.client_signer();
        let sent = RequestBuilder::pkcs_req(&parties.csr, &client, &roles)
            .build(&parties.provider, &policy, &mut rng())
            .map(|_| ());
        if least <= 1024 {
            assert!(verify(&parties, &policy, &message).is_ok(), "{name}");
            assert!(open(&parties, &policy, &enclosed).is_ok(), "{name}");
            assert_eq!(sent, Ok(()), "{name}");
            continue;
        }
        let bits = Refused::RsaModulusBits(1024);
        assert_eq!(
            verify_error(&parties, &policy, &message),
            bad_alg(bits),
            "{name}"
        );
        // Of a CSR in an envelope nothing is told to a stranger.
        let refused = (OpenError::CsrRefused(bits), BAD_CHECK);
        assert_eq!(open_error(&parties, &policy, &enclosed), refused, "{name}");
        assert_eq!(sent, Err(BuildError::Recipient(bits)), "{name}");
    }
    let policy = Policy::default().with_rsa_modulus_bits(1024..=2047);
    let (message, _) = parties.pkcs_req();
    assert_eq!(
        verify_error(&parties, &policy, &message),
        bad_alg(Refused::RsaModulusBits(2048))
    );
}

/// A CSR of this key.
fn csr_of(parties: &Parties, key: &RsaKey) -> Vec<u8> {
    let subject: x509_cert::name::Name = "CN=device".parse().unwrap();
    let csr = CsrBuilder::new(&subject, key.public_key_der())
        .build(key.algorithms()[0])
        .unwrap()
        .sign(key, &parties.provider, &mut rng())
        .unwrap();
    csr.as_der().to_vec()
}

#[test]
fn a_key_of_another_algorithm_is_refused() {
    let parties = Parties::new();
    let ec = dotted("1.2.840.10045.2.1");
    let point = [&[0, 4][..], &[7; 64]].concat();
    let curve = oid_der(dotted("1.2.840.10045.3.1.7"));
    let spki = sequence(&[&algorithm(ec, &curve), &tlv(0x03, &point)]);
    // An RSA key with an even exponent.
    let modulus = [&[0][..], &[0xff; 256]].concat();
    let even = sequence(&[&tlv(0x02, &modulus), &tlv(0x02, &[1, 0, 0])]);
    let even = tlv(0x03, &[&[0], &even[..]].concat());
    let even = sequence(&[&algorithm(oid::RSA_ENCRYPTION, &NULL), &even]);
    for (spki, refused) in [(spki, Refused::PublicKey(ec)), (even, Refused::RsaKey)] {
        let signer = with_public_key(&parties.client, &spki);
        let message = changed(&parties, |forge| forge.set_signer(&signer));
        let error = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(error, bad_alg(refused));
    }
}

#[test]
fn an_issuers_signature_counts_only_in_an_allowed_digest() {
    let parties = Parties::new();
    let old = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let (message, _) = parties.send(RequestBuilder::renewal_req(&parties.csr, &old, &roles));
    let policy = Policy::default();
    assert_eq!(
        verify(&parties, &policy, &message),
        Ok(SignerMatch::Issuer(0))
    );
    let policy = policy.with_certificate_digests(DigestSet::of(&[Sha512]));
    let error = verify_error(&parties, &policy, &message);
    assert_eq!(error, (VerifyError::UntrustedSigner, FailInfo::BadRequest));
}

// Algorithms, at opening.

#[test]
fn each_policy_has_its_ciphers() {
    let parties = Parties::new();
    let csr = parties.csr.as_der();
    for (name, policy, _, ciphers, _) in policies() {
        for cipher in ContentCipher::ALL {
            let message = if cipher == DesCbc && !ciphers.contains(DesCbc) {
                // Only the identifier: nothing encrypts so without the feature `legacy`.
                let mut envelope = envelope(&parties);
                envelope.cipher = algorithm(oid::DES_CBC, &octets(&[0; 8]));
                around(&parties, &envelope)
            } else {
                let transport = KeyTransport::RsaPkcs1v15;
                around(
                    &parties,
                    &Envelope::seal(csr, &parties.ca, cipher, transport),
                )
            };
            if ciphers.contains(cipher) {
                let opened = open(&parties, &policy, &message).unwrap();
                assert_eq!(opened.content_cipher(), cipher, "{name}");
            } else {
                let refused = OpenError::Refused(Refused::ContentCipher(cipher_oid(cipher)));
                let error = open_error(&parties, &policy, &message);
                assert_eq!(error, (refused, FailInfo::BadAlg), "{name} {cipher:?}");
            }
        }
        let gcm = dotted("2.16.840.1.101.3.4.1.6");
        let mut envelope = envelope(&parties);
        envelope.cipher = algorithm(gcm, &sequence(&[&octets(&[0; 12])]));
        let error = open_error(&parties, &policy, &around(&parties, &envelope));
        let refused = OpenError::Refused(Refused::ContentCipher(gcm));
        assert_eq!(error, (refused, FailInfo::BadAlg), "{name}");
    }
}

#[test]
fn key_transport_is_refused_by_name() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let error = |policy: &Policy, key_encryption: Vec<u8>| {
        let mut envelope = envelope(&parties);
        envelope.key_encryption = key_encryption;
        open_error(&parties, policy, &around(&parties, &envelope))
    };
    let refused = |refused| (OpenError::Refused(refused), FailInfo::BadAlg);
    let kem = dotted("1.2.840.113549.1.9.16.3.14");
    let oaep = |digest, mgf| oaep_id(Some(digest), Some(mgf), None);
    let not_mgf1 = explicit(1, &algorithm(oid::SHA256, &NULL));
    let unknown_hash = explicit(0, &algorithm(dotted("1.2.3.4"), &NULL));
    for (id, expected) in [
        (algorithm(kem, &[]), Refused::KeyTransport(kem)),
        (oaep(Md5, Sha1), Refused::OaepDigest(oid::MD5)),
        (oaep(Sha256, Md5), Refused::MgfDigest(oid::MD5)),
        (
            oaep_id(Some(Sha256), Some(Sha256), Some(b"x")),
            Refused::OaepLabel,
        ),
        (algorithm(oid::RSAES_OAEP, &NULL), Refused::OaepParameters),
        (
            algorithm(oid::RSAES_OAEP, &tlv(0x30, &not_mgf1)),
            Refused::OaepParameters,
        ),
        (
            algorithm(oid::RSAES_OAEP, &tlv(0x30, &unknown_hash)),
            Refused::OaepParameters,
        ),
    ] {
        assert_eq!(error(&policy, id), refused(expected));
    }

    let only = |scheme| policy.with_transports(TransportSet::of(&[scheme]));
    assert_eq!(
        error(
            &only(TransportScheme::RsaOaep),
            algorithm(oid::RSA_ENCRYPTION, &NULL)
        ),
        refused(Refused::KeyTransport(oid::RSA_ENCRYPTION))
    );
    assert_eq!(
        error(&only(TransportScheme::RsaPkcs1v15), oaep(Sha256, Sha256)),
        refused(Refused::KeyTransport(oid::RSAES_OAEP))
    );
    let sha2 = DigestSet::of(&[Sha256]);
    assert_eq!(
        error(&policy.with_oaep_digests(sha2), oaep(Sha1, Sha256)),
        refused(Refused::OaepDigest(oid::SHA1))
    );
    assert_eq!(
        error(&policy.with_mgf_digests(sha2), oaep(Sha256, Sha1)),
        refused(Refused::MgfDigest(oid::SHA1))
    );
}

#[test]
fn every_oaep_opens_under_every_policy() {
    let parties = Parties::new();
    for (name, policy, ..) in policies() {
        for digest in DIGESTS {
            for mgf_digest in DIGESTS {
                let transport = KeyTransport::RsaOaep { digest, mgf_digest };
                let csr = parties.csr.as_der();
                let envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, transport);
                let opened = open(&parties, &policy, &around(&parties, &envelope)).unwrap();
                assert_eq!(opened.key_transport(), transport, "{name}");
            }
        }
    }
}

#[test]
fn the_defaults_of_oaep_are_sha1() {
    let parties = Parties::new();
    let sha1 = KeyTransport::RsaOaep {
        digest: Sha1,
        mgf_digest: Sha1,
    };
    let mut envelope = Envelope::seal(parties.csr.as_der(), &parties.ca, Aes128Cbc, sha1);
    for id in [
        algorithm(oid::RSAES_OAEP, &[]),
        oaep_id(None, None, None),
        oaep_id(Some(Sha1), None, None),
        oaep_id(None, Some(Sha1), None),
        oaep_id(None, None, Some(b"")),
    ] {
        envelope.key_encryption = id;
        let opened = open(&parties, &Policy::strict(), &around(&parties, &envelope)).unwrap();
        assert_eq!(opened.key_transport(), sha1);
    }
}

#[test]
fn a_mask_hash_that_is_not_written_down_opens_under_compatible_only() {
    let parties = Parties::new();
    for digest in [Sha256, Sha384, Sha512] {
        let transport = KeyTransport::RsaOaep {
            digest,
            mgf_digest: digest,
        };
        let mut envelope = Envelope::seal(parties.csr.as_der(), &parties.ca, Aes128Cbc, transport);
        envelope.key_encryption = oaep_id(Some(digest), None, None);
        let message = around(&parties, &envelope);
        for (name, policy, ..) in policies() {
            if matches!(name, "compatible" | "legacy") {
                assert!(open(&parties, &policy, &message).is_ok(), "{name}");
            } else {
                assert_eq!(open_error(&parties, &policy, &message), SEALED, "{name}");
            }
        }
        // What is written down counts.
        envelope.key_encryption = oaep_id(Some(digest), Some(Sha1), None);
        let message = around(&parties, &envelope);
        assert_eq!(
            open_error(&parties, &Policy::compatible(), &message),
            SEALED
        );
    }
}

#[test]
fn a_csr_in_a_refused_digest_does_not_show() {
    let parties = Parties::new();
    let (message, _) = parties.pkcs_req();
    let policy = Policy::default().with_csr_digests(DigestSet::of(&[Sha512]));
    let refused = OpenError::CsrRefused(Refused::CsrSignature(oid::SHA256_WITH_RSA));
    assert_eq!(
        open_error(&parties, &policy, &message),
        (refused, BAD_CHECK)
    );
}

// Signed attributes.

#[test]
fn the_content_type_is_data_and_says_so() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let wrong = (VerifyError::ContentType, BAD_CHECK);
    let enveloped = oid_der(oid::ENVELOPED_DATA);
    for message in [
        // The attribute is absent, or another type, or no type at all.
        changed(&parties, |forge| drop(forge.remove(oid::CONTENT_TYPE))),
        changed(&parties, |forge| {
            forge.set(oid::CONTENT_TYPE, enveloped.clone())
        }),
        changed(&parties, |forge| {
            forge.set(oid::CONTENT_TYPE, octets(oid::DATA.as_bytes()))
        }),
        // The type is another, in its place only, or there and in the attribute.
        changed(&parties, |forge| forge.content_type = oid::ENVELOPED_DATA),
        changed(&parties, |forge| {
            forge.content_type = oid::ENVELOPED_DATA;
            forge.set(oid::CONTENT_TYPE, enveloped.clone());
        }),
    ] {
        assert_eq!(verify_error(&parties, &policy, &message), wrong);
    }
}

#[test]
fn the_message_digest_is_that_of_the_content() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let wrong = (VerifyError::MessageDigest, BAD_CHECK);
    let other = envelope(&parties).to_der();
    let digest = good(&parties).remove(oid::MESSAGE_DIGEST).values.remove(0);
    for message in [
        changed(&parties, |forge| drop(forge.remove(oid::MESSAGE_DIGEST))),
        changed(&parties, |forge| forge.content = Some(other)),
        changed(&parties, |forge| forge.content = None),
        // Another type of string, one byte less, none.
        changed(&parties, |forge| {
            forge.set(oid::MESSAGE_DIGEST, tlv(0x13, &digest[2..]))
        }),
        changed(&parties, |forge| {
            forge.set(oid::MESSAGE_DIGEST, octets(&digest[2..33]))
        }),
        changed(&parties, |forge| {
            forge.set(oid::MESSAGE_DIGEST, octets(&[]))
        }),
    ] {
        assert_eq!(verify_error(&parties, &policy, &message), wrong);
    }
}

#[test]
fn there_is_one_signer_with_signed_attributes() {
    let parties = Parties::new();
    let forge = good(&parties);
    let signature = forge.signature(&parties.client_key, Order::Der);
    let info = forge.signer_info(Order::Der, &signature);
    let none = forge.assemble(&[]);
    let set_at = none.len();
    assert_eq!(
        parse_error(&none),
        (ParseErrorKind::Missing, Item::SignerInfo, set_at)
    );
    let two = forge.assemble(&[info.clone(), info.clone()]);
    let set_at = two.len() - 2 * info.len();
    assert_eq!(
        parse_error(&two),
        (ParseErrorKind::Duplicate, Item::SignerInfo, set_at)
    );
    let bare = changed(&parties, |forge| forge.attributes = None);
    let (kind, item, _) = parse_error(&bare);
    let missing = (ParseErrorKind::Missing, Item::SignedAttributes);
    assert_eq!((kind, item), missing);
}

#[test]
fn attributes_that_nobody_signed_do_not_count() {
    let parties = Parties::new();
    for (oid, item) in [
        (oid::MESSAGE_TYPE, Item::MessageType),
        (oid::TRANSACTION_ID, Item::TransactionId),
    ] {
        let message = changed(&parties, |forge| {
            let attribute = forge.remove(oid);
            forge.unsigned_attributes.push(attribute);
        });
        let (kind, found, _) = parse_error(&message);
        assert_eq!((kind, found), (ParseErrorKind::Missing, item));
    }
    for (oid, error) in [
        (
            oid::SENDER_NONCE,
            (VerifyError::MissingSenderNonce, FailInfo::BadRequest),
        ),
        (oid::MESSAGE_DIGEST, (VerifyError::MessageDigest, BAD_CHECK)),
        (oid::CONTENT_TYPE, (VerifyError::ContentType, BAD_CHECK)),
    ] {
        let message = changed(&parties, |forge| {
            let attribute = forge.remove(oid);
            forge.unsigned_attributes.push(attribute);
        });
        assert_eq!(verify_error(&parties, &Policy::default(), &message), error);
    }
    // Beside the signed ones they are passed over.
    let message = changed(&parties, |forge| {
        forge.unsigned_attributes.push(Attribute {
            oid: oid::MESSAGE_TYPE,
            values: vec![printable("22")],
        });
    });
    let opened = open(&parties, &Policy::default(), &message).unwrap();
    assert_eq!(opened.message_type(), MessageType::PkcsReq);
}

#[test]
fn each_attribute_stands_once_and_has_one_value() {
    let parties = Parties::new();
    for (oid, item) in [
        (oid::MESSAGE_TYPE, Item::MessageType),
        (oid::TRANSACTION_ID, Item::TransactionId),
        (oid::SENDER_NONCE, Item::SenderNonce),
        (oid::CONTENT_TYPE, Item::ContentTypeAttribute),
        (oid::MESSAGE_DIGEST, Item::MessageDigest),
    ] {
        let mut twice = good(&parties);
        let attribute = twice.remove(oid);
        let again = attribute.to_der();
        twice.attributes().push(attribute.clone());
        twice.attributes().push(attribute.clone());
        let message = twice.sign(&parties.client_key);
        // Equal, so they are neighbours: it is the second that is too much.
        let both = [again.clone(), again.clone()].concat();
        let offset = offset_of(&message, &both) + again.len();
        assert_eq!(
            parse_error(&message),
            (ParseErrorKind::Duplicate, item, offset)
        );

        for (values, kind) in [
            (Vec::new(), ParseErrorKind::Missing),
            (
                [&attribute.values[..], &[printable("x")]].concat(),
                ParseErrorKind::Duplicate,
            ),
        ] {
            let attribute = Attribute { oid, values };
            let der = attribute.to_der();
            let mut forge = good(&parties);
            forge.remove(oid);
            forge.attributes().push(attribute);
            let message = forge.sign(&parties.client_key);
            assert_eq!(
                parse_error(&message),
                (kind, item, offset_of(&message, &der))
            );
        }
    }
}

#[test]
fn the_message_type_is_exact() {
    let parties = Parties::new();
    for value in [
        printable("019"),
        printable(" 19"),
        printable("19 "),
        printable("+19"),
        printable(""),
        printable("x"),
        printable("1900"),
        small_integer(19),
        octets(b"19"),
        tlv(0x1e, &[0, b'1', 0, b'9']),
    ] {
        let attribute = Attribute {
            oid: oid::MESSAGE_TYPE,
            values: vec![value.clone()],
        };
        let message = changed(&parties, |forge| {
            forge.set(oid::MESSAGE_TYPE, value.clone())
        });
        let der = attribute.to_der();
        let offset = offset_of(&message, &der) + der.len() - value.len();
        let wrong = (ParseErrorKind::InvalidValue, Item::MessageType, offset);
        assert_eq!(parse_error(&message), wrong);
    }
    let message = changed(&parties, |forge| drop(forge.remove(oid::MESSAGE_TYPE)));
    let (kind, item, _) = parse_error(&message);
    assert_eq!((kind, item), (ParseErrorKind::Missing, Item::MessageType));

    for (text, error) in [
        ("3", VerifyError::NotARequest),
        (
            "18",
            VerifyError::UnsupportedMessageType(MessageType::Other(18)),
        ),
        (
            "0",
            VerifyError::UnsupportedMessageType(MessageType::Other(0)),
        ),
        (
            "999",
            VerifyError::UnsupportedMessageType(MessageType::Other(999)),
        ),
        ("17", VerifyError::SelfIssuedRenewal),
    ] {
        let message = changed(&parties, |forge| {
            forge.set(oid::MESSAGE_TYPE, printable(text));
            if text == "3" {
                forge.set(oid::PKI_STATUS, printable("0"));
            }
        });
        let found = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(found, (error, FailInfo::BadRequest), "{text}");
    }
}

#[test]
fn nonces_have_1_to_64_bytes() {
    let parties = Parties::new();
    for len in [1, 8, 16, 64] {
        let nonce: Vec<u8> = (0..len).collect();
        let message = changed(&parties, |forge| {
            forge.set(oid::SENDER_NONCE, octets(&nonce))
        });
        let opened = open(&parties, &Policy::default(), &message).unwrap();
        assert_eq!(opened.sender_nonce().unwrap().as_bytes(), nonce);
        // The reply has all of it.
        let ca = parties.ca_signer();
        let reply = opened.reply(&parties.provider, &ca).pending(&mut rng());
        let reply = reply.unwrap().sign(&parties.ca_key, &mut rng()).unwrap();
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        let echoed = reply.unverified_attributes().recipient_nonce();
        assert_eq!(echoed.unwrap().as_bytes(), nonce);
    }
    for value in [octets(&[]), octets(&[7; 65]), printable("0123456789abcdef")] {
        for (oid, item) in [
            (oid::SENDER_NONCE, Item::SenderNonce),
            (oid::RECIPIENT_NONCE, Item::RecipientNonce),
        ] {
            let message = changed(&parties, |forge| forge.set(oid, value.clone()));
            let attribute = Attribute {
                oid,
                values: vec![value.clone()],
            };
            let der = attribute.to_der();
            let offset = offset_of(&message, &der) + der.len() - value.len();
            let wrong = (ParseErrorKind::InvalidValue, item, offset);
            assert_eq!(parse_error(&message), wrong);
        }
    }
}

#[test]
fn a_request_without_sender_nonce_is_read_under_compatible_only() {
    let parties = Parties::new();
    let message = changed(&parties, |forge| drop(forge.remove(oid::SENDER_NONCE)));
    for (name, policy, ..) in policies() {
        if matches!(name, "compatible" | "legacy") {
            let opened = open(&parties, &policy, &message).unwrap();
            assert_eq!(opened.sender_nonce(), None);
            continue;
        }
        let error = verify_error(&parties, &policy, &message);
        let refused = (VerifyError::MissingSenderNonce, FailInfo::BadRequest);
        assert_eq!(error, refused, "{name}");
    }
}

#[test]
fn the_transaction_id_is_any_string_that_is_not_empty() {
    let parties = Parties::new();
    let long = [b'x'; 300];
    for (tag, text) in [
        (0x13, &b"printable"[..]),
        (0x0c, "密码".as_bytes()),
        (0x16, b"ia5@example"),
        (0x0c, &[0xff, 0xfe]),
        (0x13, &long),
    ] {
        let message = changed(&parties, |forge| {
            forge.set(oid::TRANSACTION_ID, tlv(tag, text))
        });
        let opened = open(&parties, &Policy::default(), &message).unwrap();
        assert_eq!(opened.transaction_id().as_bytes(), text);
    }
    for value in [
        printable(""),
        tlv(0x0c, b""),
        octets(b"octets"),
        tlv(0x1e, &[0, b'x']),
        small_integer(1),
    ] {
        let message = changed(&parties, |forge| {
            forge.set(oid::TRANSACTION_ID, value.clone())
        });
        let (kind, item, _) = parse_error(&message);
        let wrong = (ParseErrorKind::InvalidValue, Item::TransactionId);
        assert_eq!((kind, item), wrong);
    }
    let message = changed(&parties, |forge| drop(forge.remove(oid::TRANSACTION_ID)));
    let (kind, item, _) = parse_error(&message);
    assert_eq!((kind, item), (ParseErrorKind::Missing, Item::TransactionId));
}

#[test]
fn unknown_attributes_are_kept() {
    let parties = Parties::new();
    let oid = dotted("2.25.1");
    let values = vec![octets(&[1]), octets(&[2])];
    let message = changed(&parties, |forge| {
        let values = values.clone();
        forge.attributes().push(Attribute { oid, values });
    });
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let found: Vec<_> = message.unverified_attributes().unknown().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].oid(), found[0].values()),
        (oid, &values.concat()[..])
    );
}

// Signers.

#[test]
fn an_identifier_of_two_keys_is_ambiguous() {
    let parties = Parties::new();
    let other = with_public_key(&parties.client, parties.ca.public_key_der());
    let ambiguous = (VerifyError::AmbiguousSigner, BAD_CHECK);
    for position in [0, 1] {
        let message = changed(&parties, |forge| {
            forge.certificates.insert(position, other.as_der().to_vec());
        });
        let error = verify_error(&parties, &Policy::compatible(), &message);
        assert_eq!(error, ambiguous);
    }
    // One of the two may be the caller's.
    let message = changed(&parties, |_| {});
    let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued().certificate(&other);
    let verdict = message.verify(&parties.provider, &parties.policy, &trust);
    assert_eq!(verdict.unwrap_err(), VerifyError::AmbiguousSigner);
    // The same certificate twice is not.
    let message = changed(&parties, |forge| {
        let again = forge.certificates[0].clone();
        forge.certificates.push(again);
    });
    assert!(verify(&parties, &Policy::default(), &message).is_ok());
}

#[test]
fn the_signer_is_found_by_its_identifier() {
    let parties = Parties::new();
    let missing = (VerifyError::SignerCertificateMissing, BAD_CHECK);
    let policy = Policy::default();
    let none = changed(&parties, |forge| forge.certificates.clear());
    assert_eq!(verify_error(&parties, &policy, &none), missing);
    let another = changed(&parties, |forge| {
        forge.certificates = vec![parties.ca.as_der().to_vec()];
    });
    assert_eq!(verify_error(&parties, &policy, &another), missing);
    // The caller has it.
    let message = PkiMessage::parse(none, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().certificate(&parties.client);
    assert!(message.verify(&parties.provider, &policy, &trust).is_ok());

    // By key identifier, among others, and what is no certificate is passed over.
    let ski = parties.client.subject_key_identifier().unwrap();
    let message = changed(&parties, |forge| {
        forge.version = 3;
        forge.sid = tlv(0x80, ski);
        forge.certificates.insert(0, parties.ca.as_der().to_vec());
        forge.certificates.insert(0, sequence(&[&NULL]));
    });
    let verdict = verify(&parties, &policy, &message);
    assert_eq!(verdict, Ok(SignerMatch::SelfIssued));
    let message = changed(&parties, |forge| forge.sid = tlv(0x80, &[7; 20]));
    assert_eq!(verify_error(&parties, &policy, &message), missing);
}

#[test]
fn another_key_does_not_sign_for_the_signer() {
    let parties = Parties::new();
    let message = good(&parties).sign(&parties.ca_key);
    let error = verify_error(&parties, &Policy::compatible(), &message);
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    // A signature over the content alone is another form of SignerInfo.
    let forge = good(&parties);
    let mut bare = forge.clone();
    bare.attributes = None;
    let signature = bare.signature(&parties.client_key, Order::Der);
    let info = forge.signer_info(Order::Der, &signature);
    let error = verify_error(&parties, &Policy::compatible(), &forge.assemble(&[info]));
    assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    for signature in [&[][..], &[0; 255], &[0; 256], &[0xff; 256], &[1; 257]] {
        let info = forge.signer_info(Order::Der, signature);
        let error = verify_error(&parties, &Policy::compatible(), &forge.assemble(&[info]));
        assert_eq!(error, (VerifyError::Signature, BAD_CHECK));
    }
}

#[test]
fn announced_digests_do_not_count() {
    let parties = Parties::new();
    for announced in [Vec::new(), vec![digest_id(Sha512)], vec![vec![0x30, 0]]] {
        let message = changed(&parties, |forge| forge.digest_algorithms = announced);
        assert!(verify(&parties, &Policy::strict(), &message).is_ok());
    }
}

// The envelope.

#[test]
fn the_content_is_an_envelope_of_data() {
    let parties = Parties::new();
    let policy = Policy::compatible();
    let error = |change: fn(&mut Envelope)| {
        let mut envelope = envelope(&parties);
        change(&mut envelope);
        match open_error(&parties, &policy, &around(&parties, &envelope)) {
            (OpenError::Parse(error), BAD_CHECK) => (error.kind(), error.item()),
            other => panic!("{other:?}"),
        }
    };
    let encrypted = ParseErrorKind::UnexpectedType(oid::ENCRYPTED_DATA);
    assert_eq!(
        error(|envelope| envelope.outer_type = oid::ENCRYPTED_DATA),
        (encrypted, Item::ContentType)
    );
    assert_eq!(
        error(|envelope| envelope.content_type = oid::ENCRYPTED_DATA),
        (encrypted, Item::EncryptedContentInfo)
    );
    // No content at all, an empty one, and anything else.
    for content in [None, Some(Vec::new())] {
        let message = changed(&parties, |forge| forge.set_content(content));
        let error = open_error(&parties, &policy, &message);
        assert_eq!(error, (OpenError::NoContent, BAD_CHECK));
    }
    let message = changed(&parties, |forge| forge.set_content(Some(b"text".to_vec())));
    let (OpenError::Parse(error), BAD_CHECK) = open_error(&parties, &policy, &message) else {
        panic!("no parse error");
    };
    assert_eq!(error.item(), Item::ContentInfo);
    let content = parties.csr.as_der().to_vec();
    let message = changed(&parties, |forge| forge.set_content(Some(content)));
    let (OpenError::Parse(error), BAD_CHECK) = open_error(&parties, &policy, &message) else {
        panic!("no parse error");
    };
    assert_eq!(error.item(), Item::ContentType);
}

#[test]
fn an_envelopes_error_tells_where_it_stands() {
    let parties = Parties::new();
    let encrypted = oid_der(oid::ENCRYPTED_DATA);
    for change in [
        |envelope: &mut Envelope| envelope.outer_type = oid::ENCRYPTED_DATA,
        |envelope: &mut Envelope| envelope.content_type = oid::ENCRYPTED_DATA,
    ] {
        let mut envelope = envelope(&parties);
        change(&mut envelope);
        let error = |message: &[u8]| match open_error(&parties, &Policy::default(), message) {
            (OpenError::Parse(error), BAD_CHECK) => (error.layer(), error.offset()),
            other => panic!("{other:?}"),
        };
        let message = around(&parties, &envelope);
        let offset = offset_of(&message, &encrypted);
        assert_eq!(error(&message), (Layer::Message, offset));
        // Of a content in segments it is the place among the joined octets.
        let joined = envelope.to_der();
        let offset = offset_of(&joined, &encrypted);
        let message = segmented(&parties, &joined);
        assert_eq!(error(&message), (Layer::Content, offset));
    }
}

/// A message with its content in two segments.
fn segmented(parties: &Parties, content: &[u8]) -> Vec<u8> {
    let message = changed(parties, |forge| forge.set_content(Some(content.to_vec())));
    let (first, second) = content.split_at(content.len() / 2);
    let segments = tlv(0x24, &[octets(first), octets(second)].concat());
    let signed = inside(inside(&message)[1].contents);
    let fields: Vec<Vec<u8>> = signed
        .iter()
        .enumerate()
        .map(|(position, field)| match position {
            2 => sequence(&[&oid_der(oid::DATA), &explicit(0, &segments)]),
            _ => field.raw.to_vec(),
        })
        .collect();
    let signed = tlv(0x30, &fields.concat());
    sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed)])
}

#[test]
fn a_recipient_is_found_among_all_kinds() {
    let parties = Parties::new();
    let policy = Policy::default();
    let mut envelope = envelope(&parties);
    let stranger = sequence(&[
        &small_integer(0),
        &issuer_and_serial(&parties.client),
        &algorithm(oid::RSA_ENCRYPTION, &NULL),
        &octets(&[1; 256]),
    ]);
    envelope.other_recipients = vec![
        stranger,
        explicit(1, &small_integer(3)),
        explicit(2, &small_integer(4)),
        explicit(3, &small_integer(0)),
        explicit(4, &oid_der(oid::DATA)),
    ];
    let opened = open(&parties, &policy, &around(&parties, &envelope)).unwrap();
    assert_eq!(opened.recipient(), 0);

    // By key identifier.
    let mut envelope = self::envelope(&parties);
    let ski = parties.ca.subject_key_identifier().unwrap();
    envelope.rid = tlv(0x80, ski);
    assert!(open(&parties, &policy, &around(&parties, &envelope)).is_ok());
    envelope.rid = tlv(0x80, &[7; 20]);
    let (error, info) = open_error(&parties, &policy, &around(&parties, &envelope));
    let OpenError::NoRecipient(hint) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (hint.first(), hint.recipients(), info),
        (&[7; 20][..], 1, BAD_CHECK)
    );
}

#[test]
fn whatever_does_not_open_looks_the_same() {
    let parties = Parties::new();
    let policy = Policy::default();
    let csr = parties.csr.as_der();
    let transport = KeyTransport::RsaPkcs1v15;
    let oaep = KeyTransport::RsaOaep {
        digest: Sha256,
        mgf_digest: Sha256,
    };
    let seal = |payload: &[u8]| Envelope::seal(payload, &parties.ca, Aes128Cbc, transport);
    let blocks = |blocks: &[u8]| Envelope::encrypt(blocks, &parties.ca, Aes128Cbc, transport);
    let with = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = envelope(&parties);
        change(&mut envelope);
        envelope
    };
    let padded = |padding: &[u8]| {
        let mut padded = csr.to_vec();
        padded.resize(padded.len().next_multiple_of(16) + 16 - padding.len(), 0);
        [&padded, padding].concat()
    };
    let cases = [
        // The key.
        with(&|envelope| envelope.encrypted_key = vec![7; 256]),
        with(&|envelope| envelope.encrypted_key = vec![0xff; 256]),
        with(&|envelope| envelope.encrypted_key = vec![0; 256]),
        with(&|envelope| envelope.encrypted_key = vec![7; 255]),
        with(&|envelope| envelope.encrypted_key.clear()),
        Envelope::seal(csr, &parties.client, Aes128Cbc, transport),
        Envelope::seal(csr, &parties.client, Aes128Cbc, oaep),
        with(&|envelope| envelope.key_encryption = oaep_id(Some(Sha256), Some(Sha256), None)),
        {
            let mut envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, oaep);
            envelope.key_encryption = algorithm(oid::RSA_ENCRYPTION, &NULL);
            envelope
        },
        {
            let mut envelope = Envelope::seal(csr, &parties.ca, Aes128Cbc, oaep);
            envelope.key_encryption = oaep_id(Some(Sha256), Some(Sha384), None);
            envelope
        },
        // A key of another length.
        {
            let mut envelope = Envelope::seal(csr, &parties.ca, Aes256Cbc, transport);
            let iv = octets(&[7; 16]);
            envelope.cipher = algorithm(oid::AES128_CBC, &iv);
            envelope
        },
        // The initialisation vector.
        with(&|envelope| envelope.cipher = algorithm(oid::AES128_CBC, &octets(&[7; 8]))),
        with(&|envelope| envelope.cipher = algorithm(oid::AES128_CBC, &octets(&[7; 17]))),
        with(&|envelope| envelope.cipher = algorithm(oid::AES128_CBC, &NULL)),
        with(&|envelope| envelope.cipher = algorithm(oid::AES128_CBC, &[])),
        with(&|envelope| envelope.cipher = algorithm(oid::AES128_CBC, &octets(&[7; 16]))),
        with(&|envelope| envelope.cipher = algorithm(oid::AES192_CBC, &octets(&[7; 16]))),
        // The length.
        with(&|envelope| envelope.encrypted_content.clear()),
        with(&|envelope| envelope.encrypted_content.truncate(16)),
        with(&|envelope| envelope.encrypted_content.truncate(17)),
        with(&|envelope| envelope.encrypted_content.push(7)),
        // The padding.
        blocks(&padded(&[0])),
        blocks(&padded(&[17; 17])),
        blocks(&padded(&[2, 3, 3])),
        blocks(&padded(&[3, 2, 3])),
        blocks(&padded(&[0xff])),
        blocks(&[16; 16]),
        // The payload.
        seal(b""),
        seal(b"text"),
        seal(&csr[..csr.len() - 1]),
        seal(&[csr, &[0]].concat()),
        seal(&[csr, csr].concat()),
        seal(&sequence(&[csr])),
        seal(&indefinite(csr)),
        seal(&scep::CertsOnly::encode(
            std::slice::from_ref(&parties.ca),
            &[],
        )),
    ];
    for (number, envelope) in cases.iter().enumerate() {
        let mut envelope = envelope.clone();
        envelope.rid = issuer_and_serial(&parties.ca);
        let error = open_error(&parties, &policy, &around(&parties, &envelope));
        assert_eq!(error, SEALED, "case {number}");
    }
    // A wrong signature of the CSR has its own error, and the same answer.
    let mut wrong = csr.to_vec();
    *wrong.last_mut().unwrap() ^= 1;
    let error = open_error(&parties, &policy, &around(&parties, &seal(&wrong)));
    assert_eq!(error, (OpenError::CsrSignature, BAD_CHECK));
}

fn indefinite(der: &[u8]) -> Vec<u8> {
    let contents = elements(der)[0].contents;
    [&[der[0], 0x80], contents, &[0, 0]].concat()
}

#[test]
fn a_key_that_anybody_can_compute_does_not_open() {
    let parties = Parties::new();
    let digests = parties.provider.digests();
    let sha256 = |parts: &[&[u8]]| digests.digest(Sha256, parts).unwrap().as_bytes().to_vec();
    let encrypted_key = [7; 256];
    let label = &b"scep substitute content key"[..];
    // HMAC under a key of zeros, which is what is left of a secret that was forgotten.
    let inner = sha256(&[&[0x36; 64], label, &encrypted_key]);
    let outer = sha256(&[&[0x5c; 64], &inner]);
    for transport in [
        KeyTransport::RsaPkcs1v15,
        KeyTransport::RsaOaep {
            digest: Sha256,
            mgf_digest: Sha256,
        },
    ] {
        for key in [
            vec![0; 32],
            sha256(&[&encrypted_key]),
            sha256(&[label, &encrypted_key]),
            sha256(&[parties.ca.public_key_der(), &encrypted_key]),
            outer.clone(),
        ] {
            let csr = parties.csr.as_der();
            let padding = 16 - csr.len() % 16;
            let mut blocks = csr.to_vec();
            blocks.resize(csr.len() + padding, padding as u8);
            let mut envelope =
                Envelope::encrypt_under(&key[..16], &blocks, &parties.ca, Aes128Cbc, transport);
            // The good one opens.
            let good = around(&parties, &envelope);
            assert!(open(&parties, &Policy::default(), &good).is_ok());
            envelope.encrypted_key = encrypted_key.to_vec();
            let error = open_error(&parties, &Policy::default(), &around(&parties, &envelope));
            assert_eq!(error, SEALED);
        }
    }
}

#[test]
fn padding_is_right_or_nothing_opens() {
    let parties = Parties::new();
    let get_cert = {
        let (signer, roles) = (parties.client_signer(), parties.roles());
        let wanted = IssuerAndSerialNumber::of(&parties.issued);
        parties
            .send(RequestBuilder::get_cert(wanted, &signer, &roles))
            .0
    };
    // A payload of this length modulo 16, which ends in a zero.
    let payload = |residue: usize| {
        let wanted = (2..18)
            .map(|len| {
                let serial = [&vec![1; len][..], &[0]].concat();
                IssuerAndSerialNumber::new(parties.ca.subject_der(), &serial)
            })
            .find(|wanted| wanted.to_der().len() % 16 == residue);
        wanted.unwrap().to_der()
    };
    let opens = |residue: usize, tail: &[u8], cipher: ContentCipher| {
        let blocks = [&payload(residue)[..], tail].concat();
        let transport = KeyTransport::RsaPkcs1v15;
        let envelope = Envelope::encrypt(&blocks, &parties.ca, cipher, transport);
        let mut forge = Forge::of(&get_cert);
        forge.set_content(Some(envelope.to_der()));
        let message = forge.sign(&parties.client_key);
        match open(&parties, &Policy::default(), &message) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!((error, error.fail_info()), SEALED);
                false
            }
        }
    };
    for (residue, tail) in [
        (15, &[1][..]),
        (14, &[2; 2]),
        (8, &[8; 8]),
        (1, &[15; 15]),
        (0, &[16; 16]),
    ] {
        assert!(opens(residue, tail, Aes128Cbc), "{tail:?}");
    }
    for (residue, tail) in [
        (0, &[][..]),
        (0, &[0; 16]),
        (15, &[0]),
        (15, &[2]),
        (15, &[17; 17]),
        (14, &[1, 2]),
        (14, &[2, 1]),
        (14, &[1, 1]),
        (13, &[2, 3, 3]),
        (13, &[3, 2, 3]),
        (1, &[[0].as_slice(), &[15; 14]].concat()),
        (0, &[[15].as_slice(), &[16; 15]].concat()),
        (0, &[[16; 16], [16; 16]].concat()),
        (0, &[32; 32]),
        (1, &[0xff; 15]),
    ] {
        assert!(!opens(residue, tail, Aes128Cbc), "{tail:?}");
    }
    // The padding of a cipher is that of its own block.
    assert!(opens(8, &[8; 8], TripleDesCbc));
    assert!(!opens(0, &[16; 16], TripleDesCbc));
    assert!(!opens(7, &[9; 9], TripleDesCbc));
}

/// What a client reads that is refused because of an error, and how long the reply is.
fn refusal(parties: &Parties, error: impl Into<scep::Error>) -> (scep::Failure, usize) {
    let (request, pending) = parties.pkcs_req();
    let message = PkiMessage::parse(request, &Limits::REQUEST).unwrap();
    let ca = parties.ca_signer();
    let reply = message
        .refuse(&parties.provider, &parties.policy, &ca)
        .because(error, &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let len = reply.len();
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let roles = parties.roles();
    match pending.accept(&reply, &roles, &parties.provider, &parties.policy) {
        Ok(CertRep::Failure(failure)) => (failure, len),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_answer_tells_what_policy_refuses_and_nothing_of_an_envelope() {
    let parties = Parties::new();
    let refused = Refused::ContentCipher(oid::DES_CBC);
    for error in [
        scep::Error::from(OpenError::Refused(refused)),
        scep::Error::from(VerifyError::Refused(refused)),
    ] {
        let (failure, _) = refusal(&parties, error);
        assert_eq!(failure.info(), Some(FailInfo::BadAlg));
        let text = failure.text().unwrap();
        assert!(text.contains("1.3.14.3.2.7"), "{text}");
    }
    let answers = [
        OpenError::Decrypt(DecryptError),
        OpenError::CsrSignature,
        OpenError::CsrRefused(Refused::RsaModulusBits(512)),
        OpenError::CsrRefused(Refused::CsrSignature(oid::MD5_WITH_RSA)),
    ]
    .map(|error| refusal(&parties, error));
    assert_eq!(answers[0].0.info(), Some(BAD_CHECK));
    assert_eq!(answers[0].0.text(), None);
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
}

// Replies.

/// A reply with one thing changed, as the client that waits for it sees it.
fn replied(
    parties: &Parties,
    policy: &Policy,
    change: impl FnOnce(&mut Forge),
) -> Result<&'static str, TransactionError> {
    let (request, pending) = parties.pkcs_req();
    let ca = parties.ca_signer();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .success(std::slice::from_ref(&parties.issued), &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let mut forge = Forge::of(&reply);
    change(&mut forge);
    let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let roles = parties.roles();
    match pending.accept(&reply, &roles, &parties.provider, policy)? {
        CertRep::Success(sealed) => {
            let recipient: Recipient<'_> = parties.client_recipient();
            sealed.open(&parties.provider, &recipient, &mut rng())?;
            Ok("success")
        }
        CertRep::Failure(failure) => {
            assert_eq!(failure.info(), None);
            Ok("failure")
        }
        CertRep::Pending => Ok("pending"),
    }
}

#[test]
fn a_reply_has_a_status() {
    let parties = Parties::new();
    let policy = Policy::default();
    let status = |text: &'static str| {
        replied(&parties, &policy, |forge| {
            forge.set(oid::PKI_STATUS, printable(text))
        })
    };
    assert_eq!(status("0"), Ok("success"));
    // Content beside FAILURE or PENDING means nothing, and failInfo may be absent.
    assert_eq!(status("2"), Ok("failure"));
    assert_eq!(status("3"), Ok("pending"));
    for (text, code) in [("1", 1), ("4", 4), ("999", 999)] {
        let unknown = TransactionError::UnknownStatus(PkiStatus::Other(code));
        assert_eq!(status(text), Err(unknown));
    }
    let ca = parties.ca_signer();
    let (request, _) = parties.pkcs_req();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .pending(&mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let mut forge = Forge::of(&reply);
    forge.set(oid::PKI_STATUS, printable("00"));
    let (kind, item, _) = parse_error(&forge.sign(&parties.ca_key));
    assert_eq!(
        (kind, item),
        (ParseErrorKind::InvalidValue, Item::PkiStatus)
    );
    forge.remove(oid::PKI_STATUS);
    let (kind, item, _) = parse_error(&forge.sign(&parties.ca_key));
    assert_eq!((kind, item), (ParseErrorKind::Missing, Item::PkiStatus));
}

#[test]
fn a_reply_may_lack_its_sender_nonce_and_nothing_else() {
    let parties = Parties::new();
    for (name, policy, ..) in policies() {
        let without = |oid| replied(&parties, &policy, |forge| drop(forge.remove(oid)));
        assert_eq!(without(oid::SENDER_NONCE), Ok("success"), "{name}");
        let no_nonce = Err(TransactionError::RecipientNonce);
        assert_eq!(without(oid::RECIPIENT_NONCE), no_nonce, "{name}");
        let no_type = Err(VerifyError::ContentType.into());
        assert_eq!(without(oid::CONTENT_TYPE), no_type, "{name}");
        let no_digest = Err(VerifyError::MessageDigest.into());
        assert_eq!(without(oid::MESSAGE_DIGEST), no_digest, "{name}");
        let none = replied(&parties, &policy, |forge| forge.certificates.clear());
        assert_eq!(none, Ok("success"), "{name}");
        for content in [None, Some(Vec::new())] {
            let empty = replied(&parties, &policy, |forge| forge.set_content(content));
            let error = TransactionError::SuccessWithoutContent;
            assert_eq!(empty, Err(error), "{name}");
        }
    }
}

#[test]
fn a_reply_is_held_against_the_policy() {
    let parties = Parties::new();
    for (name, policy, digests, ciphers, _) in policies() {
        let sha1 = SignatureAlgorithm::RsaPkcs1v15(Sha1);
        let verdict = replied(&parties, &policy, |forge| forge.set_signature(sha1));
        if digests.contains(Sha1) {
            assert_eq!(verdict, Ok("success"), "{name}");
        } else {
            let refused = VerifyError::Refused(Refused::MessageDigest(oid::SHA1));
            assert_eq!(verdict, Err(refused.into()), "{name}");
        }
        let set = scep::CertsOnly::encode(std::slice::from_ref(&parties.issued), &[]);
        let transport = KeyTransport::RsaPkcs1v15;
        let envelope = Envelope::seal(&set, &parties.client, TripleDesCbc, transport);
        let verdict = replied(&parties, &policy, |forge| {
            forge.set_content(Some(envelope.to_der()));
        });
        if ciphers.contains(TripleDesCbc) {
            assert_eq!(verdict, Ok("success"), "{name}");
        } else {
            let refused = OpenError::Refused(Refused::ContentCipher(oid::DES_EDE3_CBC));
            assert_eq!(verdict, Err(refused.into()), "{name}");
        }
    }
}

#[test]
fn certificates_of_a_reply_are_in_its_envelope() {
    let parties = Parties::new();
    let set = scep::CertsOnly::encode(std::slice::from_ref(&parties.ca), &[]);
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope::seal(&set, &parties.client, Aes128Cbc, transport);
    let verdict = replied(&parties, &Policy::default(), |forge| {
        forge.set_content(Some(envelope.to_der()));
        // Where nobody signs it.
        forge.certificates.push(parties.issued.as_der().to_vec());
    });
    assert_eq!(verdict, Err(TransactionError::NotFound));
}

#[test]
fn a_get_cert_has_no_pending_reply() {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let wanted = IssuerAndSerialNumber::of(&parties.issued);
    for builder in [
        RequestBuilder::get_cert(wanted.clone(), &signer, &roles),
        RequestBuilder::get_crl(wanted.clone(), &signer, &roles),
    ] {
        let (request, pending) = parties.send(builder);
        let ca = parties.ca_signer();
        let reply = parties
            .receive(&request)
            .reply(&parties.provider, &ca)
            .failure(FailInfo::BadCertId, None, &mut rng())
            .unwrap()
            .sign(&parties.ca_key, &mut rng())
            .unwrap();
        let mut forge = Forge::of(&reply);
        forge.set(oid::PKI_STATUS, printable("3"));
        let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
        let error = pending.accept(&reply, &roles, &parties.provider, &parties.policy);
        let unexpected = TransactionError::UnexpectedPending(pending.message_type());
        assert_eq!(error.unwrap_err(), unexpected);
    }
}

#[test]
fn fail_infos_are_values_whatever_they_are() {
    let parties = Parties::new();
    let (request, pending) = parties.pkcs_req();
    let ca = parties.ca_signer();
    let reply = parties
        .receive(&request)
        .reply(&parties.provider, &ca)
        .failure(FailInfo::BadTime, Some("late"), &mut rng())
        .unwrap()
        .sign(&parties.ca_key, &mut rng())
        .unwrap();
    let roles = parties.roles();
    let failure = |change: &dyn Fn(&mut Forge)| {
        let mut forge = Forge::of(&reply);
        change(&mut forge);
        let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
        match pending.accept(&reply, &roles, &parties.provider, &parties.policy) {
            Ok(CertRep::Failure(failure)) => failure,
            other => panic!("{other:?}"),
        }
    };
    let info = |value: Vec<u8>| failure(&|forge| forge.set(oid::FAIL_INFO, value.clone())).info();
    assert_eq!(info(printable("0")), Some(FailInfo::BadAlg));
    assert_eq!(info(printable("17")), Some(FailInfo::Other(17)));
    assert_eq!(info(printable("x")), None);
    assert_eq!(info(small_integer(2)), None);
    assert_eq!(
        failure(&|forge| drop(forge.remove(oid::FAIL_INFO))).info(),
        None
    );
    let text = |value: Vec<u8>| {
        let failure = failure(&|forge| forge.set(oid::FAIL_INFO_TEXT, value.clone()));
        failure.text().map(String::from)
    };
    assert_eq!(text(printable("late")).as_deref(), Some("late"));
    assert_eq!(text(tlv(0x0c, "spät".as_bytes())).as_deref(), Some("spät"));
    let failure = failure(&|forge| {
        forge.set(oid::MS_SCEP_ERROR, tlv(0x0c, b"-2147024809"));
        forge.set(oid::MS_SCEP_SERVER_MESSAGE, tlv(0x0c, b"no"));
    });
    assert_eq!(failure.microsoft_error(), Some(-2_147_024_809));
    assert_eq!(failure.microsoft_message(), Some("no"));
}

#[test]
fn a_set_of_two_different_signers_is_not_a_message() {
    // Two SignerInfos of two keys, each right by itself.
    let parties = Parties::new();
    let forge = good(&parties);
    let mut second = forge.clone();
    second.sid = issuer_and_serial(&parties.ca);
    let order = Order::Der;
    let infos = [
        forge.signer_info(order, &forge.signature(&parties.client_key, order)),
        second.signer_info(order, &second.signature(&parties.ca_key, order)),
    ];
    let mut both = forge.clone();
    both.certificates.push(parties.ca.as_der().to_vec());
    let message = both.assemble(&infos);
    let offset = message.len() - infos.concat().len();
    let duplicate = (ParseErrorKind::Duplicate, Item::SignerInfo, offset);
    assert_eq!(parse_error(&message), duplicate);
}
