//! Secure Boot signatures behind an image: who signed it, read without any secret.
//!
//! Version 2 (ESP-IDF `esp_secure_boot.h`, `ets_secure_boot_sig_block_t`): the file is padded with 0xFF to 4 KiB, then one
//! sector holds up to three blocks of 1216 bytes. Each block has a CRC, the digest of all bytes before the sector and
//! the public key itself, of which the chip's fuses hold the SHA-256. Version 1 is a trailer of 68 bytes without a key.
//!
//! What is *not* checked here is the signature: the device does that. A block whose key digest is not in the fuses, or
//! whose image digest does not match, is refused by the device; both can be seen here.

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use sha2::{Digest as _, Sha256, Sha384};

use crate::bytes::{self, array, len32, u32_at};

const SECTOR: u32 = 0x1000;
const BLOCK_LEN: u32 = 1216;
const BLOCKS_MAX: u8 = 3;
const BLOCK_MAGIC: u8 = 0xE7;
const BLOCK_CRC_AT: usize = 1196;
/// Version word and two numbers of 32 bytes.
const V1_LEN: u32 = 68;
/// Bytes that `elf2image --secure-pad` reserves behind a version 1 trailer, so that it ends in a 64 KiB page.
const V1_PADDING: u32 = 12;
static CRC: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// How an image is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Secure Boot V1: ECDSA over P-256.
    EcdsaV1,
    /// Secure Boot V2: RSA-3072 with PSS.
    Rsa3072,
    /// Secure Boot V2: ECDSA over P-192.
    EcdsaP192,
    /// Secure Boot V2: ECDSA over P-256.
    EcdsaP256,
    /// Secure Boot V2: ECDSA over P-384, with SHA-384.
    EcdsaP384,
    /// A version 2 block of a kind that we do not know.
    Other,
}

/// One signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature<'a> {
    scheme: Scheme,
    index: u8,
    offset: u32,
    signed: &'a [u8],
    block: &'a [u8],
}

impl Signature<'_> {
    /// How the image is signed.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The block's place in its sector, 0 to 2.
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// Where in the file it begins.
    pub const fn offset(&self) -> u32 {
        self.offset
    }

    /// Whether the CRC of the block is right; a version 1 trailer has none.
    pub fn crc_matches(&self) -> Option<bool> {
        let stored = u32_at(self.block, BLOCK_CRC_AT)?;
        Some(CRC.checksum(self.block.get(..BLOCK_CRC_AT)?) == stored)
    }

    /// Whether the digest in the block is that of the bytes before the sector; a version 1 trailer has none.
    pub fn digest_matches(&self) -> Option<bool> {
        match self.scheme {
            Scheme::EcdsaV1 | Scheme::Other => None,
            Scheme::EcdsaP384 => Some(self.block.get(4..52)? == Sha384::digest(self.signed).as_slice()),
            _ => Some(self.block.get(4..36)? == Sha256::digest(self.signed).as_slice()),
        }
    }

    /// SHA-256 of the public key's fields, as the chip's fuses hold it; a version 1 trailer has no key.
    pub fn key_digest(&self) -> Option<[u8; 32]> {
        let key = match self.scheme {
            Scheme::EcdsaV1 | Scheme::Other => return None,
            Scheme::Rsa3072 => self.block.get(36..812)?,
            Scheme::EcdsaP192 | Scheme::EcdsaP256 => self.block.get(36..101)?,
            Scheme::EcdsaP384 => self.block.get(52..149)?,
        };
        Some(Sha256::digest(key).into())
    }
}

impl core::fmt::Debug for Signature<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Signature")
            .field("scheme", &self.scheme)
            .field("index", &self.index)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

impl core::fmt::Display for Scheme {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.pad(match self {
            Self::EcdsaV1 => "Secure Boot V1, ECDSA P-256",
            Self::Rsa3072 => "Secure Boot V2, RSA-3072",
            Self::EcdsaP192 => "Secure Boot V2, ECDSA P-192",
            Self::EcdsaP256 => "Secure Boot V2, ECDSA P-256",
            Self::EcdsaP384 => "Secure Boot V2, ECDSA P-384",
            Self::Other => "Secure Boot V2, unknown kind",
        })
    }
}

/// The signatures of one image, in file order.
#[derive(Debug, Clone)]
pub struct Signatures<'a> {
    file: &'a [u8],
    place: Place,
    next: u8,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    None,
    Trailer { at: u32 },
    Sector { at: u32 },
}

impl Signatures<'_> {
    /// The offset behind the trailer or the sector; 0 if there is none.
    pub(crate) fn end(&self) -> u32 {
        match self.place {
            Place::None => 0,
            Place::Trailer { .. } => len32(self.file),
            Place::Sector { at } => at.saturating_add(SECTOR),
        }
    }
}

/// The signatures of the image of `image_len` bytes at the start of `file`.
pub(crate) fn find(file: &[u8], image_len: u32) -> Signatures<'_> {
    Signatures { file, place: place(file, image_len), next: 0 }
}

fn place(file: &[u8], image_len: u32) -> Place {
    let file_len = len32(file);
    let tail = file_len.saturating_sub(image_len);
    // A signing tool pads the file, not the image, so the sector may also lie further behind: at the end.
    let behind_image = image_len.checked_next_multiple_of(SECTOR);
    let at_end = file_len.checked_sub(SECTOR).filter(|&at| at >= image_len && at.is_multiple_of(SECTOR));
    let whole = |at: &u32| file_len.checked_sub(*at).is_some_and(|left| left >= SECTOR);
    let sector =
        [behind_image, at_end].into_iter().flatten().filter(whole).find(|&at| block(file, at, 0).is_some());
    if let Some(at) = sector {
        return Place::Sector { at };
    }
    let trailer = [V1_LEN, V1_LEN.saturating_add(V1_PADDING)].contains(&tail)
        && bytes::from(file, image_len).first_chunk() == Some(&[0; 4]);
    if trailer { Place::Trailer { at: image_len } } else { Place::None }
}

/// The block with this index in the sector at `at`, if its magic byte is there.
fn block(file: &[u8], at: u32, index: u8) -> Option<(u32, &[u8])> {
    let offset = at.checked_add(BLOCK_LEN.checked_mul(index.into())?)?;
    let block = bytes::part(file, offset, BLOCK_LEN)?;
    (block.first() == Some(&BLOCK_MAGIC)).then_some((offset, block))
}

fn scheme(block: &[u8]) -> Scheme {
    let version: Option<[u8; 3]> = array(block, 0);
    let curve = |at: usize| block.get(at).copied();
    match version {
        Some([_, 2, 0]) => Scheme::Rsa3072,
        Some([_, 3, 0]) if curve(36) == Some(1) => Scheme::EcdsaP192,
        Some([_, 3, 0]) if curve(36) == Some(2) => Scheme::EcdsaP256,
        Some([_, 3, 1]) if curve(52) == Some(3) => Scheme::EcdsaP384,
        _ => Scheme::Other,
    }
}

impl<'a> Iterator for Signatures<'a> {
    type Item = Signature<'a>;

    fn next(&mut self) -> Option<Signature<'a>> {
        let index = self.next;
        let (scheme, at, offset, block) = match self.place {
            Place::Trailer { at } if index == 0 => {
                (Scheme::EcdsaV1, at, at, bytes::part(self.file, at, V1_LEN)?)
            }
            Place::Sector { at } if index < BLOCKS_MAX => {
                let (offset, block) = block(self.file, at, index)?;
                (scheme(block), at, offset, block)
            }
            _ => return None,
        };
        self.next = index.saturating_add(1);
        Some(Signature { scheme, index, offset, signed: bytes::part(self.file, 0, at)?, block })
    }
}
