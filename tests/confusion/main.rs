//! Attacks by confusion: a message, a key or a certificate taken for another. Each is a good message of which an attacker
//! changes what he can, and ends in exactly one error. docs/security.md lists them, with those that other tests show.
#![cfg(feature = "rustcrypto")]

mod bodies;
#[path = "../common/mod.rs"]
mod common;
mod envelopes;
mod keys;
mod replies;
mod requests;
