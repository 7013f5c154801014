//! Every file of the corpus, and everything that was ever found, through its target: by any toolchain, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use scep_fuzz::targets;

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
    for (name, target) in targets::ALL {
        replay(&files("regressions", name), target);
    }
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
