//! Secure Boot signatures behind an image: who signed, and whether the block belongs to these bytes.

use otary_fleet::Sha256;
use otary_image::Signature;
use serde::Serialize;

use super::defect::Defect;
use super::page::Page;

/// One signature.
#[derive(Debug, Serialize)]
pub struct SignatureFacts {
    pub index: u8,
    /// Where its block begins in the file.
    pub offset: u32,
    /// Version of Secure Boot, algorithm and curve.
    pub scheme: String,
    /// None where the scheme has no CRC, likewise below.
    pub crc_ok: Option<bool>,
    /// Whether the digest in the block is that of the bytes before it.
    pub digest_ok: Option<bool>,
    /// SHA-256 of the public key, as the chip's fuses hold it.
    pub key_digest: Option<Sha256>,
}

impl SignatureFacts {
    pub fn of(signature: &Signature<'_>) -> Self {
        Self {
            index: signature.index(),
            offset: signature.offset(),
            scheme: signature.scheme().to_string(),
            crc_ok: signature.crc_matches(),
            digest_ok: signature.digest_matches(),
            key_digest: signature.key_digest().map(Sha256),
        }
    }

    /// What is wrong with the block.
    pub fn defect(&self) -> Option<Defect> {
        let why = match (self.crc_ok, self.digest_ok) {
            (Some(false), _) => "its CRC is not that of its content",
            (_, Some(false)) => "its digest is not that of the bytes before it",
            _ => return None,
        };
        Some(Defect {
            message: format!("signature block {} at offset {:#x}: {why}", self.index, self.offset),
            offset: Some(self.offset),
            help: Some("sign the image again: a device with Secure Boot refuses it as it is".to_owned()),
        })
    }

    fn show(&self, page: &mut Page) {
        let word = |ok| if ok { "right" } else { "WRONG" };
        page.row(&format!("block {}", self.index), format_args!("{}, at {:#010x}", self.scheme, self.offset));
        match (self.crc_ok, self.digest_ok) {
            (Some(crc), Some(digest)) => {
                page.row("", format_args!("CRC {}, digest of the image {}", word(crc), word(digest)));
            }
            (Some(crc), None) => page.row("", format_args!("CRC {}, nothing else is known", word(crc))),
            (None, _) => page.row("", "without CRC, digest or key: the device alone can check it"),
        }
        page.row_if("key digest", self.key_digest);
    }
}

/// The section about signatures, if there are any.
pub fn show(signatures: &[SignatureFacts], page: &mut Page) {
    if signatures.is_empty() {
        return;
    }
    page.heading("Signatures");
    for signature in signatures {
        signature.show(page);
    }
    if signatures.iter().any(|signature| signature.key_digest.is_some()) {
        page.text("Whether that key made the signature is for the device to check.");
    }
}
