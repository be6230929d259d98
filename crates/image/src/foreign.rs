//! Files that people upload by mistake, told apart by their first bytes so that the refusal can say what to do.
//!
//! Nothing here is parsed further: the recognition only picks the sentence.

use core::fmt;

/// A file that is no image of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Foreign {
    /// No byte at all.
    Empty,
    /// Nothing but 0xFF: erased flash.
    Erased,
    /// The linker's output.
    Elf,
    /// UF2, as boards with a USB drive take it.
    Uf2,
    /// Intel HEX.
    IntelHex,
    /// A ZIP archive.
    Zip,
    /// A 7-zip archive.
    SevenZip,
    /// A vendor's container that begins with 55 AA 55 AA (Tuya and others).
    VendorContainer,
    /// A web page, most often the error page of a download that failed.
    Html,
    /// An image encrypted for `esp_encrypted_img`.
    Encrypted,
    /// A patch for `esp_delta_ota`.
    DeltaPatch,
    /// Nothing that we know; its first four bytes.
    Unknown([u8; 4]),
}

impl Foreign {
    /// What to do about it, if there is something to do.
    pub const fn help(self) -> Option<&'static str> {
        match self {
            Self::Empty => Some("the download or the build that made it failed"),
            Self::Erased => Some("read the flash again, or take the .bin that the build made"),
            Self::Elf => Some(
                "make an image of it: `esptool elf2image`, `espflash save-image`, or take the .bin beside it",
            ),
            Self::Uf2 | Self::IntelHex => Some("take the .bin that the build made"),
            Self::Zip | Self::SevenZip => Some("unpack it and take the .bin inside"),
            Self::VendorContainer => {
                Some("take the plain .bin of the project; this file is for the vendor's own updater")
            }
            Self::Html => Some("download it again: the link led to a web page"),
            Self::Encrypted | Self::DeltaPatch => {
                Some("push it with `--kind raw` for a product that takes opaque files")
            }
            Self::Unknown(_) => None,
        }
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty file, not a firmware image",
            Self::Erased => "only 0xff bytes (erased flash), not a firmware image",
            Self::Elf => "an ELF file, not a firmware image",
            Self::Uf2 => "a UF2 file, not a firmware image",
            Self::IntelHex => "an Intel HEX file, not a firmware image",
            Self::Zip => "a ZIP archive, not a firmware image",
            Self::SevenZip => "a 7-zip archive, not a firmware image",
            Self::VendorContainer => "a vendor's container (55 aa 55 aa), not a firmware image",
            Self::Html => "a web page, not a firmware image",
            Self::Encrypted => "an encrypted image (esp_encrypted_img): nothing in it can be checked",
            Self::DeltaPatch => "a patch (esp_delta_ota), not a whole image",
            Self::Unknown(bytes) => {
                let first = u32::from_be_bytes(*bytes);
                return write!(f, "no known kind of image: the file begins with {first:08x}");
            }
        })
    }
}
