//! The kinds of memory by address, as far as they are certain.
//!
//! Source: ESP-IDF `soc.h` of each chip. Newer chips have one bus for code and data, so that an address there says
//! `flash` or `RAM` and no more. Of chips without a row here only the mapped flash is known.

use std::ops::Range;

use otary_image::Chip;

/// The kind of memory at this address.
pub fn name(chip: Chip, address: u32) -> Option<&'static str> {
    let named = regions(chip).iter().find(|(range, _)| range.contains(&address)).map(|region| region.1);
    named.or_else(|| chip.maps_flash(address).then_some("flash"))
}

type Region = (Range<u32>, &'static str);

fn regions(chip: Chip) -> &'static [Region] {
    match chip {
        Chip::Esp8266 => &[
            (0x3FFE_8000..0x4000_0000, "DRAM"),
            (0x4010_0000..0x4011_0000, "IRAM"),
            (0x4020_0000..0x4030_0000, "IROM"),
        ],
        Chip::Esp32 => &[
            (0x3F40_0000..0x3F80_0000, "DROM"),
            (0x3FF8_0000..0x3FF8_2000, "RTC fast"),
            (0x3FFA_E000..0x4000_0000, "DRAM"),
            // The caches of both cores, RAM as long as they are off: the second-stage bootloader runs here.
            (0x4007_0000..0x4008_0000, "IRAM"),
            (0x4008_0000..0x400C_0000, "IRAM"),
            (0x400C_0000..0x400C_2000, "RTC fast"),
            (0x400D_0000..0x4040_0000, "IROM"),
            (0x5000_0000..0x5000_2000, "RTC slow"),
        ],
        Chip::Esp32S2 => &[
            (0x3F00_0000..0x3FF8_0000, "DROM"),
            (0x3FF9_E000..0x3FFA_0000, "RTC fast"),
            (0x3FFB_0000..0x4000_0000, "DRAM"),
            (0x4002_0000..0x4007_0000, "IRAM"),
            (0x4007_0000..0x4007_2000, "RTC fast"),
            (0x4008_0000..0x4080_0000, "IROM"),
            (0x5000_0000..0x5000_2000, "RTC slow"),
        ],
        Chip::Esp32S3 => &[
            (0x3C00_0000..0x3E00_0000, "DROM"),
            (0x3FC8_8000..0x3FD0_0000, "DRAM"),
            (0x4037_0000..0x403E_0000, "IRAM"),
            (0x4200_0000..0x4400_0000, "IROM"),
            (0x5000_0000..0x5000_2000, "RTC slow"),
            (0x600F_E000..0x6010_0000, "RTC fast"),
        ],
        Chip::Esp32C3 => &[
            (0x3C00_0000..0x3C80_0000, "DROM"),
            (0x3FC8_0000..0x3FCE_0000, "DRAM"),
            (0x4037_C000..0x403E_0000, "IRAM"),
            (0x4200_0000..0x4280_0000, "IROM"),
            (0x5000_0000..0x5000_2000, "RTC"),
        ],
        Chip::Esp32C2 => &[
            (0x3C00_0000..0x3C40_0000, "DROM"),
            (0x3FCA_0000..0x3FCE_0000, "DRAM"),
            (0x4037_C000..0x403C_0000, "IRAM"),
            (0x4200_0000..0x4240_0000, "IROM"),
        ],
        Chip::Esp32C5 => &[(0x4080_0000..0x4086_0000, "RAM"), (0x5000_0000..0x5000_4000, "LP RAM")],
        Chip::Esp32C6 => &[(0x4080_0000..0x4088_0000, "RAM"), (0x5000_0000..0x5000_4000, "LP RAM")],
        Chip::Esp32C61 => &[(0x4080_0000..0x4085_0000, "RAM")],
        Chip::Esp32H2 => &[(0x4080_0000..0x4085_0000, "RAM"), (0x5000_0000..0x5000_1000, "LP RAM")],
        Chip::Esp32P4 => &[
            (0x4000_0000..0x4400_0000, "flash"),
            (0x4800_0000..0x4C00_0000, "PSRAM"),
            (0x4FF0_0000..0x4FFC_0000, "RAM"),
            (0x5010_8000..0x5011_0000, "LP RAM"),
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_flash_has_a_name_on_every_chip() {
        for chip in Chip::all() {
            for address in (0..u32::MAX).step_by(0x1_0000).filter(|&address| chip.maps_flash(address)) {
                let name = name(chip, address).unwrap();
                assert!(["DROM", "IROM", "flash", "PSRAM"].contains(&name), "{chip} {address:#x}: {name}");
            }
        }
    }

    #[test]
    fn regions_of_a_chip_do_not_overlap() {
        for chip in Chip::all() {
            let ends = regions(chip).windows(2);
            ends.for_each(|pair| assert!(pair[0].0.end <= pair[1].0.start, "{chip} {:#x}", pair[1].0.start));
        }
    }
}
