//! Why a manifest is not published, or a key or record not kept. Pure.

use http::StatusCode;
use otary_fleet::{ProductName, Version};
use otary_trust::Defect;
use otary_trust::signing::{KeyId, Record, Unsound};
use thiserror::Error;

use crate::operator::problem::Problem;
use crate::operator::trust::unreadable;

/// Why a release is not published with the manifests that came with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unsigned {
    /// There is no root record, so no device could check a signature.
    #[error("releases are not signed here: there is no root record")]
    NoRecord,
    /// The manifest is of no file of the release that a device could verify.
    #[error(
        "a manifest is of {artifact}, which is no app image of this release for a chip that checks signatures"
    )]
    NoSuchFile {
        /// SHA-256 of the file that it names.
        artifact: String,
    },
    /// Two manifests are of one file.
    #[error("{file} comes with two manifests")]
    Twice {
        /// The file.
        file: String,
    },
    /// No file of the release can be signed.
    #[error("no file of this release is an app image for a chip that checks signatures")]
    NothingToSign,
    /// The manifest is not sound by the newest root record.
    #[error("the manifest of {file}: {fault}")]
    Unsound {
        /// The file.
        file: String,
        /// What is wrong.
        fault: Unsound,
    },
    /// The manifest says something else than the release.
    #[error("the manifest of {file} says {field} {found}, and it is {expected}")]
    Otherwise {
        /// The file.
        file: String,
        /// What it says otherwise.
        field: &'static str,
        /// What the manifest says.
        found: String,
        /// What it is.
        expected: String,
    },
    /// The manifests of one release have different numbers.
    #[error("the manifests of one release have one release number, these have {first} and {second}")]
    Numbers {
        /// One of them.
        first: u32,
        /// The other.
        second: u32,
    },
    /// A release had that number already, or a higher one.
    #[error("the release number {number} is not above {known}, the highest of {product}")]
    NotHigher {
        /// The number.
        number: u32,
        /// The highest one.
        known: u32,
        /// The product.
        product: ProductName,
    },
    /// Another release has that number, so a device that has that one would refuse this.
    #[error("{product} {version} has the release number {number} already")]
    Taken {
        /// The number.
        number: u32,
        /// The product.
        product: ProductName,
        /// The release that has it.
        version: Version,
    },
    /// The newest root record has every device refuse such a number.
    #[error(
        "the release number {number} is below {minimum}, the least that the newest root record lets be installed"
    )]
    BelowMinimum {
        /// The number.
        number: u32,
        /// The least.
        minimum: u32,
    },
    /// The floor is above the release itself.
    #[error("the floor {floor} is above the release number {number}")]
    Floor {
        /// The floor.
        floor: u32,
        /// The number.
        number: u32,
    },
    /// The manifest has expired already.
    #[error("the manifest of {file} has expired: no device whose clock is right would install it")]
    Expired {
        /// The file.
        file: String,
    },
    /// This server holds no release key.
    #[error("this server holds no release key")]
    NoHeldKey,
    /// No key may sign the next number.
    #[error("the newest root record names no key that may sign a release after number {known}")]
    NoNumber {
        /// The highest number.
        known: u32,
    },
    /// This server could not make a manifest.
    #[error("{file} cannot be signed: {fault}")]
    NotMade {
        /// The file.
        file: String,
        /// Why.
        fault: otary_trust::signing::Unsignable,
    },
}

impl Unsigned {
    /// The code that programs may rely on.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRecord => "no-root-record",
            Self::NoSuchFile { .. } => "manifest-without-file",
            Self::Twice { .. } => "two-manifests",
            Self::NothingToSign => "nothing-to-sign",
            Self::Unsound { .. } => "manifest-unsound",
            Self::Otherwise { .. } => "manifest-otherwise",
            Self::Numbers { .. } => "release-numbers",
            Self::NotHigher { .. } => "release-number-low",
            Self::Taken { .. } => "release-number-taken",
            Self::BelowMinimum { .. } => "release-number-minimum",
            Self::Floor { .. } => "floor",
            Self::Expired { .. } => "manifest-expired",
            Self::NoHeldKey => "no-held-key",
            Self::NoNumber { .. } => "no-release-number",
            Self::NotMade { .. } => "not-signed",
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoRecord => "otary key new --out DIR makes the keys and the first one".into(),
            Self::NothingToSign => "push it without signing".into(),
            Self::Unsound { .. } => "otary key show tells which key may sign which numbers".into(),
            Self::NotHigher { known, .. } => format!(
                "leave --release-number out, or give one above {known}; \
                 to lead devices back to an older number, say --downgrade"
            ),
            Self::Taken { .. } => "leave --release-number out".into(),
            Self::BelowMinimum { minimum, .. } => {
                format!("a key was revoked: sign with a key of today, as {minimum} or above")
            }
            Self::NoHeldKey => {
                "sign on your own machine with --sign KEYFILE, or otary key hold KEYFILE".into()
            }
            Self::NoNumber { .. } => "otary key rotate names a new release key".into(),
            Self::NoSuchFile { .. }
            | Self::Twice { .. }
            | Self::Otherwise { .. }
            | Self::Numbers { .. }
            | Self::Floor { .. }
            | Self::Expired { .. }
            | Self::NotMade { .. } => return None,
        })
    }
}

impl From<Unsigned> for Problem {
    fn from(refusal: Unsigned) -> Self {
        let status = match refusal {
            Unsigned::NotHigher { .. } | Unsigned::Taken { .. } | Unsigned::BelowMinimum { .. } => {
                StatusCode::CONFLICT
            }
            Unsigned::NoRecord | Unsigned::NoHeldKey | Unsigned::NoNumber { .. } => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let problem = Self::new(status, refusal.code(), refusal.to_string());
        match refusal.help() {
            Some(help) => problem.help(help),
            None => problem,
        }
    }
}

pub(super) fn not_a_record() -> Problem {
    Problem::bad_request("unreadable", "the root record is not written in base64")
}

pub(super) fn unreadable_key(defect: &Defect) -> Problem {
    unreadable("the release key", defect)
}

/// The refusal of a key that no record names as a release key: most likely a root key, which must not be here.
pub(super) fn not_held(id: KeyId, record: Option<&Record>) -> Problem {
    let is_root = record.iter().flat_map(|record| &record.root_keys).any(|root| root.id() == id);
    if is_root {
        let detail = format!("the key {id} is a root key: it must not be on a server");
        return Problem::bad_request("root-key", detail).help("take it away from this machine");
    }
    let detail = format!("the key {id} is no release key of the newest root record");
    Problem::bad_request("not-a-release-key", detail).help("otary key show tells which there are")
}
