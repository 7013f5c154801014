//! The `cms` crate as a model: what this crate builds it decodes to the same structure, and what both read they read alike.
#![cfg(feature = "rustcrypto")]

mod common;

use std::path::{Path, PathBuf};

use cms::cert::CertificateChoices;
use cms::content_info::{CmsVersion, ContentInfo};
use cms::enveloped_data::{EnvelopedData, RecipientIdentifier, RecipientInfo};
use cms::signed_data::{SignedData, SignerIdentifier, SignerInfo};
use common::forge::{
    Element, cipher_oid, digest_id, elements, inside, oid_der, printable, sequence,
};
use common::{
    Algorithms, Built, CIPHERS, Inside, Parties, key_transports, pss, rng, signature_algorithms,
    widest_policy,
};
use der::asn1::{ObjectIdentifier, OctetString};
use der::{Decode, Encode};
use scep::crypto::{DecryptionKey, DigestAlgorithm, KeyTransport, SignatureAlgorithm, SigningKey};
use scep::{Certificate, CertsOnly, Encoding, Limits, PkiMessage, SignedForm, SignerId, oid};
use x509_cert::spki::AlgorithmIdentifierOwned;

/// What the model makes of a SignedData.
struct Model {
    info: ContentInfo,
    signed: SignedData,
}

impl Model {
    fn read(der: &[u8]) -> der::Result<Self> {
        let info = ContentInfo::from_der(der)?;
        let signed = info.content.decode_as()?;
        Ok(Self { info, signed })
    }

    fn signer(&self) -> &SignerInfo {
        let [signer] = self.signed.signer_infos.0.as_slice() else {
            panic!("not one signer");
        };
        signer
    }

    fn content(&self) -> Option<Vec<u8>> {
        let content = self.signed.encap_content_info.econtent.as_ref()?;
        Some(
            content
                .decode_as::<OctetString>()
                .unwrap()
                .into_bytes()
                .into(),
        )
    }

    fn certificates(&self) -> Vec<Vec<u8>> {
        let sets = self.signed.certificates.iter();
        sets.flat_map(|set| set.0.iter())
            .map(|choice| match choice {
                CertificateChoices::Certificate(certificate) => certificate.to_der().unwrap(),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    /// The values of a signed attribute.
    fn attribute(&self, oid: scep::Oid) -> Option<Vec<Vec<u8>>> {
        let attributes = self.signer().signed_attrs.as_ref().unwrap();
        let attribute = attributes.iter().find(|found| same(found.oid, oid))?;
        let values = attribute.values.iter();
        Some(values.map(|value| value.to_der().unwrap()).collect())
    }

    /// The contents of the one value of a signed attribute.
    fn value(&self, oid: scep::Oid) -> Option<Vec<u8>> {
        match &self.attribute(oid)?[..] {
            [value] => Some(elements(value)[0].contents.to_vec()),
            other => panic!("{oid}: {} values", other.len()),
        }
    }
}

fn same(model: ObjectIdentifier, oid: scep::Oid) -> bool {
    model.as_bytes() == oid.as_bytes()
}

fn identifier(id: &AlgorithmIdentifierOwned) -> Vec<u8> {
    id.to_der().unwrap()
}

/// What RFC 5754, RFC 4055 and RFC 5652 make of each algorithm, in DER: what is the default is left out.
fn signature_id(algorithm: SignatureAlgorithm) -> Vec<u8> {
    let SignatureAlgorithm::RsaPss {
        digest, salt_len, ..
    } = algorithm
    else {
        return common::forge::signature_id(algorithm);
    };
    if digest == DigestAlgorithm::Sha1 {
        assert_eq!(salt_len, 20);
        return common::forge::algorithm(oid::RSASSA_PSS, &sequence(&[]));
    }
    common::forge::signature_id(algorithm)
}

fn transport_id(transport: KeyTransport) -> Vec<u8> {
    match transport {
        KeyTransport::RsaOaep { digest, mgf_digest } => {
            let unless_default = |digest| (digest != DigestAlgorithm::Sha1).then_some(digest);
            common::forge::oaep_id(unless_default(digest), unless_default(mgf_digest), None)
        }
        _ => common::forge::transport_id(transport),
    }
}

#[test]
fn what_is_built_decodes_to_the_same_structure() {
    let mut parties = Parties::new();
    parties.policy = widest_policy();
    let mut transports = key_transports().into_iter().cycle();
    let mut ciphers = CIPHERS.into_iter().cycle();
    #[cfg(feature = "legacy")]
    let digests = DigestAlgorithm::ALL;
    #[cfg(not(feature = "legacy"))]
    let digests = common::DIGESTS;
    for signature in signature_algorithms(&digests) {
        if signature == pss(DigestAlgorithm::Md5) {
            continue;
        }
        for _ in 0..3 {
            let algorithms = Algorithms {
                signature,
                cipher: ciphers.next().unwrap(),
                transport: transports.next().unwrap(),
            };
            for message in parties.every_message(algorithms) {
                compare(&parties, algorithms, &message);
            }
        }
    }
    #[cfg(feature = "legacy")]
    for message in parties.every_message(Algorithms {
        signature: SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Md5),
        cipher: scep::crypto::ContentCipher::DesCbc,
        transport: KeyTransport::RsaPkcs1v15,
    }) {
        let content = Model::read(&message.bytes).unwrap().content();
        if let (Some(content), Inside::ForCa(_) | Inside::ForClient(_)) = (content, message.inside)
        {
            let envelope = envelope(&content);
            let cipher = envelope.encrypted_content.content_enc_alg.oid;
            assert!(same(cipher, oid::DES_CBC));
        }
    }
}

fn compare(parties: &Parties, algorithms: Algorithms, message: &Built) {
    let what = &format!("{algorithms:?}: {}", message.name);
    let model = Model::read(&message.bytes).unwrap();
    assert_eq!(model.info.to_der().unwrap(), message.bytes, "{what}");
    let signed = model.signed.to_der().unwrap();
    assert_eq!(signed, model.info.content.to_der().unwrap(), "{what}");

    assert!(same(model.info.content_type, oid::SIGNED_DATA), "{what}");
    let encap = &model.signed.encap_content_info;
    assert!(same(encap.econtent_type, oid::DATA), "{what}");
    assert_eq!(model.signed.version, CmsVersion::V1, "{what}");
    assert_eq!(model.signed.crls, None, "{what}");

    let signer = model.signer();
    assert_eq!(signer.version, CmsVersion::V1, "{what}");
    let digest = digest_id(algorithms.signature.digest());
    assert_eq!(identifier(&signer.digest_alg), digest, "{what}");
    let announced: Vec<_> = model
        .signed
        .digest_algorithms
        .iter()
        .map(identifier)
        .collect();
    assert_eq!(announced, [digest], "{what}");
    assert_eq!(
        identifier(&signer.signature_algorithm),
        signature_id(algorithms.signature),
        "{what}"
    );
    assert_eq!(signer.unsigned_attrs, None, "{what}");

    // The one certificate is the signer's, byte for byte, and the sid is its issuer and serial number.
    let certificates = model.certificates();
    let [certificate] = &certificates[..] else {
        panic!("{what}: {} certificates", certificates.len());
    };
    let known = [&parties.client, &parties.issued, &parties.ca];
    let certificate = known
        .into_iter()
        .find(|known| known.as_der() == certificate)
        .unwrap();
    let SignerIdentifier::IssuerAndSerialNumber(sid) = &signer.sid else {
        panic!("{what}: {:?}", signer.sid);
    };
    assert_eq!(sid.issuer.to_der().unwrap(), certificate.issuer_der());
    assert_eq!(sid.serial_number.as_bytes(), certificate.serial());

    compare_attributes(parties, algorithms, message, &model, what);
    match &message.inside {
        Inside::Nothing => assert_eq!(encap.econtent, None, "{what}"),
        Inside::Signed(content) => assert_eq!(model.content().as_ref(), Some(content), "{what}"),
        Inside::ForCa(payload) => {
            let content = model.content().unwrap();
            let (recipient, key) = (&parties.ca, &parties.ca_key);
            compare_envelope(parties, algorithms, &content, recipient, key, payload, what);
        }
        Inside::ForClient(payload) => {
            let content = model.content().unwrap();
            // A renewal is answered to the old certificate; the others to the self-signed one. The key is the same.
            let (recipient, key) = (&parties.client, &parties.client_key);
            compare_envelope(parties, algorithms, &content, recipient, key, payload, what);
        }
    }
}

fn compare_attributes(
    parties: &Parties,
    algorithms: Algorithms,
    message: &Built,
    model: &Model,
    what: &str,
) {
    let attributes = model.signer().signed_attrs.as_ref().unwrap();
    let encoded: Vec<Vec<u8>> = attributes
        .iter()
        .map(|attribute| attribute.to_der().unwrap())
        .collect();
    assert!(encoded.is_sorted(), "{what}");
    // The model's decoder may sort; the bytes say what was sent.
    let sent = sent_attributes(&message.bytes);
    let sent: Vec<&[u8]> = sent.iter().map(|attribute| attribute.raw).collect();
    assert_eq!(sent, encoded, "{what}");

    let content = model.content().unwrap_or_default();
    let digest = parties.provider.digests();
    let digest = digest
        .digest(algorithms.signature.digest(), &[&content])
        .unwrap();
    let id_data = Some(vec![oid_der(oid::DATA)]);
    assert_eq!(model.attribute(oid::CONTENT_TYPE), id_data, "{what}");
    assert_eq!(
        model.value(oid::MESSAGE_DIGEST).as_deref(),
        Some(digest.as_bytes()),
        "{what}"
    );
    let code = |text| Some(vec![printable(text)]);
    let (message_type, status) = match message.name {
        "PKCSReq" => (code("19"), None),
        "RenewalReq" => (code("17"), None),
        "CertPoll" => (code("20"), None),
        "GetCert" => (code("21"), None),
        "GetCRL" => (code("22"), None),
        "CertRep SUCCESS, certificates" | "CertRep SUCCESS, CRL" => (code("3"), code("0")),
        "CertRep FAILURE" => (code("3"), code("2")),
        "CertRep PENDING" => (code("3"), code("3")),
        "GetNextCACert" => (None, None),
        other => panic!("{other}"),
    };
    let is_reply = status.is_some();
    assert_eq!(model.attribute(oid::MESSAGE_TYPE), message_type, "{what}");
    assert_eq!(model.attribute(oid::PKI_STATUS), status, "{what}");
    let is_failure = message.name == "CertRep FAILURE";
    let fail_info = is_failure.then(|| vec![printable("2")]);
    assert_eq!(model.attribute(oid::FAIL_INFO), fail_info, "{what}");
    let text = model.attribute(oid::FAIL_INFO_TEXT);
    assert_eq!(text.is_some(), is_failure, "{what}");
    if let Some(text) = text {
        assert_eq!(text[0][0], 0x0c, "{what}: not a UTF8String");
    }
    if message_type.is_none() {
        assert_eq!(attributes.len(), 2, "{what}");
        return;
    }
    // Both readers say the same.
    let ours = PkiMessage::parse(&message.bytes[..], &Limits::REPLY).unwrap();
    assert_eq!(ours.encoding(), Encoding::Der, "{what}");
    let ours = ours.unverified_attributes();
    assert_eq!(ours.unknown().count(), 0, "{what}");
    assert_eq!(
        model.value(oid::TRANSACTION_ID).as_deref(),
        Some(ours.transaction_id().as_bytes()),
        "{what}"
    );
    let nonces = [
        (oid::SENDER_NONCE, ours.sender_nonce(), true),
        (oid::RECIPIENT_NONCE, ours.recipient_nonce(), is_reply),
    ];
    for (oid, nonce, is_there) in nonces {
        let nonce = nonce.map(|nonce| nonce.as_bytes().to_vec());
        assert_eq!(
            nonce.as_ref().map(Vec::len),
            is_there.then_some(16),
            "{what}"
        );
        assert_eq!(model.value(oid), nonce, "{what}");
    }
}

/// The signed attributes of a DER message as they stand.
fn sent_attributes(message: &[u8]) -> Vec<Element<'_>> {
    let signed = inside(inside(message)[1].contents);
    let info = inside(signed.last().unwrap().contents);
    elements(
        info.iter()
            .find(|field| field.tag == 0xa0)
            .unwrap()
            .contents,
    )
}

fn envelope(content: &[u8]) -> EnvelopedData {
    let info = ContentInfo::from_der(content).unwrap();
    assert!(same(info.content_type, oid::ENVELOPED_DATA));
    assert_eq!(info.to_der().unwrap(), content);
    let enveloped: EnvelopedData = info.content.decode_as().unwrap();
    assert_eq!(enveloped.to_der().unwrap(), info.content.to_der().unwrap());
    enveloped
}

fn compare_envelope(
    parties: &Parties,
    algorithms: Algorithms,
    content: &[u8],
    recipient: &Certificate<'_>,
    key: &dyn DecryptionKey,
    payload: &[u8],
    what: &str,
) {
    let envelope = envelope(content);
    assert_eq!(envelope.version, CmsVersion::V0, "{what}");
    assert_eq!(envelope.originator_info, None, "{what}");
    assert_eq!(envelope.unprotected_attrs, None, "{what}");
    let [RecipientInfo::Ktri(ktri)] = envelope.recip_infos.0.as_slice() else {
        panic!("{what}: not one ktri");
    };
    assert_eq!(ktri.version, CmsVersion::V0, "{what}");
    let RecipientIdentifier::IssuerAndSerialNumber(rid) = &ktri.rid else {
        panic!("{what}: {:?}", ktri.rid);
    };
    assert_eq!(rid.issuer.to_der().unwrap(), recipient.issuer_der());
    assert_eq!(rid.serial_number.as_bytes(), recipient.serial());
    let transport = algorithms.transport;
    assert_eq!(
        identifier(&ktri.key_enc_alg),
        transport_id(transport),
        "{what}"
    );
    assert_eq!(ktri.enc_key.as_bytes().len(), 256, "{what}");

    let encrypted = &envelope.encrypted_content;
    assert!(same(encrypted.content_type, oid::DATA), "{what}");
    let cipher = algorithms.cipher;
    let cipher_id = &encrypted.content_enc_alg;
    assert!(same(cipher_id.oid, cipher_oid(cipher)), "{what}");
    let iv = cipher_id.parameters.as_ref().unwrap();
    let iv: OctetString = iv.decode_as().unwrap();
    assert_eq!(iv.as_bytes().len(), cipher.block_len(), "{what}");

    // The model's parts, put together by hand, give the payload.
    let mut blocks = encrypted.encrypted_content.clone().unwrap().into_bytes();
    let content_key = key
        .decrypt_key(transport, ktri.enc_key.as_bytes(), &mut rng())
        .unwrap();
    let provider = parties.provider.content_encryption();
    provider
        .decrypt(cipher, &content_key, iv.as_bytes(), &mut blocks)
        .unwrap();
    let (plain, padding) = blocks.split_at(payload.len());
    assert_eq!(plain, payload, "{what}");
    let len = cipher.block_len() - payload.len() % cipher.block_len();
    assert_eq!(padding, vec![u8::try_from(len).unwrap(); len], "{what}");
}

#[test]
fn a_set_decodes_to_the_same_structure() {
    let parties = Parties::new();
    let chain = [parties.issued.clone(), parties.ca.clone()];
    let crls = [parties.crl()];
    for (certificates, crls) in [
        (&chain[..], &crls[..]),
        (&chain[..1], &[]),
        (&[], &crls),
        (&[], &[]),
    ] {
        let set = CertsOnly::encode(certificates, crls);
        let model = Model::read(&set).unwrap();
        assert_eq!(model.info.to_der().unwrap(), set);
        assert_eq!(
            model.signed.to_der().unwrap(),
            model.info.content.to_der().unwrap()
        );
        assert_eq!(model.signed.version, CmsVersion::V1);
        assert_eq!(model.signed.digest_algorithms.len(), 0);
        assert_eq!(model.signed.encap_content_info.econtent, None);
        assert!(same(
            model.signed.encap_content_info.econtent_type,
            oid::DATA
        ));
        assert_eq!(model.signed.signer_infos.0.len(), 0);
        let mut expected: Vec<&[u8]> = certificates.iter().map(Certificate::as_der).collect();
        expected.sort_unstable();
        assert_eq!(model.certificates(), expected);
        let found = model.signed.crls.map_or(0, |set| set.0.len());
        assert_eq!(found, crls.len());
    }
}

/// Every file of this suffix under test-vectors/.
fn vectors(suffix: &str) -> Vec<PathBuf> {
    fn walk(directory: &Path, suffix: &str, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, suffix, found);
            } else if path
                .extension()
                .is_some_and(|extension| extension == suffix)
            {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors");
    walk(&root, suffix, &mut found);
    found.sort();
    found
}

#[test]
fn both_readers_agree_on_every_vector_in_der() {
    let parties = Parties::new();
    let mut compared = [0; 3];
    for path in vectors("der") {
        let what = &path.display().to_string();
        let bytes = std::fs::read(&path).unwrap();
        let Ok(model) = Model::read(&bytes) else {
            continue;
        };
        if let Ok(set) = CertsOnly::parse(&bytes[..], &Limits::REPLY) {
            let certificates: Vec<_> = set
                .certificates()
                .map(|certificate| certificate.unwrap().as_der().to_vec())
                .collect();
            assert_eq!(sorted(certificates), sorted(model.certificates()), "{what}");
            let crls = model.signed.crls.as_ref().map_or(0, |set| set.0.len());
            assert_eq!(set.crls().count(), crls, "{what}");
            assert_eq!(model.signed.signer_infos.0.len(), 0, "{what}");
            compared[0] += 1;
        }
        let Ok(message) = PkiMessage::parse(&bytes[..], &Limits::REPLY) else {
            continue;
        };
        compared[1] += 1;
        compared[2] += usize::from(agree(&parties, &message, &model, what));
    }
    // Fewer sets, messages or envelopes would mean that one of the two refuses what it read before.
    let enough = [1, 37, 21]
        .iter()
        .zip(&compared)
        .all(|(least, found)| found >= least);
    assert!(enough, "{compared:?}");
}

fn sorted(mut certificates: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    certificates.sort();
    certificates
}

/// Holds a pkiMessage against what the model made of it, and tells whether its envelope was too.
fn agree(parties: &Parties, message: &PkiMessage<'_>, model: &Model, what: &str) -> bool {
    let ours = message.unverified_attributes();
    let string = |code: u32| code.to_string().into_bytes();
    let known = [
        (oid::MESSAGE_TYPE, Some(string(ours.message_type().code()))),
        (
            oid::TRANSACTION_ID,
            Some(ours.transaction_id().as_bytes().to_vec()),
        ),
        (
            oid::SENDER_NONCE,
            ours.sender_nonce().map(|nonce| nonce.as_bytes().to_vec()),
        ),
        (
            oid::RECIPIENT_NONCE,
            ours.recipient_nonce()
                .map(|nonce| nonce.as_bytes().to_vec()),
        ),
        (
            oid::PKI_STATUS,
            ours.pki_status().map(|status| string(status.code())),
        ),
        (
            oid::FAIL_INFO,
            ours.fail_info().map(|info| string(info.code())),
        ),
        (
            oid::FAIL_INFO_TEXT,
            ours.fail_info_text().map(String::into_bytes),
        ),
        (oid::SIGNING_TIME, ours.signing_time().map(<[u8]>::to_vec)),
    ];
    let attributes = model.signer().signed_attrs.as_ref().unwrap();
    let mut counted = 2;
    for (oid, value) in known {
        counted += usize::from(value.is_some());
        assert_eq!(model.value(oid), value, "{what}: {oid}");
    }
    for unknown in ours.unknown() {
        counted += 1;
        let values = model.attribute(unknown.oid()).unwrap();
        assert_eq!(values.concat(), unknown.values(), "{what}");
    }
    assert_eq!(attributes.len(), counted, "{what}");

    let certificates: Vec<_> = message
        .unverified_certificates()
        .map(|certificate| certificate.as_der().to_vec())
        .collect();
    assert_eq!(sorted(certificates), sorted(model.certificates()), "{what}");
    match (&model.signer().sid, message.unverified_signer_id().unwrap()) {
        (
            SignerIdentifier::IssuerAndSerialNumber(id),
            SignerId::IssuerAndSerialNumber { issuer, serial },
        ) => {
            assert_eq!(id.issuer.to_der().unwrap(), issuer, "{what}");
            assert_eq!(id.serial_number.as_bytes(), serial, "{what}");
        }
        (SignerIdentifier::SubjectKeyIdentifier(id), SignerId::SubjectKeyIdentifier(ski)) => {
            assert_eq!(id.0.as_bytes(), ski, "{what}");
        }
        (model, ours) => panic!("{what}: {model:?}, {ours:?}"),
    }

    // That this crate digested the same octets shows in the signature, which covers their digest.
    let signers = [parties.ca.clone()];
    let policy = widest_policy();
    let report = scep::inspect::signature(message, &parties.provider, &policy, &signers).unwrap();
    let content = model.content().unwrap_or_default();
    let digest = parties
        .provider
        .digests()
        .digest(report.digest.unwrap(), &[&content])
        .unwrap();
    let message_digest = model.value(oid::MESSAGE_DIGEST);
    let right = message_digest.as_deref() == Some(digest.as_bytes());
    if report.outcome.is_ok() {
        assert!(right, "{what}");
        assert_eq!(report.outcome, Ok(SignedForm::AsReceived), "{what}");
    }

    let Ok(Some(envelope)) = scep::inspect::envelope(message) else {
        assert!(content.len() <= 1, "{what}");
        return false;
    };
    if envelope.encoding == Encoding::Ber {
        return false;
    }
    // The model refuses some, as sscep's, whose serial number has 32 octets.
    let Ok::<EnvelopedData, _>(model) =
        ContentInfo::from_der(&content).and_then(|info| info.content.decode_as())
    else {
        return false;
    };
    assert_eq!(
        model.recip_infos.0.len(),
        envelope.recipients.len(),
        "{what}"
    );
    let cipher = model.encrypted_content.content_enc_alg.oid;
    assert!(same(cipher, cipher_oid(envelope.cipher.unwrap())), "{what}");
    let content = model.encrypted_content.encrypted_content.is_some();
    assert!(content, "{what}");
    true
}

#[test]
fn the_model_reads_what_a_key_signs() {
    // `SigningKey` over the model's own encoding of the attributes: the bytes that are signed are a SET OF in DER.
    let parties = Parties::new();
    let (message, _) = parties.pkcs_req();
    let model = Model::read(&message).unwrap();
    let signer = model.signer();
    let signed = signer.signed_attrs.as_ref().unwrap().to_der().unwrap();
    let algorithm = parties.client_key.algorithms()[0];
    parties
        .provider
        .signatures()
        .verify(
            algorithm,
            parties.client.public_key_der(),
            &[&signed],
            signer.signature.as_bytes(),
        )
        .unwrap();
}

#[cfg(feature = "cms")]
mod conversions {
    use super::*;
    use common::forge::explicit;
    use der::Any;
    use scep::crypto::ContentCipher;
    use scep::{Item, ParseErrorKind};

    #[test]
    fn a_message_goes_there_and_back() {
        let parties = Parties::new();
        let algorithms = Algorithms {
            signature: parties.client_key.algorithms()[0],
            cipher: ContentCipher::Aes128Cbc,
            transport: KeyTransport::RsaPkcs1v15,
        };
        for built in parties.every_message(algorithms) {
            if matches!(built.inside, Inside::Signed(_)) {
                continue;
            }
            let message = PkiMessage::parse(&built.bytes[..], &Limits::REPLY).unwrap();
            let info = message.to_cms().unwrap();
            assert!(same(info.content_type, oid::SIGNED_DATA));
            let back = PkiMessage::try_from(&info).unwrap();
            assert_eq!(back.as_bytes(), built.bytes, "{}", built.name);
            let signed: SignedData = info.content.decode_as().unwrap();
            let back = PkiMessage::try_from(&signed).unwrap();
            assert_eq!(back.as_bytes(), built.bytes, "{}", built.name);
        }
    }

    #[test]
    fn a_set_goes_there_and_back() {
        let parties = Parties::new();
        let der = CertsOnly::encode(std::slice::from_ref(&parties.ca), &[parties.crl()]);
        let set = CertsOnly::parse(&der[..], &Limits::REPLY).unwrap();
        let info = set.to_cms().unwrap();
        assert_eq!(CertsOnly::try_from(&info).unwrap().as_bytes(), der);
        let signed: SignedData = info.content.decode_as().unwrap();
        assert_eq!(CertsOnly::try_from(&signed).unwrap().as_bytes(), der);
    }

    #[test]
    fn ber_does_not_convert() {
        let parties = Parties::new();
        let not_der = |encoding, error: scep::ParseError| {
            assert_eq!(encoding, Encoding::Ber);
            assert_eq!(error.kind(), ParseErrorKind::NotDer);
            assert_eq!(error.item(), Item::ContentInfo);
        };
        let indefinite = |der: &[u8]| {
            let contents = elements(der)[0].contents;
            [&[0x30, 0x80], contents, &[0, 0]].concat()
        };
        let message = indefinite(&parties.pkcs_req().0);
        let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
        not_der(message.encoding(), message.to_cms().unwrap_err());
        let set = indefinite(&CertsOnly::encode(std::slice::from_ref(&parties.ca), &[]));
        let set = CertsOnly::parse(set, &Limits::REPLY).unwrap();
        not_der(set.encoding(), set.to_cms().unwrap_err());

        for path in vectors("ber") {
            let bytes = std::fs::read(&path).unwrap();
            let Ok(message) = PkiMessage::parse(bytes, &Limits::REPLY) else {
                continue;
            };
            if message.encoding() == Encoding::Ber {
                not_der(message.encoding(), message.to_cms().unwrap_err());
            }
        }
    }

    #[test]
    fn what_is_no_message_does_not_convert() {
        let parties = Parties::new();
        // A set is no message, and a message no set.
        let set = CertsOnly::encode(std::slice::from_ref(&parties.ca), &[]);
        let set = CertsOnly::parse(set, &Limits::REPLY).unwrap();
        let error = PkiMessage::try_from(&set.to_cms().unwrap()).unwrap_err();
        let found = (error.kind(), error.item());
        assert_eq!(found, (ParseErrorKind::Missing, Item::SignerInfo));
        let message = PkiMessage::parse(parties.pkcs_req().0, &Limits::REPLY).unwrap();
        let error = CertsOnly::try_from(&message.to_cms().unwrap()).unwrap_err();
        let found = (error.kind(), error.item());
        assert_eq!(found, (ParseErrorKind::NotAllowed, Item::SignerInfos));
        // Nor is any other content.
        let data = ContentInfo {
            content_type: ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1"),
            content: Any::from_der(&explicit(0, &[])).unwrap(),
        };
        let error = PkiMessage::try_from(&data).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::UnexpectedType(oid::DATA));
        assert_eq!(error.item(), Item::ContentType);
    }
}
