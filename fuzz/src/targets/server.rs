//! A server that several clients and an attacker talk to: who gets a certificate asked for it with the right key.

use std::collections::HashMap;

use arbitrary::{Result, Unstructured};
use scep::crypto::Policy;
use scep::server::{Authority, HeldEnrolment, Received, Server, TransactionKey};
use scep::{
    BuildError, CaRoles, Certificate, FailInfo, IssuerAndSerialNumber, Limits, MessageType,
    PendingRequest, PkiMessage, PkiStatus, RequestBuilder, SignerMatch, SignerTrust, TransactionId,
};

use super::parse::Sink;
use crate::parties::{PARTIES, PASSWORD, Party};
use crate::reached;
use crate::tlv;
use crate::toy::{Counter, PROVIDER, identity};
use crate::{mutate, repair};

/// Plays the steps that the bytes choose.
pub fn server(data: &[u8]) {
    let (ca, policy) = (&PARTIES.ca, Policy::default());
    let authority = |party: &'static Party| {
        Authority::new(&party.certificate, &party.key).expect("the certificate's own key")
    };
    let trust = SignerTrust::new().self_issued().issuer(&ca.certificate);
    let server = Server::new(&PROVIDER, &policy, trust, authority(ca));
    let mut world = World {
        server: server
            .with_generation(authority(&PARTIES.next_ca))
            .with_generation(authority(&PARTIES.curve_ca)),
        rng: Counter::new(20),
        sent: Vec::new(),
        wire: Vec::new(),
        held: HashMap::new(),
    };
    let input = &mut Unstructured::new(data);
    for _ in 0..MAX_STEPS {
        if input.is_empty() || world.step(input).is_err() {
            return;
        }
    }
}

const MAX_STEPS: usize = 16;

/// The longest message on the wire.
const MAX_LEN: usize = 64 << 10;

struct World {
    server: Server<'static>,
    rng: Counter,
    /// What honest clients sent, and who it was.
    sent: Vec<(PendingRequest, &'static Party)>,
    wire: Vec<OnWire>,
    /// As rule of the store has it: by transactionID and key of the signer.
    held: HashMap<[u8; 32], (HeldEnrolment, &'static Party)>,
}

/// A message, and whose key signed it.
struct OnWire {
    bytes: Vec<u8>,
    signer: &'static Party,
}

impl World {
    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=8)? {
            0 | 1 => self.send(input),
            2 => self.change(input),
            3 => self.take_over(input),
            _ => self.receive(input),
        }
    }

    /// Clients that hold a key each; the neighbour knows the transactionIDs of the others.
    fn send(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let clients = [
            &PARTIES.client,
            &PARTIES.renewing,
            &PARTIES.neighbour,
            &PARTIES.curve_client,
        ];
        let party: &'static Party = input.choose(&clients)?;
        let csr = match party.certificate == PARTIES.curve_client.certificate {
            true => &PARTIES.curve_csr,
            false => &PARTIES.csr,
        };
        // To the last, under the password where there is one.
        let authorities = [&PARTIES.ca, &PARTIES.next_ca, &PARTIES.curve_ca];
        let roles = CaRoles::new(&input.choose(&authorities)?.certificate);
        let signer = party.signer();
        let id = IssuerAndSerialNumber::of(&PARTIES.renewing.certificate);
        let rng = &mut self.rng;
        let mut builder = match input.int_in_range(0..=4)? {
            0 => RequestBuilder::pkcs_req(csr, &signer, &roles),
            1 => RequestBuilder::renewal_req(csr, &signer, &roles),
            2 => RequestBuilder::get_cert(id, &signer, &roles),
            3 => RequestBuilder::get_crl(id, &signer, &roles),
            _ => {
                let (pending, _) = input.choose_iter(self.sent.iter())?;
                match RequestBuilder::cert_poll(pending, &signer, &roles) {
                    Ok(poll) => poll,
                    Err(_) => return Ok(()),
                }
            }
        };
        if input.arbitrary()? {
            let ids = ["1", "2", "11"].map(|id| TransactionId::new(id).expect("an identifier"));
            builder = builder.transaction_id(input.choose(&ids)?.clone());
        }
        let (bytes, pending) = builder
            .build(&PROVIDER, &Policy::default(), rng)
            .and_then(|unsigned| unsigned.sign(&party.key, rng))
            .expect("a request");
        self.sent.push((pending, party));
        self.wire.push(OnWire {
            bytes,
            signer: party,
        });
        Ok(())
    }

    /// The attacker changes what is on its way, and cannot sign it.
    fn change(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let found = input.choose_iter(self.wire.iter())?;
        let signer = found.signer;
        let mut forest = tlv::read(&found.bytes);
        let rng = &mut Counter::new(input.arbitrary()?);
        for _ in 0..input.int_in_range(1..=4)? {
            mutate::change(&mut forest, rng);
        }
        self.put(tlv::write(&forest), signer);
        Ok(())
    }

    /// What is too long for a server is not sent, or it would grow with each change.
    fn put(&mut self, bytes: Vec<u8>, signer: &'static Party) {
        if bytes.len() <= MAX_LEN {
            self.wire.push(OnWire { bytes, signer });
        }
    }

    /// The attacker signs what somebody else sent: attributes, envelope and all, changed or not.
    fn take_over(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let found = input.choose_iter(self.wire.iter())?;
        let mut forest = tlv::read(&found.bytes);
        let rng = &mut Counter::new(input.arbitrary()?);
        for _ in 0..input.int_in_range(0..=3)? {
            mutate::change(&mut forest, rng);
        }
        let attackers = [&PARTIES.neighbour, &PARTIES.impostor];
        let signer: &'static Party = input.choose(&attackers)?;
        if repair::sign_as(&mut forest, signer).is_some() {
            self.put(tlv::write(&forest), signer);
        }
        Ok(())
    }

    /// The server takes a message, and its operator decides.
    fn receive(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let OnWire { bytes, signer } = input.choose_iter(self.wire.iter())?;
        let (server, rng) = (&self.server, &mut self.rng);
        let received = server.receive_with_passwords(bytes, &["another", PASSWORD], rng);
        let request = match received {
            Ok(Received::Request(request)) => request,
            Ok(Received::Refused(refused)) => {
                Sink::show(&refused.error());
                check_reply(refused.reply(), PkiStatus::Failure);
                return Ok(());
            }
            Err(error) => {
                assert!(
                    PkiMessage::parse(&bytes[..], &Limits::REQUEST).is_err(),
                    "{error}"
                );
                return Ok(());
            }
        };
        reached::request(&request);
        // The certificate of a self-issued signer is not signed: the attacker may write its key with NULL or without.
        let key = identity(signer.certificate.public_key_der());
        let signed_by = identity(request.signer().public_key_der());
        assert_eq!(signed_by, key, "signed by another");
        if request.signer_match() == SignerMatch::SelfIssued {
            assert!(
                request
                    .renewal_proof(0)
                    .is_none_or(|proof| !proof.is_plain())
            );
        }
        let store_key = |key: TransactionKey| *key.as_bytes();
        let found = request
            .transaction_key(&PROVIDER)
            .map(store_key)
            .expect("a digest");
        if let Some((held, owner)) = self.held.get(&found) {
            let owner = identity(owner.certificate.public_key_der());
            assert_eq!(owner, key, "another's enrolment");
            if let Err(error) = held.answers(&request) {
                Sink::show(&error);
            }
        }
        // Only the owner's key is answered, whatever the transactionID.
        for (held, owner) in self.held.values() {
            if held.answers(&request).is_ok() {
                let owner = identity(owner.certificate.public_key_der());
                assert_eq!(owner, key, "a poll by another");
                assert_eq!(held.transaction_id(), request.transaction_id());
            }
        }
        let held = self.held.get(&found).map(|(held, _)| held.clone());
        let mut reply = server.reply(&request);
        if let Some(held) = &held {
            reply = reply.answering(held);
        }
        match input.int_in_range(0..=3)? {
            0 => {
                let failure = reply
                    .failure(FailInfo::BadRequest, None, rng)
                    .expect("a reply");
                check_reply(&failure, PkiStatus::Failure);
            }
            1 => {
                if let Ok(pending) = reply.pending(rng) {
                    check_reply(&pending, PkiStatus::Pending);
                    if let Some(held) = HeldEnrolment::of(&request) {
                        let bytes = held.to_bytes();
                        let held = HeldEnrolment::from_bytes(&bytes).expect("what was kept");
                        assert_eq!(held.answers(&request), Ok(()));
                        assert_eq!(held.transaction_key(&PROVIDER).map(store_key), Ok(found));
                        self.held.insert(found, (held, signer));
                    }
                }
            }
            _ => {
                let of_csr = request.csr().map(|csr| csr.public_key_der());
                let of_held = held.as_ref().map(|held| held.public_key_der());
                let issued = match of_csr.or(of_held) {
                    Some(key) if key == PARTIES.curve_csr.public_key_der() => &PARTIES.curve_issued,
                    _ => &PARTIES.renewed,
                };
                let certificate = [issued.certificate.borrowed()];
                let other = [PARTIES.neighbour.certificate.borrowed()];
                granted(&reply.success(&certificate, rng));
                let wrong = reply.success(&other, rng);
                assert!(wrong.is_err(), "a certificate on another key was granted");
                if request.message_type() == MessageType::CertPoll && held.is_none() {
                    assert_eq!(wrong, Err(BuildError::PollWithoutEnrolment));
                }
                granted(&reply.success_crl(&PARTIES.crl, rng));
            }
        }
        Ok(())
    }
}

fn granted(reply: &std::result::Result<Vec<u8>, BuildError>) {
    match reply {
        Ok(bytes) => check_reply(bytes, PkiStatus::Success),
        Err(error) => {
            Sink::show(error);
        }
    }
}

/// What a server sends is a CertRep of this status by the CA, or by another of its generations.
fn check_reply(bytes: &[u8], status: PkiStatus) {
    let reply = PkiMessage::parse(bytes, &Limits::REPLY).expect("a readable reply");
    let attributes = reply.unverified_attributes();
    assert_eq!(attributes.message_type(), MessageType::CertRep);
    assert_eq!(attributes.pki_status(), Some(status));
    let signers: Vec<Certificate<'_>> = reply.unverified_certificates().collect();
    let authorities = [&PARTIES.ca, &PARTIES.next_ca, &PARTIES.curve_ca];
    let authorities = authorities.map(|authority| &authority.certificate);
    assert!(signers.iter().all(|signer| authorities.contains(&signer)));
}
