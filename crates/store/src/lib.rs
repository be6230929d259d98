//! What otary remembers: records and blobs behind one trait, [`Store`].
//!
//! Two backends keep the same contract, which `tests/store` runs against each: [`Memory`], for tests, and [`Disk`],
//! a SQLite database with a folder of blobs.
//!
//! # What a caller may rely on
//!
//! - What an operator changes (products, releases, tokens, settings) is on disk when the call returns.
//! - What devices do (check-ins, transfers, events) is kept in memory first and written in batches, so that an unchanged
//!   poll costs no transaction; a crash loses at most the last [`FLUSH_EVERY`].
//! - A reader sees what waits to be written as well.
//! - A blob is whole or not there, whatever happens while it is written. A release never stands without its artifacts,
//!   nor an artifact on record without its blob.
//! - Events are an audit log: each is chained to those before it, and whoever noted the [`Head`] can tell whether anything
//!   up to it was changed.
//! - What strangers do is bounded: their records in number, and what waits to be written in memory.
//!
//! # How [`Disk`] keeps it
//!
//! | what happens | what is there afterwards |
//! |---|---|
//! | `kill -9`, at any moment | all that an operator's call had returned from; devices as of the last batch |
//! | the power fails | the same: a batch and an operator's change are synced to disk before they count as written |
//! | the disk is full | operators' changes and uploads fail, whole; check-ins go on in memory and are written once there is room |
//! | a blob's file is cut short or altered | it is refused by name, at the latest before its first byte is handed out |
//! | a newer otary wrote the database | it is left alone, with [`StoreError::NewerSchema`] |
//! | a second process opens the same folder | it gets [`StoreError::Locked`] |
//!
//! The order makes it so. A blob is written beside the others, synced, renamed into place, and its folder synced; only
//! then can a release name it, in one transaction with its artifacts. Going, the records go first and the file after
//! them; a file that a crash leaves over is found by the next [`prune`](Store::prune).
//!
//! A backup is a copy of the folder while no otary runs on it, or at any time a [`Snapshot`] of the database together
//! with the blobs of its artifacts.

mod audit;
mod blob;
mod campaign;
mod disk;
mod error;
mod memory;
mod newest;
mod publish;
mod retention;
mod store;
mod sync;
mod verification;

pub use audit::{AuditEntry, AuditQuery, Head, HeadError, NotedHead, Record};
pub use blob::{Blob, BlobWriter};
pub use disk::{Disk, DiskOptions, Snapshot};
pub use error::StoreError;
pub use memory::Memory;
pub use store::{Admit, Downloads, EventQuery, Pruned, Retention, Store};
pub use verification::{Finding, Verification};

/// The longest that what devices do waits to be written.
pub const FLUSH_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// How many strangers ([`Device::is_known`](otary_fleet::Device::is_known)) are on record at most, unless said.
pub const MAX_STRANGERS: usize = 10_000;

/// How many notices are kept of each receiver: those on their way, and what became of the others.
pub const MAX_DISPATCHES: usize = 500;

/// How many strangers stay when there are more than `max`: one in a hundred more go than must, so that the search for
/// the least recently seen is not made for each newcomer.
const fn strangers_to_keep(max: usize) -> usize {
    max - max / 100
}
