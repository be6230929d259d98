//! A gzip file and what is in it, unpacked in bounded memory.

use std::io::Read;

use flate2::read::GzDecoder;
use otary_fleet::{Artifact, Md5, Sha256};
use otary_image::{Chip, Gzip};
use serde::Serialize;

use super::defect::Defect;
use super::page::Page;
use super::{Content, bytes};

/// A gzip file.
#[derive(Debug, Serialize)]
pub struct GzipFacts {
    /// The chip of what is inside.
    pub chip: Option<Chip>,
    /// The name of the file that was compressed.
    pub name: Option<String>,
    /// The length that the trailer states, modulo 2^32, and the CRC-32.
    pub stated_length: u32,
    pub stated_crc: u32,
    /// Bytes of the signature that the Arduino core's tool appends.
    pub signature: Option<usize>,
    /// None where it cannot be unpacked.
    pub inside: Option<Box<Inside>>,
    #[serde(skip)]
    pub defect: Option<Defect>,
}

/// What was compressed.
#[derive(Debug, Serialize)]
pub struct Inside {
    pub size: u64,
    pub md5: Md5,
    pub sha256: Sha256,
    #[serde(flatten)]
    pub content: Content,
}

impl GzipFacts {
    pub fn of(gzip: &Gzip<'_>) -> Self {
        let (inside, defect) = match unpack(gzip) {
            Ok(unpacked) => {
                let (content, defect) = Content::of(&unpacked);
                let inside = Inside {
                    size: unpacked.len() as u64,
                    md5: Md5::of(&unpacked),
                    sha256: Sha256::of(&unpacked),
                    content,
                };
                (Some(Box::new(inside)), defect)
            }
            Err(defect) => (None, Some(defect)),
        };
        Self {
            chip: inside.as_ref().and_then(|inside| inside.content.chip()),
            name: gzip.name().map(super::text),
            stated_length: gzip.unpacked_len(),
            stated_crc: gzip.crc32(),
            signature: gzip.signature().map(<[u8]>::len),
            inside,
            defect,
        }
    }

    pub fn show(&self, page: &mut Page) {
        page.heading("gzip");
        page.row("name", self.name.as_deref().unwrap_or("not stated"));
        let signature = self.signature.map(|len| format!("RSA, {} bits, for the device to check", len * 8));
        page.row_if("signature", signature);
        let Some(inside) = &self.inside else {
            page.row(
                "unpacked",
                format_args!("{} by its trailer, but it is damaged", bytes(self.stated_length)),
            );
            return;
        };
        page.row("CRC-32", format_args!("{:#010x}, right", self.stated_crc));
        page.heading("Unpacked");
        page.row("kind", inside.content.title());
        page.row("size", super::file_size(inside.size));
        page.row("MD5", inside.md5);
        page.row("SHA-256", inside.sha256);
        inside.content.show(page);
    }
}

/// The bytes inside, at most as many as can be an artifact.
fn unpack(gzip: &Gzip<'_>) -> Result<Vec<u8>, Defect> {
    let most = Artifact::MAX_SIZE;
    let mut unpacked = Vec::new();
    let fail = |message, help: &str| Defect { message, offset: None, help: Some(help.to_owned()) };
    GzDecoder::new(gzip.member()).take(most + 1).read_to_end(&mut unpacked).map_err(|why| {
        fail(
            format!("the gzip file is damaged: {why}"),
            "build or download it again: it is damaged or cut off",
        )
    })?;
    if unpacked.len() as u64 > most {
        let message = format!("the gzip file unpacks to more than {most} bytes");
        return Err(fail(message, "no device of the family has room for it"));
    }
    Ok(unpacked)
}
