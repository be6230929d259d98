//! A board: power on, boot, the sketch's `setup()` and `loop()`, restart into what was downloaded.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use otary_fleet::{Mac, Md5, Sha256};
use otary_image::{App, Chip, Revision, Rollback, TABLE_OFFSET};

use crate::bootloader::{self, BootError, Silicon};
use crate::clock::{Clock, Ntp, asctime};
use crate::console::Console;
use crate::factory::{self, FactoryError, Firmware};
use crate::flash::{Flash, FlashError};
use crate::http_update::{Call, Facts, HttpUpdate, Return};
use crate::pace::Pace;
use crate::rom::{self, Reset};
use crate::sample;
use crate::sketch::{CLOCK_DELAY, CLOCK_TRIES, POLL_DELAY, Poll, RESTART_DELAY, Sketch, Until};
use crate::slots::Slots;

/// What makes a board this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The chip.
    pub chip: Chip,
    /// Its revision.
    pub revision: Revision,
    /// The MAC in its fuses.
    pub mac: Mac,
}

impl Identity {
    /// A board with a recent revision of its chip.
    pub const fn new(chip: Chip, mac: Mac) -> Self {
        let revision = match chip {
            Chip::Esp32 => Revision(300),
            Chip::Esp32C2 | Chip::Esp32P4 => Revision(100),
            _ => Revision(4),
        };
        Self { chip, revision, mac }
    }

    /// Chips of the family without Wi-Fi have no station address to report.
    pub(crate) const fn has_wifi(self) -> bool {
        !matches!(self.chip, Chip::Esp32H2 | Chip::Esp32H21 | Chip::Esp32H4 | Chip::Esp32P4)
    }
}

/// The app that runs.
#[derive(Debug, Clone)]
pub(crate) struct Running {
    pub(crate) slots: Slots,
    image_len: u32,
    md5: Md5,
    reported_digest: [u8; 32],
    pub(crate) version: Option<String>,
}

/// A virtual board.
#[derive(Debug)]
pub struct Board<F> {
    pub(crate) identity: Identity,
    pub(crate) flash: F,
    /// Versions of images that do not carry their own where we could read it.
    versions: BTreeMap<Sha256, String>,
    running: Option<Running>,
}

impl<F: Flash> Board<F> {
    /// A board with what its flash holds.
    pub fn new(identity: Identity, flash: F) -> Self {
        Self { identity, flash, versions: BTreeMap::new(), running: None }
    }

    /// Whether the board was never flashed: there is nothing where its partition table goes.
    pub fn is_blank(&self) -> Result<bool, FlashError> {
        Ok(self.flash.bytes(TABLE_OFFSET, 32)?.iter().all(|&byte| byte == 0xFF))
    }

    /// Erases the board and flashes it over the cable. `version` is what the firmware's sketch calls itself; samples of
    /// otary's own say it themselves.
    pub fn flash_factory(&mut self, file: &[u8], version: Option<&str>) -> Result<(), FactoryError> {
        let firmware = Firmware::read(file)?;
        factory::write(&mut self.flash, self.identity.chip, &firmware)?;
        if let Some(version) = version {
            self.name_version(Sha256::of(firmware.app().image()), version);
        }
        self.running = None;
        Ok(())
    }

    /// Tells what the sketch in an image calls itself. A sketch's version is a constant in its code, which nobody can
    /// find from outside; `image` is the SHA-256 of the app image without anything that follows it.
    pub fn name_version(&mut self, image: Sha256, version: &str) {
        self.versions.insert(image, version.to_owned());
    }

    /// The version that runs, or ran last; nothing before the first start or if it is unknown.
    pub fn version(&self) -> Option<&str> {
        self.running.as_ref()?.version.as_deref()
    }

    /// Where the app that runs lies, and where its update would go.
    pub fn slots(&self) -> Option<&Slots> {
        Some(&self.running.as_ref()?.slots)
    }

    /// Its chip.
    pub const fn chip(&self) -> Chip {
        self.identity.chip
    }

    /// The flash.
    pub fn flash(&self) -> &F {
        &self.flash
    }

    /// The flash, to be tampered with while the board is off.
    pub fn flash_mut(&mut self) -> &mut F {
        &mut self.flash
    }

    /// Takes the flash off the board.
    pub fn into_flash(self) -> F {
        self.flash
    }

    /// Switches the board on and lets it poll until `until`; gives what came of each poll.
    pub fn run_until(
        &mut self,
        sketch: &Sketch,
        pace: &Pace,
        console: &mut Console,
        until: Until,
    ) -> Result<Vec<Poll>, BootError> {
        let mut polls = Vec::new();
        self.run(sketch, pace, console, |poll| {
            polls.push(poll);
            if until.is_reached(&polls) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(polls)
    }

    /// Switches the board on. Each poll is given to `watch`, which turns the board off by breaking; so does the pace's
    /// switch. A board that has just been updated and is turned off starts its new firmware the next time.
    pub fn run(
        &mut self,
        sketch: &Sketch,
        pace: &Pace,
        console: &mut Console,
        mut watch: impl FnMut(Poll) -> ControlFlow<()>,
    ) -> Result<(), BootError> {
        let mut clock = Clock::power_up();
        let mut reset = Reset::PowerOn;
        while !pace.stop().is_stopped() {
            let mut running = self.boot(reset, Rollback::Enabled, console)?;
            // What the core does before `setup()`.
            running.slots.confirm(&mut self.flash)?;
            let sketch = self.sketch_in(&running, sketch)?;
            set_up(&running, pace, console);
            let mut power = Power { pace, console, clock: &mut clock };
            if self.poll_until_restart(&running, &sketch, &mut power, &mut watch).is_break() {
                break;
            }
            reset = Reset::Software;
        }
        Ok(())
    }

    /// ROM and bootloader, built with rollback or without.
    pub(crate) fn boot(
        &mut self,
        reset: Reset,
        rollback: Rollback,
        console: &mut Console,
    ) -> Result<Running, BootError> {
        let Identity { chip, revision, .. } = self.identity;
        let offset = chip.bootloader_offset();
        let bytes = self.flash.bytes(offset, TABLE_OFFSET - offset)?;
        let lines = rom::lines(chip, reset, bytes);
        for line in lines.map_err(|source| BootError::Bootloader { offset, source })? {
            console.println(&line);
        }
        let mut silicon = Silicon::new(chip, revision, rollback);
        let slots = bootloader::start(&mut self.flash, &mut silicon, &mut |line| console.println(line))?;
        let slot = self.flash.bytes(slots.running().offset, slots.running().size)?;
        let app = App::parse(&slot).map_err(|_| BootError::NothingBootable)?;
        let image = app.image();
        let running = Running {
            image_len: app.image_len(),
            md5: Md5::of(image),
            reported_digest: app.reported_digest(),
            version: self.version_of(image),
            slots,
        };
        self.running = Some(running.clone());
        Ok(running)
    }

    /// The sketch that is in the app that runs.
    fn sketch_in(&self, running: &Running, sketch: &Sketch) -> Result<Sketch, BootError> {
        let slot = running.slots.running();
        let bytes = self.flash.bytes(slot.offset, slot.size)?;
        let app = App::parse(&bytes).map_err(|_| BootError::NothingBootable)?;
        Ok(sketch.started_from(app.image()))
    }

    fn version_of(&self, image: &[u8]) -> Option<String> {
        let own = sample::version(image).map(str::to_owned);
        own.or_else(|| self.versions.get(&Sha256::of(image)).cloned())
    }

    /// `loop()`, until it restarts the board.
    fn poll_until_restart(
        &mut self,
        running: &Running,
        sketch: &Sketch,
        power: &mut Power<'_>,
        watch: &mut impl FnMut(Poll) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut client = HttpUpdate::default();
        while !power.pace.stop().is_stopped() {
            if !power.set_clock(sketch.ntp) {
                watch(Poll::NoTime)?;
                continue;
            }
            power.console.println("Update start now!");
            let poll = self.poll(&mut client, running, sketch, power);
            let (updated, failed) =
                (matches!(poll, Poll::Updated { .. }), matches!(poll, Poll::Failed { .. }));
            watch(poll)?;
            if updated {
                power.pace.delay(RESTART_DELAY);
                return ControlFlow::Continue(());
            }
            if failed {
                power.pace.delay(POLL_DELAY);
            }
            power.pace.delay(POLL_DELAY);
        }
        ControlFlow::Break(())
    }

    /// One call of the update library, and what the sketch prints of it.
    fn poll(
        &mut self,
        client: &mut HttpUpdate,
        running: &Running,
        sketch: &Sketch,
        power: &mut Power<'_>,
    ) -> Poll {
        let version = running.version.clone();
        let call = Call {
            url: &sketch.url,
            version: version.as_deref(),
            core: sketch.core,
            link: &sketch.link,
            facts: self.facts(running),
            slots: &running.slots,
            now: power.clock.now(),
            stop: power.pace.stop(),
        };
        let console = &mut *power.console;
        match client.update(&mut self.flash, &call) {
            Return::Ok { version: said, .. } => {
                console.println("HTTP_UPDATE_OK");
                self.learn(&running.slots, said, console);
                Poll::Updated { from: version }
            }
            Return::NoUpdates => {
                console.println("HTTP_UPDATE_NO_UPDATES");
                Poll::NoUpdate { version }
            }
            Return::Failed { cause } => {
                let code = client.last_error();
                console.println(&format!("HTTP_UPDATE_FAILD Error {code}"));
                if let Some(cause) = &cause {
                    console.note(&with_sources(cause));
                }
                console.println("Retry in 10secs!");
                Poll::Failed { code, cause }
            }
        }
    }

    fn facts(&self, running: &Running) -> Facts {
        Facts {
            mac: self.identity.mac,
            wifi: self.identity.has_wifi(),
            free_space: running.slots.next().map_or(0, |slot| slot.size),
            sketch_size: running.image_len,
            sketch_md5: running.md5,
            sketch_sha256: running.reported_digest,
            chip_size: self.flash.size(),
        }
    }

    /// The new image's sketch knows its version and we may not: then the server's word is taken for it.
    fn learn(&mut self, slots: &Slots, version: Option<String>, console: &mut Console) {
        let slot = slots.next().and_then(|slot| self.flash.bytes(slot.offset, slot.size).ok());
        let image = slot.as_deref().and_then(|slot| App::parse(slot).ok()).map(|app| app.image());
        if let (Some(image), Some(version)) = (image, version)
            && self.version_of(image).is_none()
        {
            console.note(&format!("the server calls the new image {version}"));
            self.name_version(Sha256::of(image), &version);
        }
    }
}

/// What a board has while its power is on.
pub(crate) struct Power<'a> {
    pub(crate) pace: &'a Pace,
    pub(crate) console: &'a mut Console,
    pub(crate) clock: &'a mut Clock,
}

impl Power<'_> {
    /// The tutorial's `setClock()`, given up for once after a while; says whether the clock is right.
    fn set_clock(&mut self, ntp: Ntp) -> bool {
        let is_set = self.wait_for_the_time(ntp);
        if !is_set {
            self.console.note("no time server answers: the sketch waits here for ever");
        }
        is_set
    }

    /// Asks the time server for a while, if the clock is not right yet; says whether it is now.
    pub(crate) fn wait_for_the_time(&mut self, ntp: Ntp) -> bool {
        self.console.print("Waiting for NTP time sync: ");
        let mut tries = 0;
        while !self.clock.is_set() {
            if tries == CLOCK_TRIES || self.pace.stop().is_stopped() {
                self.console.println("");
                return false;
            }
            self.pace.delay(CLOCK_DELAY);
            self.console.print(".");
            self.clock.sync(ntp);
            tries += 1;
        }
        self.console.println("");
        self.console.println(&format!("Current time: {}", asctime(self.clock.now())));
        true
    }
}

/// `setup()`.
pub(crate) fn set_up(running: &Running, pace: &Pace, console: &mut Console) {
    for _ in 0..3 {
        console.println("");
    }
    for n in (1..=4).rev() {
        console.println(&format!("[SETUP] WAIT {n}..."));
        pace.delay(Duration::from_secs(1));
    }
    console.println(&format!("Firmware version {}", running.version.as_deref().unwrap_or("?")));
    if running.version.is_none() {
        console.note("only this image's sketch knows its version; it asks without one");
    }
    pace.delay(Duration::from_secs(2));
}

pub(crate) fn with_sources(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
