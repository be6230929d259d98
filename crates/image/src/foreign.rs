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

/// First bytes that tell a kind.
const MARKS: [(&[u8], Foreign); 9] = [
    (b"\x7fELF", Foreign::Elf),
    (b"UF2\n\x57\x51\x5d\x9e", Foreign::Uf2),
    (b"PK\x03\x04", Foreign::Zip),
    (b"PK\x05\x06", Foreign::Zip),
    (b"7z\xbc\xaf\x27\x1c", Foreign::SevenZip),
    (b"\x55\xaa\x55\xaa", Foreign::VendorContainer),
    (b"\xcf\xb6\x88\x07", Foreign::Encrypted),
    (b"\x10\xde\xcd\xfc", Foreign::DeltaPatch),
    (b"\xef\xbb\xbf<", Foreign::Html),
];

impl Foreign {
    /// The kind of a file that is none of ours, if its first bytes tell it.
    pub fn recognise(file: &[u8]) -> Option<Self> {
        if file.is_empty() {
            return Some(Self::Empty);
        }
        let marked = MARKS.iter().find(|(mark, _)| file.starts_with(mark)).map(|&(_, kind)| kind);
        marked
            .or_else(|| is_hex(file).then_some(Self::IntelHex))
            .or_else(|| is_html(file).then_some(Self::Html))
    }

    /// The kind of a file that nothing recognised.
    pub(crate) fn unknown(file: &[u8]) -> Self {
        if crate::bytes::erased(file) {
            return Self::Erased;
        }
        let mut first = [0; 4];
        first.iter_mut().zip(file).for_each(|(place, &byte)| *place = byte);
        Self::Unknown(first)
    }

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

/// A record of Intel HEX: a colon and at least five bytes in hex digits.
fn is_hex(file: &[u8]) -> bool {
    let Some((b':', rest)) = file.split_first() else { return false };
    rest.get(..10).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

/// Markup at the start, whatever its case.
fn is_html(file: &[u8]) -> bool {
    let text = file.trim_ascii_start();
    [&b"<!doctype"[..], b"<html", b"<head", b"<?xml"]
        .iter()
        .any(|mark| text.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))
}
