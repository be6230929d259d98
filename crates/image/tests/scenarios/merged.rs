//! Merged images, and what must not be taken for one or pass for something else.

use otary_image::emit::{AppImage, AppSegment};
use otary_image::{
    App, Chip, Entry, Fault, Image, Merged, OTADATA_SECTOR, Part, Partition, Role, State, Usage, detect,
};

use crate::samples;

/// A dump of this chip's flash from 0: bootloader, table, app in the first slot.
fn factory(chip: Chip, app: &[u8]) -> Vec<u8> {
    samples::dump(&[
        (chip.bootloader_offset(), &samples::bootloader(chip)),
        (0x8000, &samples::table(&samples::partitions())),
        (0x1_0000, app),
    ])
}

fn merged(file: &[u8]) -> Merged<'_> {
    match detect(file) {
        Ok(Image::Merged(merged)) => merged,
        other => panic!("not merged: {other:?}"),
    }
}

#[test]
fn a_merged_image_of_every_chip_is_taken_apart_and_its_app_offered() {
    for chip in samples::family() {
        let app = samples::app(chip);
        let file = factory(chip, &app);
        let merged = merged(&file);
        assert_eq!(merged.bootloader_offset(), Some(chip.bootloader_offset()));
        assert_eq!(merged.bootloader().unwrap().role(), Role::Bootloader);
        assert_eq!(merged.app_partition().unwrap().name(), "app0");
        assert_eq!(merged.app().unwrap().offer(), app, "{chip}");
    }
}

/// The trap: the file of an S3 passes every check of an app, because its bootloader does.
#[test]
fn a_merged_image_of_an_s3_begins_with_a_whole_image_and_is_still_no_app() {
    let file = factory(Chip::Esp32S3, &samples::app(Chip::Esp32S3));
    assert_eq!(App::parse(&file).unwrap().image(), samples::bootloader(Chip::Esp32S3));
    assert!(matches!(detect(&file), Ok(Image::Merged(_))));
}

#[test]
fn a_merged_image_whose_table_is_damaged_is_refused_and_not_taken_for_an_app() {
    for chip in [Chip::Esp32S3, Chip::Esp32, Chip::Esp32P4] {
        let mut file = factory(chip, &samples::app(chip));
        file[0x8004] ^= 1;
        let error = detect(&file).unwrap_err();
        assert_eq!((error.part, error.offset), (Part::PartitionTable, 0x8000), "{chip}: {error}");
    }
}

#[test]
fn a_file_that_begins_at_the_bootloaders_offset_is_understood() {
    for chip in [Chip::Esp32, Chip::Esp32C5] {
        let app = samples::app(chip);
        let file = factory(chip, &app).split_off(usize::try_from(chip.bootloader_offset()).unwrap());
        let merged = merged(&file);
        assert_eq!(merged.base(), chip.bootloader_offset());
        assert_eq!(merged.app().unwrap().offer(), app);
    }
}

#[test]
fn a_table_that_the_project_moved_is_found_behind_the_bootloader() {
    let chip = Chip::Esp32C3;
    let app = samples::app(chip);
    let rows = [Partition::new(Usage::Factory, "factory", 0x2_0000, 0x10_0000)];
    let (bootloader, table) = (samples::bootloader(chip), samples::table(&rows));
    let file = samples::dump(&[(0, &bootloader), (0x1_0000, &table), (0x2_0000, &app)]);
    let merged = merged(&file);
    assert_eq!(merged.table_offset(), 0x1_0000);
    assert_eq!(merged.app().unwrap().offer(), app);
}

/// Two slots hold different apps; otadata says which one runs.
#[test]
fn the_app_is_the_one_that_the_device_would_start() {
    let chip = Chip::Esp32S3;
    let (old, new) = (samples::app(chip), samples::small_app(chip));
    let entry = |sequence| Entry::new(sequence, State::Valid).to_bytes();
    let (bootloader, table) = (samples::bootloader(chip), samples::table(&samples::partitions()));
    let flash = [(0, &bootloader[..]), (0x8000, &table), (0x1_0000, &old), (0x5_0000, &new)];
    let unwritten = samples::dump(&flash);
    assert_eq!(merged(&unwritten).app_partition().unwrap().name(), "app0");

    let first = (0xE000, &entry(7)[..]);
    let second = (0xE000 + OTADATA_SECTOR, &entry(8)[..]);
    let updated = samples::dump(&[&flash[..], &[first, second]].concat());
    assert_eq!(merged(&updated).app_partition().unwrap().name(), "app1");
    assert_eq!(merged(&updated).app().unwrap().offer(), new);
}

#[test]
fn an_erased_slot_is_passed_over_and_a_file_without_an_app_says_so() {
    let chip = Chip::Esp32S3;
    let app = samples::app(chip);
    let (bootloader, table) = (samples::bootloader(chip), samples::table(&samples::partitions()));
    let second_slot = samples::dump(&[(0, &bootloader), (0x8000, &table), (0x5_0000, &app)]);
    assert_eq!(merged(&second_slot).app_partition().unwrap().name(), "app1");

    let no_app = samples::dump(&[(0, &bootloader), (0x8000, &table)]);
    let error = merged(&no_app).app().unwrap_err();
    assert!(matches!(error.fault, Fault::Missing(_)), "{error}");
}

#[test]
fn a_file_system_behind_the_app_is_not_offered_with_it() {
    let chip = Chip::Esp32C3;
    let app = samples::app(chip);
    let file = samples::dump(&[(0, &factory(chip, &app)), (0x9_0000, b"files")]);
    let merged = merged(&file);
    assert_eq!(merged.app().unwrap().offer(), app);
    assert_eq!(merged.content(&merged.table().find(Usage::Spiffs).unwrap()), b"files");
}

#[test]
fn a_damaged_app_is_refused_with_its_offset_in_the_file() {
    let chip = Chip::Esp32;
    let mut file = factory(chip, &samples::app(chip));
    file[0x1_0000 + 0x200] ^= 1;
    let error = merged(&file).app().unwrap_err();
    assert_eq!(error.part, Part::Checksum);
    assert!(error.offset > 0x1_0000, "{error}");

    let cut = &file[..0x1_4000];
    let error = merged(cut).app().unwrap_err();
    assert!(matches!(error.fault, Fault::PastEnd { .. }), "{error}");
}

#[test]
fn a_damaged_bootloader_does_not_hide_the_app() {
    let chip = Chip::Esp32S3;
    let app = samples::app(chip);
    let mut file = factory(chip, &app);
    file[0x40] ^= 1;
    assert!(merged(&file).bootloader().is_err());
    assert_eq!(merged(&file).app().unwrap().offer(), app);
}

/// A flasher carries tables and bootloaders in its own data.
#[test]
fn an_app_that_carries_a_partition_table_at_0x8000_stays_an_app() {
    let chip = Chip::Esp32C3;
    let (data, ..) = samples::addresses(chip);
    let mut content = vec![0; 0x8000 - 32];
    content.extend(samples::table(&samples::partitions()));
    let segments = [AppSegment { address: data, data: &content }];
    let file = samples::emitted(&AppImage { segments: &segments, ..AppImage::new(chip) });
    assert_eq!(file[0x8000..0x8002], [0xAA, 0x50]);
    assert!(matches!(detect(&file), Ok(Image::App(_))));
}
