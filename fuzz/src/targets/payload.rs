//! What is inside of envelopes: read through a whole message, and held against the reader of the payload alone.

use std::sync::LazyLock;

use scep::crypto::Policy;
use scep::diagnose::Diagnosis;
use scep::microsoft::RequestContent;
use scep::{
    CaRoles, CertRep, CertsOnly, Csr, CsrError, DecryptError, Error, IssuerAndSerialNumber,
    IssuerAndSubject, Limits, OpenError, PendingRequest, PkiMessage, Recipient, Request,
    RequestBody, RequestBuilder, SignerTrust, TransactionError, UnverifiedCsr,
};

use super::parse::{Sink, show_certificate};
use crate::parties::{PARTIES, PASSWORD, Party};
use crate::reached::{self, EMPTY_NAME};
use crate::repair;
use crate::tlv;
use crate::toy::{Counter, PROVIDER, ToyKey};

/// Puts a payload into a message of the kind that the first byte says, and opens that.
///
/// Odd bytes leave the signatures inside the payload as they are; the others have them made right first. A bit chooses between
/// recipients whose keys decrypt, and some that share a password or agree on a key: what is inside counts as the same.
pub fn payload(data: &[u8]) {
    let Some((&kind, payload)) = data.split_first() else {
        return;
    };
    let mut payload = tlv::read(payload);
    if kind & 1 == 0 {
        payload.iter_mut().for_each(repair::payload);
    }
    let payload = tlv::write(&payload);
    let templates = &TEMPLATES[usize::from(kind >> 4 & 1)];
    match kind >> 1 & 7 {
        0..=4 => request(templates, usize::from(kind >> 1 & 7), &payload),
        number => reply(templates, usize::from(number - 5), &payload),
    }
}

/// A message for each kind of payload.
struct Templates {
    client: &'static Party,
    /// Whom the requests are for.
    ca: &'static Party,
    requests: [Vec<u8>; 5],
    /// What a reply belongs to, and a SUCCESS to it.
    replies: [(PendingRequest, Vec<u8>); 3],
}

static TEMPLATES: LazyLock<[Templates; 2]> = LazyLock::new(|| {
    [
        Templates::new(&PARTIES.client, &PARTIES.csr, &PARTIES.ca),
        // What has the CSR is under its password, and the rest by key agreement.
        Templates::new(&PARTIES.curve_client, &PARTIES.curve_csr, &PARTIES.curve_ca),
    ]
});

impl Templates {
    fn new(client: &'static Party, csr: &Csr, ca: &'static Party) -> Self {
        let rng = &mut Counter::new(5);
        let (signer, renewing) = (client.signer(), PARTIES.renewing.signer());
        let roles = CaRoles::new(&ca.certificate);
        let id = || IssuerAndSerialNumber::of(&PARTIES.renewing.certificate);
        let mut send = |builder: RequestBuilder<'_>, key: &ToyKey| {
            builder
                .build(&PROVIDER, &Policy::default(), rng)
                .and_then(|unsigned| unsigned.sign(key, rng))
                .expect("a request")
        };
        let key = &client.key;
        let (pkcs_req, pending) = send(RequestBuilder::pkcs_req(csr, &signer, &roles), key);
        let renewal_req = RequestBuilder::renewal_req(csr, &renewing, &roles);
        let (renewal_req, _) = send(renewal_req, &PARTIES.renewing.key);
        let poll = RequestBuilder::cert_poll(&pending, &signer, &roles).expect("a poll");
        let (cert_poll, _) = send(poll, key);
        let (get_cert, wanted) = send(RequestBuilder::get_cert(id(), &signer, &roles), key);
        let (get_crl, wanted_crl) = send(RequestBuilder::get_crl(id(), &signer, &roles), key);
        let replies = [
            (pending, &pkcs_req),
            (wanted, &get_cert),
            (wanted_crl, &get_crl),
        ]
        .map(|(pending, request)| (pending, success(request)));
        Self {
            client,
            ca,
            requests: [pkcs_req, renewal_req, cert_poll, get_cert, get_crl],
            replies,
        }
    }
}

/// A SUCCESS to a request, as the CA writes it.
fn success(request: &[u8]) -> Vec<u8> {
    let (ca, rng) = (&PARTIES.ca, &mut Counter::new(6));
    let request = receive(request).expect("a request");
    let signer = ca.signer();
    let reply = request.reply(&PROVIDER, &signer);
    let issued = [&PARTIES.renewing, &PARTIES.curve_issued];
    let issued = issued.map(|party| party.certificate.borrowed());
    reply
        .success(&issued, rng)
        .or_else(|_| reply.success_crl(&PARTIES.crl, rng))
        .and_then(|unsigned| unsigned.sign(&ca.key, rng))
        .expect("a reply")
}

fn receive(bytes: &[u8]) -> Result<Request, Error> {
    let ca = &PARTIES.ca;
    let message = PkiMessage::parse(bytes, &Limits::REQUEST)?;
    let trust = SignerTrust::new().self_issued().issuer(&ca.certificate);
    let [decrypting, on_curve] = [ca, &PARTIES.curve_ca]
        .map(|ca| Recipient::new(&ca.certificate, &ca.key).expect("its key"));
    let recipients = [decrypting, on_curve.with_password(PASSWORD)];
    let rng = &mut Counter::new(7);
    let request = message.receive(&PROVIDER, &Policy::default(), &trust, &recipients, rng)?;
    reached::request(&request);
    Ok(request)
}

/// Asks a CSR for all that Windows writes into one.
pub(super) fn show_request_content(content: &RequestContent<'_>) {
    Sink::debug(content);
    Sink::debug(&(
        content.os_version(),
        content.csp_info(),
        content.client_info(),
        content.template_name(),
        content.template_information(),
        content.application_policies(),
        content.claimed_user_principal_names(),
    ));
    Sink::debug(&content.name_value_pairs());
    if let Ok(Some(old)) = content.renewal_certificate() {
        show_certificate(&old);
    }
    for sid in content.claimed_sids().into_iter().flatten() {
        assert!(sid.unverified_sid().starts_with("S-1-"), "{sid}");
        Sink::show(&sid);
    }
}

fn request(templates: &Templates, kind: usize, payload: &[u8]) {
    let ca = templates.ca.certificate.public_key_der();
    let message = repair::seal(&templates.requests[kind], payload, ca).expect("an envelope");
    let opened = receive(&message).map(|request| match request.body() {
        RequestBody::PkcsReq(csr) | RequestBody::RenewalReq(csr) => csr.as_der().to_vec(),
        RequestBody::CertPoll(names) => names.to_der(),
        RequestBody::GetCert(id) | RequestBody::GetCrl(id) => id.to_der(),
        _ => unreachable!("a payload that nobody knows"),
    });
    let decrypt = Error::Open(OpenError::Decrypt(DecryptError));
    let expected = match kind {
        0 | 1 => match UnverifiedCsr::from_der(payload, &Limits::REQUEST) {
            Err(_) => Err(decrypt),
            Ok(csr) => {
                show_request_content(&RequestContent::of_unverified(&csr));
                let diagnosis = Diagnosis::new(&PROVIDER).csr(&csr);
                let message = PkiMessage::parse(&message[..], &Limits::REQUEST).expect("a message");
                diagnosis
                    .request(&message)
                    .findings()
                    .iter()
                    .for_each(|finding| {
                        Sink::show(finding);
                    });
                match csr.verify(&PROVIDER, &Policy::default()) {
                    Ok(csr) => Ok(csr.as_der().to_vec()),
                    Err(CsrError::Signature) => Err(OpenError::CsrSignature.into()),
                    Err(CsrError::Refused(refused)) => Err(OpenError::CsrRefused(refused).into()),
                    Err(_) => unreachable!("a reason that nobody knows"),
                }
            }
        },
        // What cannot be read asks for nothing.
        2 => {
            let names = IssuerAndSubject::from_der(payload);
            let nobody = |_| IssuerAndSubject::new(EMPTY_NAME, EMPTY_NAME);
            Ok(names.unwrap_or_else(nobody).to_der())
        }
        _ => {
            let greatest = [&[0x7f][..], &[0xff; 19]].concat();
            let none = |_| IssuerAndSerialNumber::new(EMPTY_NAME, &greatest);
            let id = IssuerAndSerialNumber::from_der(payload);
            Ok(id.unwrap_or_else(none).to_der())
        }
    };
    assert_eq!(opened, expected);
}

fn reply(templates: &Templates, kind: usize, payload: &[u8]) {
    let (pending, template) = &templates.replies[kind];
    let client = templates.client;
    let message = repair::seal(template, payload, client.certificate.public_key_der());
    let bytes = message.expect("an envelope");
    let message = PkiMessage::parse(&bytes[..], &Limits::REPLY).expect("a message");
    let roles = CaRoles::new(&PARTIES.ca.certificate);
    let policy = Policy::default();
    let Ok(CertRep::Success(sealed)) = pending.accept(&message, &roles, &PROVIDER, &policy) else {
        panic!("a signed SUCCESS is not taken");
    };
    let recipient = Recipient::new(&client.certificate, &client.key).expect("its key");
    let recipient = recipient.with_password(PASSWORD);
    let granted = sealed.open(&PROVIDER, &recipient, &mut Counter::new(8));
    let Ok(set) = CertsOnly::parse(payload, &Limits::REPLY) else {
        assert_eq!(granted.err(), Some(OpenError::from(DecryptError).into()));
        return;
    };
    let Ok(granted) = granted.inspect_err(|error: &TransactionError| {
        Sink::show(error);
    }) else {
        return;
    };
    reached::reply(&bytes);
    let ca = &PARTIES.ca.certificate;
    if let Some(certificate) = granted.certificate() {
        assert!(
            set.certificates()
                .any(|found| found.as_ref() == Ok(certificate))
        );
        if kind == 0 {
            assert_eq!(certificate.verify_issued_by(ca, &PROVIDER, &policy), Ok(()));
            // The parameters of the algorithm may be NULL in one and absent in the other.
            let bits = |spki: &[u8]| tlv::read(spki)[0].at(1).cloned();
            let key = bits(certificate.public_key_der());
            assert_eq!(key, bits(client.certificate.public_key_der()));
        }
    }
    if let Some(crl) = granted.crl() {
        assert!(set.crls().any(|found| found.as_ref() == Ok(crl)));
        assert_eq!(crl.verify_issued_by(ca, &PROVIDER, &policy), Ok(()));
    }
    assert_eq!(granted.certificate().is_none(), kind == 2);
}
