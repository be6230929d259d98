//! App images: what is read, and what is refused with which words.

use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_image::{App, Chip, Error, Fault, FlashMode, Image, Part, Revision, Role, Tail, detect};

use crate::samples::{self, DESCRIPTOR};

#[test]
fn an_app_of_every_chip_comes_back_as_it_was_written() {
    for chip in samples::family() {
        let (data, code, ram) = samples::addresses(chip);
        let file = samples::app(chip);
        let Ok(Image::App(app)) = detect(&file) else { panic!("{chip} is no app") };
        assert_eq!((app.chip(), app.role(), app.tail()), (chip, Role::Application, Tail::Nothing));
        assert_eq!(app.image(), file);
        assert_eq!(app.appended_digest(), Some(samples::sha256(&file[..file.len() - 32])));
        assert_eq!(&app.appended_digest().unwrap(), file.last_chunk().unwrap());
        let segments = app.segments().iter().filter(|segment| !segment.is_padding());
        let segments: Vec<_> = segments.map(|segment| (segment.address, app.data(segment))).collect();
        assert_eq!(segments.iter().map(|segment| segment.0).collect::<Vec<_>>(), [data, ram, code]);
        assert!(segments[0].1[256..].starts_with(b"read-only data"));
        assert_eq!(segments[2].1, [0x13; 100]);
    }
}

#[test]
fn every_field_of_the_header_is_read() {
    let (data, ..) = samples::addresses(Chip::Esp32C3);
    let mut file = samples::emitted(&AppImage {
        entry: 0x4038_0000,
        flash_mode: FlashMode::Qio,
        flash_frequency: otary_image::FlashFrequency::from_byte(0x0F),
        min_revision: Revision(103),
        max_revision: Revision(199),
        segments: &[AppSegment { address: data, data: b"data" }],
        append_digest: false,
        ..AppImage::new(Chip::Esp32C3)
    });
    file[9..12].copy_from_slice(&[0x21, 0x43, 0x65]);
    let app = App::parse(&file).unwrap();
    let header = app.header();
    assert_eq!((header.entry, header.flash_mode), (0x4038_0000, FlashMode::Qio));
    assert_eq!(header.flash_size.bytes(Chip::Esp32C3), Some(4 << 20));
    assert_eq!(header.flash_frequency.mhz(Chip::Esp32C3), Some(80));
    assert_eq!((header.wp_pin, header.pin_drive), (0xEE, [0x21, 0x43, 0x65]));
    assert_eq!(header.min_revision.to_string(), "v1.3");
    assert_eq!((header.min_revision_old, header.max_revision), (1, Revision(199)));
    assert_eq!(&header.encode(), file.first_chunk().unwrap());
}

#[test]
fn the_descriptor_is_read_and_its_text_loses_nothing() {
    let file = samples::small_app(Chip::Esp32);
    let descriptor = App::parse(&file).unwrap().descriptor().unwrap();
    assert_eq!(descriptor.version(), "1.2.3");
    assert_eq!(descriptor.project(), "lamp");
    assert_eq!(
        (descriptor.date().as_str(), descriptor.time().as_str()),
        (Some("Nov 23 2026"), Some("12:34:56"))
    );
    assert_eq!(descriptor.idf_version(), "v5.5.1");
    assert_eq!((descriptor.secure_version(), descriptor.elf_sha256()), (3, Some([0x5A; 32])));
    assert_eq!(descriptor.as_bytes(), &DESCRIPTOR.encode());

    let full = AppDescriptor { version: "0123456789012345678901234567890123456789", ..DESCRIPTOR }.encode();
    let full = otary_image::Descriptor::new(&full).unwrap();
    assert_eq!(full.version(), "01234567890123456789012345678901", "a version may fill its field");

    let mut odd = DESCRIPTOR.encode();
    odd[16..23].copy_from_slice(b"1\xFF\x1B[2J\0");
    let odd = otary_image::Descriptor::new(&odd).unwrap();
    assert_eq!((odd.version().as_bytes(), odd.version().as_str()), (&b"1\xFF\x1B[2J"[..], None));
    assert_eq!(odd.version().to_string(), "1\u{FFFD}\\u{1b}[2J", "shown, it cannot drive a terminal");
}

#[test]
fn a_library_builds_descriptor_says_nothing() {
    let says_nothing = |project, version| {
        let bytes = AppDescriptor { project, version, ..DESCRIPTOR }.encode();
        otary_image::Descriptor::new(&bytes).unwrap().says_nothing()
    };
    assert!(says_nothing("arduino-lib-builder", "esp-idf: v4.4.7 38eeba213a"));
    assert!(says_nothing("esp32-arduino-lib-builder", "b1c75d1-dirty"));
    assert!(says_nothing("", ""));
    assert!(!says_nothing("lamp", ""));
    assert!(!says_nothing("arduino-lib-builder-2", "1"));
}

#[test]
fn without_an_appended_digest_the_device_reports_that_of_the_image() {
    let (data, ..) = samples::addresses(Chip::Esp32C3);
    let segments = [AppSegment { address: data, data: b"data" }];
    let image = AppImage { segments: &segments, append_digest: false, ..AppImage::new(Chip::Esp32C3) };
    let file = samples::emitted(&image);
    let app = App::parse(&file).unwrap();
    assert_eq!((app.appended_digest(), app.reported_digest()), (None, samples::sha256(&file)));
}

#[test]
fn a_file_cut_off_anywhere_is_refused_for_that() {
    let file = samples::small_app(Chip::Esp32S3);
    for len in 1..file.len() {
        let error = detect(&file[..len]).unwrap_err();
        assert!(matches!(error.fault, Fault::Truncated { .. } | Fault::PastEnd { .. }), "{len}: {error}");
    }
}

#[test]
fn every_flipped_bit_of_an_image_with_a_digest_is_noticed() {
    const MARK: usize = 23 * 8;
    let mut file = samples::small_app(Chip::Esp32S3);
    for bit in 0..file.len() * 8 {
        file[bit / 8] ^= 1 << (bit % 8);
        match App::parse(&file) {
            Err(_) => assert_ne!(bit, MARK),
            // Without its mark the digest is only 32 bytes behind an image, for the device as well.
            Ok(app) => assert_eq!((bit, app.tail()), (MARK, Tail::Other(32))),
        }
        file[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn errors_are_sentences_with_offset_expected_and_found() {
    let file = samples::small_app(Chip::Esp32);
    let said = |at: usize, bytes: &[u8]| {
        let mut file = file.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        App::parse(&file).unwrap_err().to_string()
    };
    // The second segment's header begins behind 24 + 8 + 272 bytes.
    let past_end = "segment 1 at offset 0x130: length 0x90000 runs past the end of the file \
                    (expected at most 0x28 more bytes)";
    assert_eq!(said(0x134, &0x9_0000_u32.to_le_bytes()), past_end);
    let unaligned = "segment 1 at offset 0x130: length is 0x5 (expected a multiple of 0x4)";
    assert_eq!(said(0x134, &5_u32.to_le_bytes()), unaligned);
    let misplaced =
        "segment 0 at offset 0x18: its address lies 0x40 into a page of 0x10000 bytes (expected 0x20)";
    assert_eq!(said(24, &0x3F40_0040_u32.to_le_bytes()), misplaced);
    assert_eq!(said(0, &[0xE8]), "image header at offset 0x0: expected magic 0xe9, found 0xe8");
    assert_eq!(said(1, &[0]), "image header at offset 0x1: segment count is 0x0 (expected 0x1 to 0x10)");
    assert_eq!(said(1, &[17]), "image header at offset 0x1: segment count is 0x11 (expected 0x1 to 0x10)");
    assert_eq!(said(12, &[77, 0]), "image header at offset 0xc: chip id 0x4d is not known");
    let mark = "image header at offset 0x17: the mark of an appended SHA-256 is 0x2 (expected 0x0 to 0x1)";
    assert_eq!(said(23, &[2]), mark);
    assert!(said(8, &[0]).starts_with("appended SHA-256 at offset 0x140: expected "));
    assert!(said(0x138, b"r").starts_with("checksum at offset 0x13f: expected "));
}

#[test]
fn a_damaged_checksum_gives_both_values() {
    let mut file = samples::small_app(Chip::Esp32);
    let stored = file[0x13F];
    file[0x138] ^= 0x40;
    let fault = Fault::Sum { expected: (stored ^ 0x40).into(), found: stored.into() };
    assert_eq!(App::parse(&file), Err(Error::new(Part::Checksum, 0x13F, fault)));
}

#[test]
fn what_follows_the_image_is_named_and_only_erased_flash_is_not_offered() {
    let image = samples::small_app(Chip::Esp32);
    let with = |tail: &[u8]| [&image, tail].concat();
    let erased = with(&[0xFF; 100]);
    let app = App::parse(&erased).unwrap();
    assert_eq!((app.tail(), app.offer()), (Tail::Erased(100), &image[..]));
    let other = with(b"a trailer of somebody's own\xFF\xFF");
    let app = App::parse(&other).unwrap();
    assert_eq!((app.tail(), app.offer()), (Tail::Other(29), &other[..other.len() - 2]));
    assert_eq!(app.image(), image);
}

#[test]
fn a_bootloader_is_told_from_an_app() {
    for chip in samples::family() {
        let file = samples::bootloader(chip);
        let Ok(Image::Bootloader(found)) = detect(&file) else { panic!("{chip} is no bootloader") };
        assert_eq!((found.role(), found.bootloader_description()), (Role::Bootloader, None));
    }
}

#[test]
fn a_bootloaders_description_is_read() {
    let mut description = [0; 80];
    description[..8].copy_from_slice(&[0x50, 0, 0, 7, 2, 0, 0, 0]);
    description[8..14].copy_from_slice(b"v5.5.1");
    description[40..51].copy_from_slice(b"Nov 23 2026");
    let (_, _, ram) = samples::addresses(Chip::Esp32C6);
    let segments = [AppSegment { address: ram, data: &description }];
    let file = samples::emitted(&AppImage { segments: &segments, ..AppImage::new(Chip::Esp32C6) });
    let found = App::parse(&file).unwrap().bootloader_description().unwrap();
    assert_eq!((found.version(), found.secure_version()), (2, 7));
    assert_eq!(
        (found.idf_version().as_str(), found.date_time().as_str()),
        (Some("v5.5.1"), Some("Nov 23 2026"))
    );
}

/// As `elf2image --ram-only-header` lays it out: the header counts the RAM segments, the others follow the checksum.
#[test]
fn a_simple_boot_image_is_an_app_although_its_header_hides_the_code() {
    let chip = Chip::Esp32C3;
    let (_, code, ram) = samples::addresses(chip);
    let segments = [AppSegment { address: ram, data: &[7; 64] }];
    let image = AppImage { segments: &segments, append_digest: false, ..AppImage::new(chip) };
    let mut file = samples::emitted(&image);
    let counted = file.len();
    let padding = 0x1_0020 - counted - 16;
    file.extend([0_u32.to_le_bytes(), u32::try_from(padding).unwrap().to_le_bytes()].concat());
    file.resize(counted + 8 + padding, 0);
    file.extend([code.to_le_bytes(), 256_u32.to_le_bytes()].concat());
    file.extend([0x13; 256]);
    let Ok(Image::App(app)) = detect(&file) else { panic!("refused") };
    let hidden = u32::try_from(file.len() - counted).unwrap();
    assert_eq!((app.role(), app.tail()), (Role::RamApplication, Tail::Segments(hidden)));
    assert_eq!((app.image().len(), app.offer()), (counted, &file[..]));
}
