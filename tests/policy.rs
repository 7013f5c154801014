//! What each policy allows and refuses, and that a refusal names the right thing: each message here is a good one with one
//! thing changed, signed again where a signer would have signed it so.
#![cfg(feature = "rustcrypto")]

mod common;

use common::forge::{
    Envelope, Forge, NULL, algorithm, cipher_oid, digest_id, digest_oid, dotted, explicit, mgf1_id,
    oaep_id, octets, sequence, signature_id, small_integer, tlv, with_public_key,
};
use common::verdict::{
    BAD_CHECK, SEALED, SMALL_KEY, around, bad_alg, changed, csr_of, envelope, good, open,
    open_error, policies, replied, verify, verify_error,
};
use common::{DIGESTS, Parties, key, pss, rng, self_signed};
use scep::crypto::{
    ComputeDigest, ContentCipher, CryptoError, DigestAlgorithm, DigestSet, DigestValue,
    KeyManagement, KeyTransport, Policy, SignatureAlgorithm, SignatureScheme, SignatureSchemeSet,
    TransportScheme, TransportSet, VerifySignature,
};
use scep::{
    BuildError, CaRoles, CertificateSignatureError, FailInfo, OpenError, Refused, RequestBuilder,
    SignerIdentity, SignerMatch, VerifyError, oid,
};

use ContentCipher::{Aes128Cbc, DesCbc, TripleDesCbc};
use DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};

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
    let ecdsa = dotted("1.2.840.10045.4.1");
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
fn what_the_provider_cannot_do_is_not_called_refused_by_policy() {
    struct Nothing;
    impl VerifySignature for Nothing {
        fn verify(
            &self,
            _: SignatureAlgorithm,
            _: &[u8],
            _: &[&[u8]],
            _: &[u8],
        ) -> Result<(), CryptoError> {
            Err(CryptoError::Unsupported)
        }
    }
    impl ComputeDigest for Nothing {
        fn digest(&self, _: DigestAlgorithm, _: &[&[u8]]) -> Result<DigestValue, CryptoError> {
            Err(CryptoError::Unsupported)
        }
    }
    let mut parties = Parties::new();
    let (policy, whole) = (Policy::default(), parties.provider);
    let (message, _) = parties.pkcs_req();
    parties.provider = whole.with_digests(&Nothing);
    assert_eq!(
        verify_error(&parties, &policy, &message),
        bad_alg(Refused::Unsupported(oid::SHA256))
    );
    parties.provider = whole.with_signatures(&Nothing);
    let error = verify_error(&parties, &policy, &message);
    assert_eq!(error, bad_alg(Refused::Unsupported(oid::RSA_ENCRYPTION)));
    assert_eq!(
        parties
            .issued
            .verify_issued_by(&parties.ca, &parties.provider, &policy),
        Err(CertificateSignatureError::Refused(Refused::Unsupported(
            oid::SHA256_WITH_RSA
        )))
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
    let refused: [(_, fn(_) -> _); 2] = [(Md5, Refused::Signature), (Sha512, Refused::Unsupported)];
    for (mgf_digest, refused) in refused {
        let message = changed(&parties, |forge| {
            forge.set_signature(pss(Sha256));
            forge.signature_algorithm = signature_id(SignatureAlgorithm::RsaPss {
                digest: Sha256,
                mgf_digest,
                salt_len: 32,
            });
        });
        let error = verify_error(&parties, &policy, &message);
        assert_eq!(error, bad_alg(refused(oid::RSASSA_PSS)));
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

#[test]
fn a_key_of_another_algorithm_is_refused() {
    let parties = Parties::new();
    // An Ed448 key.
    let ed448 = dotted("1.3.101.113");
    let point = [&[0][..], &[7; 57]].concat();
    let spki = sequence(&[&algorithm(ed448, &[]), &tlv(0x03, &point)]);
    // An RSA key with an even exponent.
    let modulus = [&[0][..], &[0xff; 256]].concat();
    let even = sequence(&[&tlv(0x02, &modulus), &tlv(0x02, &[1, 0, 0])]);
    let even = tlv(0x03, &[&[0], &even[..]].concat());
    let even = sequence(&[&algorithm(oid::RSA_ENCRYPTION, &NULL), &even]);
    for (spki, refused) in [(spki, Refused::PublicKey(ed448)), (even, Refused::RsaKey)] {
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
    let refused = Refused::CertificateSignature(oid::SHA256_WITH_RSA);
    assert_eq!(error, bad_alg(refused));
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
                assert_eq!(
                    opened.key_management(),
                    KeyManagement::Transport(transport),
                    "{name}"
                );
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
        assert_eq!(opened.key_management(), KeyManagement::Transport(sha1));
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

#[test]
fn what_is_written_is_the_first_that_the_policy_allows() {
    let mut parties = Parties::new();
    let transports = TransportSet::of(&[TransportScheme::RsaOaep]);
    let schemes = SignatureSchemeSet::of(&[SignatureScheme::RsaPss]);
    for (oaep, expected) in [
        (&[Sha1, Sha256, Sha512][..], Sha256),
        (&[Sha1, Sha384, Sha512], Sha384),
        (&[Sha1], Sha1),
    ] {
        parties.policy = Policy::strict()
            .with_transports(transports)
            .with_oaep_digests(DigestSet::of(oaep))
            .with_mgf_digests(DigestSet::of(oaep).with(Sha256))
            .with_signature_schemes(schemes);
        let signer = parties.client_signer();
        let roles = parties.roles();
        let request = RequestBuilder::get_crl(
            scep::IssuerAndSerialNumber::of(&parties.issued),
            &signer,
            &roles,
        );
        let request = parties.receive(&parties.send(request).0);
        let oaep = KeyManagement::Transport(KeyTransport::RsaOaep {
            digest: expected,
            mgf_digest: expected,
        });
        assert_eq!(request.key_management(), oaep);
        let signature = request.signature_algorithm();
        assert_eq!(SignatureScheme::of(signature), SignatureScheme::RsaPss);
        let (_, mirrored) = request.success_envelope().unwrap();
        assert_eq!(mirrored, oaep);
        let ca = parties.ca_signer();
        let reply = request.reply(&parties.provider, &ca);
        let reply = reply.success_crl(&parties.crl(), &mut rng()).unwrap();
        let signature = reply.algorithm();
        assert_eq!(SignatureScheme::of(signature), SignatureScheme::RsaPss);
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
