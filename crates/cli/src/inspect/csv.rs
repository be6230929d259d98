//! `partitions.csv`: a partition table as people write it, read as ESP-IDF's `gen_esp32part.py` reads it.
//!
//! The crate esp-idf-part reads this format too, and is the oracle of the tests here. It does not do for a file that
//! anybody may hand over: it panics at a data subtype without a name and at a size that overflows, both of which the
//! vendor's tool takes or refuses in words; it does not know the types `bootloader` and `partition_table`, nor sizes that
//! count from the end; and of a table with a mistake it shows nothing.

use otary_image::{Partition, TABLE_OFFSET, TABLE_SIZE, Table, Usage, emit_table};

use super::defect::Defect;
use super::tables::TableFacts;

/// A longer file is no partition table: it would have more rows than the flash has room for.
const LONGEST: usize = 64 * 1024;
/// The sector of the table itself, behind which partitions begin.
const SECTOR: u32 = 0x1000;
const APP_ALIGNMENT: u32 = 0x1_0000;
/// Names of types, by number.
const TYPES: [&str; 4] = ["app", "data", "bootloader", "partition_table"];
/// Subtypes of the last two, by number.
const PLACES: [&str; 3] = ["primary", "ota", "recovery"];
const FLAGS: [(&str, u32); 2] = [("encrypted", 1), ("readonly", 2)];

/// Whether the file is text whose first row has the fields of a partition.
pub fn looks_like_table(file: &[u8]) -> bool {
    let text = if file.len() <= LONGEST { std::str::from_utf8(file).ok() } else { None };
    text.and_then(|text| rows(text).next()).is_some_and(|(_, row)| {
        let fields: Vec<_> = row.split(',').map(str::trim).collect();
        fields.len() >= 4 && fields.get(1).is_some_and(|name| TYPES.contains(name) || name.starts_with("0x"))
    })
}

/// Reads the table.
pub fn read(file: &[u8]) -> Result<TableFacts, Defect> {
    let text = str::from_utf8(file).map_err(|_| defect("the table is not UTF-8 text".to_owned()))?;
    let mut partitions: Vec<Partition> = Vec::new();
    for (line, row) in rows(text) {
        let free = partitions.last().map_or(Some(TABLE_OFFSET + SECTOR), end);
        let partition = partition(row, free).map_err(|why| defect(format!("line {line}: {why}")))?;
        partitions.push(partition);
    }
    let mut binary = [0; TABLE_SIZE];
    emit_table(&partitions, &mut binary)?;
    Ok(TableFacts { md5_row: None, ..TableFacts::of(&Table::parse(&binary)?, "csv", TABLE_OFFSET) })
}

fn defect(message: String) -> Defect {
    let help =
        "a row is `name, type, subtype, offset, size, flags`; see the vendor's page on partition tables";
    Defect { message, offset: None, help: Some(help.to_owned()) }
}

/// The rows with their line numbers, without comments. Some editors put a mark before the first line.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.trim_start_matches('\u{FEFF}').lines().map(str::trim).zip(1..);
    lines.filter(|(row, _)| !row.is_empty() && !row.starts_with('#')).map(|(row, line)| (line, row))
}

/// The partition of a row; `free` is where the one before it ends.
fn partition(row: &str, free: Option<u32>) -> Result<Partition, String> {
    let mut fields = row.split(',').map(str::trim);
    let mut field = || fields.next().unwrap_or_default();
    let (name, kind, subtype, offset, size, flags) = (field(), field(), field(), field(), field(), field());
    let usage = usage(kind, subtype)?;
    let offset = match offset {
        "" => next(free, usage).ok_or("the partition before it ends behind the last address")?,
        written => unsigned(written, "offset")?,
    };
    let size = match size.strip_prefix('-') {
        // Up to this address.
        Some(end) => unsigned(end, "size")?.checked_sub(offset).ok_or("the size ends before the offset")?,
        None => unsigned(size, "size")?,
    };
    Ok(Partition { flags: bits(flags)?, ..Partition::new(usage, name, offset, size) })
}

fn end(partition: &Partition) -> Option<u32> {
    u32::try_from(partition.end()).ok()
}

/// The first offset behind `free` where a partition of this usage may begin.
fn next(free: Option<u32>, usage: Usage) -> Option<u32> {
    free?.checked_next_multiple_of(if usage.is_app() { APP_ALIGNMENT } else { SECTOR })
}

fn usage(kind: &str, subtype: &str) -> Result<Usage, String> {
    let number =
        |names: &[&str]| names.iter().position(|name| *name == kind).and_then(|n| u8::try_from(n).ok());
    let kind = match number(&TYPES) {
        Some(number) => number,
        None => byte(kind, "type")?,
    };
    let subtype = match (kind, subtype) {
        (0, "") => return Err("an app has no subtype".to_owned()),
        (_, "") => Usage::Undefined.numbers().1,
        (2 | 3, name) if PLACES.contains(&name) => {
            PLACES.iter().zip(0..).find(|(place, _)| **place == name).map_or(0, |(_, number)| number)
        }
        (_, name) => match named_subtype(kind, name) {
            Some(number) => number,
            None => byte(name, "subtype")?,
        },
    };
    Ok(Usage::from_numbers(kind, subtype))
}

/// The subtype that is written so: `ota_3`, `nvs`.
fn named_subtype(kind: u8, name: &str) -> Option<u8> {
    let written = format!("{}/{name}", TYPES.get(usize::from(kind))?);
    (0..=u8::MAX).find(|&subtype| Usage::from_numbers(kind, subtype).to_string() == written)
}

fn byte(text: &str, field: &str) -> Result<u8, String> {
    let number = unsigned(text, field)?;
    u8::try_from(number).map_err(|_| format!("{field} {number:#x} does not fit into a byte"))
}

/// A number, decimal or hexadecimal, in bytes, KiB (`K`) or MiB (`M`).
fn unsigned(text: &str, field: &str) -> Result<u32, String> {
    let wrong = || match text {
        "" => format!("there is no {field}"),
        _ => format!("{field} is `{}`, not a number", text.escape_debug()),
    };
    let (digits, unit) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1 << 10),
        None => text.strip_suffix(['m', 'M']).map_or((text, 1), |digits| (digits, 1 << 20)),
    };
    let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    number
        .map_err(|_| wrong())?
        .checked_mul(unit)
        .ok_or_else(|| format!("{field} {text} does not fit into 32 bits"))
}

/// The bits of flags between colons.
fn bits(text: &str) -> Result<u32, String> {
    text.split(':').map(str::trim).filter(|flag| !flag.is_empty()).try_fold(0, |bits, flag| {
        let known = FLAGS.iter().find(|(name, _)| *name == flag);
        let unknown = || format!("flag `{}` is not known", flag.escape_debug());
        known.map(|(_, bit)| bits | bit).ok_or_else(unknown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables that ESP-IDF and the Arduino core come with, and one with everything that a row can say.
    const TABLES: [&str; 3] = [
        "# Name,   Type, SubType, Offset,  Size, Flags\n\
         nvs,      data, nvs,     ,        0x6000,\n\
         phy_init, data, phy,     ,        0x1000,\n\
         factory,  app,  factory, ,        1M,\n",
        "nvs,data,nvs,0x9000,0x5000,\n\
         otadata,data,ota,0xe000,0x2000,\n\
         app0,app,ota_0,0x10000,0x140000,\n\
         app1,app,ota_1,0x150000,0x140000,\n\
         spiffs,data,spiffs,0x290000,0x160000,\n\
         coredump,data,coredump,0x3F0000,0x10000,\n",
        "\u{FEFF}\n# a comment\n\
         nvs, data, nvs, , 24K, encrypted\n\
         keys, data, nvs_keys, , 4k, encrypted:readonly\n\
         app, app, test, , 2m\n\
         mine, 0x40, 0x07, , 0x1000\n",
    ];

    /// Name, type and subtype, offset, size and flags.
    type Row = (String, (u8, u8), u32, u32, u32);

    #[test]
    fn reads_what_esp_idf_part_reads() {
        for csv in TABLES {
            let theirs = esp_idf_part::PartitionTable::try_from_str(csv).unwrap();
            let theirs: Vec<Row> = theirs
                .partitions()
                .iter()
                .map(|row| {
                    (
                        row.name(),
                        (row.ty().into(), row.subtype().into()),
                        row.offset(),
                        row.size(),
                        row.flags().bits(),
                    )
                })
                .collect();
            let mut free = Some(0x9000);
            let ours: Vec<Row> = rows(csv)
                .map(|(_, row)| {
                    let found = partition(row, free).unwrap();
                    free = end(&found);
                    (found.name().to_owned(), found.usage.numbers(), found.offset, found.size, found.flags)
                })
                .collect();
            assert_eq!(ours, theirs, "{csv}");
            assert!(looks_like_table(csv.as_bytes()));
        }
    }

    #[test]
    fn a_table_with_a_mistake_is_shown_with_its_problem() {
        let facts = read(b"nvs,data,nvs,0x9000,0x6000\napp,app,ota_0,0xa000,1M\n").unwrap();
        assert_eq!(facts.partitions.len(), 2);
        assert!(facts.problem.unwrap().contains("offset is 0xa000"));
    }

    #[test]
    fn reads_what_esp_idf_part_does_not() {
        let facts = read(b"mine,data,0x40,,8K\nboot,bootloader,ota,,0x8000\nrest,data,fat,,-4M\n").unwrap();
        let sizes: Vec<_> =
            facts.partitions.iter().map(|row| (row.usage.as_str(), row.offset, row.size)).collect();
        let expected = [
            ("0x1/0x40", 0x9000, 0x2000),
            ("bootloader/0x1", 0xB000, 0x8000),
            ("data/fat", 0x1_3000, 0x40_0000 - 0x1_3000),
        ];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn says_which_line_is_wrong_and_why() {
        for (csv, expected) in [
            ("a,data,nvs,,lots", "line 1: size is `lots`, not a number"),
            ("# x\n\na,data,nvs,,\n", "line 3: there is no size"),
            ("a,app,,,1M", "line 1: an app has no subtype"),
            ("a,data,nvs,,9999M", "line 1: size 9999M does not fit into 32 bits"),
            ("a,data,nvs,,1M,secret", "line 1: flag `secret` is not known"),
            ("a,data,0x140,,1M", "line 1: subtype 0x140 does not fit into a byte"),
            (
                "a,data,nvs,0xFFFFF000,8K\nb,data,nvs,,1",
                "line 2: the partition before it ends behind the last address",
            ),
        ] {
            assert_eq!(read(csv.as_bytes()).unwrap_err().message, expected);
        }
    }

    #[test]
    fn other_text_is_no_table() {
        assert!(!looks_like_table(b"name,age,town,street,number\na,1,b,c,d\n"));
        assert!(!looks_like_table(b"# only comments\n"));
        assert!(!looks_like_table(&vec![b','; 70_000]));
    }
}
