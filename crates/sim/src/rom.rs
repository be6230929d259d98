//! What a chip's boot ROM prints before any code of ours runs.

use otary_image::{App, Chip, Error, FlashMode};

/// Why the chip starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reset {
    /// Power was switched on.
    PowerOn,
    /// `ESP.restart()`.
    Software,
}

/// Reads the bootloader as the ROM does, which checks the checksum and not the digest: a flashing tool may have changed
/// the flash settings in the header and left the digest as it was.
pub(crate) fn lines(chip: Chip, reset: Reset, mut bootloader: Vec<u8>) -> Result<Vec<String>, Error> {
    if let Some(hash_appended) = bootloader.get_mut(23) {
        *hash_appended = 0;
    }
    let app = App::parse(&bootloader)?;
    let mut lines = banner(chip, reset);
    let (mode, divider) = (app.header().flash_mode, app.header().flash_frequency.nibble());
    let mode = match mode {
        FlashMode::Qio => "QIO",
        FlashMode::Qout => "QOUT",
        FlashMode::Dio => "DIO",
        FlashMode::Dout => "DOUT",
        _ => "FAST_READ",
    };
    // 0 halves the clock, 1 divides it by 3, 2 by 4, 15 not at all.
    let divider = if divider == 0xF { 1 } else { u32::from(divider) + 2 };
    lines.push(format!("mode:{mode}, clock div:{divider}"));
    for segment in app.segments() {
        let len = if chip == Chip::Esp32 { segment.len.to_string() } else { format!("{:#x}", segment.len) };
        lines.push(format!("load:{:#010x},len:{len}", segment.address));
    }
    lines.push(format!("entry {:#010x}", app.header().entry));
    Ok(lines)
}

fn banner(chip: Chip, reset: Reset) -> Vec<String> {
    if chip == Chip::Esp32 {
        let reset = match reset {
            Reset::PowerOn => "rst:0x1 (POWERON_RESET)",
            Reset::Software => "rst:0xc (SW_CPU_RESET)",
        };
        return [
            "ets Jun  8 2016 00:22:57",
            "",
            &format!("{reset},boot:0x13 (SPI_FAST_FLASH_BOOT)"),
            "configsip: 0, SPIWP:0xee",
            "clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00",
        ]
        .map(str::to_owned)
        .to_vec();
    }
    let (rom, built) = match chip {
        Chip::Esp32S2 => ("ESP-ROM:esp32s2-rc4-20191025".to_owned(), Some("Build:Oct 25 2019")),
        Chip::Esp32S3 => ("ESP-ROM:esp32s3-20210327".to_owned(), Some("Build:Mar 27 2021")),
        Chip::Esp32C3 => ("ESP-ROM:esp32c3-api1-20210207".to_owned(), Some("Build:Feb  7 2021")),
        Chip::Esp32C6 => ("ESP-ROM:esp32c6-20220919".to_owned(), Some("Build:Sep 19 2022")),
        Chip::Esp32H2 => ("ESP-ROM:esp32h2-20221101".to_owned(), Some("Build:Nov  1 2022")),
        other => (format!("ESP-ROM:{other}"), None),
    };
    let reset = match reset {
        Reset::PowerOn => "rst:0x1 (POWERON)",
        Reset::Software => "rst:0xc (RTC_SW_CPU_RST)",
    };
    let boot = format!("{reset},boot:0x8 (SPI_FAST_FLASH_BOOT)");
    [Some(rom), built.map(str::to_owned), Some(boot), Some("SPIWP:0xee".to_owned())]
        .into_iter()
        .flatten()
        .collect()
}
