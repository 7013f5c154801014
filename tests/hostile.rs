//! Input that was made to hurt: it takes no more memory than twice its own length, with one exception, and short ones end at once.
#![cfg(feature = "rustcrypto")]

mod common;
#[path = "common/shapes/mod.rs"]
mod shapes;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use scep::{
    CaCertificates, Capabilities, Certificate, CertsOnly, Crl, Item, Limit, Limits,
    NextCaCertificates, ParseError, ParseErrorKind, PkiMessage, UnverifiedCsr,
};
use shapes::{SHAPES, SIZES};

struct Metered;

thread_local! {
    static IN_USE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Metered = Metered;

fn taken(bytes: usize) {
    let in_use = IN_USE.get() + bytes;
    IN_USE.set(in_use);
    PEAK.set(PEAK.get().max(in_use));
}

fn given_back(bytes: usize) {
    // What one thread took another may give back.
    IN_USE.set(IN_USE.get().saturating_sub(bytes));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Metered {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        taken(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        given_back(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there while bytes are moved from one to the other.
        taken(size);
        given_back(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// The most bytes in use at a time while something runs, beyond those in use before.
fn peak_of(run: impl FnOnce()) -> usize {
    let before = IN_USE.get();
    PEAK.set(before);
    run();
    PEAK.get() - before
}

/// What does not grow with the input, a certificate and key of a test and a list of signers; and a list of the certificates in the
/// input, each of which has 1 KiB at least where they are listed.
fn slack(len: usize) -> usize {
    let listed = (len / 1024).min(Limits::REPLY.bound(Limit::Certificates));
    (16 << 10) + listed * size_of::<Certificate<'_>>()
}

#[test]
fn a_peak_is_seen() {
    let peak = peak_of(|| {
        drop(black_box(vec![1_u8; 3000]));
        drop(black_box(vec![1_u8; 2000]));
    });
    assert_eq!(peak, 3000);
}

#[test]
fn no_shape_takes_more_than_twice_its_length() {
    for shape in &SHAPES {
        for size in [SIZES[0], SIZES[2]] {
            let input = (shape.make)(size);
            assert!(
                input.len() > size / 2 && input.len() < size * 2,
                "{}: {} bytes",
                shape.name,
                input.len()
            );
            let peak = peak_of(|| (shape.run)(&input));
            assert!(
                peak <= 2 * input.len() + slack(input.len()),
                "{}: {peak} bytes of the heap for {} of input",
                shape.name,
                input.len()
            );
        }
    }
}

#[test]
fn the_figures_of_every_shape_are_told() {
    let page = include_str!("../docs/security.md");
    let table = page
        .split("| input | 64 KiB | 512 KiB | 2 MiB |")
        .nth(1)
        .unwrap();
    let rows = table.split("\n\n").next().unwrap().lines().skip(2);
    let mut told: Vec<_> = rows
        .map(|row| row.split('|').nth(1).unwrap().trim())
        .collect();
    let mut shapes: Vec<_> = SHAPES.iter().map(|shape| shape.name).collect();
    told.sort_unstable();
    shapes.sort_unstable();
    assert_eq!(told, shapes);
}

#[test]
fn what_a_csr_lists_takes_no_more_than_twice_its_length() {
    let input = shapes::behind::csr_names();
    let peak = peak_of(|| shapes::behind::read_csr(&input));
    assert!(peak <= 2 * input.len() + slack(input.len()), "{peak} bytes");
}

#[test]
fn a_success_in_segments_takes_three_times_its_length() {
    // The joined content, what was decrypted of it, and a copy of each certificate that nobody asked for.
    let input = shapes::behind::others_in_segments(SIZES[2]);
    let peak = peak_of(|| shapes::behind::accept(&input));
    assert!(peak <= 3 * input.len() + slack(input.len()), "{peak} bytes");
}

#[cfg(feature = "diagnose")]
#[test]
fn no_diagnosis_takes_more_than_twice_its_length() {
    use common::forge::tlv;
    use common::issue;
    use common::{Parties, provider};
    use scep::diagnose::{Diagnosis, Profile, Sender};
    use scep::oid;

    let provider = provider();
    let within = |name: &str, len: usize, run: &dyn Fn()| {
        let peak = peak_of(run);
        assert!(
            peak <= 2 * len + slack(len),
            "{name}: {peak} bytes of the heap for {len} of input"
        );
    };
    for shape in &SHAPES {
        let input = (shape.make)(SIZES[0]);
        within(shape.name, input.len(), &|| {
            let answer = Diagnosis::new(&provider).http_answer(200, &input);
            black_box(answer.findings());
        });
        let Ok(message) = PkiMessage::parse(&input[..], &shapes::LIFTED) else {
            continue;
        };
        within(shape.name, input.len(), &|| {
            let diagnosis = Diagnosis::new(&provider).now(issue::NOW).request(&message);
            black_box(diagnosis.reply(&message).findings());
            black_box(Sender::of(&message, &provider));
        });
    }
    let answer = shapes::behind::strangers(SIZES[2]);
    within("CA certificates", answer.len(), &|| {
        let answer = CaCertificates::parse(&answer[..], None, &shapes::LIFTED).unwrap();
        let certificates: Vec<_> = answer.certificates().flatten().collect();
        let diagnosis = Diagnosis::new(&provider).now(issue::NOW);
        black_box(diagnosis.ca_certificates(&certificates).verdicts());
    });
    let many_names = issue::csr(&Parties::new().client_key, |csr| {
        let names = [0x82, 0].repeat(30_000);
        csr.extension(oid::SUBJECT_ALT_NAME, tlv(0x30, &names))
    });
    let csrs = [
        shapes::behind::csr_attributes(SIZES[0]),
        shapes::behind::csr_extensions(SIZES[0]),
        shapes::behind::csr_names(),
        shapes::behind::renewal(SIZES[0]),
    ];
    let csrs = csrs.map(|input| shapes::behind::receive(&input).csr().unwrap().clone());
    for csr in csrs.iter().chain([&many_names]) {
        let csr = UnverifiedCsr::from_der(csr.as_der(), &shapes::LIFTED).unwrap();
        within("CSR", csr.as_der().len(), &|| {
            let profile = Profile::new().alt_names(&["a name"]);
            let diagnosis = Diagnosis::new(&provider).csr(&csr).profile(profile);
            black_box(diagnosis.findings());
        });
    }
}

type Read = fn(&[u8]) -> Result<(), ParseError>;

/// Every reader of a body that comes from a stranger.
fn readers() -> [Read; 7] {
    [
        |input| PkiMessage::parse(input, &Limits::REQUEST).map(drop),
        |input| NextCaCertificates::parse(input, &Limits::REPLY).map(drop),
        |input| CertsOnly::parse(input, &Limits::REPLY).map(drop),
        |input| CaCertificates::parse(input, None, &Limits::REPLY).map(drop),
        |input| Certificate::from_der(input).map(drop),
        |input| Crl::from_der(input).map(drop),
        |input| UnverifiedCsr::from_der(input, &Limits::REQUEST).map(drop),
    ]
}

#[test]
fn what_other_libraries_break_on_is_an_error() {
    let nested = |unit: [u8; 2]| unit.repeat(1 << 20);
    for input in [
        vec![0x3f, 0x80],
        vec![0x30, 0x84],
        vec![0x30, 0x82, 0x01],
        vec![0x1f, 0x81, 0x01],
        nested([0x30, 0x80]),
        nested([0x24, 0x80]),
    ] {
        for read in readers() {
            let (peak, error) = {
                let mut error = None;
                let peak = peak_of(|| error = read(&input).err());
                (peak, error.unwrap())
            };
            assert!(error.offset() < 4, "{error}");
            // A CSR is copied, for it is wiped in the end.
            assert!(peak <= input.len(), "{peak} bytes of the heap");
        }
        assert!(Capabilities::parse(&input).is_unknown());
    }
}

#[test]
fn a_message_of_tiny_segments_ends_at_the_limit() {
    let segments = SHAPES.iter().find(|shape| shape.name == "tiny segments");
    let message = (segments.unwrap().make)((2 << 20) - (8 << 10));
    for limits in [Limits::REQUEST, Limits::REPLY] {
        let error = PkiMessage::parse(&message[..], &limits).unwrap_err();
        let kind = ParseErrorKind::LimitExceeded(Limit::Segments);
        assert_eq!((error.kind(), error.item()), (kind, Item::EContent));
        assert!(error.offset() < 3 * limits.bound(Limit::Segments) + 100);
    }
}
