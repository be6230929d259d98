//! The second-stage bootloader on a real flash: what starts after which accident.

use otary_image::{Chip, Entry, OTADATA_SECTOR, Otadata, Revision, Rollback, Sector, State};
use otary_sim::{
    Board, BootError, FOUR_MEGABYTES, Firmware, Flash as _, FlashError, Identity, Layout, Nor, Refusal,
    SECTOR, Silicon, sample, start,
};

const OTADATA: u32 = 0xE000;
const APP1: u32 = 0x15_0000;
const SILICON: Silicon = Silicon::new(Chip::Esp32, Revision(300), Rollback::Enabled);

fn firmware(version: &str) -> Vec<u8> {
    sample::app(Chip::Esp32, version, 40_000).unwrap()
}

/// A board with 0.1 in the first slot, as it leaves the factory, and 0.2 in the second.
fn flash() -> Nor {
    let identity = Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap());
    let mut board = Board::new(identity, Nor::erased(FOUR_MEGABYTES).unwrap());
    board.flash_factory(&firmware("0.1"), None).unwrap();
    let mut flash = board.into_flash();
    flash.rewrite(APP1, &firmware("0.2")).unwrap();
    flash
}

/// Starts, and gives the offset of the slot that runs and the lines that were printed.
fn boot(flash: &mut Nor) -> (u32, Vec<String>) {
    let mut lines = Vec::new();
    let slots = start(flash, &mut { SILICON }, &mut |line| lines.push(line.to_owned())).unwrap();
    (slots.running().offset, lines)
}

fn otadata(flash: &Nor) -> Otadata {
    Otadata::parse(&flash.bytes(OTADATA, 2 * OTADATA_SECTOR).unwrap()).unwrap()
}

fn choose(flash: &mut Nor, sector: Sector, entry: Entry) {
    flash.rewrite(OTADATA + sector.offset(), &entry.to_bytes()).unwrap();
}

#[test]
fn a_factory_board_starts_its_first_slot_and_writes_nothing() {
    let mut flash = flash();
    let before = flash.operations();
    let (offset, lines) = boot(&mut flash);
    assert_eq!((offset, lines), (0x1_0000, vec![]));
    assert_eq!(flash.operations(), before);
}

#[test]
fn a_new_image_is_pending_until_confirmed() {
    let mut flash = flash();
    choose(&mut flash, Sector::Second, Entry::new(2, State::New));
    assert_eq!(boot(&mut flash).0, APP1);
    assert_eq!(otadata(&flash).second.state, State::PendingVerify);
    assert_eq!(boot(&mut flash).0, 0x1_0000, "started again without being confirmed");
    assert_eq!(otadata(&flash).second.state, State::Aborted);

    choose(&mut flash, Sector::Second, Entry::new(2, State::New));
    let mut slots = start(&mut flash, &mut { SILICON }, &mut |_| ()).unwrap();
    slots.confirm(&mut flash).unwrap();
    assert_eq!(boot(&mut flash).0, APP1);
    assert_eq!(otadata(&flash).second, Entry::new(2, State::Valid));
}

#[test]
fn a_damaged_image_is_passed_over_and_named() {
    for (damage, line) in [
        (0_u32, "image at 0x150000 has invalid magic byte (nothing flashed here?)"),
        (12, "boot_comm: mismatch chip ID, expected 0, found 5"),
        (30_000, "esp_image: Checksum failed. Calculated "),
    ] {
        let mut flash = flash();
        let mut image = firmware("0.2");
        image[damage as usize] = if damage == 12 { 5 } else { image[damage as usize] ^ 1 };
        flash.rewrite(APP1, &image).unwrap();
        choose(&mut flash, Sector::Second, Entry::new(2, State::Valid));
        let (offset, lines) = boot(&mut flash);
        assert_eq!(offset, 0x1_0000);
        assert!(lines[0].contains(line), "{lines:?}");
        assert!(lines[1].ends_with("boot: OTA app partition slot 1 is not bootable"), "{lines:?}");
    }
}

#[test]
fn a_changed_header_breaks_the_digest_alone() {
    let mut flash = flash();
    let mut image = firmware("0.2");
    image[4] ^= 1;
    flash.rewrite(APP1, &image).unwrap();
    choose(&mut flash, Sector::Second, Entry::new(2, State::Valid));
    let (_, lines) = boot(&mut flash);
    assert!(lines[0].ends_with("esp_image: Image hash failed - image is corrupt"), "{lines:?}");
}

#[test]
fn erased_otadata_is_settled_on_the_slot_that_starts() {
    let mut flash = flash();
    flash.erase(OTADATA).unwrap();
    flash.erase(OTADATA + SECTOR).unwrap();
    flash.erase(0x1_0000).unwrap();
    assert_eq!(boot(&mut flash).0, APP1);
    assert_eq!(otadata(&flash), Otadata { first: Entry::new(2, State::Valid), second: Entry::ERASED });
}

#[test]
fn nothing_to_start_is_an_error() {
    let mut flash = flash();
    flash.erase(0x1_0000).unwrap();
    flash.erase(APP1).unwrap();
    let mut lines = Vec::new();
    let error = start(&mut flash, &mut { SILICON }, &mut |line| lines.push(line.to_owned())).unwrap_err();
    assert!(matches!(error, BootError::NothingBootable));
    assert!(lines.last().unwrap().ends_with("boot: No bootable app partitions in the partition table"));

    let mut blank = Nor::erased(FOUR_MEGABYTES).unwrap();
    assert!(matches!(start(&mut blank, &mut { SILICON }, &mut |_| ()), Err(BootError::Table(_))));
}

#[test]
fn chip_revisions_are_checked_with_their_bounds() {
    let image = |from: u16, until: u16| {
        let mut bytes = firmware("0.2");
        bytes[15..17].copy_from_slice(&from.to_le_bytes());
        bytes[17..19].copy_from_slice(&until.to_le_bytes());
        bytes[23] = 0;
        bytes
    };
    for (from, until, starts) in
        [(300, 399, true), (301, 399, false), (0, 299, false), (0, 0, true), (0, u16::MAX, true)]
    {
        let verified = SILICON.verify(&image(from, until)).map(drop);
        let refused = matches!(verified, Err(Refusal::Revision { .. }));
        assert_eq!((verified.is_ok(), refused), (starts, !starts), "{from} to {until}");
    }
}

#[test]
fn the_next_slot_goes_round_and_its_image_is_checked_before_it_is_chosen() {
    let mut flash = flash();
    let slots = start(&mut flash, &mut { SILICON }, &mut |_| ()).unwrap();
    let next = slots.next().unwrap();
    assert_eq!(next.offset, APP1);
    slots.activate(&mut flash, &next).unwrap();
    assert_eq!(otadata(&flash).second, Entry::new(2, State::New));

    let slots = start(&mut flash, &mut { SILICON }, &mut |_| ()).unwrap();
    let first = slots.next().unwrap();
    assert_eq!(first.offset, 0x1_0000);
    flash.erase(first.offset).unwrap();
    assert!(slots.activate(&mut flash, &first).is_err());
    assert_eq!(otadata(&flash).second.state, State::PendingVerify, "the choice is untouched");
}

#[test]
fn real_boards_have_room_for_larger_images_in_larger_slots() {
    for (len, layout) in [
        (1_310_720, Some(Layout::Default)),
        (1_310_721, Some(Layout::LargeSlots)),
        (1_966_080, Some(Layout::LargeSlots)),
        (1_966_081, None),
    ] {
        assert_eq!(Layout::for_app(len), layout, "{len}");
    }
    for layout in [Layout::Default, Layout::LargeSlots] {
        let mut table = [0; otary_image::TABLE_SIZE];
        otary_image::emit_table(&layout.partitions(), &mut table).unwrap();
        let table = otary_image::Table::parse(&table).unwrap();
        table.check(0x8000, FOUR_MEGABYTES).unwrap();
        otary_agent::Layout::find(&table).unwrap();
    }
}

#[test]
fn a_merged_image_is_told_from_an_app_by_its_table() {
    let whole = flash();
    let bytes = whole.bytes(0, FOUR_MEGABYTES).unwrap();
    let merged = Firmware::read(&bytes[..0x5_0000]).unwrap();
    assert_eq!(sample::version(merged.app().image()), Some("0.1"));

    let identity = Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap());
    let mut board = Board::new(identity, Nor::erased(FOUR_MEGABYTES).unwrap());
    board.flash_factory(&bytes[..0x5_0000], None).unwrap();
    assert_eq!(boot(board.flash_mut()).0, 0x1_0000);
    let error = board.flash_factory(&sample::app(Chip::Esp32C3, "0.1", 9000).unwrap(), None).unwrap_err();
    assert_eq!(error.to_string(), "firmware for esp32c3, not for esp32");
}

#[test]
fn flash_is_only_ever_written_where_it_was_erased() {
    let mut flash = flash();
    assert!(matches!(flash.program(0x1_0000, &[0xFF]), Err(FlashError::NotErased { .. })));
}
