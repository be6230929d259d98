//! Partition tables: what lies where in flash, as ESP-IDF's bootloader reads it.
//!
//! [`Table::parse`] accepts what the bootloader accepts (ESP-IDF, `esp_partition_table_verify`): rows, at most one MD5
//! row that must be right, an end row. It also accepts a file that stops after its last row, because flash behind
//! such a file is erased and so ends it. [`Table::check`] adds the rules of the vendor's generator, which a table can
//! break and still boot: alignment, overlaps, names, the flash's size. [`emit`] writes what that generator writes.
//!
//! esp-idf-part knows the same format, but needs std and a heap and refuses tables without an MD5 row; it reads CSV
//! for the command line and is the oracle of the tests here.

use core::fmt;

use md5::{Digest as _, Md5};

use crate::{Error, Fault, Part};

/// Where the table lies in flash unless a project moved it.
pub const TABLE_OFFSET: u32 = 0x8000;
/// Bytes of a whole table; the rest of its 4 KiB sector may hold a signature.
pub const TABLE_SIZE: usize = 0xC00;

const ROW: usize = 32;
const SECTOR: u32 = 0x1000;
/// `AA 50`, `EB EB` and an erased row, as little-endian numbers.
const MAGIC: u16 = 0x50AA;
const MAGIC_MD5: u16 = 0xEBEB;
const MAGIC_END: u16 = 0xFFFF;

/// What a partition is for: its type and subtype.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Usage {
    /// The app of the factory (0, 0): runs while otadata names no slot.
    Factory,
    /// An app slot, `ota_0` to `ota_15` (0, 0x10 to 0x1F).
    Slot(u8),
    /// A test app (0, 0x20).
    Test,
    /// Which slot runs (1, 0).
    Otadata,
    /// Radio calibration (1, 1).
    Phy,
    /// Key-value store (1, 2).
    Nvs,
    /// Room for a core dump (1, 3).
    Coredump,
    /// Keys of an encrypted key-value store (1, 4).
    NvsKeys,
    /// Emulated fuses (1, 5).
    Efuse,
    /// Data of no named kind (1, 6).
    Undefined,
    /// Pages of esphttpd (1, 0x80).
    Esphttpd,
    /// A FAT file system (1, 0x81).
    Fat,
    /// SPIFFS (1, 0x82). Arduino sketches keep LittleFS here as often: the subtype says nothing about the content.
    Spiffs,
    /// LittleFS (1, 0x83).
    LittleFs,
    /// A bootloader (2, its subtype).
    Bootloader(u8),
    /// A partition table (3, its subtype).
    PartitionTable(u8),
    /// A type and subtype without a name here.
    Other(u8, u8),
}

/// Usages with fixed numbers: type, subtype, the names that the vendor's CSV gives them.
const USAGES: [(Usage, u8, u8, &str); 13] = [
    (Usage::Factory, 0, 0, "app/factory"),
    (Usage::Test, 0, 0x20, "app/test"),
    (Usage::Otadata, 1, 0, "data/ota"),
    (Usage::Phy, 1, 1, "data/phy"),
    (Usage::Nvs, 1, 2, "data/nvs"),
    (Usage::Coredump, 1, 3, "data/coredump"),
    (Usage::NvsKeys, 1, 4, "data/nvs_keys"),
    (Usage::Efuse, 1, 5, "data/efuse"),
    (Usage::Undefined, 1, 6, "data/undefined"),
    (Usage::Esphttpd, 1, 0x80, "data/esphttpd"),
    (Usage::Fat, 1, 0x81, "data/fat"),
    (Usage::Spiffs, 1, 0x82, "data/spiffs"),
    (Usage::LittleFs, 1, 0x83, "data/littlefs"),
];

impl Usage {
    /// The usage with these numbers.
    pub fn from_numbers(kind: u8, subtype: u8) -> Self {
        match (kind, subtype) {
            (0, 0x10..=0x1F) => Self::Slot(subtype & 0x0F),
            (2, n) => Self::Bootloader(n),
            (3, n) => Self::PartitionTable(n),
            _ => USAGES
                .iter()
                .find(|row| (row.1, row.2) == (kind, subtype))
                .map_or(Self::Other(kind, subtype), |row| row.0),
        }
    }

    /// Type and subtype.
    pub fn numbers(self) -> (u8, u8) {
        match self {
            Self::Slot(n) => (0, 0x10 | n & 0x0F),
            Self::Bootloader(n) => (2, n),
            Self::PartitionTable(n) => (3, n),
            Self::Other(kind, subtype) => (kind, subtype),
            _ => USAGES.iter().find(|row| row.0 == self).map_or((1, 6), |row| (row.1, row.2)),
        }
    }

    /// Whether an app lies there.
    pub fn is_app(self) -> bool {
        self.numbers().0 == 0
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.numbers()) {
            (Self::Slot(n), _) => write!(f, "app/ota_{n}"),
            (Self::Bootloader(n), _) => write!(f, "bootloader/{n:#x}"),
            (Self::PartitionTable(n), _) => write!(f, "partition_table/{n:#x}"),
            (Self::Other(kind, subtype), _) => write!(f, "{kind:#x}/{subtype:#x}"),
            (_, numbers) => {
                f.pad(USAGES.iter().find(|row| (row.1, row.2) == numbers).map_or("", |row| row.3))
            }
        }
    }
}

/// A row of a partition table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// What it is for.
    pub usage: Usage,
    /// Where it begins in flash.
    pub offset: u32,
    /// Its bytes.
    pub size: u32,
    /// Its name, filled up with zeros; all 16 bytes may be used.
    pub label: [u8; 16],
    /// Bit 0: encrypted; bit 1: read-only.
    pub flags: u32,
}

impl Partition {
    /// A plain partition. A name of more than 16 bytes is cut.
    pub fn new(usage: Usage, name: &str, offset: u32, size: u32) -> Self {
        let mut label = [0; 16];
        for (to, from) in label.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        Self { usage, offset, size, label, flags: 0 }
    }

    /// The name as text: up to its first zero, or as far as it is UTF-8.
    pub fn name(&self) -> &str {
        let bytes = self.label.split(|&byte| byte == 0).next().unwrap_or_default();
        bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
    }

    /// The offset behind the last byte.
    pub fn end(&self) -> u64 {
        u64::from(self.offset).saturating_add(u64::from(self.size))
    }

    fn read(row: [u8; ROW]) -> Self {
        let [_, _, kind, subtype, o0, o1, o2, o3, s0, s1, s2, s3, text @ ..] = row;
        let [label @ .., f0, f1, f2, f3] = text;
        Self {
            usage: Usage::from_numbers(kind, subtype),
            offset: u32::from_le_bytes([o0, o1, o2, o3]),
            size: u32::from_le_bytes([s0, s1, s2, s3]),
            label,
            flags: u32::from_le_bytes([f0, f1, f2, f3]),
        }
    }

    fn write(&self, row: &mut [u8; ROW]) {
        let (kind, subtype) = self.usage.numbers();
        let [m0, m1] = MAGIC.to_le_bytes();
        let fields = [m0, m1, kind, subtype]
            .into_iter()
            .chain(self.offset.to_le_bytes())
            .chain(self.size.to_le_bytes())
            .chain(self.label)
            .chain(self.flags.to_le_bytes());
        for (to, from) in row.iter_mut().zip(fields) {
            *to = from;
        }
    }
}

/// A partition table whose rows, MD5 and end have been checked.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    rows: &'a [[u8; ROW]],
    md5: Option<[u8; 16]>,
}

impl<'a> Table<'a> {
    /// Reads a table from the start of `bytes`; whatever follows its end row is not looked at.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let bytes = bytes.get(..TABLE_SIZE).unwrap_or(bytes);
        let (rows, rest) = bytes.as_chunks::<ROW>();
        for (n, row) in rows.iter().enumerate() {
            let before = rows.get(..n).unwrap_or_default();
            match magic(row) {
                MAGIC => {}
                MAGIC_MD5 if n > 0 => return Self::end(before, row, rows.get(before.len().wrapping_add(1))),
                MAGIC_END if n > 0 => return Ok(Self { rows: before, md5: None }),
                found => return Err(wrong_magic(n, found)),
            }
        }
        let end = offset_of(rows.len());
        match rest.len() {
            0 if bytes.len() < TABLE_SIZE && !rows.is_empty() => Ok(Self { rows, md5: None }),
            0 if !rows.is_empty() => Err(Error::new(Part::PartitionTable, end, Fault::Missing("an end row"))),
            found => {
                let found = u32::try_from(found).unwrap_or(u32::MAX);
                Err(Error::new(part(rows.len()), end, Fault::Truncated { expected: 32, found }))
            }
        }
    }

    /// The table of `rows`, which `md5_row` protects and `next` must end.
    fn end(rows: &'a [[u8; ROW]], md5_row: &[u8; ROW], next: Option<&[u8; ROW]>) -> Result<Self, Error> {
        let [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, stored @ ..] = *md5_row;
        let computed: [u8; 16] = Md5::digest(rows.as_flattened()).into();
        if stored != computed {
            let fault = Fault::Digest { expected: first_four(computed), found: first_four(stored) };
            return Err(Error::new(Part::PartitionTable, offset_of(rows.len()), fault));
        }
        match next.map_or(MAGIC_END, magic) {
            MAGIC_END => Ok(Self { rows, md5: Some(stored) }),
            found => Err(wrong_magic(rows.len().wrapping_add(1), found)),
        }
    }

    /// The partitions in the order of their rows.
    pub fn iter(&self) -> impl Iterator<Item = Partition> + use<'a> {
        self.rows.iter().map(|row| Partition::read(*row))
    }

    /// The MD5 row's digest; tables of old tools have none.
    pub fn md5(&self) -> Option<[u8; 16]> {
        self.md5
    }

    /// The first partition of this usage.
    pub fn find(&self, usage: Usage) -> Option<Partition> {
        self.iter().find(|p| p.usage == usage)
    }

    /// The partition of this name.
    pub fn find_name(&self, name: &str) -> Option<Partition> {
        self.iter().find(|p| p.name() == name)
    }

    /// The app slots in the order of their numbers.
    pub fn ota_slots(&self) -> impl Iterator<Item = Partition> + use<'a> {
        let table = *self;
        (0..16).filter_map(move |n| table.find(Usage::Slot(n)))
    }

    /// The partition that says which slot runs.
    pub fn otadata(&self) -> Option<Partition> {
        self.find(Usage::Otadata)
    }

    /// Checks what the vendor's generator checks (ESP-IDF, `gen_esp32part.py`): apps at multiples of 64 KiB, all
    /// else of 4 KiB; nothing overlaps, lies before the end of the table's sector at `table_offset` or behind the
    /// flash's end; names are there and differ; one otadata partition of 8 KiB. Slots of the same number are refused
    /// too: the bootloader would use one and the app the other.
    pub fn check(&self, table_offset: u32, flash_size: u32) -> Result<(), Error> {
        let first_free = table_offset.saturating_add(SECTOR);
        for (n, partition) in self.iter().enumerate() {
            let fault = alignment_fault(&partition)
                .or_else(|| place_fault(&partition, first_free, flash_size))
                .or_else(|| self.neighbour_fault(n, &partition));
            if let Some(fault) = fault {
                return Err(Error::new(part(n), offset_of(n), fault));
            }
        }
        Ok(())
    }

    /// What is wrong with row `n` beside the others.
    fn neighbour_fault(&self, n: usize, partition: &Partition) -> Option<Fault> {
        let start = u64::from(partition.offset);
        for (m, other) in self.iter().enumerate().filter(|(m, _)| *m != n) {
            let begins_inside = start > u64::from(other.offset) || start == u64::from(other.offset) && m < n;
            if begins_inside && start < other.end() {
                let expected = u32::try_from(other.end()).unwrap_or(u32::MAX);
                return Some(Fault::Overlap { expected, found: partition.offset });
            }
            if m < n && other.name() == partition.name() {
                return Some(Fault::Missing("a name of its own"));
            }
            let unique = partition.usage.is_app() || partition.usage == Usage::Otadata;
            if m < n && unique && other.usage == partition.usage {
                return Some(Fault::Missing("a subtype of its own"));
            }
        }
        None
    }
}

/// What is wrong with a partition's own numbers.
fn alignment_fault(partition: &Partition) -> Option<Fault> {
    let app = partition.usage.is_app();
    let unaligned = |field, expected: u32, found: u32| {
        (found.checked_rem(expected) != Some(0)).then_some(Fault::Unaligned { field, expected, found })
    };
    if partition.name().is_empty() {
        return Some(Fault::Missing("a name"));
    }
    if partition.usage == Usage::Otadata && partition.size != 2 * SECTOR {
        let expected = (2 * SECTOR, 2 * SECTOR);
        return Some(Fault::Range { field: "size of otadata", expected, found: partition.size });
    }
    unaligned("offset", if app { 0x1_0000 } else { SECTOR }, partition.offset)
        .or_else(|| app.then(|| unaligned("size of an app", SECTOR, partition.size)).flatten())
}

/// What is wrong with where a partition lies in flash.
fn place_fault(partition: &Partition, first_free: u32, flash_size: u32) -> Option<Fault> {
    let before_table = matches!(partition.usage, Usage::Bootloader(_) | Usage::PartitionTable(_));
    if partition.offset < first_free && !before_table {
        return Some(Fault::Overlap { expected: first_free, found: partition.offset });
    }
    let room = flash_size.saturating_sub(partition.offset);
    let fits = partition.size >= 1 && partition.size <= room;
    (!fits).then_some(Fault::Range { field: "size", expected: (1, room), found: partition.size })
}

/// Writes a table: the rows, the MD5 row, and FF to the end.
pub fn emit(partitions: &[Partition], out: &mut [u8; TABLE_SIZE]) -> Result<(), Error> {
    out.fill(0xFF);
    let (rows, _) = out.as_chunks_mut::<ROW>();
    // Two rows stay free: the MD5 and the end.
    let most = rows.len().saturating_sub(2);
    if partitions.len() > most || partitions.is_empty() {
        let expected = (1, u32::try_from(most).unwrap_or_default());
        let found = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
        return Err(Error::new(Part::PartitionTable, 0, Fault::Range { field: "rows", expected, found }));
    }
    for (row, partition) in rows.iter_mut().zip(partitions) {
        partition.write(row);
    }
    let (written, rest) = rows.split_at_mut_checked(partitions.len()).unwrap_or_default();
    if let Some([m0, m1, _, _, _, _, _, _, _, _, _, _, _, _, _, _, digest @ ..]) = rest.first_mut() {
        [*m0, *m1] = MAGIC_MD5.to_le_bytes();
        *digest = Md5::digest(written.as_flattened()).into();
    }
    Ok(())
}

fn magic(row: &[u8; ROW]) -> u16 {
    let [m0, m1, ..] = *row;
    u16::from_le_bytes([m0, m1])
}

fn wrong_magic(n: usize, found: u16) -> Error {
    Error::new(part(n), offset_of(n), Fault::Magic { expected: MAGIC.into(), found: found.into() })
}

fn part(n: usize) -> Part {
    Part::Partition(u8::try_from(n).unwrap_or(u8::MAX))
}

fn offset_of(n: usize) -> u32 {
    u32::try_from(n.saturating_mul(ROW)).unwrap_or(u32::MAX)
}

fn first_four([a, b, c, d, ..]: [u8; 16]) -> [u8; 4] {
    [a, b, c, d]
}
