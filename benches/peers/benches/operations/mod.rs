//! Each side's part of an enrolment by this crate with each provider and by OpenSSL's CMS, with the same keys and CSR, on the
//! same two messages.

#[path = "../../../fixture/mod.rs"]
pub mod fixture;

use std::hint::black_box;

use scep::crypto::{DecryptionKey, SigningKey, aws_lc_rs, rustcrypto};
use scep_peers::OpenSsl;

use fixture::{Fixture, Messages, Parties};

/// The libraries, and what they are measured on.
pub struct Libraries {
    pub aws_lc_rs: Fixture<aws_lc_rs::RsaKey>,
    pub rustcrypto: Fixture<rustcrypto::RsaKey>,
    pub openssl: OpenSsl,
    ours: Messages,
    theirs: OpenSslMessages,
}

/// The operations of a library.
pub const NAMES: [&str; 5] = [
    "server_receive",
    "client_build",
    "server_reply",
    "client_receive",
    "server_turn",
];

/// Something to measure, by its id.
pub type Operation<'a> = (String, Box<dyn FnMut() + 'a>);

/// What OpenSSL wrote, and what everybody is measured on.
struct OpenSslMessages {
    request: Vec<u8>,
    /// The answer to the request that this crate wrote.
    reply: Vec<u8>,
}

impl Libraries {
    /// Prepares all three, and has each read what the others wrote.
    pub fn new() -> Self {
        let aws_lc_rs = Fixture::aws_lc_rs(Parties::RSA_2048);
        let rustcrypto = Fixture::rustcrypto(Parties::RSA_2048);
        let openssl = openssl(&aws_lc_rs);
        let ours = aws_lc_rs.messages();
        let theirs = OpenSslMessages {
            request: openssl.client_build().unwrap().0,
            reply: openssl.server_turn(&ours.request).unwrap(),
        };
        check_ours(&aws_lc_rs, &ours, &theirs);
        check_ours(&rustcrypto, &ours, &theirs);
        check_openssl(&openssl, &aws_lc_rs, &ours, &theirs);
        Self {
            aws_lc_rs,
            rustcrypto,
            openssl,
            ours,
            theirs,
        }
    }

    /// `peers/<operation>/<library>`.
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut all = self.of_ours("scep_aws_lc_rs", &self.aws_lc_rs);
        all.extend(self.of_ours("scep_rustcrypto", &self.rustcrypto));
        all.extend(self.of_openssl());
        all
    }

    fn of_ours<'a, K: SigningKey + DecryptionKey>(
        &'a self,
        library: &str,
        fixture: &'a Fixture<K>,
    ) -> Vec<Operation<'a>> {
        let Self { ours, theirs, .. } = self;
        let request = fixture.server_receive(&theirs.request);
        let server = fixture.server();
        named(
            library,
            [
                Box::new(|| {
                    black_box(fixture.server_receive(black_box(&theirs.request)));
                }),
                Box::new(|| {
                    black_box(fixture.client_build());
                }),
                Box::new(move || {
                    black_box(fixture.server_reply(&request));
                }),
                Box::new(|| {
                    let reply = black_box(&theirs.reply);
                    black_box(fixture.client_receive(reply, &ours.pending));
                }),
                Box::new(move || {
                    black_box(fixture.server_turn(&server, black_box(&theirs.request)));
                }),
            ],
        )
    }

    fn of_openssl(&self) -> Vec<Operation<'_>> {
        let Self {
            openssl,
            ours,
            theirs,
            ..
        } = self;
        let request = openssl.server_receive(&theirs.request).unwrap();
        let answered = openssl.server_receive(&ours.request).unwrap();
        named(
            "openssl",
            [
                Box::new(|| {
                    black_box(openssl.server_receive(black_box(&theirs.request)).unwrap());
                }),
                Box::new(|| {
                    black_box(openssl.client_build().unwrap());
                }),
                Box::new(move || {
                    black_box(openssl.server_reply(&request).unwrap());
                }),
                Box::new(move || {
                    let (id, nonce) = (&answered.transaction_id, &answered.sender_nonce);
                    let issued = openssl.client_receive(black_box(&theirs.reply), id, nonce);
                    black_box(issued.unwrap());
                }),
                Box::new(|| {
                    black_box(openssl.server_turn(black_box(&theirs.request)).unwrap());
                }),
            ],
        )
    }
}

/// The operations of a library in the order of the names.
fn named<'a>(library: &str, operations: [Box<dyn FnMut() + 'a>; 5]) -> Vec<Operation<'a>> {
    NAMES
        .iter()
        .zip(operations)
        .map(|(name, run)| (format!("peers/{name}/{library}"), run))
        .collect()
}

/// This crate reads both requests and both replies.
fn check_ours<K: SigningKey + DecryptionKey>(
    fixture: &Fixture<K>,
    ours: &Messages,
    theirs: &OpenSslMessages,
) {
    for request in [&ours.request, &theirs.request] {
        let request = fixture.server_receive(request);
        assert_eq!(request.csr().unwrap().as_der(), fixture.csr.as_der());
    }
    for reply in [&ours.reply, &theirs.reply] {
        let granted = fixture.client_receive(reply, &ours.pending);
        let certificate = granted.certificate().unwrap();
        assert_eq!(certificate.as_der(), fixture.issued.as_der());
    }
}

/// OpenSSL reads both requests and both replies.
fn check_openssl<K>(
    openssl: &OpenSsl,
    fixture: &Fixture<K>,
    ours: &Messages,
    theirs: &OpenSslMessages,
) {
    for request in [&ours.request, &theirs.request] {
        let request = openssl.server_receive(request).unwrap();
        assert_eq!(request.csr.to_der().unwrap(), fixture.csr.as_der());
    }
    let request = openssl.server_receive(&ours.request).unwrap();
    let (id, nonce) = (&request.transaction_id, &request.sender_nonce);
    for reply in [&ours.reply, &theirs.reply] {
        let issued = openssl.client_receive(reply, id, nonce).unwrap();
        assert_eq!(issued.to_der().unwrap(), fixture.issued.as_der());
    }
}

/// OpenSSL with the keys, certificates and CSR of the fixture.
fn openssl<K>(fixture: &Fixture<K>) -> OpenSsl {
    let Parties {
        ca,
        ca_key,
        client,
        client_key,
        issued,
    } = Parties::RSA_2048;
    OpenSsl::new(ca, ca_key, client, client_key, fixture.csr.as_der(), issued).unwrap()
}
