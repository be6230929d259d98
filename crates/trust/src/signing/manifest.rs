//! Manifests: what a release key signs of an image, and what such a signature is good for.

use otary_fleet::{Artifact, Chip, Kind, ProductName, Sha256, Time};
use otary_wire::{Encoding, List, Payload, Refusal, Root, UnixSeconds, sign};
use serde::{Deserialize, Serialize};

use super::key::{KeyId, SigningKey};

/// What is to be signed of a release, besides its images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The product.
    pub product: ProductName,
    /// The version, for people.
    pub version: String,
    /// The hardware that it is for; the chip's name without.
    pub hardware: Vec<String>,
    /// The release number.
    pub number: u32,
    /// Once this release is installed, none with a lower number is, ever.
    pub floor: u32,
    /// Whether it may replace a release with a higher number.
    pub downgrade: bool,
    /// The last second in which it may be installed.
    pub not_after: Option<Time>,
}

/// What a manifest says whose signature was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// The release key that signed it.
    pub key: KeyId,
    /// The product.
    pub product: String,
    /// The version, for people.
    pub version: String,
    /// The hardware that it is for.
    pub hardware: Vec<String>,
    /// The chip that it is for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<otary_fleet::ChipSchema>"))]
    pub chip: Option<Chip>,
    /// The release number.
    pub number: u32,
    /// Once the release is installed, none with a lower number is, ever.
    pub floor: u32,
    /// Whether it may replace a release with a higher number.
    pub downgrade: bool,
    /// The last second in which it may be installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Time>,
    /// Bytes of the image.
    pub length: u64,
    /// SHA-256 of the image.
    pub sha256: Sha256,
}

/// Why a release cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsignable {
    /// Only apps are signed, of chips that their images name.
    #[error("only an app image that names its chip can be signed")]
    NoApp,
    /// The release number that every device has already.
    #[error("a release number is 1 or more")]
    NoNumber,
    /// The floor is above the release itself.
    #[error("the floor {floor} is above the release number {number}")]
    Floor {
        /// The floor.
        floor: u32,
        /// The number.
        number: u32,
    },
    /// More kinds of hardware than a manifest has room for.
    #[error("a manifest is for 1 to 4 kinds of hardware, this one would be for {found}")]
    Hardware {
        /// How many there would be.
        found: usize,
    },
    /// A text that is too long for a device, or empty.
    #[error("{field} has to have 1 to {most} bytes in a manifest, this has {found}")]
    Text {
        /// Which.
        field: &'static str,
        /// The most bytes.
        most: usize,
        /// How many it has.
        found: usize,
    },
    /// It cannot be written.
    #[error("it cannot be written as a manifest: {0}")]
    Form(otary_wire::Error),
}

/// Why a manifest is good for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// There is no root record that would say which keys sign releases.
    #[error("there is no root record to verify it by")]
    NoRecord,
    /// The root record does not verify itself.
    #[error("the root record cannot be used: {0}")]
    Root(Refusal),
    /// Devices would refuse it.
    #[error("a device would refuse it: {0}")]
    ByDevices(Refusal),
    /// It is of something else than one app as it is.
    #[error("it is not of one app image, sent as it is")]
    OtherPayload,
}

impl Terms {
    /// The signed manifest (`COSE_Sign1`) of an image.
    pub fn sign(&self, artifact: &Artifact, key: &SigningKey) -> Result<Vec<u8>, Unsignable> {
        let chip = artifact.chip.filter(|chip| artifact.kind == Kind::App && chip.id().is_some());
        let chip = chip.ok_or(Unsignable::NoApp)?;
        self.check()?;
        let hardware = self.hardware_of(chip)?;
        let length = u32::try_from(artifact.size).map_err(|_| Unsignable::NoApp)?;
        let payload = Payload {
            kind: otary_wire::Kind::App,
            label: None,
            encoding: Encoding::Raw,
            base: None,
            coded_length: length,
            final_length: length,
            final_digest: &artifact.id.0,
            coded_digest: None,
        };
        let manifest = otary_wire::Manifest {
            product: self.product.as_str(),
            hardware: List::of(&hardware).map_err(|_| Unsignable::Hardware { found: hardware.len() })?,
            chip,
            release: self.number,
            version: &self.version,
            floor: self.floor,
            downgrade: self.downgrade,
            not_after: self.not_after.map(seconds),
            payloads: List::of(&[payload]).unwrap_or_default(),
        };
        let mut room = [0; otary_wire::Manifest::MAX_LEN];
        let signed = sign::manifest(&manifest, key.inner(), &mut room).map_err(Unsignable::Form)?;
        Ok(signed.to_vec())
    }

    /// What the manifest of an image says, when this key has signed it.
    pub fn manifest(&self, artifact: &Artifact, key: KeyId) -> Manifest {
        let chip_name = artifact.chip.map(|chip| chip.name().to_owned());
        let hardware =
            if self.hardware.is_empty() { chip_name.into_iter().collect() } else { self.hardware.clone() };
        Manifest {
            key,
            product: self.product.to_string(),
            version: self.version.clone(),
            hardware,
            chip: artifact.chip,
            number: self.number,
            floor: self.floor,
            downgrade: self.downgrade,
            not_after: self.not_after,
            length: artifact.size,
            sha256: artifact.id,
        }
    }

    fn check(&self) -> Result<(), Unsignable> {
        if self.number == 0 {
            return Err(Unsignable::NoNumber);
        }
        if self.floor > self.number {
            return Err(Unsignable::Floor { floor: self.floor, number: self.number });
        }
        check_text("the product", self.product.as_str(), otary_wire::MAX_PRODUCT)?;
        check_text("the version", &self.version, otary_wire::MAX_VERSION)
    }

    fn hardware_of(&self, chip: Chip) -> Result<Vec<&str>, Unsignable> {
        if self.hardware.is_empty() {
            return Ok(vec![chip.name()]);
        }
        for hardware in &self.hardware {
            check_text("the hardware", hardware, otary_wire::MAX_HARDWARE)?;
        }
        Ok(self.hardware.iter().map(String::as_str).collect())
    }
}

impl Manifest {
    pub(super) fn open(root: &Root<'_>, bytes: &[u8]) -> Result<Self, Unsound> {
        let says = root.manifest(bytes).map_err(Unsound::ByDevices)?;
        let app = says.app().filter(|app| {
            let as_it_is = app.encoding == Encoding::Raw && app.base.is_none() && app.coded_digest.is_none();
            as_it_is && app.coded_length == app.final_length && says.payloads.len() == 1
        });
        let app = app.ok_or(Unsound::OtherPayload)?;
        let key = says.key_id().ok_or(Unsound::OtherPayload)?;
        Ok(Self {
            key: KeyId(key),
            product: says.product.to_owned(),
            version: says.version.to_owned(),
            hardware: says.hardware.iter().map(str::to_owned).collect(),
            chip: Some(says.chip),
            number: says.release,
            floor: says.floor,
            downgrade: says.downgrade,
            not_after: says.not_after.map(|time| Time::from_secs(time.0)),
            length: app.final_length.into(),
            sha256: Sha256(*app.final_digest),
        })
    }
}

fn check_text(field: &'static str, text: &str, most: usize) -> Result<(), Unsignable> {
    let found = text.len();
    if (1..=most).contains(&found) { Ok(()) } else { Err(Unsignable::Text { field, most, found }) }
}

/// A time in whole seconds.
pub(super) fn seconds(time: Time) -> UnixSeconds {
    UnixSeconds(time.0 / 1000)
}
