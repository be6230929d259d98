//! Signed releases: the keys that sign, the chain of root records, and manifests.
//!
//! Root keys and, as a rule, release keys live on the operator's computer. A server has public objects that they signed,
//! and an order key of its own. What this module promises:
//!
//! - **A private key goes nowhere** but into its file, mode 0600, under a passphrase if one is given; it is wiped from
//!   memory and never printed.
//! - **A record is kept only if devices will accept it** after the one before: `otary-wire` is asked, as they ask it.
//! - **Records are pure values**: [`Record::next`] says what follows, [`Record::sign`] makes it an object.

mod chain;
mod draft;
mod form;
mod holding;
mod key;
mod manifest;
mod record;

pub use chain::{Chain, Refused, Signed};
pub use draft::{Draft, Missing, NoDraft};
pub use form::NotSigned;
pub use holding::{Holding, OrderFault};
pub(crate) use holding::{KEYS, settle};
pub use key::{KeyId, NotHex, PublicKey, SigningKey};
pub use manifest::{Manifest, Terms, Unsignable, Unsound};
pub use record::{Change, Founding, Record, ReleaseKey, Unfit};
