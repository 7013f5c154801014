//! A client whose answers pass through an attacker's hands: whatever is accepted, the CA said, and said it to this request.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use scep::client::{Answer, Client, Enrolment, Outcome, Query, Requester, SavedEnrolment};
use scep::crypto::Policy;
use scep::diagnose::Diagnosis;
use scep::server::HeldEnrolment;
use scep::{
    CaRoles, Capabilities, Csr, FailInfo, IssuerAndSerialNumber, Limits, MessageType, Negotiation,
    PkiMessage, Recipient, Request, SignerTrust, TransactionError,
};

use super::parse::Sink;
use super::roles::NOW;
use crate::parties::{PARTIES, PASSWORD, Party};
use crate::reached;
use crate::tlv;
use crate::toy::{Counter, PROVIDER};
use crate::{mutate, repair};

/// Plays the steps that the bytes choose.
pub fn client(data: &[u8]) {
    let mut world = World {
        rng: Counter::new(9),
        transactions: Vec::new(),
        requests: Vec::new(),
        wire: Vec::new(),
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

/// What a client needs for as long as the world turns.
struct Station {
    roles: CaRoles<'static>,
    client: Requester<'static>,
    renewing: Requester<'static>,
    /// Opens with the password what it enrols for, and by key agreement what it asks for.
    on_curve: Requester<'static>,
    capabilities: Capabilities,
    negotiation: Negotiation,
}

static STATION: LazyLock<Station> = LazyLock::new(|| {
    let requester = |party: &'static Party| {
        Requester::new(&party.certificate, &party.key).expect("the certificate's own key")
    };
    let capabilities = Capabilities::parse(b"SCEPStandard\nRenewal");
    let negotiation = Negotiation::new(&capabilities, &Policy::default()).expect("algorithms");
    Station {
        roles: CaRoles::new(&PARTIES.ca.certificate),
        client: requester(&PARTIES.client),
        renewing: requester(&PARTIES.renewing),
        on_curve: requester(&PARTIES.curve_client).with_challenge(PASSWORD),
        capabilities,
        negotiation,
    }
});

/// What was sent, and what is on its way back.
struct World {
    rng: Counter,
    transactions: Vec<Transaction>,
    requests: Vec<Sent>,
    wire: Vec<Vec<u8>>,
}

struct Transaction {
    state: State,
    /// The last of the requests, which alone is answered.
    last: Option<usize>,
    /// What the CA keeps of the first.
    held: Option<HeldEnrolment>,
}

#[expect(clippy::large_enum_variant, reason = "a handful of values")]
enum State {
    Enrolment(&'static Csr, Enrolment<'static>),
    Query(MessageType, Query<'static>),
}

/// A request, and which answers the CA really gave to it.
struct Sent {
    transaction: usize,
    bytes: Vec<u8>,
    answers: Vec<Said>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Success,
    Failure,
    Pending,
}

impl World {
    fn step(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        match input.int_in_range(0..=11)? {
            0 => self.begin(input)?,
            1 => self.send(input)?,
            2 | 3 => self.answer(input)?,
            4 => self.change(input)?,
            5 => self.forge(input)?,
            6 => self.splice(input)?,
            7 => {
                // What the client sent comes back to it.
                let sent = input.choose_iter(self.requests.iter())?;
                self.wire.push(sent.bytes.clone());
            }
            8 => self.resume(input)?,
            _ => self.accept(input)?,
        }
        Ok(())
    }

    fn client(&self, requester: &'static Requester<'static>) -> Client<'static> {
        let station = &*STATION;
        let negotiation = station.negotiation;
        Client::new(
            &PROVIDER,
            &Policy::default(),
            &station.roles,
            negotiation,
            requester,
        )
    }

    fn begin(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let (client, renewing) = (self.client(&STATION.client), self.client(&STATION.renewing));
        let on_curve = self.client(&STATION.on_curve);
        let (csr, curve_csr) = (&PARTIES.csr, &PARTIES.curve_csr);
        let id = IssuerAndSerialNumber::of(&PARTIES.renewing.certificate);
        let rng = &mut self.rng;
        let choice = input.int_in_range(0..=6)?;
        let asking = if choice < 5 { &client } else { &on_curve };
        let state = match choice {
            0 => State::Enrolment(csr, client.enrol(csr, rng)),
            1 => State::Enrolment(csr, renewing.renew(csr, rng)),
            4 => State::Enrolment(curve_csr, on_curve.enrol(curve_csr, rng)),
            2 | 5 => {
                let (bytes, query) = asking.get_cert(id, rng).expect("a request");
                return self.ask(MessageType::GetCert, bytes, query);
            }
            _ => {
                let (bytes, query) = asking.get_crl(id, rng).expect("a request");
                return self.ask(MessageType::GetCrl, bytes, query);
            }
        };
        self.transactions.push(Transaction {
            state,
            last: None,
            held: None,
        });
        Ok(())
    }

    fn ask(&mut self, kind: MessageType, bytes: Vec<u8>, query: Query<'static>) -> Result<()> {
        self.requests.push(Sent {
            transaction: self.transactions.len(),
            bytes,
            answers: Vec::new(),
        });
        self.transactions.push(Transaction {
            state: State::Query(kind, query),
            last: Some(self.requests.len() - 1),
            held: None,
        });
        Ok(())
    }

    /// The first request of an enrolment, or the next poll.
    fn send(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let position = input.choose_index(self.transactions.len())?;
        let transaction = &mut self.transactions[position];
        if let State::Enrolment(_, enrolment) = &mut transaction.state {
            let bytes = enrolment.next_request(&mut self.rng).expect("a request");
            transaction.last = Some(self.requests.len());
            self.requests.push(Sent {
                transaction: position,
                bytes,
                answers: Vec::new(),
            });
        }
        Ok(())
    }

    /// The CA answers a request.
    fn answer(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let position = input.choose_index(self.requests.len())?;
        let sent = &mut self.requests[position];
        let held = &mut self.transactions[sent.transaction].held;
        let (ca, rng) = (&PARTIES.ca, &mut self.rng);
        let signer = ca.signer();
        let request = receive(&sent.bytes);
        *held = held.take().or_else(|| HeldEnrolment::of(&request));
        let mut reply = request.reply(&PROVIDER, &signer);
        if let Some(held) = held {
            assert_eq!(held.answers(&request), Ok(()));
            reply = reply.answering(held);
        }
        let (said, unsigned) = match input.int_in_range(0..=3)? {
            0 => {
                let info = FailInfo::from_code(input.int_in_range(0..=4)?);
                (Said::Failure, reply.failure(info, Some("no"), rng))
            }
            1 => (Said::Pending, reply.pending(rng)),
            _ => {
                let granted = match request.message_type() {
                    MessageType::GetCert => &PARTIES.renewing,
                    _ => issued_to(request.signer().public_key_der()),
                };
                let issued = [&granted.certificate, &ca.certificate].map(|one| one.borrowed());
                let granted = reply
                    .success(&issued, rng)
                    .or_else(|_| reply.success_crl(&PARTIES.crl, rng));
                (Said::Success, granted)
            }
        };
        // A query is never PENDING.
        if let Ok(unsigned) = unsigned {
            sent.answers.push(said);
            self.wire
                .push(unsigned.sign(&ca.key, rng).expect("a reply"));
        }
        Ok(())
    }

    /// The attacker changes what is on its way, and cannot sign it.
    fn change(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let bytes = input.choose_iter(self.wire.iter())?;
        let mut forest = tlv::read(bytes);
        let rng = &mut Counter::new(input.arbitrary()?);
        for _ in 0..input.int_in_range(1..=4)? {
            mutate::change(&mut forest, rng);
        }
        self.put(tlv::write(&forest));
        Ok(())
    }

    /// What is too long for a client is not sent, or it would grow with each change.
    fn put(&mut self, bytes: Vec<u8>) {
        if bytes.len() <= MAX_LEN {
            self.wire.push(bytes);
        }
    }

    /// The attacker signs a reply, changed or not, with a key that is not the CA's.
    fn forge(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let bytes = input.choose_iter(self.wire.iter())?;
        let mut forest = tlv::read(bytes);
        let rng = &mut Counter::new(input.arbitrary()?);
        for _ in 0..input.int_in_range(0..=3)? {
            mutate::change(&mut forest, rng);
        }
        let [_, others @ ..] = PARTIES.all();
        if repair::sign_as(&mut forest, input.choose(&others)?).is_some() {
            self.put(tlv::write(&forest));
        }
        Ok(())
    }

    /// The attacker puts a part of one message into another.
    fn splice(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let mut positions = || input.choose_index(self.wire.len());
        let (mut to, from) = (
            tlv::read(&self.wire[positions()?]),
            tlv::read(&self.wire[positions()?]),
        );
        let part = input.int_in_range(0..=4)?;
        let signed_data = |forest: &[tlv::Node]| forest.first()?.at(1)?.at(0).cloned();
        let (Some(mut changed), Some(source)) = (signed_data(&to), signed_data(&from)) else {
            return Ok(());
        };
        if let (Some(place), Some(found)) = (changed.at_mut(part), source.at(part)) {
            *place = found.clone();
        }
        if let Some(place) = to[0].at_mut(1).and_then(|explicit| explicit.at_mut(0)) {
            *place = changed;
        }
        self.put(tlv::write(&to));
        Ok(())
    }

    /// The client starts anew from what it stored.
    fn resume(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let position = input.choose_index(self.transactions.len())?;
        let State::Enrolment(csr, enrolment) = &self.transactions[position].state else {
            return Ok(());
        };
        let saved = enrolment.save().expect("a state").to_bytes();
        let saved = SavedEnrolment::from_bytes(&saved).expect("the same state");
        let candidates = [
            (&STATION.client, &PARTIES.csr),
            (&STATION.renewing, &PARTIES.csr),
            (&STATION.on_curve, &PARTIES.curve_csr),
        ];
        let resumed = candidates
            .map(|(requester, csr)| Enrolment::resume(self.client(requester), &saved, Some(csr)));
        assert_eq!(resumed.iter().filter(|resumed| resumed.is_ok()).count(), 1);
        let csr = *csr;
        let transaction = &mut self.transactions[position];
        for resumed in resumed.into_iter().flatten() {
            transaction.state = State::Enrolment(csr, resumed);
        }
        // What was sent before is forgotten.
        transaction.last = None;
        Ok(())
    }

    /// The client reads something as the answer to its last request.
    fn accept(&mut self, input: &mut Unstructured<'_>) -> Result<()> {
        let position = input.choose_index(self.transactions.len())?;
        let bytes = input.choose_iter(self.wire.iter())?;
        let transaction = &mut self.transactions[position];
        let rng = &mut self.rng;
        let accepted = match &mut transaction.state {
            State::Enrolment(csr, enrolment) => match enrolment.accept(200, bytes, rng) {
                Ok(Outcome::Issued(issued)) => {
                    let wanted = issued_to(csr.public_key_der());
                    assert_eq!(issued.certificate(), &wanted.certificate);
                    reached::reply(bytes);
                    Ok(Said::Success)
                }
                Ok(Outcome::Refused(failure)) => {
                    Sink::show(&failure);
                    Ok(Said::Failure)
                }
                Ok(Outcome::Pending) => Ok(Said::Pending),
                Err(error) => Err(error),
            },
            State::Query(kind, query) => match query.accept(200, bytes, rng) {
                Ok(Answer::Found(granted)) => {
                    if *kind == MessageType::GetCrl {
                        assert_eq!(granted.crl(), Some(&PARTIES.crl));
                    } else {
                        let wanted = &PARTIES.renewing.certificate;
                        assert_eq!(granted.certificate(), Some(wanted));
                    }
                    reached::reply(bytes);
                    Ok(Said::Success)
                }
                Ok(Answer::Refused(failure)) => {
                    Sink::show(&failure);
                    Ok(Said::Failure)
                }
                Err(error) => Err(error),
            },
        };
        let answers = transaction
            .last
            .map(|last| &self.requests[last].answers[..]);
        match accepted {
            Ok(said) => assert!(
                answers.is_some_and(|answers| answers.contains(&said)),
                "{said:?} is accepted, and the CA said {answers:?}"
            ),
            Err(error) => {
                assert_eq!(answers.is_none(), error == TransactionError::NothingSent);
                Sink::show(&error);
                // One in eight: findings take longer than all the rest.
                if let Some(last) = transaction.last
                    && bytes.len().is_multiple_of(8)
                {
                    diagnose(&self.requests[last].bytes, bytes);
                }
            }
        }
        Ok(())
    }
}

/// Asks what is wrong between a request and what came back, which no finding answers with the password.
fn diagnose(request: &[u8], reply: &[u8]) {
    let request = PkiMessage::parse(request, &Limits::REQUEST).expect("a request");
    let reply_message = PkiMessage::parse(reply, &Limits::REPLY).ok();
    let station = &*STATION;
    let authorities = [station.roles.pinned().borrowed()];
    let mut diagnosis = Diagnosis::new(&PROVIDER)
        .now(NOW)
        .capabilities(&station.capabilities)
        .ca_certificates(&authorities)
        .request(&request)
        .http_answer(200, reply);
    if let Some(reply) = &reply_message {
        diagnosis = diagnosis.reply(reply);
    }
    for finding in diagnosis.findings() {
        Sink::show(&finding);
        assert!(!finding.evidence().contains(PASSWORD), "{finding}");
    }
}

/// What the CA issues for a key of the clients.
fn issued_to(public_key: &[u8]) -> &'static Party {
    let on_curve = &PARTIES.curve_issued;
    match on_curve.certificate.public_key_der() == public_key {
        true => on_curve,
        false => &PARTIES.renewed,
    }
}

fn receive(bytes: &[u8]) -> Request {
    let ca = &PARTIES.ca;
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).expect("a message");
    let trust = SignerTrust::new().self_issued().issuer(&ca.certificate);
    let recipient = Recipient::new(&ca.certificate, &ca.key).expect("its key");
    let (policy, rng) = (Policy::default(), &mut Counter::new(10));
    let received = message.receive(&PROVIDER, &policy, &trust, &[recipient], rng);
    received.expect("a request")
}
