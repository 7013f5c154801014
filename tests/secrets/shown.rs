//! No public type prints a secret that it holds.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;

use super::{PASSWORD, csr_with_password, secret_numbers};
use crate::common::{Parties, key, rng, vector};
use scep::client::{Client, Requester};
use scep::crypto::{
    DecryptionKey, DigestAlgorithm, SignatureAlgorithm, SignerKey, SubstituteSecret,
};
use scep::server::{Authority, HeldEnrolment, Received, Server};
use scep::{
    Capabilities, CertRep, CsrBuilder, Limits, Negotiation, PkiMessage, RequestBuilder,
    SignerTrust, UnverifiedCsr, inspect,
};

/// The public types that hold a secret, or borrow from one that does; each is printed below with a secret inside.
const HOLDERS: &[&str] = &[
    "AdminPage",
    "Authority",
    "CertRep",
    "ChallengePassword",
    "Client",
    "Csr",
    "CsrBuilder",
    "EncryptedKey",
    "Enrolment",
    "HeldEnrolment",
    "OpenedPayload",
    "PayloadContent",
    "PendingRequest",
    "PresentedPassword",
    "Query",
    "Received",
    "Recipient",
    "RefusedRequest",
    "RenewalProof",
    "Reply",
    "ReplyBuilder",
    "Request",
    "RequestBody",
    "RequestBuilder",
    "RequestContent",
    "Requester",
    "RsaKey",
    "SavedEnrolment",
    "SealedReply",
    "Server",
    "SignerKey",
    "SubstituteSecret",
    "UnsignedCsr",
    "UnsignedReply",
    "UnsignedRequest",
    "UnverifiedCsr",
];

/// Those of the feature `diagnose`.
const HOLDERS_OF_DIAGNOSE: &[&str] = &["Diagnosis"];

/// Those of the feature `intune`, which hold a CSR.
const HOLDERS_OF_INTUNE: &[&str] = &[
    "EncodedCsr",
    "FailureDetails",
    "FailureNotification",
    "SuccessDetails",
    "SuccessNotification",
    "ValidateDetails",
    "ValidateRequest",
];

/// Those of the feature `ec`.
const HOLDERS_OF_EC: &[&str] = &["EcKey", "Ed25519Key"];

/// The public types that hold none: what everybody may see of messages and certificates, algorithms, errors, rules.
const OTHERS: &str = "
    Acceptance AdminPageError Answer Attributes BodyKind BuildError CaCertificates CaPin CaRole CaRoles Capabilities
    Capability Cause CbcCiphers Certainty Certificate CertificateSignatureError CertsOnly ChallengeKind ClaimedSid
    ClientInfo ClientKind ClientRequest ContentCipher Crl CryptoError CspInfo CsrError DecryptError DigestAlgorithm
    DigestValue Digests DownloadParameters DownloadRevocationRequests EcSignatures EllipticCurve Encoding EnvelopeReport
    Error Event EventOutcome EventSource EventText EventTextError Extension FailInfo Failure Finding FindingCode
    Fingerprint FingerprintAlgorithm FingerprintError Granted Holder Hresult HresultError HttpError IntuneError Issued
    IssuerAndSerialNumber IssuerAndSubject Item KeyAgreement KeyEncryption KeyManagement KeyTransport KeyUsage KeyWrap
    Layer Limit Limits MessageType Method NameRef NameValuePair Negotiation NegotiationError NextCaBuilder
    NextCaCertificates Nonce NotHeld Oid OldValidity OpenError Operation Outcome ParseError ParseErrorKind
    PasswordEncryption Pbkdf2 PkiMessage PkiStatus Policy Profile Program Provider RecipientHint RecipientId
    RecipientKind RecipientReport Refusal Refused RenewalForm ReplyCertificates ReplyProfile Response ResultCode
    ResumeError RevocationError RevocationRequest RevocationRequests RevocationResult RoleError RoleReason RoleRules
    RsaKeyTransport RsaSignatures Sender Severity SidSource SignatureAlgorithm SignatureReport SignatureScheme
    Signatures SignedForm SignerCertificateBuilder SignerId SignerIdentity SignerMatch SignerTrust TemplateInformation
    TemplateSetting Tolerance TransactionError TransactionId TransactionKey TransportScheme UnknownAttribute
    UnprocessedExtension UnsignedNextCa UnsignedSignerCertificate UploadAccepted UploadRevocationResults
    ValidationResult Validity Verdict VerifiedMessage VerifyError
";

/// The names of the types that `src` declares as public, but for those that a macro writes, which are sets of algorithms.
fn public_types(dir: &Path) -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            types.append(&mut public_types(&path));
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for line in source.lines() {
            let line = line.trim_start();
            let name = ["pub struct ", "pub enum "]
                .iter()
                .find_map(|start| line.strip_prefix(start));
            let name = name.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next());
            types.extend(name.filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    types
}

#[test]
fn every_public_type_is_sorted() {
    let declared = public_types(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let others: Vec<&str> = OTHERS.split_whitespace().collect();
    let holders = [
        HOLDERS,
        HOLDERS_OF_DIAGNOSE,
        HOLDERS_OF_EC,
        HOLDERS_OF_INTUNE,
    ]
    .concat();
    let sorted: BTreeSet<String> = holders
        .iter()
        .chain(&others)
        .map(|name| (*name).into())
        .collect();
    assert_eq!(sorted.len(), holders.len() + others.len());
    let new: Vec<_> = declared.difference(&sorted).collect();
    assert!(new.is_empty(), "does one of these hold a secret? {new:?}");
    let gone: Vec<_> = sorted.difference(&declared).collect();
    assert!(gone.is_empty(), "these are gone: {gone:?}");
}

/// What is printed, without blanks and in small letters.
struct Printed {
    name: &'static str,
    text: String,
}

impl Printed {
    fn of<T: Debug>(value: &T) -> Self {
        let name = std::any::type_name::<T>();
        let name = name.split('<').next().unwrap();
        let text = format!("{value:?} {value:#?}").to_lowercase();
        Self {
            name: name.rsplit("::").next().unwrap(),
            text: text.split_whitespace().collect(),
        }
    }

    /// Whether it has the beginning of a secret: as text, in hexadecimal, or as a list of numbers.
    fn shows(&self, secret: &[u8]) -> bool {
        let start = &secret[..12];
        let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
        let decimal: Vec<String> = start.iter().map(u8::to_string).collect();
        let prefixed = format!("0x{}", hex.join(",0x"));
        let text = String::from_utf8_lossy(start).to_lowercase();
        let text: String = text.split_whitespace().collect();
        [
            text,
            hex.concat(),
            hex.join(","),
            prefixed,
            decimal.join(","),
        ]
        .iter()
        .any(|form| self.text.contains(form))
    }
}

#[test]
fn what_is_printed_of_a_secret_is_found() {
    let bytes = PASSWORD.as_bytes().to_vec();
    for printed in [
        Printed::of(&PASSWORD),
        Printed::of(&Some(bytes.clone())),
        Printed::of(&format_args!("{bytes:02x?}")),
        Printed::of(&format_args!("{bytes:#04X?}")),
        Printed::of(&scep::crypto::DigestValue::new(&bytes).unwrap()),
    ] {
        assert!(printed.shows(&bytes), "{}", printed.text);
    }
    assert!(!Printed::of(&"correct").shows(&bytes));
}

/// A challenge password as NDES makes them.
const NDES_PASSWORD: &str = "1F2E3D4C5B6A7988";

/// How a text inside `der` shows in the base64 of the whole: of what begins at a group of three bytes.
fn base64_of_a_part(der: &[u8], text: &str) -> Vec<u8> {
    use base64ct::{Base64Unpadded, Encoding};
    let found = der.windows(text.len());
    let at = found
        .into_iter()
        .position(|window| window == text.as_bytes());
    let at = at.unwrap().next_multiple_of(3);
    Base64Unpadded::encode_string(&der[at..at + 9]).into_bytes()
}

const SUBSTITUTE_SECRET: &[u8; 32] = b"the substitute secret of a key !";

#[test]
fn no_secret_is_printed() {
    let parties = Parties::new();
    let secret = SubstituteSecret::new(*SUBSTITUTE_SECRET);
    let mut printed = vec![Printed::of(&parties.client_key), Printed::of(&secret)];
    let plain = parties.client_key.to_pkcs8_der().unwrap();
    let signer = rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new(
        rsa::pkcs8::DecodePrivateKey::from_pkcs8_der(&plain).unwrap(),
    );
    let sha256 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
    printed.push(Printed::of(&SignerKey::<_, rsa::pkcs1v15::Signature>::new(
        signer, sha256,
    )));

    // A client's side.
    let (provider, policy) = (&parties.provider, &parties.policy);
    let csr = csr_with_password(&parties.client_key);
    let password = csr.challenge_password();
    let subject = "CN=device".parse().unwrap();
    let builder =
        CsrBuilder::new(&subject, parties.client_key.public_key_der()).challenge_password(PASSWORD);
    printed.push(Printed::of(&builder));
    printed.push(Printed::of(&builder.build(sha256).unwrap()));
    printed.extend([Printed::of(&csr), Printed::of(&password)]);
    let scep::ChallengePassword::Present(present) = password else {
        panic!("no password");
    };
    let unverified = UnverifiedCsr::from_der(csr.as_der(), &Limits::REQUEST).unwrap();
    printed.extend([Printed::of(&present), Printed::of(&unverified)]);
    let (identity, roles) = (parties.client_signer(), parties.roles());
    let builder = RequestBuilder::pkcs_req(&csr, &identity, &roles);
    printed.push(Printed::of(&builder));
    let unsigned = builder.build(provider, policy, &mut rng()).unwrap();
    printed.push(Printed::of(&unsigned));
    let (body, pending) = unsigned.sign(&parties.client_key, &mut rng()).unwrap();
    printed.push(Printed::of(&pending));
    let requester = Requester::new(&parties.client, &parties.client_key).unwrap();
    let requester = requester.with_challenge(PASSWORD);
    let capabilities = Capabilities::parse(b"SCEPStandard");
    let negotiation = Negotiation::new(&capabilities, policy).unwrap();
    let client = Client::new(provider, policy, &roles, negotiation, &requester);
    let mut enrolment = client.enrol(&csr, &mut rng());
    enrolment.next_request(&mut rng()).unwrap();
    printed.extend([Printed::of(&requester), Printed::of(&client)]);
    let wanted = scep::IssuerAndSerialNumber::of(&parties.issued);
    printed.push(Printed::of(&client.get_cert(wanted, &mut rng()).unwrap().1));
    printed.push(Printed::of(&enrolment));
    printed.push(Printed::of(&enrolment.save().unwrap()));

    // A server's side.
    let authority = Authority::new(&parties.ca, &parties.ca_key).unwrap();
    let recipient = authority.recipient().with_password(PASSWORD);
    printed.extend([Printed::of(&authority), Printed::of(&recipient)]);
    let trust = SignerTrust::new().self_issued().issuer(&parties.ca);
    let server = Server::new(provider, policy, trust.clone(), authority);
    printed.push(Printed::of(&server));
    let received = server.receive(&body, &mut rng()).unwrap();
    printed.push(Printed::of(&received));
    let Received::Request(request) = received else {
        panic!("refused");
    };
    printed.extend([Printed::of(&*request), Printed::of(request.body())]);
    printed.push(Printed::of(&HeldEnrolment::of(&request).unwrap()));
    printed.push(Printed::of(&server.reply(&request).challenge(PASSWORD)));
    let ca = parties.ca_signer();
    let reply = request.reply(provider, &ca);
    printed.push(Printed::of(&reply.clone().challenge(PASSWORD)));
    let issued = std::slice::from_ref(&parties.issued);
    let unsigned = reply.success(issued, &mut rng()).unwrap();
    printed.push(Printed::of(&unsigned));
    let reply = unsigned.sign(&parties.ca_key, &mut rng()).unwrap();
    let old = scep::SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let renewal = RequestBuilder::renewal_req(&csr, &old, &roles);
    let renewal = parties.receive(&parties.send(renewal).0);
    let proof = renewal.renewal_proof(crate::common::issue::NOW);
    printed.push(Printed::of(&proof.unwrap()));
    let stranger = key(vector!("keys/cpend.key"));
    let mut forged = crate::common::forge::Forge::of(&body);
    forged.set_content(None);
    let refused = server.receive(&forged.sign(&parties.client_key), &mut rng());
    let Received::Refused(refused) = refused.unwrap() else {
        panic!("received");
    };
    printed.push(Printed::of(&refused));

    // What is between them.
    let message = PkiMessage::parse(&body[..], &Limits::REQUEST).unwrap();
    let verified = message.verify(provider, policy, &trust).unwrap();
    let certificates = [parties.ca.clone()];
    printed.push(Printed::of(&verified.encrypted_key(&certificates).unwrap()));
    let keys: [&dyn DecryptionKey; 2] = [&stranger, &parties.ca_key];
    let opened = inspect::open_unverified(&message, provider, &keys, &mut rng()).unwrap();
    printed.extend([Printed::of(&opened), Printed::of(&opened.content)]);
    let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
    let accepted = pending.accept(&reply, &roles, provider, policy).unwrap();
    printed.push(Printed::of(&accepted));
    let CertRep::Success(sealed) = accepted else {
        panic!("not granted");
    };
    printed.push(Printed::of(&sealed));

    // What is there to read them by, and to ask about them.
    let page = format!("<B> 0CC175B9 C0F1B6A8 31C399E2 69772661 </B><B> {NDES_PASSWORD} </B>");
    printed.push(Printed::of(
        &scep::ndes::AdminPage::parse(page.as_bytes()).unwrap(),
    ));
    printed.push(Printed::of(&scep::microsoft::RequestContent::of(&csr)));
    #[cfg(feature = "diagnose")]
    {
        let diagnosis = scep::diagnose::Diagnosis::new(provider).csr(&unverified);
        printed.push(Printed::of(&diagnosis));
    }
    #[cfg(feature = "intune")]
    {
        use scep::intune::{FailureNotification, SuccessNotification, ValidateRequest};
        use scep::microsoft::Hresult;
        let validate = ValidateRequest::of(&request, "CA").unwrap();
        let success = SuccessNotification::of(&request, &parties.issued, provider, "CA").unwrap();
        let failure = FailureNotification::of(&request, Hresult::new(1), "no", "CA").unwrap();
        printed.push(Printed::of(&validate.request.certificate_request));
        printed.extend([Printed::of(&validate.request), Printed::of(&validate)]);
        printed.extend([Printed::of(&success.notification), Printed::of(&success)]);
        printed.extend([Printed::of(&failure.notification), Printed::of(&failure)]);
    }

    let names: BTreeSet<&str> = printed.iter().map(|printed| printed.name).collect();
    let mut holders = BTreeSet::from_iter(HOLDERS.iter().copied());
    holders.extend(
        HOLDERS_OF_DIAGNOSE
            .iter()
            .filter(|_| cfg!(feature = "diagnose")),
    );
    holders.extend(
        HOLDERS_OF_INTUNE
            .iter()
            .filter(|_| cfg!(feature = "intune")),
    );
    assert_eq!(names, holders);
    let mut secrets = vec![PASSWORD.as_bytes().to_vec(), SUBSTITUTE_SECRET.to_vec()];
    secrets.push(NDES_PASSWORD.into());
    secrets.push(base64_of_a_part(csr.as_der(), PASSWORD));
    for key in [&parties.client_key, &parties.ca_key] {
        secrets.extend(secret_numbers(key));
    }
    for printed in &printed {
        for secret in &secrets {
            assert!(!printed.shows(secret), "{}", printed.name);
        }
    }
}

#[cfg(feature = "ec")]
#[test]
fn no_secret_of_a_key_on_a_curve_is_printed() {
    use crate::common::pem;
    use scep::crypto::rustcrypto::{EcKey, Ed25519Key};

    let (ec, ed25519) = (
        pem(vector!("keys/ec-p256.key")),
        pem(vector!("keys/ed25519.key")),
    );
    let printed = [
        Printed::of(&EcKey::from_pkcs8_der(&ec).unwrap()),
        Printed::of(&Ed25519Key::from_pkcs8_der(&ed25519).unwrap()),
    ];
    let names = printed.each_ref().map(|printed| printed.name);
    assert_eq!(names, HOLDERS_OF_EC);
    for (printed, der) in printed.iter().zip([ec, ed25519]) {
        // The private key is an OCTET STRING of 32 bytes, the only one of this length.
        let at = der.windows(2).position(|header| header == [4, 32]).unwrap() + 2;
        assert!(!printed.shows(&der[at..at + 32]), "{}", printed.name);
    }
}
