//! A device gets a certificate by SCEP ([RFC 8894]): client and CA in one process, and nothing between them but bytes.
//!
//! ```text
//! cargo run --example enroll
//! ```
//!
//! It shows who sends what, checks what it claims, and exits with status 1 if any of it does not hold. Read on in
//! `client.rs` for the client and in `ca.rs` for the server; `office.rs` and `issue.rs` are what a CA does besides SCEP:
//! deciding and issuing.
//!
//! [RFC 8894]: https://www.rfc-editor.org/rfc/rfc8894

mod ca;
mod client;
mod issue;
mod office;
mod show;

use std::process::ExitCode;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use getrandom::SysRng;
use scep::crypto::CryptoRng;
use scep::crypto::rustcrypto::RsaKey;
use scep::{Certificate, FailInfo, Granted};
use signature::rand_core::UnwrapErr;

use ca::Ca;
use client::{Answer, Client, Device, Holder, Sent};
use show::{Outcome, check, says, step};

const CHALLENGE: &str = "told on paper";

fn main() -> ExitCode {
    match run(&mut UnwrapErr(SysRng)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe example failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The CA at the other end of an HTTP connection, of which only the bytes are left here.
struct Network {
    ca: Ca,
    now: i64,
}

impl Network {
    fn exchange(
        &mut self,
        operation: &str,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Outcome<Vec<u8>> {
        show::travels("client", "CA", operation, message);
        let reply = self.ca.receive(operation, message, self.now, rng)?;
        show::travels("CA", "client", operation, &reply);
        Ok(reply)
    }
}

fn run(rng: &mut dyn CryptoRng) -> Outcome<()> {
    println!(
        "How a device gets a certificate by SCEP, RFC 8894. Client and CA are in this process;"
    );
    println!("each has its own keys, and nothing but bytes passes between them. A message has the");
    println!("sender's signature, and an envelope: its content, encrypted to the receiver.\n");

    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let now = i64::try_from(now.as_secs())?;
    let started = Instant::now();
    let ca = Ca::new(CHALLENGE, now, rng)?;
    let first_key = RsaKey::generate(2048, rng)?;
    let second_key = RsaKey::generate(2048, rng)?;
    let strange_key = RsaKey::generate(2048, rng)?;
    let seconds = started.elapsed().as_secs_f32();
    println!(
        "Five RSA keys of 2048 bits were generated just now, in {seconds:.1} s: two for the CA,"
    );
    println!("of today and of next month, two for the device, and a stranger's.");

    // What a person carries from the CA to the client: this, and the challenge password.
    let fingerprint = client::fingerprint(ca.certificate())?;
    let mut network = Network { ca, now };

    step("GetCACaps", "what can the CA do?");
    let capabilities = network.exchange("GetCACaps", &[], rng)?;
    check(
        "the CA can do all that follows",
        client::can_do_all(&capabilities),
    )?;

    step("GetCACert", "which certificate has the CA?");
    let body = network.exchange("GetCACert", &[], rng)?;
    let client = Client::new(&body, fingerprint)?;
    says("client", "it has the SHA-256 fingerprint that I was told:");
    says("", show::hex(fingerprint.as_bytes()));

    let device = Device::new("CN=device 7,O=Example", "device7.example")?;
    let mut story = Story {
        network,
        client,
        device,
        rng,
    };
    let first = story.enrol(first_key)?;
    let second = story.renew(&first, second_key)?;
    story.fail(strange_key)?;
    story.query(&first, &second)?;
    story.look_ahead()?;
    println!("\nAll {} checks hold.", show::checks());
    Ok(())
}

/// All that takes part, after the client has come to know its CA.
struct Story<'r> {
    network: Network,
    client: Client,
    device: Device,
    rng: &'r mut dyn CryptoRng,
}

impl Story<'_> {
    /// A first certificate: ask, wait, ask again.
    fn enrol(&mut self, key: RsaKey) -> Outcome<Holder> {
        step(
            "PKCSReq",
            "the device asks for a certificate, with the challenge password",
        );
        says(
            "client",
            "signs with a certificate that it made itself: it has no other yet",
        );
        let holder = self.self_signed(key)?;
        let (request, pending) = self
            .client
            .enrol(&self.device, &holder, CHALLENGE, self.rng)?;
        let challenge = CHALLENGE.as_bytes();
        let readable = request
            .windows(challenge.len())
            .any(|bytes| bytes == challenge);
        check(
            "nobody on the way can read the challenge password",
            !readable,
        )?;
        let reply = self.network.exchange("PKIOperation", &request, self.rng)?;
        let answer = self.client.read(&reply, &pending, &holder, self.rng)?;
        check(
            "the CA says PENDING: ask again later",
            matches!(answer, Answer::Pending),
        )?;

        step("CertPoll", "the device asks what became of its request");
        self.network.ca.office.approve_all();
        let (request, polled) = self.client.poll(&pending, &holder, self.rng)?;
        let same = polled.transaction_id() == pending.transaction_id();
        check("it asks in the same transaction", same)?;
        let reply = self.network.exchange("PKIOperation", &request, self.rng)?;
        let mistaken = self.client.read(&reply, &pending, &holder, self.rng);
        check(
            "the reply does not pass for one to the first request",
            mistaken.is_err(),
        )?;
        let answer = self.client.read(&reply, &polled, &holder, self.rng)?;
        let certificate = self.received(answer, &holder.key)?;
        Ok(Holder {
            certificate,
            ..holder
        })
    }

    /// A new certificate on a new key; the old one is the proof.
    fn renew(&mut self, old: &Holder, key: RsaKey) -> Outcome<Holder> {
        step(
            "RenewalReq",
            "the device asks for a certificate on a new key",
        );
        says(
            "client",
            "signs with the old certificate, and sends no challenge password",
        );
        let sent = self.client.renew(&self.device, old, &key, self.rng)?;
        let answer = self.ask(&sent, old)?;
        let certificate = self.received(answer, &key)?;
        Ok(Holder { key, certificate })
    }

    /// What is refused: a wrong challenge password, and a message that was changed on the way.
    fn fail(&mut self, key: RsaKey) -> Outcome<()> {
        step(
            "PKCSReq",
            "a stranger wants the device's certificate, and guesses the password",
        );
        let stranger = self.self_signed(key)?;
        let sent = self
            .client
            .enrol(&self.device, &stranger, "a guess", self.rng)?;
        let Answer::Refused(failure) = self.ask(&sent, &stranger)? else {
            return Err("the CA took a wrong challenge password".into());
        };
        let text = failure.text().unwrap_or_default();
        says(
            "stranger",
            format_args!("reads the failInfoText \"{text}\""),
        );
        check(
            "the CA says FAILURE, with failInfo badRequest and a text",
            failure.info() == Some(FailInfo::BadRequest) && !text.is_empty(),
        )?;

        step("PKCSReq", "a request of which a bit is flipped on the way");
        let mut sent = self
            .client
            .enrol(&self.device, &stranger, CHALLENGE, self.rng)?;
        *sent.0.last_mut().ok_or("the request is empty")? ^= 1;
        let Answer::Refused(failure) = self.ask(&sent, &stranger)? else {
            return Err("the CA took a request whose signature is wrong".into());
        };
        check(
            "the CA says FAILURE, with failInfo badMessageCheck and no text",
            failure.info() == Some(FailInfo::BadMessageCheck) && failure.text().is_none(),
        )
    }

    /// Questions about certificates that were issued.
    fn query(&mut self, first: &Holder, second: &Holder) -> Outcome<()> {
        step(
            "GetCert",
            "the device asks for its first certificate, by issuer and serial number",
        );
        let sent = self.client.get_cert(&first.certificate, second, self.rng)?;
        let granted = granted(self.ask(&sent, second)?)?;
        let same = granted.certificate() == Some(&first.certificate);
        check("it is that certificate, to the byte", same)?;

        step("GetCRL", "which certificates has the CA revoked?");
        self.network.ca.office.revoke(&first.certificate);
        let sent = self.client.get_crl(&first.certificate, second, self.rng)?;
        let granted = self::granted(self.ask(&sent, second)?)?;
        let crl = granted.crl().ok_or("the reply has no list")?;
        let [revoked, not_revoked] =
            [first, second].map(|holder| self.client.revoked(crl, &holder.certificate));
        check(
            "the CA signed the list, and the first certificate stands in it",
            revoked == Ok(true),
        )?;
        check("the second certificate does not", not_revoked == Ok(false))
    }

    /// The certificate that the CA will have.
    fn look_ahead(&mut self) -> Outcome<()> {
        step("GetNextCACert", "which certificate will the CA have?");
        let body = self.network.exchange("GetNextCACert", &[], self.rng)?;
        let next = self.client.next_ca(&body)?;
        let line = show::certificate(&next);
        says("client", format_args!("signed by the CA of today: {line}"));
        let other = next.public_key_der() != self.client.ca().public_key_der();
        check("it is on another key than today's", other)
    }

    fn self_signed(&mut self, key: RsaKey) -> Outcome<Holder> {
        let certificate = self.device.self_signed(&key, self.network.now, self.rng)?;
        Ok(Holder { key, certificate })
    }

    fn ask(&mut self, (request, pending): &Sent, holder: &Holder) -> Outcome<Answer> {
        let reply = self.network.exchange("PKIOperation", request, self.rng)?;
        self.client.read(&reply, pending, holder, self.rng)
    }

    fn received(&self, answer: Answer, key: &RsaKey) -> Outcome<Certificate<'static>> {
        let granted = granted(answer)?;
        let certificate = granted
            .certificate()
            .ok_or("the reply has no certificate")?;
        says(
            "client",
            format_args!("has {}", show::certificate(certificate)),
        );
        let mine = certificate.public_key_der() == key.public_key_der();
        check("the certificate is on the key that the client has", mine)?;
        check(
            "the CA's signature on it is right",
            self.client.issued(certificate),
        )?;
        Ok(certificate.clone())
    }
}

fn granted(answer: Answer) -> Outcome<Granted> {
    match answer {
        Answer::Granted(granted) => Ok(*granted),
        Answer::Refused(failure) => Err(format!("the CA refuses: {failure:?}").into()),
        Answer::Pending => Err("the CA lets the client wait".into()),
    }
}
