//! Images of the ESP8266: four layouts, and the checks that the vendor's tool does not make.

use crc::{CRC_32_ISO_HDLC, CRC_32_MPEG_2, Crc};
use otary_image::{Error, Esp8266, Esp8266Kind, Fault, Image, Part, Tail, detect};

use crate::samples::{self, DESCRIPTOR, rom_image};

const EBOOT: [(u32, &[u8]); 2] = [(0x4010_F000, &[0x21; 64]), (0x3FFF_20B8, &[0x40; 40])];
/// Lengths that are no multiples of 4, as the Arduino core makes them.
const SKETCH: [(u32, &[u8]); 3] =
    [(0x4020_1010, &[0; 70]), (0x4010_0000, &[0x12; 0x23]), (0x3FFE_8000, b"data\0")];

/// An Arduino image: eboot, filled with AA, and a sketch, without length and CRC.
fn arduino() -> Vec<u8> {
    let mut file = rom_image(0x4010_F480, &EBOOT);
    file.resize(0x1000, 0xAA);
    file.extend(rom_image(0x4010_00C0, &SKETCH));
    file
}

/// The same as newer tools write it. The words lie in the first segment's data and are written last.
fn arduino_with_words() -> Vec<u8> {
    let mut file = arduino();
    let crc = Crc::<u32>::new(&CRC_32_MPEG_2).checksum(&file);
    let len = u32::try_from(file.len()).unwrap();
    file[0x1010..0x1014].copy_from_slice(&len.to_le_bytes());
    file[0x1014..0x1018].copy_from_slice(&crc.to_le_bytes());
    file
}

fn found(file: &[u8]) -> Esp8266<'_> {
    match detect(file) {
        Ok(Image::Esp8266(image)) => image,
        other => panic!("no ESP8266 image: {other:?}"),
    }
}

#[test]
fn both_forms_of_an_arduino_image_are_accepted() {
    for (file, length_and_crc) in [(arduino(), false), (arduino_with_words(), true)] {
        let image = found(&file);
        assert_eq!(image.kind(), Esp8266Kind::Arduino { length_and_crc });
        assert_eq!(
            (image.header().entry, image.image(), image.tail()),
            (0x4010_00C0, &file[..], Tail::Nothing)
        );
        let segments: Vec<_> =
            image.segments().iter().map(|segment| (segment.address, segment.offset)).collect();
        assert_eq!(segments, [(0x4020_1010, 0x1010), (0x4010_0000, 0x105E), (0x3FFE_8000, 0x1089)]);
        assert_eq!(image.data(&image.segments().as_slice()[2]), b"data\0");
    }
}

/// eboot's checksum is the same in every release and says nothing of the sketch.
#[test]
fn a_damaged_sketch_is_refused_although_eboot_is_whole() {
    for mut file in [arduino(), arduino_with_words()] {
        file[0x1070] ^= 1;
        let error = detect(&file).unwrap_err();
        assert_eq!(error.part, Part::Checksum);
        assert_eq!(error.offset, u32::try_from(file.len()).unwrap() - 1);
    }
}

#[test]
fn damage_that_the_checksum_cannot_see_fails_the_crc() {
    let mut file = arduino_with_words();
    file[0x1030] ^= 0x80;
    file[0x1031] ^= 0x80;
    let error = detect(&file).unwrap_err();
    assert_eq!((error.part, error.offset), (Part::LengthAndCrc, 0x1014), "{error}");
    assert!(matches!(error.fault, Fault::Sum { .. }));
}

#[test]
fn a_cut_off_arduino_image_is_refused_wherever_it_ends() {
    let file = arduino_with_words();
    for len in 1..file.len() {
        assert!(detect(&file[..len]).is_err(), "{len:#x}");
    }
}

/// eboot alone is a whole image for the boot ROM. A device that takes it for an update does not come back.
#[test]
fn a_sketch_whose_first_byte_is_damaged_does_not_pass_as_a_rom_image() {
    let mut file = arduino();
    file[0x1000] ^= 1;
    let fault = Fault::Magic { expected: 0xE9, found: 0xE8 };
    assert_eq!(detect(&file).unwrap_err(), Error::new(Part::Header, 0x1000, fault));
}

#[test]
fn a_signed_image_is_told_from_what_is_signed() {
    let image = arduino_with_words();
    let signed = [&image[..], &[0x5C; 256], &256_u32.to_le_bytes()].concat();
    let found = found(&signed);
    assert_eq!((found.image(), found.tail()), (&image[..], Tail::Signature(260)));
    assert_eq!(found.signature(), Some(&[0x5C; 256][..]));
    let other = [&image[..], &[0x5C; 100], &256_u32.to_le_bytes()].concat();
    assert_eq!(self::found(&other).tail(), Tail::Other(104));
}

#[test]
fn a_rom_image_may_be_followed_by_the_code_in_flash() {
    let mut file = rom_image(0x4010_1844, &[(0x4010_0000, &[0x12; 100]), (0x3FFE_8000, &[7; 20])]);
    assert_eq!(found(&file).kind(), Esp8266Kind::Rom);
    let len = file.len();
    file.resize(0x1_0000, 0xFF);
    file.extend([0x99; 500]);
    let image = found(&file);
    assert_eq!((image.kind(), image.image().len()), (Esp8266Kind::Rom, len));
    assert!(matches!(image.tail(), Tail::Other(_)));
}

/// The SDK's CRC has two forms, by the highest bit of zlib's.
#[test]
fn an_sdk_image_is_checked_to_its_last_word() {
    let mut forms = [false; 2];
    for fill in 0..8 {
        let mut file = vec![0xEA, 4, 0, 0x60, 4, 0, 0x10, 0x40, 0, 0, 0, 0, 32, 0, 0, 0];
        file.extend([fill; 32]);
        file.extend(rom_image(0x4010_0004, &[(0x4010_0000, &[0x12; 100])]));
        let crc = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&file);
        forms[usize::from(crc > 0x7FFF_FFFF)] = true;
        file.extend(if crc > 0x7FFF_FFFF { !crc } else { crc + 1 }.to_le_bytes());
        let image = found(&file);
        assert_eq!((image.kind(), image.image()), (Esp8266Kind::Sdk, &file[..]));
        assert_eq!(
            image.segments().iter().map(|segment| segment.address).collect::<Vec<_>>(),
            [0, 0x4010_0000]
        );

        // The code in flash is not in the checksum: only the CRC protects it.
        file[20] ^= 1;
        assert_eq!(detect(&file).unwrap_err().part, Part::Crc);
        assert!(detect(&file[..file.len() - 1]).is_err());
    }
    assert_eq!(forms, [true; 2], "both forms of the CRC were seen");
}

#[test]
fn an_rtos_image_has_a_descriptor_and_most_often_a_digest() {
    let mut data = DESCRIPTOR.encode().to_vec();
    data.extend([0x42; 100]);
    let mut file = rom_image(0x4010_0000, &[(0x4021_0010, &data), (0x4010_0000, &[0x12; 100])]);
    assert_eq!(found(&file).kind(), Esp8266Kind::Rtos { digest: false });
    file.extend(samples::sha256(&file));
    let image = found(&file);
    assert_eq!((image.kind(), image.tail()), (Esp8266Kind::Rtos { digest: true }, Tail::Nothing));
    assert_eq!(image.descriptor().unwrap().project(), "lamp");
}

/// Bytes 12 and 13 of this header, a segment's length here, would be the chip id of an ESP32-S31.
#[test]
fn a_boot_image_is_not_taken_for_one_of_an_esp32_s31() {
    let file = rom_image(0x4010_8000, &[(0x4010_8000, &[0; 0x20])]);
    assert_eq!(file[12..14], [0x20, 0]);
    assert_eq!(found(&file).kind(), Esp8266Kind::Rom);
}

#[test]
fn an_error_in_the_sketch_counts_from_the_start_of_the_file() {
    let mut file = arduino();
    file[0x100C..0x1010].copy_from_slice(&0x9_0000_u32.to_le_bytes());
    let left = u32::try_from(file.len()).unwrap() - 0x1010;
    let fault = Fault::PastEnd { expected: left, found: 0x9_0000 };
    assert_eq!(detect(&file).unwrap_err(), Error::new(Part::Segment(0), 0x1008, fault));
    file[0x1001] = 0;
    assert_eq!(detect(&file).unwrap_err().offset, 0x1001);
}
