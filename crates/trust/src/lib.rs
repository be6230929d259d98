//! Keys and X.509 certificates that every device's TLS stack accepts.
//!
//! An [`Authority`] is a folder of keys and certificates: the root that devices trust, the next root that they trust in
//! advance, and the server's leaves, one with a P-256 and one with an RSA key; in a rollover those of two generations.
//! What it promises:
//!
//! - **What it makes verifies** on Mbed TLS 2.28, BearSSL, OpenSSL's strict mode and rustls, by host name and
//!   by address; the tests hold that against the real libraries.
//! - **A power cut leaves a folder that opens**, with the old certificate or the new one.
//! - **A wrong clock makes nothing** ([`Clock`]), and stops nothing: what exists serves on.
//! - **Keys are not loose**: 0600 in a 0700 folder, wiped from memory, refused when others can read them
//!   ([`PERMISSIONS_ENFORCED`] says where that holds).
//! - **An authority is never overwritten**, neither by a new one nor by a [`restore`].
//!
//! [`signing`] has the keys and objects by which a device trusts a release and not only a connection.
//!
//! A [`PageAuthority`] is what the operator's page is shown by: it is for this server's names alone, and devices never see it.
//!
//! A [`Request`] makes a self-signed certificate instead, by names or as an OpenSSL request file says.
//!
//! Time comes in as a value. Only [`Authority`], [`backup`] and [`restore`] touch the disk; they, [`PrivateKey`] and
//! [`Request::self_sign`] take from the system's randomness.

mod adopted;
mod authority;
mod backup;
mod certificate;
mod clock;
mod defect;
mod description;
mod disk;
mod error;
mod firmware;
mod folder;
mod identity;
mod key;
mod key_file;
mod leaf;
mod life;
mod line;
mod locking;
mod name;
mod page;
mod passphrase;
mod pem;
mod permissions;
mod profile;
mod request;
mod rollover;
mod sealed;
mod settle;
pub mod signing;
mod state;
pub mod verdict;

pub use authority::{Authority, Renewal, ServerChain};
pub use backup::{BackupError, Restored, Saved, backup, restore};
pub use certificate::{Certificate, Fingerprint};
pub use clock::{Clock, ClockFault, TrustedTime};
pub use defect::Defect;
pub use description::Description;
pub use error::Error;
pub use firmware::search;
pub use identity::Identity;
pub use key::{KeyKind, PrivateKey, UnknownKeyKind};
pub use leaf::{Cause, MAX_NAMES};
pub use life::Life;
pub use name::{HostName, Name, NameFault};
pub use page::{PageAuthority, PageRenewal};
pub use passphrase::{LEAST_CHARACTERS, Passphrase, TooShort};
pub use permissions::ENFORCED as PERMISSIONS_ENFORCED;
pub use request::{Addresses, ConfigFault, KeyFault, Request, SyntaxFault};
pub use rollover::Start;
