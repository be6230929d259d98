//! The checker that a device runs while it downloads.

use otary_image::{App, Checker, Chip, Error, Fault, Part};

use crate::samples;

fn len(file: &[u8]) -> u32 {
    u32::try_from(file.len()).unwrap()
}

#[test]
fn pieces_of_any_size_give_the_facts_of_the_whole() {
    let mut file = samples::small_app(Chip::Esp32C3);
    file.extend([0xFF; 50]);
    let facts = *App::parse(&file).unwrap().facts();
    for size in 1..file.len() {
        let mut checker = Checker::new(len(&file));
        file.chunks(size).for_each(|piece| checker.push(piece).unwrap());
        assert_eq!(checker.finish(), Ok(facts), "pieces of {size}");
    }
}

#[test]
fn the_chip_is_known_after_24_bytes_and_the_version_after_288() {
    let file = samples::small_app(Chip::Esp32C3);
    let mut checker = Checker::new(len(&file));
    checker.push(&file[..23]).unwrap();
    assert_eq!(checker.header(), None);
    checker.push(&file[23..24]).unwrap();
    assert_eq!(checker.header().unwrap().chip, Chip::Esp32C3);
    checker.push(&file[24..287]).unwrap();
    assert_eq!(checker.descriptor(), None);
    checker.push(&file[287..288]).unwrap();
    assert_eq!(checker.descriptor().unwrap().version(), "1.2.3");
}

#[test]
fn a_fault_is_told_at_once_and_again_at_every_further_call() {
    let mut file = samples::small_app(Chip::Esp32C3);
    file[28..32].copy_from_slice(&0x10_0000_u32.to_le_bytes());
    let mut checker = Checker::new(len(&file));
    let left = len(&file) - 32;
    let error = Error::new(Part::Segment(0), 24, Fault::PastEnd { expected: left, found: 0x10_0000 });
    assert_eq!(checker.push(&file[..32]), Err(error));
    assert_eq!(checker.push(&file[32..]), Err(error));
    assert_eq!(checker.finish(), Err(error));
}

#[test]
fn a_segment_of_16_mib_is_refused_as_the_bootloader_would() {
    let mut file = samples::small_app(Chip::Esp32C3);
    file[28..32].copy_from_slice(&0x100_0000_u32.to_le_bytes());
    let error = Checker::new(0x200_0000).push(&file).unwrap_err();
    let expected = (0, 0xFF_FFFF);
    assert_eq!(error.fault, Fault::Range { field: "length", expected, found: 0x100_0000 });
}

#[test]
fn a_length_that_the_headers_cannot_fill_is_refused_before_the_data_comes() {
    let file = samples::small_app(Chip::Esp32C3);
    let digest_at = len(&file) - 32;
    let mut checker = Checker::new(len(&file) - 1);
    let fault = Fault::Truncated { expected: 32, found: 31 };
    assert_eq!(checker.push(&file[..file.len() - 1]), Err(Error::new(Part::Digest, digest_at, fault)));
}

#[test]
fn more_or_fewer_bytes_than_announced_are_an_error() {
    let file = samples::small_app(Chip::Esp32C3);
    let announced = len(&file);
    let mut longer = Checker::new(announced);
    longer.push(&file).unwrap();
    let expected = (announced, announced);
    let fault = Fault::Range { field: "length of the file", expected, found: announced + 1 };
    assert_eq!(longer.push(&[0]), Err(Error::new(Part::File, announced, fault)));

    let mut shorter = Checker::new(announced);
    shorter.push(&file[..100]).unwrap();
    let fault = Fault::Truncated { expected: announced, found: 100 };
    assert_eq!(shorter.finish(), Err(Error::new(Part::File, 100, fault)));
}

#[test]
fn it_fits_into_a_small_device() {
    assert!(size_of::<Checker>() <= 1024, "{} bytes", size_of::<Checker>());
}
