//! What an image says of itself in words: the application's descriptor, and the bootloader's.

use otary_fleet::Sha256;
use otary_image::{BootloaderDescription, Descriptor};
use serde::Serialize;

use super::image::revision;
use super::page::Page;
use super::text;

/// The descriptor of an application.
#[derive(Debug, Serialize)]
pub struct DescriptorFacts {
    pub project: String,
    pub version: String,
    pub date: String,
    pub time: String,
    pub idf_version: String,
    pub elf_sha256: Option<Sha256>,
    /// The anti-rollback counter.
    pub secure_version: u32,
    /// Major times 100 plus minor.
    pub min_efuse_revision: u16,
    /// Likewise; 0 in older descriptors.
    pub max_efuse_revision: u16,
    /// The size of a page of mapped flash, if it is stated.
    pub flash_page: Option<u32>,
    /// Whether name and version are not the application's own.
    pub says_nothing: bool,
}

/// The description of a second-stage bootloader.
#[derive(Debug, Serialize)]
pub struct BootloaderFacts {
    pub version: u32,
    pub idf_version: String,
    pub built: String,
    /// The anti-rollback counter.
    pub secure_version: u8,
}

impl DescriptorFacts {
    // By value: it comes out of an `Option` and holds a reference itself.
    pub fn of(descriptor: Descriptor<'_>) -> Self {
        Self {
            project: text(descriptor.project()),
            version: text(descriptor.version()),
            date: text(descriptor.date()),
            time: text(descriptor.time()),
            idf_version: text(descriptor.idf_version()),
            elf_sha256: descriptor.elf_sha256().map(Sha256),
            secure_version: descriptor.secure_version(),
            min_efuse_revision: descriptor.min_efuse_revision(),
            max_efuse_revision: descriptor.max_efuse_revision(),
            flash_page: descriptor.flash_page(),
            says_nothing: descriptor.says_nothing(),
        }
    }

    pub fn show(&self, heading: &str, page: &mut Page) {
        page.heading(heading);
        page.row("project", stated(&self.project));
        page.row("version", stated(&self.version));
        page.row("built", stated(format!("{} {}", self.date, self.time).trim()));
        page.row("ESP-IDF", stated(&self.idf_version));
        page.row("anti-rollback", format_args!("{} (secure version)", self.secure_version));
        if self.max_efuse_revision > 0 {
            let (min, max) = (revision(self.min_efuse_revision), revision(self.max_efuse_revision));
            page.row("eFuse blocks", format_args!("{min} to {max}"));
        }
        page.row_if("flash page", self.flash_page.map(|bytes| format!("{} KiB", bytes >> 10)));
        page.row_if("ELF SHA-256", self.elf_sha256);
        self.show_worth(page);
    }

    /// What it is worth, if it is worth nothing.
    fn show_worth(&self, page: &mut Page) {
        if !self.says_nothing {
            return;
        }
        page.text(if self.project.is_empty() {
            "It names neither the project nor its version."
        } else {
            "The Arduino core's library builder wrote it: it says nothing of the sketch. Name, version, \
             date and ELF are the same in every sketch of this core."
        });
    }
}

impl BootloaderFacts {
    // By value, as above.
    pub fn of(description: BootloaderDescription<'_>) -> Self {
        Self {
            version: description.version(),
            idf_version: text(description.idf_version()),
            built: text(description.date_time()),
            secure_version: description.secure_version(),
        }
    }

    /// Rows in the section of the image.
    pub fn show(&self, page: &mut Page) {
        page.row("version", self.version);
        page.row("ESP-IDF", stated(&self.idf_version));
        page.row("built", stated(&self.built));
        page.row("anti-rollback", format_args!("{} (secure version)", self.secure_version));
    }
}

/// A text, or that there is none.
fn stated(text: &str) -> &str {
    if text.is_empty() { "not stated" } else { text }
}
