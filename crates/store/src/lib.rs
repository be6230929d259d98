//! What otary remembers: records and blobs behind one trait, [`Store`].
//!
//! Two backends keep the same contract, which `tests/contract.rs` runs against each: a memory backend, for tests, and
//! a SQLite database with a folder of blobs.
//!
//! What a caller may rely on:
//!
//! - What an operator changes (products, releases, tokens, settings) is on disk when the call returns.
//! - What devices do (check-ins, transfers, events) is kept in memory first and written in batches, so that an unchanged
//!   poll costs no transaction; a crash loses at most the last [`FLUSH_EVERY`].
//! - A blob is whole or not there, whatever happens while it is written.

mod blob;
mod error;
mod store;

pub use blob::{Blob, BlobWriter};
pub use error::StoreError;
pub use store::{Admit, Downloads, EventQuery, Pruned, Retention, Store};

/// The longest that what devices do waits to be written.
pub const FLUSH_EVERY: std::time::Duration = std::time::Duration::from_secs(1);
