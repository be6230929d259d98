//! Files that hold no program of ours: file systems, tables, wrappers, and what people upload by mistake.

use crc::{CRC_32_JAMCRC, Crc};
use otary_image::{
    Entry, Fat, Fault, Foreign, Gzip, Image, LittleFs, OTADATA_SECTOR, Part, Spiffs, State, TABLE_SIZE,
    detect,
};

use crate::samples;

/// A superblock of LittleFS in a block of `size` bytes: name, numbers, CRC.
fn superblock(revision: u32, size: u32, count: u32) -> Vec<u8> {
    let mut block = revision.to_le_bytes().to_vec();
    let mut last = u32::MAX;
    let mut tag = |block: &mut Vec<u8>, tag: u32| {
        block.extend((tag ^ last).to_be_bytes());
        last = tag;
    };
    tag(&mut block, 0x0FF0_0008);
    block.extend(b"littlefs");
    tag(&mut block, 0x2010_0018);
    block.extend([0x2_0001, size, count, 64, 0x7FFF_FFFF, 1022].map(u32::to_le_bytes).concat());
    tag(&mut block, 0x500F_FC04);
    let crc = Crc::<u32>::new(&CRC_32_JAMCRC).checksum(&block);
    block.extend(crc.to_le_bytes());
    block.resize(usize::try_from(size).unwrap(), 0xFF);
    block
}

fn littlefs(size: u32, revisions: [u32; 2]) -> Vec<u8> {
    let mut file = revisions.map(|revision| superblock(revision, size, 8 + revision)).concat();
    file.resize(usize::try_from(size * 16).unwrap(), 0xFF);
    file
}

#[test]
fn littlefs_is_known_by_the_newer_of_its_superblocks() {
    for size in [0x1000, 0x2000] {
        for (revisions, newer) in [([3, 4], 4), ([5, 4], 5)] {
            let file = littlefs(size, revisions);
            let Ok(Image::LittleFs(found)) = detect(&file) else { panic!("not LittleFS") };
            assert_eq!((found.version, found.block_size, found.block_count), (0x2_0001, size, 8 + newer));
            assert_eq!((found.name_max, found.attribute_max), (64, 1022));
        }
    }
}

#[test]
fn littlefs_with_one_damaged_superblock_is_read_from_the_other() {
    let mut file = littlefs(0x1000, [3, 4]);
    file[0x1000 + 30] ^= 1;
    assert_eq!(LittleFs::parse(&file).unwrap().block_count, 11);
    file[30] ^= 1;
    let error = detect(&file).unwrap_err();
    assert_eq!(error.part, Part::Superblock, "{error}");
}

#[test]
fn littlefs_larger_than_its_file_is_refused() {
    let file = littlefs(0x1000, [3, 4]);
    let fault = Fault::Range { field: "block count", expected: (1, 10), found: 11 };
    assert_eq!(LittleFs::parse(&file[..0xA000]).unwrap_err().fault, fault);
}

fn spiffs(page: u32, block: u32, count: u32, with_length: bool) -> Vec<u8> {
    let mut file = vec![0xFF; usize::try_from(block * count).unwrap()];
    let lookup = (block / page * 2).div_ceil(page) * page;
    for index in 0..count {
        let left = if with_length { count - index } else { 0 };
        let mark = 0x2014_0529 ^ page ^ left;
        let at = usize::try_from(index * block + lookup - 4).unwrap();
        file[at..at + 2].copy_from_slice(&mark.to_le_bytes()[..2]);
    }
    file
}

#[test]
fn spiffs_is_known_by_the_marks_of_its_blocks() {
    for (page_size, block_size, block_count, length_marked) in [
        (256, 0x1000, 376, true),
        (256, 0x2000, 125, true),
        (256, 0x1_0000, 16, true),
        (512, 0x1000, 32, false),
    ] {
        let mut file = spiffs(page_size, block_size, block_count, length_marked);
        let facts = Spiffs { page_size, block_size, block_count, length_marked };
        assert!(matches!(detect(&file), Ok(Image::Spiffs(found)) if found == facts), "{facts:?}");
        // A power cut may have left one block erased. Two are somebody else's bytes, if the marks count the blocks.
        let block = usize::try_from(block_size).unwrap();
        file[block..2 * block].fill(0xFF);
        assert_eq!(Spiffs::parse(&file), Ok(facts));
        file[..block].fill(0xFF);
        assert!(!length_marked || Spiffs::parse(&file).is_err());
    }
}

/// A boot sector of this many sectors of 4096 bytes, and the file behind it.
fn fat(sectors: u16) -> Vec<u8> {
    let mut file = vec![0; usize::from(sectors) * 4096];
    file[..3].copy_from_slice(&[0xEB, 0xFE, 0x90]);
    file[11..13].copy_from_slice(&4096_u16.to_le_bytes());
    file[13..17].copy_from_slice(&[1, 1, 0, 1]);
    file[17..19].copy_from_slice(&512_u16.to_le_bytes());
    file[19..21].copy_from_slice(&sectors.to_le_bytes());
    file[22] = 1;
    file[510..512].copy_from_slice(&[0x55, 0xAA]);
    file
}

#[test]
fn fat_is_known_with_and_without_wear_levelling() {
    let plain = fat(128);
    let facts = Fat { offset: 0, sector_size: 4096, sector_count: 128, cluster_sectors: 1, bits: 12 };
    assert!(matches!(detect(&plain), Ok(Image::Fat(found)) if found == facts));
    let levelled = [&[0xFF; 4096], &plain[..]].concat();
    let facts = Fat { offset: 0x1000, ..facts };
    assert!(matches!(detect(&levelled), Ok(Image::Fat(found)) if found == facts));
    let cut = detect(&plain[..100 * 4096]).unwrap_err();
    assert_eq!(cut.fault, Fault::Range { field: "sector count", expected: (1, 100), found: 128 });
}

/// Arduino's `boot_app0.bin`, which lies beside the image that somebody meant to upload.
#[test]
fn an_otadata_partition_is_known() {
    let mut file = vec![0xFF; 0x2000];
    file[..32].copy_from_slice(&Entry::new(1, State::Undefined).to_bytes());
    file[OTADATA_SECTOR as usize..][..4].fill(0);
    assert!(matches!(detect(&file), Ok(Image::Otadata(found)) if found.first.sequence == 1));
}

#[test]
fn a_partition_table_is_known() {
    let table = samples::table(&samples::partitions());
    assert!(matches!(detect(&table), Ok(Image::PartitionTable(found)) if found.iter().count() == 5));
    let mut damaged: [u8; TABLE_SIZE] = table;
    damaged[40] ^= 1;
    assert_eq!(detect(&damaged).unwrap_err().part, Part::PartitionTable);
}

/// Every optional field of the header, one stored block, CRC and length.
fn gzip() -> Vec<u8> {
    let mut file = vec![0x1F, 0x8B, 8, 0x1E, 0, 0, 0, 0, 0, 3];
    file.extend([3, 0, 1, 2, 3]);
    file.extend(b"lamp.bin\0a comment\0");
    file.extend([0xCC, 0xCC]);
    file.extend([1, 2, 0, 0xFD, 0xFF, b'h', b'i']);
    file.extend([0xD893_2AAC_u32, 2].map(u32::to_le_bytes).concat());
    file
}

#[test]
fn a_gzip_wrapper_is_read_without_unpacking() {
    let file = gzip();
    let Ok(Image::Gzip(found)) = detect(&file) else { panic!("not gzip") };
    assert_eq!(found.name().unwrap(), "lamp.bin");
    assert_eq!((found.unpacked_len(), found.crc32()), (2, 0xD893_2AAC));
    assert_eq!((found.deflate(), found.member(), found.signature()), (&file[36..43], &file[..], None));

    let signed = [&file[..], &[0x5C; 256], &256_u32.to_le_bytes()].concat();
    let found = Gzip::parse(&signed).unwrap();
    assert_eq!((found.unpacked_len(), found.member()), (2, &file[..]));
    assert_eq!(found.signature(), Some(&[0x5C; 256][..]));
}

#[test]
fn a_gzip_wrapper_that_ends_early_or_is_of_no_known_form_is_refused() {
    let file = gzip();
    for len in 2..44 {
        let error = detect(&file[..len]).unwrap_err();
        assert!(matches!(error.fault, Fault::Truncated { .. }), "{len}: {error}");
    }
    let changed = |at: usize, byte| {
        let mut file = file.clone();
        file[at] = byte;
        detect(&file).unwrap_err().fault
    };
    assert_eq!(changed(2, 7), Fault::Unknown { field: "compression method", found: 7 });
    assert_eq!(changed(3, 0x20), Fault::Unknown { field: "flags", found: 0x20 });
}

#[test]
fn what_people_upload_by_mistake_is_named_with_advice() {
    let erased = vec![0xFF; 0x9000];
    let files: [(&[u8], Foreign); 13] = [
        (b"", Foreign::Empty),
        (&erased, Foreign::Erased),
        (b"\x7fELF\x01\x01\x01", Foreign::Elf),
        (b"UF2\n\x57\x51\x5d\x9e\0\0\0\0", Foreign::Uf2),
        (b":020000040800F2\r\n", Foreign::IntelHex),
        (b"PK\x03\x04\x14\0", Foreign::Zip),
        (b"7z\xbc\xaf\x27\x1c\0\x04", Foreign::SevenZip),
        (b"\x55\xaa\x55\xaa\0\0", Foreign::VendorContainer),
        (b"\r\n<!DOCTYPE html><title>404", Foreign::Html),
        (b"<HTML>", Foreign::Html),
        (b"\xcf\xb6\x88\x07\0", Foreign::Encrypted),
        (b"\x10\xde\xcd\xfc\0", Foreign::DeltaPatch),
        (b"hello", Foreign::Unknown(*b"hell")),
    ];
    for (file, kind) in files {
        let error = detect(file).unwrap_err();
        assert_eq!(error.foreign(), Some(kind));
        assert_eq!(kind.help().is_none(), matches!(kind, Foreign::Unknown(_)), "{kind}");
    }
    assert_eq!(detect(b"<html>").unwrap_err().to_string(), "a web page, not a firmware image");
    let unknown = "no known kind of image: the file begins with 68656c6c";
    assert_eq!(detect(b"hello").unwrap_err().to_string(), unknown);
}
