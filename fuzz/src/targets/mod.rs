//! The targets. Each takes the bytes that the fuzzer chose and panics if the crate does not keep a promise.

mod capabilities_http;
mod client;
mod differential;
mod open;
mod parse;
mod payload;
mod real_rsa;
mod roles;
mod roundtrip;
mod server;

pub use capabilities_http::capabilities_http;
pub use client::client;
pub use differential::differential;
pub use open::open;
pub use parse::parse;
pub use payload::payload;
pub use real_rsa::{MAX_ITERATIONS, real_rsa};
pub use roles::roles;
pub use roundtrip::roundtrip;
pub use server::server;

/// A target and what its function is.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 10] = [
    ("parse", parse),
    ("open", open),
    ("payload", payload),
    ("capabilities_http", capabilities_http),
    ("roles", roles),
    ("client", client),
    ("server", server),
    ("roundtrip", roundtrip),
    ("differential", differential),
    ("real_rsa", real_rsa),
];
