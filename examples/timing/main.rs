//! Measures whether the time of opening an envelope tells what is wrong with it.
//!
//! ```text
//! timing [SAMPLES [QUESTION]]
//! ```
//!
//! For each question two classes of messages are opened in random turn, SAMPLES of each (10,000 if it is not given). All of
//! them fail, with the one error; whoever sends them sees nothing but the time. Samples above the 95th percentile of all are
//! dropped, for they tell of the machine, and Welch's t is computed over the rest: the method of dudect. The exit status is 1
//! if a |t| is 4.5 or more. Build with `--release`, and let nothing else run on the machine.

#[path = "../../tests/common/mod.rs"]
mod common;
mod messages;
mod statistics;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use common::{Parties, pem, rng, vector};
use getrandom::rand_core::Rng;
use messages::{CLASS_SIZE, Question, questions};
use scep::crypto::{DecryptionKey, Provider, rustcrypto};
use scep::{Limits, PkiMessage, Recipient, SignerTrust};
use statistics::Comparison;

/// From this |t| on a difference is taken for shown.
const SHOWN: f64 = 4.5;

/// What opens: a provider, and the CA's private key as it has it.
struct Subject {
    name: &'static str,
    provider: Provider,
    key: Box<dyn DecryptionKey>,
}

fn subjects() -> Vec<Subject> {
    let subject = |name, provider, key| Subject {
        name,
        provider,
        key,
    };
    let key = pem(vector!("keys/ca-jscep.key"));
    vec![
        subject(
            "rustcrypto",
            Provider::rustcrypto(),
            Box::new(rustcrypto::RsaKey::from_pkcs1_der(&key).unwrap()),
        ),
        #[cfg(feature = "aws-lc-rs")]
        subject(
            "aws-lc-rs",
            Provider::aws_lc_rs(),
            Box::new(scep::crypto::aws_lc_rs::RsaKey::from_pkcs1_der(&key).unwrap()),
        ),
    ]
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let samples = arguments
        .next()
        .map_or(Ok(10_000), |samples| samples.parse::<usize>());
    let Ok(samples) = samples else {
        eprintln!("usage: timing [SAMPLES [QUESTION]]");
        return ExitCode::from(2);
    };
    let wanted = arguments.next();
    let parties = Parties::new();
    let mut questions = questions(&parties);
    if let Some(wanted) = wanted {
        questions.retain(|question| question.name == wanted);
    }
    if questions.is_empty() {
        eprintln!("there is no such question");
        return ExitCode::from(2);
    }
    if cfg!(debug_assertions) {
        eprintln!("this build is not optimised, so its times say nothing");
    }
    let mut shown = false;
    for subject in subjects() {
        for question in &questions {
            let [one, other] = measure(&subject, &parties, question, samples);
            let comparison = Comparison::of(one, other);
            shown |= comparison.t().abs() >= SHOWN;
            println!(
                "{} {}: {} or {}\n  {comparison}",
                subject.name, question.name, question.classes[0], question.classes[1]
            );
        }
    }
    ExitCode::from(u8::from(shown))
}

/// The times in nanoseconds of opening messages of both classes, so many of each.
fn measure(
    subject: &Subject,
    parties: &Parties,
    question: &Question,
    samples: usize,
) -> [Vec<f64>; 2] {
    let messages = question.messages.each_ref().map(|class| {
        let parse = |bytes: &Vec<u8>| PkiMessage::parse(bytes.clone(), &Limits::REQUEST).unwrap();
        class.iter().map(parse).collect::<Vec<_>>()
    });
    let trust = SignerTrust::new().self_issued();
    let verified = messages.each_ref().map(|class| {
        let verify = |message| {
            PkiMessage::verify(message, &subject.provider, &parties.policy, &trust).unwrap()
        };
        class.iter().map(verify).collect::<Vec<_>>()
    });
    let recipients = [Recipient::new(&parties.ca, subject.key.as_ref()).unwrap()];
    let mut times = [(); 2].map(|()| Vec::with_capacity(samples));
    while times.iter().any(|class| class.len() < samples) {
        let random = rng().next_u64();
        let class = (random & 1) as usize;
        let message = &verified[class][(random >> 1) as usize % CLASS_SIZE];
        let began = Instant::now();
        let opened = black_box(message.open(&subject.provider, &recipients, &mut rng()));
        let nanoseconds = began.elapsed().as_nanos() as f64;
        assert!(opened.is_err());
        if times[class].len() < samples {
            times[class].push(nanoseconds);
        }
    }
    times
}
