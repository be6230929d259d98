//! A device in a case: its flash, and what the server has heard of it. It lives from power-on to the next cut, or until the
//! scenario has come to its end.

use otary_agent::{Agent, Config, Fault, Input, Millis, Moment, Policy, Step};
use otary_image::{Partition, Rollback, Usage};
use otary_wire::{Cause, Identity, UnixSeconds};
use thiserror::Error;

use super::case::Case;
use super::hitch::Hitch;
use super::scenario::{Behaviour, FACTORY};
use super::server::{Heard, Server};
use super::workshop::{CHIP, HARDWARE, ISSUED, PRODUCT};
use crate::bootloader::{self, BootError};
use crate::faulty::{Faulty, Noise};

/// A scenario that takes more starts than this goes round in circles.
const MAX_STARTS: u32 = 80;
/// So does one start with more steps than this, those within an exchange not counted.
const MAX_STEPS: u32 = 2_000;
/// The time when the board leaves the factory.
const BEGIN: UnixSeconds = UnixSeconds(ISSUED.0 + 1_000_000);

/// All that outlives a power cut, besides the flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub heard: Heard,
    /// How often the board was started.
    pub starts: u32,
    /// The time, as the server knew it last.
    pub now: UnixSeconds,
}

/// What a cut would leave besides the flash, from some operation on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted {
    /// The operation, counted since the power came.
    pub from: u32,
    pub world: World,
    /// Bytes of payloads that the agent had been given.
    pub fetched: u64,
}

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The server knows that the last release runs.
    Settled,
    /// The power was cut.
    Cut,
}

/// A promise that was broken.
#[derive(Debug, Error)]
pub enum Breach {
    /// The board does not start any more.
    #[error("bricked")]
    Bricked(#[source] BootError),
    /// What was started is no release, byte for byte.
    #[error("the slot at {slot:#x} was started, and holds no whole release")]
    Mixed {
        /// Where the slot begins.
        slot: u32,
    },
    /// The agent of a whole release gives up.
    #[error("agent: {0}")]
    Agent(Fault),
    /// The scenario never comes to its end.
    #[error("unfinished after {starts} starts: {heard:?}")]
    Unfinished {
        /// Starts until then.
        starts: u32,
        /// What the server had heard.
        heard: Heard,
    },
    /// The end did not last, or a report came twice.
    #[error("not settled for good: {before:?} became {after:?}")]
    Unsettled {
        /// What the server had heard at the end.
        before: Heard,
        /// And afterwards.
        after: Heard,
    },
    /// The first report told another cause than it should.
    #[error("reported cause {found:?} (expected {expected:?})")]
    Cause {
        /// The code that is right.
        expected: Option<u8>,
        /// The code that was told.
        found: Option<u8>,
    },
    /// More of payloads was fetched than the promise allows.
    #[error("{found} bytes of payloads were fetched (expected at most {expected})")]
    Fetched {
        /// The most that is allowed.
        expected: u64,
        /// How many came.
        found: u64,
    },
}

/// A device.
#[derive(Debug)]
pub struct Device<'c> {
    pub(super) case: &'c Case,
    pub(super) flash: Faulty,
    pub(super) world: World,
    /// What goes wrong on the link, in order.
    pub(super) hitches: Vec<Hitch>,
    /// Bytes of payloads' bodies that the agent was given.
    pub(super) fetched: u64,
    /// How often the device connected.
    pub(super) connections: u32,
    /// What a cut would leave, in order.
    pub(super) trail: Vec<Noted>,
}

impl<'c> Device<'c> {
    /// A device as it leaves the factory.
    pub fn new(case: &'c Case) -> Self {
        let world = World { heard: Heard::default(), starts: 0, now: BEGIN };
        Self::resume(case, case.factory(), world, 0)
    }

    pub(super) fn resume(case: &'c Case, flash: Faulty, world: World, fetched: u64) -> Self {
        let trail = vec![Noted { from: 0, world, fetched }];
        let hitches = Hitch::losses(case.image_len(), case.scenario.losses);
        Self { case, flash, world, hitches, fetched, connections: 0, trail }
    }

    /// With this going wrong on the link and nothing else, one after the other, each once.
    #[must_use]
    pub fn with_hitches(mut self, hitches: Vec<Hitch>) -> Self {
        self.hitches = hitches;
        self
    }

    /// The flash.
    pub const fn flash(&self) -> &Faulty {
        &self.flash
    }

    /// The flash, to set a cut or leave something out.
    pub const fn flash_mut(&mut self) -> &mut Faulty {
        &mut self.flash
    }

    /// What the server has heard.
    pub const fn heard(&self) -> &Heard {
        &self.world.heard
    }

    /// Bytes of payloads' bodies that the agent was given.
    pub const fn fetched(&self) -> u64 {
        self.fetched
    }

    /// Lives until the scenario has come to its end, or the power is cut.
    pub fn run(&mut self) -> Result<End, Breach> {
        loop {
            if let Some(end) = self.live(Device::is_settled)? {
                return Ok(end);
            }
        }
    }

    /// Restarts the board several times after the end: it has to stay as it is, and to have nothing more to say.
    pub fn stay(&mut self) -> Result<(), Breach> {
        let before = self.world.heard;
        for _ in 0..=Policy::default().boots {
            self.flash.power_on(None);
            self.world.heard.rests = 0;
            while self.live(Device::is_settled)?.is_none() {}
        }
        let after = self.world.heard;
        let stayed = after.reports == before.reports && self.is_settled();
        if stayed { Ok(()) } else { Err(Breach::Unsettled { before, after }) }
    }

    /// Whether the first cause that was reported is the right one for this bootloader.
    pub(super) fn check_first_cause(&self) -> Result<(), Breach> {
        let [with, without] = self.case.scenario.first_cause;
        let cause = if self.case.silicon.rollback == Rollback::Enabled { with } else { without };
        let (expected, found) = (cause.map(Cause::code), self.world.heard.first_cause);
        if expected == found { Ok(()) } else { Err(Breach::Cause { expected, found }) }
    }

    fn is_settled(&self) -> bool {
        self.case.scenario.is_settled(&self.world.heard)
    }

    /// One start, until the next: nothing, if the board restarts by itself.
    fn live(&mut self, is_over: fn(&Self) -> bool) -> Result<Option<End>, Breach> {
        self.world.starts += 1;
        if self.world.starts > MAX_STARTS {
            return Err(self.unfinished());
        }
        self.note();
        let mut silicon = self.case.silicon;
        let slots = match bootloader::start(&mut self.flash, &mut silicon, &mut |_| ()) {
            Ok(slots) => slots,
            Err(_) if !self.flash.is_on() => return Ok(Some(End::Cut)),
            Err(error) => return Err(Breach::Bricked(error)),
        };
        let slot = slots.running();
        let release = self.case.release_in(&self.flash, slot).ok_or(Breach::Mixed { slot: slot.offset })?;
        self.run_app(release, slot, is_over)
    }

    fn run_app(
        &mut self,
        release: u32,
        slot: &Partition,
        is_over: fn(&Self) -> bool,
    ) -> Result<Option<End>, Breach> {
        let mut life = Life::new(release, &self.world);
        let config = config(self.case, release, slot.usage);
        let (mut agent, mut step) = match Agent::start(config, life.moment(), &mut self.flash) {
            Ok(started) => started,
            Err(_) if !self.flash.is_on() => return Ok(Some(End::Cut)),
            Err(fault) => return Err(Breach::Agent(fault)),
        };
        let behaviour = self.case.scenario.behaviour(release);
        for _ in 0..MAX_STEPS {
            match step {
                _ if !self.flash.is_on() => return Ok(Some(End::Cut)),
                Step::Sleep { .. } if is_over(self) => return Ok(Some(End::Settled)),
                Step::Restart => return Ok(None),
                _ if behaviour == Behaviour::Crashes => return Ok(None),
                Step::CheckIn | Step::Fetch { .. } => step = self.exchange(&mut agent, step, &mut life),
                Step::SelfTest => {
                    let works = behaviour != Behaviour::FailsSelfTest;
                    step = agent.step(life.moment(), Input::SelfTest(works), &mut self.flash);
                }
                Step::Sleep { until } => {
                    life.wait_until(until);
                    step = agent.step(life.moment(), Input::Tick, &mut self.flash);
                }
                Step::Working | Step::Read => {
                    step = agent.step(life.moment(), Input::Tick, &mut self.flash);
                }
            }
        }
        Err(self.unfinished())
    }

    pub(super) fn server(&mut self, life: &Life) -> Server<'c> {
        self.world.now = life.wall();
        let Case { scenario, workshop, .. } = self.case;
        Server { scenario, workshop, now: self.world.now }
    }

    /// Notes what a cut in the next operation would leave.
    pub(super) fn note(&mut self) {
        let noted = Noted { from: self.flash.done(), world: self.world, fetched: self.fetched };
        self.trail.push(noted);
    }

    fn unfinished(&self) -> Breach {
        Breach::Unfinished { starts: self.world.starts, heard: self.world.heard }
    }
}

fn config(case: &Case, release: u32, usage: Usage) -> Config<'_> {
    let device = [2, 0, 0, 0, 0, 1];
    Config {
        identity: Identity { product: PRODUCT, hardware: HARDWARE, chip: CHIP, device },
        version: None,
        // The factory's firmware was built before there were releases.
        release: if release == FACTORY { 0 } else { release },
        root: case.workshop.roots.first().map(Vec::as_slice).unwrap_or_default(),
        layout: case.layout,
        running: u8::from(usage == Usage::Slot(1)),
        policy: Policy::default(),
    }
}

/// One start of an app: its clock, and its source of randomness.
#[derive(Debug)]
pub(super) struct Life {
    pub release: u32,
    began: UnixSeconds,
    uptime: Millis,
    noise: Noise,
}

impl Life {
    fn new(release: u32, world: &World) -> Self {
        let noise = Noise(world.starts.into());
        Self { release, began: world.now, uptime: Millis(300), noise }
    }

    /// The present; a little later with each look.
    pub fn moment(&mut self) -> Moment {
        self.uptime = self.uptime.plus(Millis(5));
        let mut random = [0; 16];
        random.fill_with(|| self.noise.byte());
        Moment { uptime: self.uptime, wall: Some(self.wall()), random }
    }

    fn wall(&self) -> UnixSeconds {
        UnixSeconds(self.began.0 + self.uptime.as_secs())
    }

    pub fn wait_until(&mut self, uptime: Millis) {
        self.uptime = self.uptime.max(uptime);
    }

    pub fn wait(&mut self, span: Millis) {
        self.uptime = self.uptime.plus(span);
    }
}
