//! Secure Boot signatures: whose they are and whether they fit, without any key.

use crc::{CRC_32_ISO_HDLC, Crc};
use otary_image::{App, Chip, Image, Scheme, Tail, detect};
use sha2::{Digest as _, Sha384};

use crate::samples;

/// A block over `signed`: version bytes, where the key is, and its length and first byte.
fn block(signed: &[u8], version: [u8; 2], key: core::ops::Range<usize>, curve: u8) -> Vec<u8> {
    let mut block = vec![0; 1216];
    block[0] = 0xE7;
    block[1..3].copy_from_slice(&[version[0], 0]);
    block[2] = version[1];
    if version == [3, 1] {
        block[4..52].copy_from_slice(&Sha384::digest(signed));
    } else {
        block[4..36].copy_from_slice(&samples::sha256(signed));
    }
    block[key.clone()].fill(0x33);
    block[key.start] = curve;
    let crc = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&block[..1196]);
    block[1196..1200].copy_from_slice(&crc.to_le_bytes());
    block
}

/// An app, padded to a sector, and behind it a sector with these blocks.
fn signed(version: [u8; 2], key: core::ops::Range<usize>, curve: u8, count: usize) -> (Vec<u8>, usize) {
    let mut file = samples::small_app(Chip::Esp32S3);
    file.resize(file.len().next_multiple_of(4096), 0xFF);
    let sector = file.len();
    let block = block(&file, version, key, curve);
    file.extend(block.repeat(count));
    file.resize(sector + 4096, 0xFF);
    (file, sector)
}

#[test]
fn blocks_of_every_kind_give_scheme_and_key_digest() {
    let kinds = [
        ([2, 0], 36..812, 0x33, Scheme::Rsa3072),
        ([3, 0], 36..101, 1, Scheme::EcdsaP192),
        ([3, 0], 36..101, 2, Scheme::EcdsaP256),
        ([3, 1], 52..149, 3, Scheme::EcdsaP384),
    ];
    for (version, key, curve, scheme) in kinds {
        let (file, sector) = signed(version, key.clone(), curve, 3);
        let Ok(Image::App(app)) = detect(&file) else { panic!("{scheme} is no app") };
        let blocks: Vec<_> = app.signatures().collect();
        assert_eq!(blocks.len(), 3, "{scheme}");
        for (index, found) in blocks.iter().enumerate() {
            assert_eq!((found.scheme(), usize::from(found.index())), (scheme, index));
            assert_eq!(usize::try_from(found.offset()).unwrap(), sector + 1216 * index);
            assert_eq!((found.crc_matches(), found.digest_matches()), (Some(true), Some(true)), "{scheme}");
            assert_eq!(found.key_digest(), Some(samples::sha256(&file[sector..][key.clone()])));
        }
        assert_eq!(app.offer(), file, "the signatures go with the app");
        assert!(matches!(app.tail(), Tail::Signature(_)));
    }
}

#[test]
fn a_changed_byte_between_image_and_sector_does_not_fit_the_digest() {
    let (mut file, sector) = signed([3, 0], 36..101, 2, 1);
    file[sector - 1] = 0;
    let app = App::parse(&file).unwrap();
    let found = app.signatures().next().unwrap();
    assert_eq!((found.crc_matches(), found.digest_matches()), (Some(true), Some(false)));
}

#[test]
fn a_changed_byte_in_a_block_does_not_fit_its_crc() {
    let (mut file, sector) = signed([3, 0], 36..101, 2, 1);
    file[sector + 50] ^= 1;
    let found = App::parse(&file).unwrap().signatures().next().unwrap();
    assert_eq!((found.crc_matches(), found.digest_matches()), (Some(false), Some(true)));
}

#[test]
fn a_block_of_a_kind_from_the_future_is_named_as_unknown() {
    let (file, _) = signed([9, 0], 36..101, 2, 1);
    let found = App::parse(&file).unwrap().signatures().next().unwrap();
    assert_eq!((found.scheme(), found.digest_matches(), found.key_digest()), (Scheme::Other, None, None));
    assert_eq!(found.crc_matches(), Some(true));
}

#[test]
fn half_a_sector_is_no_signature() {
    let (file, sector) = signed([3, 0], 36..101, 2, 1);
    let app = App::parse(&file[..sector + 2000]).unwrap();
    assert_eq!(app.signatures().count(), 0);
    assert!(matches!(app.tail(), Tail::Other(_)));
}

#[test]
fn erased_flash_behind_the_sector_is_not_offered() {
    let (mut file, _) = signed([2, 0], 36..812, 0x33, 1);
    let whole = file.clone();
    file.extend([0xFF; 5000]);
    assert_eq!(App::parse(&file).unwrap().offer(), whole);
}

#[test]
fn a_version_1_trailer_is_known_by_its_place_and_version() {
    let image = samples::small_app(Chip::Esp32);
    let signed = [&image[..], &[0; 4], &[0x77; 64]].concat();
    let app = App::parse(&signed).unwrap();
    let found = app.signatures().next().unwrap();
    assert_eq!((found.scheme(), found.offset()), (Scheme::EcdsaV1, app.image_len()));
    assert_eq!((found.crc_matches(), found.digest_matches(), found.key_digest()), (None, None, None));
    assert_eq!((app.tail(), app.offer()), (Tail::Signature(68), &signed[..]));
    let other = [&image[..], &[1; 68]].concat();
    assert_eq!(App::parse(&other).unwrap().tail(), Tail::Other(68));
}
