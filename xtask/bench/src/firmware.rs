//! The image that all servers offer: 1.3 MB, valid for an ESP32, the same bytes every time.

use std::fs;
use std::path::{Path, PathBuf};

use md5::Md5;
use otary_image::Chip;
use otary_image::emit::{AppImage, AppSegment};
use sha2::{Digest as _, Sha256};

const DATA: usize = 1_300_000;
/// Where the ESP32 maps constants.
const ADDRESS: u32 = 0x3F40_0020;
const DIGEST: usize = 32;

pub struct Firmware {
    pub path: PathBuf,
    pub size: u64,
    /// The version under which it is published.
    pub version: &'static str,
    /// As a board reports it, lower case.
    pub md5: String,
    /// The digest at the image's end, as a board reports it, upper case.
    pub appended_digest: String,
    /// Of the whole file, lower case.
    pub sha256: String,
}

impl Firmware {
    pub fn write(folder: &Path) -> anyhow::Result<Self> {
        let data = noise(DATA);
        let segments = [AppSegment { address: ADDRESS, data: &data }];
        let mut bytes = Vec::new();
        AppImage { segments: &segments, ..AppImage::new(Chip::Esp32) }
            .emit(|piece| bytes.extend_from_slice(piece))
            .map_err(|error| anyhow::anyhow!("the image: {error}"))?;
        let path = folder.join("firmware.bin");
        fs::write(&path, &bytes)?;
        let appended = bytes.get(bytes.len() - DIGEST..).unwrap_or_default();
        Ok(Self {
            path,
            size: bytes.len() as u64,
            version: "0.3",
            md5: hex(&Md5::digest(&bytes)),
            appended_digest: hex(appended).to_uppercase(),
            sha256: hex(&Sha256::digest(&bytes)),
        })
    }
}

/// Bytes that no server can compress or guess (Marsaglia's xorshift64).
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    });
    words.flat_map(u64::to_le_bytes).take(len).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
