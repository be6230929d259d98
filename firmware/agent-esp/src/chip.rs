//! A chip of Espressif's as a [`Board`].

use core::fmt;

use esp_bootloader_esp_idf::partitions::{PARTITION_TABLE_MAX_LEN, PartitionEntry, read_partition_table};
use esp_hal::efuse;
use esp_hal::peripherals::{FLASH, RTC_TIMER};
use esp_hal::rng::Trng;
use esp_hal::rtc_cntl::{Rtc, Rwdt, RwdtStage};
use esp_hal::time::Duration;
use esp_storage::FlashStorage;
use otary_image::{Chip as Family, Partition, Usage};

use crate::board::Board;
use crate::device::Device;
use crate::driver::Unfit;

/// A chip that hangs for this long is restarted. The slowest thing between two feedings is a handshake's arithmetic.
const WATCHDOG: Duration = Duration::from_secs(60);

/// The chip.
pub struct Chip {
    flash: FlashStorage<'static>,
    watchdog: Rwdt,
}

impl Chip {
    /// The chip, with its watchdog running.
    pub fn new(flash: FLASH<'static>, clock: RTC_TIMER<'static>) -> Self {
        let mut watchdog = Rtc::new(clock).rwdt;
        watchdog.set_timeout(RwdtStage::Stage0, WATCHDOG);
        watchdog.enable();
        Self { flash: FlashStorage::new(flash), watchdog }
    }

    /// The address that its network interfaces are numbered from, and that names the device.
    pub fn address() -> [u8; 6] {
        let mut address = [0; 6];
        address.copy_from_slice(efuse::base_mac_address().as_bytes());
        address
    }

    /// What the agent has to know of it. Which app runs is what the bootloader mapped, of which otadata need not be true.
    ///
    /// In a function of its own: the table is off the stack again when the agent starts.
    #[inline(never)]
    pub fn device(&mut self, family: Family) -> Result<Device, Unfit> {
        let mut table = [0; PARTITION_TABLE_MAX_LEN];
        let table = read_partition_table(&mut self.flash, &mut table).map_err(|_| Unfit::Table)?;
        let running = table.booted_partition().ok().flatten().map(|app| app.offset());
        Device::new(family, Self::address(), table.iter().map(partition), running)
    }
}

fn partition(entry: PartitionEntry) -> Partition {
    let mut label = [0; 16];
    label.copy_from_slice(entry.label());
    Partition {
        usage: Usage::from_numbers(entry.raw_type(), entry.raw_subtype()),
        offset: entry.offset(),
        size: entry.len(),
        label,
        flags: entry.flags(),
    }
}

impl Board for Chip {
    type Flash = FlashStorage<'static>;

    fn flash(&mut self) -> &mut Self::Flash {
        &mut self.flash
    }

    /// From the hardware, which `main` has given a source of entropy: the radio, or the converter's noise.
    fn random(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        match Trng::try_new() {
            Ok(source) => source.read(&mut bytes),
            Err(error) => panic!("no source of entropy: {error:?}"),
        }
        bytes
    }

    fn print(&mut self, text: fmt::Arguments<'_>) {
        esp_println::print!("{text}");
    }

    fn feed(&mut self) {
        self.watchdog.feed();
    }

    fn restart(&mut self) -> ! {
        esp_hal::system::software_reset()
    }
}

/// After a panic or an exception the chip starts again: a firmware on trial that crashes is taken back by the agent, which
/// counts its starts, and one that stands still never would be.
#[expect(unsafe_code, reason = "esp-backtrace calls it by this name")]
#[unsafe(no_mangle)]
extern "Rust" fn custom_halt() -> ! {
    esp_hal::system::software_reset()
}
