//! What the driver needs of the board besides its network and its clock.

use core::fmt;

use embedded_storage::nor_flash::NorFlash;

/// A board: its flash, its chance, its serial line, its watchdog and its reset.
pub trait Board {
    /// The whole flash, addressed from 0.
    type Flash: NorFlash;

    /// The flash.
    fn flash(&mut self) -> &mut Self::Flash;

    /// Random bytes that nobody can foresee.
    fn random(&mut self) -> [u8; 16];

    /// Prints on the serial line.
    fn print(&mut self, text: fmt::Arguments<'_>);

    /// Tells the watchdog that all is well: at least every 60 seconds.
    fn feed(&mut self);

    /// Starts again, by way of the bootloader.
    fn restart(&mut self) -> !;

    /// What the application finds when a new firmware of it has started; `false` takes the update back.
    fn tests_itself(&mut self) -> bool {
        true
    }
}
