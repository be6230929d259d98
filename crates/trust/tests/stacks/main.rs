//! The TLS stacks of real devices: what otary makes, held against them, and the rules of `verdict`, held against them.
//!
//! Programs on Mbed TLS 2.28 and 3.6 and on BearSSL are built here; what this machine lacks is skipped with a word.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod composed;
mod forge;
mod keys;
mod matrix;
mod mbedtls3;
mod mutation;
mod random;
mod table;
mod verifier;
