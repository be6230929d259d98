//! A backup: all that a data directory has but its authority's keys, in one file that `tar` reads.
//!
//! ```text
//! manifest.json         what made it and when, the database's schema, the audit log's head, every file's size and SHA-256
//! manifest.json.sha256  that of the manifest, as `sha256sum` writes it
//! otary.db              the database, as of one moment
//! otary.toml            the settings file, if there is one
//! trust/...             the authority's certificates and records: public, all of them
//! blobs/ab/cd...        the bytes of every artifact on record
//! ```
//!
//! - **Whoever has the data directory open works on** while one is made, and what is in it is as of one moment.
//! - **No private key is in it.** Keys have a backup of their own under a passphrase (`otary trust backup`), so that whoever finds
//!   one of the two has not got the fleet.
//! - **There is one form for one content** (`tape`): a byte that is another one, anywhere, is found.
//! - **What is restored was checked whole before**: every digest, the schema, the audit log, the room on the disk. It then
//!   appears under its name by one rename, or not at all.
//! - **An archive from elsewhere is bounded**: names are read by a grammar that has no way out of the folder (`member`), sizes have
//!   limits and add up to the file's own.

mod archive;
mod making;
mod manifest;
mod member;
mod restoring;
mod tape;
#[cfg(test)]
mod tests;

pub use archive::{Archive, Fault};
pub use making::{Source, make};
pub use restoring::restore;

/// Where the certificates lie in a data directory that was restored without its keys, until those are brought back.
pub const WITHOUT_KEYS: &str = "trust-without-keys";
