//! What can be seen of a request that nobody has opened.

use scep::crypto::{
    ContentCipher, DigestAlgorithm, DigestSet, KeyTransport, Policy, TransportScheme, TransportSet,
};
use scep::diagnose::Finding;
use scep::diagnose::FindingCode::{self, *};
use scep::{CaRoles, Certificate, FailInfo, Oid, PkiMessage, RequestBuilder, SignerIdentity, oid};

use crate::common::forge::{
    Envelope, Forge, NULL, algorithm, dotted, octets, oid_der, sequence, tlv,
};
use crate::common::issue::{NOW, Template, ca_constraints, name};
use crate::common::{Parties, RsaKey, key, rng, self_signed, vector};
use crate::{NDES, capabilities, codes, evidence, of_request, sent};

const OAEP: KeyTransport = KeyTransport::RsaOaep {
    digest: DigestAlgorithm::Sha1,
    mgf_digest: DigestAlgorithm::Sha1,
};

/// A PKCSReq in these algorithms.
pub(crate) fn written(
    digest: DigestAlgorithm,
    cipher: ContentCipher,
    transport: KeyTransport,
) -> PkiMessage<'static> {
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    let builder = builder.digest(digest).content_cipher(cipher);
    sent(parties.send(builder.key_transport(transport)).0)
}

/// A PKCSReq in today's algorithms.
pub(crate) fn plain() -> PkiMessage<'static> {
    let transport = KeyTransport::RsaPkcs1v15;
    written(DigestAlgorithm::Sha256, ContentCipher::Aes128Cbc, transport)
}

/// A PKCSReq that is signed with the certificate that the CA issued.
pub(crate) fn by_issued() -> PkiMessage<'static> {
    let parties = Parties::new();
    let signer = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    sent(
        parties
            .send(RequestBuilder::pkcs_req(&parties.csr, &signer, &roles))
            .0,
    )
}

/// A PKCSReq that is changed before it is signed.
pub(crate) fn forged(change: impl FnOnce(&mut Forge)) -> PkiMessage<'static> {
    let mut forge = Forge::of(plain().as_bytes());
    change(&mut forge);
    sent(forge.sign(&Parties::new().client_key))
}

/// A PKCSReq whose envelope is changed.
pub(crate) fn enveloped(change: impl FnOnce(&mut Envelope)) -> PkiMessage<'static> {
    forged(|forge| {
        let mut envelope = Envelope::of(forge.content.as_deref().unwrap());
        change(&mut envelope);
        forge.set_content(Some(envelope.to_der()));
    })
}

#[test]
fn a_request_in_todays_algorithms_has_no_findings() {
    for request in [plain(), forged(|_| ()), enveloped(|_| ())] {
        assert_eq!(of_request(&request, |beside| beside), []);
    }
}

#[test]
fn an_algorithm_that_nobody_knows_is_named_with_its_place() {
    let unknown = algorithm(dotted("1.2.3.4"), &NULL);
    let cipher =
        enveloped(|envelope| envelope.cipher = algorithm(dotted("1.2.3.4"), &octets(&[0; 16])));
    let transport = enveloped(|envelope| envelope.key_encryption = unknown.clone());
    let digest = forged(|forge| forge.digest_algorithm = unknown.clone());
    let signature = forged(|forge| forge.signature_algorithm = unknown.clone());
    for (request, place) in [
        (cipher, "contentEncryptionAlgorithm"),
        (transport, "keyEncryptionAlgorithm"),
        (digest, "digestAlgorithm"),
        (signature, "signatureAlgorithm"),
    ] {
        let findings = of_request(&request, |beside| beside);
        assert_eq!(codes(&findings), [AlgorithmUnknown], "{place}");
        assert_eq!(findings[0].evidence(), format!("{place} 1.2.3.4"));
        assert_eq!(findings[0].fail_info(), Some(FailInfo::BadAlg));
        assert_eq!(findings[0].fail_info_text(), Some(findings[0].sentence()));
    }
}

#[test]
fn one_recipient_that_can_be_read_is_enough() {
    let [agreement, shared, password] = [0xa1, 0xa2, 0xa3].map(|tag| tlv(tag, &[2, 1, 3]));
    let beside =
        |other: &[u8]| enveloped(|envelope| envelope.other_recipients = vec![other.to_vec()]);
    assert_eq!(of_request(&beside(&shared), |beside| beside), []);
    let alone = |other: &[u8]| {
        enveloped(|envelope| {
            envelope.other_recipients = vec![other.to_vec()];
            envelope.key_encryption = algorithm(dotted("1.2.3.4"), &NULL);
        })
    };
    let findings = of_request(&alone(&shared), |beside| beside);
    assert_eq!(codes(&findings), [AlgorithmUnknown, AlgorithmUnknown]);
    assert_eq!(
        findings[0].evidence(),
        "RecipientInfo: a key that both sides have"
    );
    for known in [agreement, password] {
        assert_eq!(of_request(&alone(&known), |beside| beside), []);
    }
}

#[test]
fn a_label_of_oaep_is_told() {
    let parameters = |label: &[u8]| {
        let label = sequence(&[&oid_der(oid::P_SPECIFIED), &octets(label)]);
        let parameters = sequence(&[&tlv(0xa2, &label)]);
        enveloped(|envelope| envelope.key_encryption = algorithm(oid::RSAES_OAEP, &parameters))
    };
    let findings = of_request(&parameters(b"x"), |beside| beside);
    assert_eq!(codes(&findings), [AlgorithmUnknown]);
    assert!(findings[0].evidence().contains("label"));
    assert_eq!(of_request(&parameters(b""), |beside| beside), []);
}

#[test]
fn what_the_policy_does_not_allow_is_told_beside_what_it_does() {
    let judged = |request: &PkiMessage<'static>, policy: Policy| {
        of_request(request, |beside| beside.policy(&policy))
    };
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let (triple, aes) = (ContentCipher::TripleDesCbc, ContentCipher::Aes128Cbc);
    let pkcs1 = KeyTransport::RsaPkcs1v15;
    for (request, expected) in [
        (
            written(sha1, aes, pkcs1),
            "digestAlgorithm sha-1; allowed: sha-256, sha-384, sha-512",
        ),
        (
            written(sha256, triple, pkcs1),
            "contentEncryptionAlgorithm des-ede3-cbc; allowed: aes-128-cbc, aes-192-cbc, aes-256-cbc",
        ),
    ] {
        let findings = judged(&request, Policy::strict());
        assert_eq!(evidence(&findings, AlgorithmNotAllowed), expected);
        assert_eq!(codes(&findings), [AlgorithmNotAllowed]);
        assert_eq!(judged(&request, Policy::default_policy()), []);
    }
    // "The client uses OAEP; the server supports v1.5 only."
    let only_pkcs1 = TransportSet::of(&[TransportScheme::RsaPkcs1v15]);
    let policy = Policy::default().with_transports(only_pkcs1);
    let request = written(sha256, aes, OAEP);
    assert_eq!(
        evidence(&judged(&request, policy), AlgorithmNotAllowed),
        "keyEncryptionAlgorithm rsa-oaep with sha-1 and MGF1 with sha-1; allowed: rsa-pkcs1v15"
    );
    assert_eq!(judged(&request, Policy::default()), []);
    assert_eq!(judged(&plain(), policy), []);
    let nothing = Policy::default().with_message_digests(DigestSet::EMPTY);
    assert_eq!(
        evidence(&judged(&plain(), nothing), AlgorithmNotAllowed),
        "digestAlgorithm sha-256; none is allowed"
    );
}

#[test]
fn the_key_of_the_signer_is_held_against_the_policy() {
    let judged = |bits| {
        let small = RsaKey::generate(1024, &mut rng()).unwrap();
        let signer = self_signed(&small, "CN=small");
        let mut forge = Forge::of(plain().as_bytes());
        forge.set_signer(&signer);
        let policy = Policy::default().with_rsa_modulus_bits(bits);
        let request = sent(forge.sign(&small));
        let without = of_request(&request, |beside| beside);
        (
            of_request(&request, |beside| beside.policy(&policy)),
            without,
        )
    };
    let (findings, without) = judged(2048..=8192);
    assert_eq!(codes(&findings), [SignerKeyNotAllowed]);
    let evidence = findings[0].evidence();
    assert!(
        evidence.starts_with("signer is \"CN=small\" serial ")
            && evidence.ends_with(": an RSA key of 1024 bits is refused by policy"),
        "{evidence}"
    );
    // As the server answers.
    assert_eq!(findings[0].fail_info(), Some(FailInfo::BadAlg));
    assert_eq!(without, []);
    assert_eq!(judged(1024..=8192).0, []);
}

#[test]
fn what_is_used_is_held_against_what_is_offered() {
    let judged = |request: &PkiMessage<'static>, list: &[u8]| {
        let capabilities = capabilities(list);
        let findings = of_request(request, |beside| beside.capabilities(&capabilities));
        let of_algorithms =
            |code: &FindingCode| matches!(code, AlgorithmNotOffered | AlgorithmWeak);
        codes(&findings)
            .into_iter()
            .filter(of_algorithms)
            .collect::<Vec<_>>()
    };
    let (sha1, sha256) = (DigestAlgorithm::Sha1, DigestAlgorithm::Sha256);
    let (triple, aes) = (ContentCipher::TripleDesCbc, ContentCipher::Aes128Cbc);
    let with = |digest, cipher| written(digest, cipher, KeyTransport::RsaPkcs1v15);
    for (request, list, expected) in [
        (with(sha1, aes), "AES\nSHA-1", None),
        (with(sha1, aes), "AES\nSHA-256", Some(AlgorithmNotOffered)),
        (with(sha1, aes), "AES\nSHA-1\nSHA-512", Some(AlgorithmWeak)),
        (with(sha256, aes), "AES\nSHA-1", Some(AlgorithmNotOffered)),
        (with(sha256, aes), "SCEPStandard", None),
        // A list without any digest, or cipher, forbids none.
        (with(sha1, aes), "AES", None),
        (with(sha256, triple), "SHA-256", None),
        (with(sha256, triple), "SHA-256\nDES3", None),
        (
            with(sha256, triple),
            "SHA-256\nAES",
            Some(AlgorithmNotOffered),
        ),
        (
            with(sha256, triple),
            "SHA-256\nAES\nDES3",
            Some(AlgorithmWeak),
        ),
        (
            with(sha256, aes),
            "SHA-256\nDES3",
            Some(AlgorithmNotOffered),
        ),
    ] {
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(judged(&request, list.as_bytes()), expected, "{list}");
    }
    // Interop: NDES reads AES-128 and does not list it.
    assert_eq!(judged(&with(sha256, aes), NDES), []);
    let list = capabilities(b"AES\nSHA-256");
    let findings = of_request(&with(sha1, aes), |beside| beside.capabilities(&list));
    assert_eq!(
        evidence(&findings, AlgorithmNotOffered),
        "digestAlgorithm sha-1; GetCACaps: AES, SHA-256"
    );
}

#[cfg(feature = "legacy")]
#[test]
fn single_des_and_md5_are_never_offered() {
    let policy = Policy::legacy();
    let parties = Parties::new();
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    let builder = builder
        .digest(DigestAlgorithm::Md5)
        .content_cipher(ContentCipher::DesCbc);
    let unsigned = builder
        .build(&parties.provider, &policy, &mut crate::rng())
        .unwrap();
    let signed = unsigned.sign(&parties.client_key, &mut crate::rng());
    let request = sent(signed.unwrap().0);
    let list = capabilities(b"DES3\nSHA-1\nPOSTPKIOperation");
    let findings = of_request(&request, |beside| beside.capabilities(&list));
    assert_eq!(codes(&findings), [AlgorithmNotOffered, AlgorithmNotOffered]);
}

#[test]
fn a_signature_that_is_wrong_is_told() {
    let mut request = plain().as_bytes().to_vec();
    *request.last_mut().unwrap() ^= 1;
    let findings = of_request(&sent(request), |beside| beside);
    assert_eq!(codes(&findings), [SignatureInvalid]);
    assert_eq!(findings[0].fail_info(), Some(FailInfo::BadMessageCheck));
    assert_eq!(findings[0].fail_info_text(), None);
    let other_digest = forged(|forge| forge.set(oid::MESSAGE_DIGEST, octets(&[0; 32])));
    assert_eq!(
        codes(&of_request(&other_digest, |beside| beside)),
        [SignatureInvalid]
    );
}

#[test]
fn an_attribute_that_is_missing_is_named() {
    for (oid, name) in [
        (oid::CONTENT_TYPE, "contentType"),
        (oid::MESSAGE_DIGEST, "messageDigest"),
    ] {
        let request = forged(|forge| drop(forge.remove(oid)));
        let findings = of_request(&request, |beside| beside);
        assert_eq!(codes(&findings), [SignedAttributeMissing]);
        assert!(findings[0].evidence().ends_with(name));
    }
}

// Interop: Dogtag seems to sign the type of what the content holds.
#[test]
fn a_content_type_that_is_not_data_is_told() {
    let typed = |content: Oid, signed: Oid| {
        let request = forged(|forge| {
            forge.content_type = content;
            forge.set(oid::CONTENT_TYPE, oid_der(signed));
        });
        of_request(&request, |beside| beside)
    };
    let (data, enveloped) = (oid::DATA, oid::ENVELOPED_DATA);
    for (content, signed, expected) in [
        (
            data,
            enveloped,
            "eContentType data, contentType envelopedData",
        ),
        (
            enveloped,
            data,
            "eContentType envelopedData, contentType data",
        ),
        (
            dotted("1.2.3.4"),
            oid::SIGNED_DATA,
            "eContentType 1.2.3.4, contentType signedData",
        ),
    ] {
        let findings = typed(content, signed);
        assert_eq!(codes(&findings), [ContentTypeNotData]);
        assert_eq!(findings[0].evidence(), expected);
        assert_eq!(findings[0].fail_info(), Some(FailInfo::BadMessageCheck));
    }
    assert_eq!(typed(data, data), []);
    let no_type = forged(|forge| forge.set(oid::CONTENT_TYPE, octets(b"data")));
    assert_eq!(
        evidence(&of_request(&no_type, |beside| beside), ContentTypeNotData),
        "eContentType data, contentType that cannot be read"
    );
}

#[test]
fn clocks_are_compared_with_the_readers() {
    // 2026-11-30T00:53:20
    let request = forged(|forge| forge.set(oid::SIGNING_TIME, tlv(0x17, b"261130005320Z")));
    let signed = NOW;
    let at = |now| of_request(&request, |beside| beside.now(now));
    for (now, expected) in [
        (signed, None),
        (signed - 300, None),
        (signed - 301, Some((SigningTimeAhead, "5 minutes ahead"))),
        (
            signed - 32_460,
            Some((SigningTimeAhead, "9 hours 1 minutes ahead")),
        ),
        (signed + 300, None),
        (signed + 301, Some((SigningTimePast, "5 minutes ago"))),
        (signed + 3 * 86_400, Some((SigningTimePast, "3 days ago"))),
    ] {
        let findings = at(now);
        let expected: Vec<_> = expected.into_iter().collect();
        let found: Vec<_> = findings
            .iter()
            .map(|one| (one.code(), one.evidence()))
            .collect();
        assert_eq!(found.len(), expected.len(), "{now}: {findings:?}");
        for ((code, text), (expected, end)) in found.into_iter().zip(expected) {
            assert_eq!(code, expected);
            assert_eq!(
                text,
                format!("signingTime is 2026-11-30T00:53:20 UTC, {end}")
            );
        }
    }
    assert_eq!(of_request(&request, |beside| beside), []);
    let without = of_request(&plain(), |beside| beside.now(signed - 301));
    assert_eq!(without, []);
    let nonsense = forged(|forge| forge.set(oid::SIGNING_TIME, tlv(0x17, b"yesterday")));
    assert_eq!(of_request(&nonsense, |beside| beside.now(0)), []);
}

#[test]
fn a_signer_that_has_expired_is_told() {
    let end = Parties::new().issued.validity().unwrap().not_after;
    let at = |now| of_request(&by_issued(), |beside| beside.now(now));
    assert_eq!(at(end), []);
    let late = at(end + 3 * 3_600);
    assert_eq!(codes(&late), [SignerExpired]);
    assert_eq!(
        late[0].evidence(),
        "signer's notAfter is 2036-11-20T20:26:53 UTC, 3 hours 0 minutes ago"
    );
    assert_eq!(late[0].fail_info(), Some(FailInfo::BadRequest));
}

// Interop: sscep's certificate for itself lasts six days, micromdm's an hour; a capture is looked at later.
#[test]
fn a_self_issued_signer_may_expire() {
    let validity = Parties::new().client.validity().unwrap();
    for now in [validity.not_before - 1, validity.not_after + 1] {
        assert_eq!(of_request(&plain(), |beside| beside.now(now)), []);
    }
}

/// A CA that says nothing of what its key is for, and RAs before it with these bits of keyUsage, encryption last.
fn ca_with_ras(usages: &[u8]) -> Vec<Certificate<'static>> {
    let ca_key = key(vector!("keys/ca-jscep.key"));
    let ra_key = key(vector!("keys/cpend.key"));
    let subject = name(&[(0x0c, "CA")]);
    let ca = Template::new(&subject, ca_key.public_key_der())
        .with(oid::BASIC_CONSTRAINTS, ca_constraints())
        .issue(&subject, &ca_key);
    let ra = |usage: &u8| {
        Template::new(
            &name(&[(0x0c, &format!("RA {usage:02x}"))]),
            ra_key.public_key_der(),
        )
        .with(
            oid::EXT_KEY_USAGE,
            sequence(&[&oid_der(oid::CERTIFICATE_REQUEST_AGENT)]),
        )
        .with(oid::KEY_USAGE, tlv(0x03, &[0, *usage]))
        .issue(&subject, &ca_key)
    };
    std::iter::once(ca).chain(usages.iter().map(ra)).collect()
}

/// The findings of a request that is encrypted to this one of the certificates of GetCACert.
fn encrypted_to(recipient: &Certificate<'_>, certificates: &[Certificate<'_>]) -> Vec<Finding> {
    let parties = Parties::new();
    let roles = CaRoles::with_ra(&parties.ca, recipient, &parties.ca);
    let signer = parties.client_signer();
    let (request, _) = parties.send(RequestBuilder::pkcs_req(&parties.csr, &signer, &roles));
    of_request(&sent(request), |beside| {
        beside.ca_certificates(certificates)
    })
}

#[test]
fn the_ca_is_the_wrong_recipient_where_an_ra_stands_before_it() {
    let (with_ra, with_signer) = (ca_with_ras(&[0xa0]), ca_with_ras(&[0x80]));
    let findings = encrypted_to(&with_ra[0], &with_ra);
    assert_eq!(codes(&findings), [RecipientIsCa]);
    let (wrong, right) = findings[0].evidence().split_once("; right is ").unwrap();
    assert!(wrong.contains("\"CN=CA\"") && right.starts_with("\"CN=RA a0\""));
    assert_eq!(encrypted_to(&with_ra[1], &with_ra), []);
    assert_eq!(encrypted_to(&with_signer[0], &with_signer), []);
}

#[test]
fn no_certificate_is_named_as_right_that_is_wrong() {
    let right = |findings: &[Finding], code| {
        let evidence = evidence(findings, code);
        evidence.split_once("; right is ").unwrap().1.to_owned()
    };
    let stranger = Parties::new().ca;
    let ndes = ca_with_ras(&[0x80, 0x20]);
    // To the CA is wrong as well, as the test above has it.
    let to_signer = encrypted_to(&ndes[1], &ndes);
    for right in [
        right(&to_signer, RecipientMayNotDecrypt),
        right(&encrypted_to(&stranger, &ndes), RecipientUnknown),
    ] {
        assert!(
            right.starts_with("\"CN=RA 20\" serial ") && !right.contains(", "),
            "{right}"
        );
    }
    // Without an RA for it, the CA decrypts.
    let without = ca_with_ras(&[0x80]);
    let to_signer = right(&encrypted_to(&without[1], &without), RecipientMayNotDecrypt);
    assert!(
        to_signer.starts_with("\"CN=CA\"") && !to_signer.contains(", "),
        "{to_signer}"
    );
    // Where none says that it is for encryption, none is called right.
    let none = &ca_with_ras(&[0x80])[1..];
    let to_stranger = evidence(&encrypted_to(&stranger, none), RecipientUnknown);
    assert!(
        to_stranger.contains("; GetCACert: \"CN=RA 80\""),
        "{to_stranger}"
    );
}

#[test]
fn a_missing_nonce_is_none_to_a_server_that_reads_without() {
    let request = forged(|forge| {
        forge.remove(oid::SENDER_NONCE);
    });
    for (policy, is_told) in [(Policy::default(), true), (Policy::compatible(), false)] {
        let findings = of_request(&request, |beside| beside.policy(&policy));
        assert_eq!(codes(&findings).contains(&SenderNonceMissing), is_told);
    }
}
