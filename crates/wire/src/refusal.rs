//! Why an answer was refused.

use core::fmt;

use crate::{Cause, Error, UnixSeconds};

/// Why [`verify`](crate::verify) refused an answer. Nothing of it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The root record is none.
    Root(Error),
    /// Too few root keys signed the root record.
    RootSignatures {
        /// How many have to.
        expected: u8,
        /// How many did.
        found: u8,
    },
    /// A signature of the root record is by no root key of it or of the one before, or is the second one of its key.
    RootSignature,
    /// The root record is not the next one.
    RootVersion {
        /// The version that comes next.
        expected: u32,
        /// The version that it has.
        found: u32,
    },
    /// The order is none.
    Order(Error),
    /// The root record names order keys, and the answer has no order.
    OrderMissing,
    /// No order key of the root record signed the order.
    OrderSignature,
    /// The order answers another check-in: a replay.
    OrderNonce,
    /// The order is for another device.
    OrderTarget,
    /// The order says to install a manifest that is not in the answer.
    OrderManifest,
    /// The manifest is none.
    Manifest(Error),
    /// No release key of the root record has the name that the manifest's signature asks for: unknown or revoked.
    KeyUnknown,
    /// The manifest's signature is wrong.
    Signature,
    /// The release key may not sign this number.
    KeyOutOfRange {
        /// The release's number.
        found: u32,
    },
    /// For another product.
    Product,
    /// For other hardware.
    Hardware,
    /// For another chip.
    Chip,
    /// Below the minimum of the root record.
    Minimum {
        /// The least number.
        expected: u32,
        /// The release's number.
        found: u32,
    },
    /// Below the floor that an installed release has set.
    Floor {
        /// The least number.
        expected: u32,
        /// The release's number.
        found: u32,
    },
    /// Older than the installed release.
    ReleaseTooOld {
        /// The installed release's number.
        installed: u32,
        /// The offered release's number.
        found: u32,
    },
    /// Another build under the installed release's number.
    SameNumber {
        /// The number.
        found: u32,
    },
    /// Its last second has passed.
    Expired {
        /// The last second.
        not_after: UnixSeconds,
        /// The earliest time that it can be.
        now: UnixSeconds,
    },
    /// A payload is sent in a way that this device does not know.
    EncodingUnknown,
    /// A payload that is sent as it is has two lengths or two digests.
    Length,
    /// The image is larger than the slot.
    TooLarge {
        /// The slot's size in bytes.
        expected: u32,
        /// The image's length in bytes.
        found: u32,
    },
}

impl Refusal {
    /// The word for it in a report.
    pub const fn cause(self) -> Cause {
        match self {
            Self::Root(_) => Cause::Root,
            Self::RootSignatures { .. } | Self::RootSignature => Cause::RootSignature,
            Self::RootVersion { .. } => Cause::RootVersion,
            Self::Order(_) => Cause::Order,
            Self::OrderMissing => Cause::OrderMissing,
            Self::OrderSignature => Cause::OrderSignature,
            Self::OrderNonce => Cause::OrderNonce,
            Self::OrderTarget => Cause::OrderTarget,
            Self::OrderManifest => Cause::OrderManifest,
            Self::Manifest(_) => Cause::Manifest,
            Self::KeyUnknown => Cause::KeyUnknown,
            Self::Signature => Cause::Signature,
            Self::KeyOutOfRange { .. } => Cause::KeyOutOfRange,
            Self::Product => Cause::Product,
            Self::Hardware => Cause::Hardware,
            Self::Chip => Cause::Chip,
            Self::Minimum { .. } => Cause::Minimum,
            Self::Floor { .. } => Cause::Floor,
            Self::ReleaseTooOld { .. } => Cause::ReleaseTooOld,
            Self::SameNumber { .. } => Cause::SameNumber,
            Self::Expired { .. } => Cause::Expired,
            Self::EncodingUnknown => Cause::EncodingUnknown,
            Self::Length => Cause::Length,
            Self::TooLarge { .. } => Cause::TooLarge,
        }
    }
}

impl From<Refusal> for Cause {
    fn from(refusal: Refusal) -> Self {
        refusal.cause()
    }
}

impl core::error::Error for Refusal {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Root(error) | Self::Order(error) | Self::Manifest(error) => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause().fmt(f)?;
        match *self {
            Self::RootSignatures { expected, found } => write!(f, " (expected {expected}, found {found})"),
            Self::RootVersion { expected, found } => write!(f, " (expected {expected}, found {found})"),
            Self::KeyOutOfRange { found } | Self::SameNumber { found } => write!(f, " (found {found})"),
            Self::Minimum { expected, found } | Self::Floor { expected, found } => {
                write!(f, " (expected at least {expected}, found {found})")
            }
            Self::ReleaseTooOld { installed, found } => {
                write!(f, " (installed is {installed}, found {found})")
            }
            Self::Expired { not_after, now } => write!(f, " (at {not_after}, and it is {now} or later)"),
            Self::TooLarge { expected, found } => {
                write!(f, " (expected at most {expected} bytes, found {found})")
            }
            _ => Ok(()),
        }
    }
}
