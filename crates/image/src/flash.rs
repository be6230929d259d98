//! How an image wants its flash chip to be driven: bytes 2 and 3 of every header.
//!
//! A tool that flashes by wire rewrites these bytes, so they say little about the board. The second-stage bootloader only
//! warns about values that it does not know, hence every value is kept and none is refused.

use core::fmt;

use crate::Chip;

/// How the flash is read: byte 2 of the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FlashMode {
    /// Four lines for address and data.
    Qio,
    /// Four lines for data.
    Qout,
    /// Two lines for address and data.
    #[default]
    Dio,
    /// Two lines for data.
    Dout,
    /// One line, fast.
    FastRead,
    /// One line, slow.
    SlowRead,
    /// A value without a name.
    Other(u8),
}

impl FlashMode {
    /// The mode that this byte stands for.
    pub const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Qio,
            1 => Self::Qout,
            2 => Self::Dio,
            3 => Self::Dout,
            4 => Self::FastRead,
            5 => Self::SlowRead,
            other => Self::Other(other),
        }
    }

    /// The byte in the header.
    pub const fn to_byte(self) -> u8 {
        match self {
            Self::Qio => 0,
            Self::Qout => 1,
            Self::Dio => 2,
            Self::Dout => 3,
            Self::FastRead => 4,
            Self::SlowRead => 5,
            Self::Other(byte) => byte,
        }
    }
}

impl fmt::Display for FlashMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Qio => "QIO",
            Self::Qout => "QOUT",
            Self::Dio => "DIO",
            Self::Dout => "DOUT",
            Self::FastRead => "fast read",
            Self::SlowRead => "slow read",
            Self::Other(byte) => return write!(f, "unknown ({byte})"),
        })
    }
}

/// The size of the flash chip: high nibble of byte 3. Its meaning differs between ESP8266 and the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlashSize(u8);

impl FlashSize {
    /// The high nibble of this byte.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte >> 4)
    }

    /// The nibble, 0 to 15.
    pub const fn nibble(self) -> u8 {
        self.0
    }

    /// The nibble that says `bytes` to this chip.
    pub fn from_bytes(chip: Chip, bytes: u32) -> Option<Self> {
        (0..16).map(Self).find(|size| size.bytes(chip) == Some(bytes))
    }

    /// The size in bytes, if the nibble has a meaning for this chip.
    pub const fn bytes(self, chip: Chip) -> Option<u32> {
        const KIB: u32 = 1 << 10;
        const MIB: u32 = 1 << 20;
        match (chip, self.0) {
            (Chip::Esp8266, 0) => Some(512 * KIB),
            (Chip::Esp8266, 1) => Some(256 * KIB),
            (Chip::Esp8266, 2) => Some(MIB),
            (Chip::Esp8266, 3 | 5) => Some(2 * MIB),
            (Chip::Esp8266, 4 | 6) => Some(4 * MIB),
            (Chip::Esp8266, 8) => Some(8 * MIB),
            (Chip::Esp8266, 9) => Some(16 * MIB),
            (Chip::Esp8266, _) => None,
            (_, power @ 0..8) => Some(MIB << power),
            _ => None,
        }
    }
}

/// The clock of the flash chip: low nibble of byte 3. Its meaning differs by chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FlashFrequency(u8);

impl FlashFrequency {
    /// The low nibble of this byte.
    pub const fn from_byte(byte: u8) -> Self {
        Self(byte & 0x0F)
    }

    /// The nibble, 0 to 15.
    pub const fn nibble(self) -> u8 {
        self.0
    }

    /// The frequency in MHz, if the nibble has a meaning for this chip: the chip's fastest clock divided by 1 (0xF), 2 (0),
    /// 3 (1) or 4 (2). On the C6, 0 stands for 80 MHz (its boot ROM cannot be told more).
    pub const fn mhz(self, chip: Chip) -> Option<u8> {
        let fastest: u8 = match chip {
            Chip::Esp32C2 => 60,
            Chip::Esp32H2 | Chip::Esp32H21 | Chip::Esp32H4 => 48,
            _ => 80,
        };
        match (chip, self.0) {
            (Chip::Esp32C6, 0) | (_, 0xF) => Some(fastest),
            (_, 0) => Some(fastest / 2),
            (Chip::Esp32C5 | Chip::Esp32C6 | Chip::Esp32C61 | Chip::Esp32S31, 1)
            | (Chip::Esp32H21 | Chip::Esp32H4, 1 | 2) => None,
            (_, 1) => Some(fastest / 3),
            (_, 2) => Some(fastest / 4),
            _ => None,
        }
    }
}
