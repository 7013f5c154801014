//! Every file of the corpus, and everything that was ever found, through its target: by any toolchain, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use scep::crypto::Policy;
use scep::{CaRoles, IssuerAndSerialNumber, RequestBuilder};
use scep_fuzz::parties::PARTIES;
use scep_fuzz::reached::{self, Kind};
use scep_fuzz::tlv::{self, Node};
use scep_fuzz::toy::{Counter, PROVIDER};
use scep_fuzz::{repair, targets};

#[test]
fn every_file_of_the_corpus_keeps_every_promise() {
    for (name, target) in targets::ALL {
        let files = files("corpus", name);
        assert!(!files.is_empty(), "{name}: no corpus");
        replay(&files, target);
    }
}

#[test]
fn what_was_found_once_stays_mended() {
    let mut count = 0;
    for (name, target) in targets::ALL {
        let files = files("regressions", name);
        replay(&files, target);
        count += files.len();
    }
    assert_eq!(count, FOUND);
}

/// How many inputs are kept.
const FOUND: usize = 9;

#[test]
fn the_corpus_opens_envelopes_of_every_kind() {
    for (name, target) in targets::ALL {
        if OPENING.contains(&name) {
            replay(&files("corpus", name), target);
            let opened: Vec<Kind> = reached::take().into_iter().collect();
            let every = [Kind::Transport, Kind::Agreement, Kind::Password];
            assert_eq!(opened, every, "{name}");
        }
    }
}

/// The targets that open envelopes.
const OPENING: [&str; 6] = [
    "open",
    "payload",
    "client",
    "server",
    "roundtrip",
    "real_rsa",
];

#[test]
fn what_a_recipient_says_may_change_and_it_opens_once_repaired() {
    let (client, ca) = (&PARTIES.curve_client, &PARTIES.curve_ca);
    let (signer, roles) = (client.signer(), CaRoles::new(&ca.certificate));
    let (csr, id) = (
        &PARTIES.curve_csr,
        IssuerAndSerialNumber::of(&ca.certificate),
    );
    let (under_password, by_agreement) = (
        RequestBuilder::pkcs_req(csr, &signer, &roles),
        RequestBuilder::get_crl(id.clone(), &signer, &roles),
    );
    let another_salt: fn(&mut Node) -> Option<()> = |pwri| {
        *pwri.at_mut(1)?.at_mut(1)?.at_mut(0)? = Node::new(0x04, &[7; 8]);
        Some(())
    };
    let with_ukm: fn(&mut Node) -> Option<()> = |kari| {
        let ukm = Node::of(0xa1, vec![Node::new(0x04, b"ukm")]);
        kari.elements_mut()?.insert(2, ukm);
        Some(())
    };
    for (builder, payload, kind, change) in [
        (
            under_password,
            csr.as_der().to_vec(),
            Kind::Password,
            another_salt,
        ),
        (by_agreement, id.to_der(), Kind::Agreement, with_ukm),
    ] {
        let rng = &mut Counter::new(30);
        let unsigned = builder.build(&PROVIDER, &Policy::default(), rng);
        let (bytes, _) = unsigned.unwrap().sign(&client.key, rng).unwrap();
        assert_eq!(opened(NOTHING, &bytes), [kind], "as it is built");
        let sealed = repair::seal(&bytes, &payload, ca.certificate.public_key_der()).unwrap();
        assert_eq!(opened(NOTHING, &sealed), [kind], "in clear");
        let mut forest = tlv::read(&sealed);
        change(repair::recipient_mut(&mut forest).unwrap()).unwrap();
        let changed = tlv::write(&forest);
        assert_eq!(opened(SIGNATURES, &changed), [], "under another key");
        assert_eq!(opened(EVERYTHING, &changed), [kind], "repaired");
    }
}

/// What is repaired, as the first byte of an input for `open` says.
const NOTHING: u8 = 0b1111;
const SIGNATURES: u8 = 0b0011;
const EVERYTHING: u8 = 0;

/// What `open` has opened.
fn opened(repairs: u8, message: &[u8]) -> Vec<Kind> {
    reached::take();
    targets::open(&[&[repairs, 0], message].concat());
    reached::take().into_iter().collect()
}

fn files(directory: &str, target: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(entries) = fs::read_dir(root.join(directory).join(target)) else {
        return Vec::new();
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn replay(files: &[PathBuf], target: fn(&[u8])) {
    for file in files {
        // The name of what failed stands above the panic.
        println!("{}", file.display());
        target(&fs::read(file).unwrap());
    }
}
