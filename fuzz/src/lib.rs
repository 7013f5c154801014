//! What the fuzz targets do, apart from the fuzzer: so that a corpus can be replayed by any toolchain.
//!
//! | module | what it is |
//! | --- | --- |
//! | [`targets`] | one function a target: takes bytes, panics if something is wrong |
//! | [`mutate`] | the structure-aware mutator, on the trees of [`tlv`] |
//! | [`repair`] | recomputes digests, signatures, padding and encrypted keys with the toy provider |
//! | [`recipients`] | content keys encrypted to recipients of each kind |
//! | [`toy`] | a provider that is no cryptography: fast, deterministic, and the same for everybody |
//! | [`parties`] | the certificates and keys that messages are made with |
//! | [`heap`] | how much memory a target takes |
//! | [`reached`] | which kinds of envelopes it has opened |

pub mod heap;
pub mod mutate;
pub mod parties;
pub mod reached;
pub mod recipients;
pub mod repair;
pub mod targets;
pub mod tlv;
pub mod toy;

/// The `main` of a fuzz target: the function of this name in [`targets`], under the structure-aware mutator, which leaves
/// alone the first bytes that are no elements.
#[macro_export]
macro_rules! fuzz {
    ($target:ident, header: $header:expr) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::targets::$target(data));
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            let mutate_bytes = libfuzzer_sys::fuzzer_mutate;
            $crate::mutate::bytes(data, size, max_size, seed, $header, mutate_bytes)
        });
    };
    ($target:ident) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::targets::$target(data));
    };
}
