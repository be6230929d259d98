//! Why a device did not install something, or went back, in a word that fits in a report.

use core::fmt;

/// The cause in a [`Report`](crate::Report).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The answer is none that the device can read.
    Offer,
    /// The manifest is none that the device can read.
    Manifest,
    /// The manifest's signature is not by the key that it names.
    Signature,
    /// The manifest's key is none that the root record names: never was, or revoked.
    KeyUnknown,
    /// The manifest's key may not sign this release number.
    KeyOutOfRange,
    /// The release number is lower than the installed one, and the manifest does not allow a downgrade.
    ReleaseTooOld,
    /// The release number is the installed one, but the payload is another.
    SameNumber,
    /// The release number is below the floor that an earlier manifest set.
    Floor,
    /// The release number is below the minimum of the root record.
    Minimum,
    /// The manifest's last day has passed.
    Expired,
    /// The manifest is for another product.
    Product,
    /// The manifest is for other hardware.
    Hardware,
    /// The manifest or the image is for another chip.
    Chip,
    /// The payload is larger than its place.
    TooLarge,
    /// The payload is encoded in a way, or of a kind, that the device does not know.
    EncodingUnknown,
    /// The payload has another length than the manifest says.
    Length,
    /// The payload has another digest than the manifest says.
    Digest,
    /// The payload is no image that the chip could start.
    Image,
    /// The application found itself not working.
    SelfTest,
    /// The new build did not reach the server in time.
    Unreachable,
    /// The new build was started too often without a confirmation.
    BootsSpent,
    /// The bootloader did not start the new build, or went back itself.
    Bootloader,
    /// The flash could not be erased or written.
    Flash,
    /// The root record is none that the device can read.
    Root,
    /// Too few root keys signed the root record, or a signature is not by the key that it names.
    RootSignature,
    /// The root record is not the one after the device's own.
    RootVersion,
    /// The order is none that the device can read.
    Order,
    /// The root record asks for orders, and the answer has none.
    OrderMissing,
    /// The order is signed by no order key of the root record.
    OrderSignature,
    /// The order answers another check-in.
    OrderNonce,
    /// The order is for another device.
    OrderTarget,
    /// The order names another manifest, or none is there.
    OrderManifest,
    /// No handshake succeeded with the new trust set.
    TrustHandshake,
    /// An anchor of the new trust set could not be had, or is not the one that the root record names.
    TrustAnchor,
    /// A cause that a newer device knows.
    Other(u8),
}

/// The code in a report, and the words for people.
type Row = (Cause, u8, &'static str);

const ROWS: [Row; 34] = [
    (Cause::Offer, 0, "an answer that the device cannot read"),
    (Cause::Manifest, 1, "a manifest that the device cannot read"),
    (Cause::Signature, 2, "the manifest's signature is wrong"),
    (Cause::KeyUnknown, 3, "the manifest is signed by an unknown or revoked key"),
    (Cause::KeyOutOfRange, 4, "the manifest's key may not sign this release number"),
    (Cause::ReleaseTooOld, 5, "an older release than the installed one"),
    (Cause::SameNumber, 6, "another build under the installed release's number"),
    (Cause::Floor, 7, "a release below the floor"),
    (Cause::Minimum, 8, "a release below the root record's minimum"),
    (Cause::Expired, 9, "the manifest has expired"),
    (Cause::Product, 10, "a manifest for another product"),
    (Cause::Hardware, 11, "a manifest for other hardware"),
    (Cause::Chip, 12, "a release for another chip"),
    (Cause::TooLarge, 13, "a payload larger than its place"),
    (Cause::EncodingUnknown, 14, "a payload in an encoding that the device does not know"),
    (Cause::Length, 15, "a payload of another length"),
    (Cause::Digest, 16, "a payload with another digest"),
    (Cause::Image, 17, "a payload that is no image for this chip"),
    (Cause::SelfTest, 18, "the self-test failed"),
    (Cause::Unreachable, 19, "the new build did not reach the server"),
    (Cause::BootsSpent, 20, "the new build was started too often without a confirmation"),
    (Cause::Bootloader, 21, "the bootloader did not start the new build"),
    (Cause::Flash, 22, "the flash could not be written"),
    (Cause::Root, 23, "a root record that the device cannot read"),
    (Cause::RootSignature, 24, "the root record is not signed by enough root keys"),
    (Cause::RootVersion, 25, "not the root record that comes next"),
    (Cause::Order, 26, "an order that the device cannot read"),
    (Cause::OrderMissing, 27, "an answer without an order"),
    (Cause::OrderSignature, 28, "the order is signed by no order key"),
    (Cause::OrderNonce, 29, "the order answers another check-in"),
    (Cause::OrderTarget, 30, "the order is for another device"),
    (Cause::OrderManifest, 31, "the order is not for this manifest"),
    (Cause::TrustHandshake, 32, "no connection with the new trust set"),
    (Cause::TrustAnchor, 33, "an anchor of the new trust set is missing or another one"),
];

impl Cause {
    /// The number in a report.
    pub fn code(self) -> u8 {
        match self {
            Self::Other(code) => code,
            known => ROWS.iter().find(|row| row.0 == known).map_or(u8::MAX, |row| row.1),
        }
    }

    /// The cause of this number.
    pub fn from_code(code: u8) -> Self {
        ROWS.iter().find(|row| row.1 == code).map_or(Self::Other(code), |row| row.0)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(code) => write!(f, "cause {code}"),
            known => f.pad(ROWS.iter().find(|row| row.0 == *known).map_or("", |row| row.2)),
        }
    }
}
