//! What an image says of itself in words: the application descriptor and the bootloader's.
//!
//! The descriptor is the first thing in the first segment, so at offset 32 of the file. It is a claim, not an identity: an
//! Arduino sketch carries the one of the core's library build, the same in every sketch; see [`Descriptor::says_nothing`].
//! Source: ESP-IDF `esp_app_desc.h` and `esp_bootloader_desc.h`.

use crate::Text;
use crate::bytes::{array, u16_at, u32_at};

/// Length of an application descriptor in bytes.
pub const DESCRIPTOR_LEN: u32 = 256;
/// Length of a bootloader description in bytes.
pub(crate) const BOOTLOADER_DESCRIPTION_LEN: u32 = 80;
pub(crate) const DESCRIPTOR_MAGIC: u32 = 0xABCD_5432;
const BOOTLOADER_MAGIC: u8 = 0x50;
/// Project names of the two generations of Arduino's library build.
const LIBRARY_BUILDERS: [&str; 2] = ["arduino-lib-builder", "esp32-arduino-lib-builder"];

/// The application descriptor (`esp_app_desc_t`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Descriptor<'a>(&'a [u8; DESCRIPTOR_LEN as usize]);

impl<'a> Descriptor<'a> {
    /// The descriptor in these bytes, if they begin with its magic number.
    pub fn new(bytes: &'a [u8; DESCRIPTOR_LEN as usize]) -> Option<Self> {
        (u32_at(bytes, 0) == Some(DESCRIPTOR_MAGIC)).then_some(Self(bytes))
    }

    /// The descriptor at the start of this segment's data.
    pub(crate) fn of(data: &'a [u8]) -> Option<Self> {
        data.first_chunk().and_then(Self::new)
    }

    /// The anti-rollback counter.
    pub fn secure_version(&self) -> u32 {
        u32_at(self.0, 4).unwrap_or_default()
    }

    /// The application's version; fills all 32 bytes at most.
    pub fn version(&self) -> Text<'a> {
        self.text(16, 32)
    }

    /// The name of the project.
    pub fn project(&self) -> Text<'a> {
        self.text(48, 32)
    }

    /// The time of the build; empty in reproducible builds.
    pub fn time(&self) -> Text<'a> {
        self.text(80, 16)
    }

    /// The date of the build; empty in reproducible builds.
    pub fn date(&self) -> Text<'a> {
        self.text(96, 16)
    }

    /// The version of ESP-IDF.
    pub fn idf_version(&self) -> Text<'a> {
        self.text(112, 32)
    }

    /// SHA-256 of the ELF file, or nothing where the build tool left it zero.
    pub fn elf_sha256(&self) -> Option<[u8; 32]> {
        array(self.0, 144).filter(|digest| *digest != [0; 32])
    }

    /// The smallest revision of the fuses that may run the image: major times 100 plus minor; 0 in older descriptors.
    pub fn min_efuse_revision(&self) -> u16 {
        u16_at(self.0, 176).unwrap_or_default()
    }

    /// The largest revision of the fuses that may run the image; 0 in older descriptors.
    pub fn max_efuse_revision(&self) -> u16 {
        u16_at(self.0, 178).unwrap_or_default()
    }

    /// The size of a page of mapped flash in bytes, in newer descriptors.
    pub fn flash_page(&self) -> Option<u32> {
        let [log2] = array(self.0, 180)?;
        (log2 > 0).then(|| 1_u32.checked_shl(log2.into())).flatten()
    }

    /// The 256 bytes.
    pub const fn as_bytes(&self) -> &'a [u8; DESCRIPTOR_LEN as usize] {
        self.0
    }

    /// Whether the text is that of a library build, or none at all: then neither name nor version are the application's.
    pub fn says_nothing(&self) -> bool {
        let project = self.project();
        LIBRARY_BUILDERS.iter().any(|builder| project == *builder)
            || (project.is_empty() && self.version().is_empty())
    }

    fn text(self, at: usize, len: usize) -> Text<'a> {
        Text::new(self.0.get(at..).and_then(|field| field.get(..len)).unwrap_or_default())
    }
}

impl core::fmt::Debug for Descriptor<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Descriptor")
            .field("project", &self.project())
            .field("version", &self.version())
            .finish_non_exhaustive()
    }
}

/// The bootloader's description (`esp_bootloader_desc_t`, from ESP-IDF 5.1 on).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BootloaderDescription<'a>(&'a [u8; BOOTLOADER_DESCRIPTION_LEN as usize]);

impl<'a> BootloaderDescription<'a> {
    /// The description at the start of this segment's data, if it begins with its magic byte and two reserved zeros. (The
    /// byte alone is no proof: the data of an older bootloader may begin with anything.)
    pub(crate) fn of(data: &'a [u8]) -> Option<Self> {
        let bytes = data.first_chunk::<{ BOOTLOADER_DESCRIPTION_LEN as usize }>()?;
        matches!(bytes, [BOOTLOADER_MAGIC, 0, 0, ..]).then_some(Self(bytes))
    }

    /// The anti-rollback counter of the bootloader.
    pub fn secure_version(&self) -> u8 {
        array(self.0, 3).map(|[byte]| byte).unwrap_or_default()
    }

    /// The version number of the bootloader.
    pub fn version(&self) -> u32 {
        u32_at(self.0, 4).unwrap_or_default()
    }

    /// The version of ESP-IDF.
    pub fn idf_version(&self) -> Text<'a> {
        Text::new(self.0.get(8..40).unwrap_or_default())
    }

    /// Date and time of the build; empty in reproducible builds.
    pub fn date_time(&self) -> Text<'a> {
        Text::new(self.0.get(40..64).unwrap_or_default())
    }
}

impl core::fmt::Debug for BootloaderDescription<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("BootloaderDescription")
            .field("version", &self.version())
            .field("idf_version", &self.idf_version())
            .finish_non_exhaustive()
    }
}
