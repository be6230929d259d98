//! Partition tables: against the vendor-format crate, fixtures, and every way to be wrong.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use otary_image::{Partition, TABLE_SIZE, Table, Usage, emit_table};
use proptest::prelude::*;

const FLASH: u32 = 0x40_0000;

/// The table of the Arduino core for 4 MB boards.
fn arduino() -> Vec<Partition> {
    vec![
        Partition::new(Usage::Nvs, "nvs", 0x9000, 0x5000),
        Partition::new(Usage::Otadata, "otadata", 0xE000, 0x2000),
        Partition::new(Usage::Slot(0), "app0", 0x1_0000, 0x14_0000),
        Partition::new(Usage::Slot(1), "app1", 0x15_0000, 0x14_0000),
        Partition::new(Usage::Spiffs, "spiffs", 0x29_0000, 0x16_0000),
        Partition::new(Usage::Coredump, "coredump", 0x3F_0000, 0x1_0000),
    ]
}

fn emitted(partitions: &[Partition]) -> [u8; TABLE_SIZE] {
    let mut bytes = [0; TABLE_SIZE];
    emit_table(partitions, &mut bytes).unwrap();
    bytes
}

fn parse_error(bytes: &[u8]) -> String {
    Table::parse(bytes).unwrap_err().to_string()
}

fn check_error(change: impl FnOnce(&mut Vec<Partition>)) -> String {
    let mut partitions = arduino();
    change(&mut partitions);
    Table::parse(&emitted(&partitions)).unwrap().check(0x8000, FLASH).unwrap_err().to_string()
}

#[test]
fn the_arduino_table_reads_as_it_was_written() {
    let bytes = emitted(&arduino());
    let table = Table::parse(&bytes).unwrap();
    table.check(0x8000, FLASH).unwrap();
    assert_eq!(table.iter().collect::<Vec<_>>(), arduino());
    assert_eq!(table.ota_slots().map(|p| p.offset).collect::<Vec<_>>(), [0x1_0000, 0x15_0000]);
    assert_eq!(table.otadata().unwrap().offset, 0xE000);
    assert_eq!(table.find_name("spiffs").unwrap().usage.to_string(), "data/spiffs");
    assert!(table.md5().is_some());
}

#[test]
fn the_vendors_format_crate_reads_the_same() {
    let theirs = esp_idf_part::PartitionTable::try_from_bytes(emitted(&arduino())).unwrap();
    let rows = theirs.partitions().iter();
    let theirs: Vec<_> = rows.map(|p| (p.name(), p.offset(), p.size(), p.ty().to_string())).collect();
    let ours = arduino();
    let ours: Vec<_> = ours
        .iter()
        .map(|p| {
            (p.name().to_owned(), p.offset, p.size, p.usage.to_string().split_once('/').unwrap().0.to_owned())
        })
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn a_table_without_md5_or_end_row_is_a_table() {
    let bytes = emitted(&arduino());
    let rows = &bytes[..arduino().len() * 32];
    let table = Table::parse(rows).unwrap();
    assert_eq!((table.iter().count(), table.md5()), (6, None));
    let ended = [rows, &[0xFF; 32]].concat();
    assert_eq!(Table::parse(&ended).unwrap().iter().count(), 6);
}

#[test]
fn damage_is_named_with_its_place() {
    let good = emitted(&arduino());
    let damaged = |at: usize, byte: u8| {
        let mut bytes = good;
        bytes[at] = byte;
        parse_error(&bytes)
    };
    assert!(
        damaged(0x45, 1).starts_with("partition table at offset 0xc0: expected "),
        "{}",
        damaged(0x45, 1)
    );
    assert_eq!(damaged(0x20, 0), "partition table row 1 at offset 0x20: expected magic 0x50aa, found 0x5000");
    assert_eq!(damaged(0xE0, 0), "partition table row 7 at offset 0xe0: expected magic 0x50aa, found 0xff00");
    assert_eq!(
        parse_error(&[0xFF; 64]),
        "partition table row 0 at offset 0x0: expected magic 0x50aa, found 0xffff"
    );
    assert_eq!(
        parse_error(&good[..50]),
        "partition table row 1 at offset 0x20: the file ends here (expected 0x20 bytes, found 0x12)"
    );
    let endless = good[..32].repeat(TABLE_SIZE / 32);
    assert_eq!(parse_error(&endless), "partition table at offset 0xc00: expected an end row, found none");
}

#[test]
fn what_boots_but_breaks_a_rule_is_named_with_its_row() {
    for (error, change) in [
        (
            "row 3 at offset 0x60: offset is 0x151000 (expected a multiple of 0x10000)",
            (|t| t[3].offset += 0x1000) as fn(&mut Vec<Partition>),
        ),
        ("row 0 at offset 0x0: offset is 0x9800 (expected a multiple of 0x1000)", |t| t[0].offset += 0x800),
        ("row 2 at offset 0x40: size of an app is 0x140010 (expected a multiple of 0x1000)", |t| {
            t[2].size += 16;
        }),
        ("row 3 at offset 0x60: begins at 0x150000, inside another (expected 0x160000 or later)", |t| {
            t[2].size = 0x15_0000;
        }),
        ("row 0 at offset 0x0: begins at 0x8000, inside another (expected 0x9000 or later)", |t| {
            t[0].offset = 0x8000;
        }),
        ("row 5 at offset 0xa0: size is 0x20000 (expected 0x1 to 0x10000)", |t| t[5].size = 0x2_0000),
        ("row 5 at offset 0xa0: size is 0x0 (expected 0x1 to 0x10000)", |t| t[5].size = 0),
        ("row 1 at offset 0x20: size of otadata is 0x1000 (expected 0x2000 to 0x2000)", |t| {
            t[1].size = 0x1000;
        }),
        ("row 3 at offset 0x60: expected a name of its own, found none", |t| t[3].label = t[2].label),
        ("row 3 at offset 0x60: expected a name, found none", |t| t[3].label = [0; 16]),
        ("row 3 at offset 0x60: expected a subtype of its own, found none", |t| t[3].usage = Usage::Slot(0)),
    ] {
        assert_eq!(check_error(change), format!("partition table {error}"));
    }
}

#[test]
fn a_table_has_room_for_94_rows() {
    let rows: Vec<_> =
        (0..95).map(|n| Partition::new(Usage::Nvs, &format!("p{n}"), 0x9000 + n * 0x1000, 0x1000)).collect();
    assert_eq!(Table::parse(&emitted(&rows[..94])).unwrap().iter().count(), 94);
    assert!(emit_table(&rows, &mut [0; TABLE_SIZE]).is_err());
    assert!(emit_table(&[], &mut [0; TABLE_SIZE]).is_err());
}

#[test]
fn real_tables_read_as_the_vendors_format_crate_reads_them() {
    let Some(folder) = std::env::var_os("OTARY_FIRMWARE").map(PathBuf::from).filter(|f| f.is_dir()) else {
        eprintln!("skipped: OTARY_FIRMWARE names no folder of images");
        return;
    };
    for (file, rows) in [
        ("espgeiger-0.12.4-esp32s3-partitions.bin", 6),
        ("espidfpart-factory-partitions.bin", 3),
        ("espidfpart-two-ota-partitions.bin", 6),
    ] {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let ours = Table::parse(&bytes).unwrap();
        ours.check(0x8000, 0x80_0000).unwrap();
        let theirs = esp_idf_part::PartitionTable::try_from_bytes(bytes.clone()).unwrap();
        let theirs: Vec<_> = theirs.partitions().iter().map(|p| (p.name(), p.offset(), p.size())).collect();
        let ours: Vec<_> = ours.iter().map(|p| (p.name().to_owned(), p.offset, p.size)).collect();
        assert_eq!((ours.len(), &ours), (rows, &theirs), "{file}");
    }
    let old = std::fs::read(folder.join("esptool-partitions-singleapp.bin")).unwrap();
    let old = Table::parse(&old).unwrap();
    assert_eq!(old.find(Usage::Factory).unwrap().size, 0x10_0000);
    assert_eq!(old.md5(), None);
}

fn any_partition() -> impl Strategy<Value = Partition> {
    (any::<(u8, u8, u32, u32, u32)>(), any::<[u8; 16]>()).prop_map(
        |((kind, subtype, offset, size, flags), label)| Partition {
            usage: Usage::from_numbers(kind, subtype),
            offset,
            size,
            label,
            flags,
        },
    )
}

proptest! {
    #[test]
    fn emitting_then_parsing_is_identity(rows in proptest::collection::vec(any_partition(), 1..=94)) {
        let bytes = emitted(&rows);
        let table = Table::parse(&bytes).unwrap();
        prop_assert_eq!(table.iter().collect::<Vec<_>>(), rows);
        let _ = table.check(0x8000, FLASH);
    }

    #[test]
    fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..0xD00), marks in any::<[bool; 104]>()) {
        for (row, marked) in bytes.chunks_mut(32).zip(marks) {
            if let (true, Some(magic)) = (marked, row.get_mut(..2)) {
                magic.copy_from_slice(&[0xAA, 0x50]);
            }
        }
        if let Ok(table) = Table::parse(&bytes) {
            let _ = table.check(0x8000, FLASH);
            prop_assert!(table.iter().all(|p| p.name().len() <= 16));
        }
    }

    #[test]
    fn numbers_and_usage_agree(kind: u8, subtype: u8) {
        prop_assert_eq!(Usage::from_numbers(kind, subtype).numbers(), (kind, subtype));
    }
}
