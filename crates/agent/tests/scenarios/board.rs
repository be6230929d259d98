//! A board: flash, the vendor's bootloader by `otary-image`'s rules, a clock, and an app with the agent in it, of which it
//! counts what each step costs.

use std::collections::VecDeque;

use otary_agent::wire::{Identity, UnixSeconds};
use otary_agent::{Agent, Config, Input, Layout, MAX_PIECE, Millis, Moment, Policy, Region, Step};
use otary_image::emit::{AppImage, AppSegment};
use otary_image::{Candidate, Chip, Header, Otadata, Rollback, Slots, Write};

use crate::driver::Trouble;
use crate::events::Event;
use crate::nor::Nor;
use crate::server::{MAC, RootPlan};

pub const SLOT_SIZE: u32 = 0x1_0000;
pub const OTADATA: u32 = 0xE000;
pub const STORE: u32 = 0x3_0000;
pub const LAYOUT: Layout = Layout {
    slots: [Region { offset: 0x1_0000, size: SLOT_SIZE }, Region { offset: 0x2_0000, size: SLOT_SIZE }],
    otadata: Region { offset: OTADATA, size: 0x2000 },
    store: Region { offset: STORE, size: 0x6000 },
};

/// An app image whose content follows from `seed`.
pub fn image(chip: Chip, seed: u8, length: usize) -> Vec<u8> {
    let data: Vec<u8> = (0..length).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[3] ^ seed).collect();
    let app =
        AppImage { segments: &[AppSegment { address: 0x3FC8_0000, data: &data }], ..AppImage::new(chip) };
    let mut bytes = vec![0; app.image_len().unwrap() as usize];
    app.write(&mut bytes).unwrap();
    bytes
}

pub struct Board<const W: usize = 4> {
    pub nor: Nor<W>,
    pub rollback: Rollback,
    pub policy: Policy,
    /// The signed root record in the firmware.
    pub root: &'static [u8],
    /// The release number that is compiled into whatever runs.
    pub compiled: u32,
    pub uptime: Millis,
    /// What SNTP says at power-on, if it answers.
    pub sntp: Option<UnixSeconds>,
    pub piece: usize,
    pub troubles: VecDeque<Trouble>,
    /// Whether the application of the slot finds itself working.
    pub works: [bool; 2],
    /// Whether the application of the slot crashes before its self-test.
    pub crashes: [bool; 2],
    /// Anchors (DER) of which one has to be in use for a handshake; any set will do if there are none.
    pub server_anchors: Vec<Vec<u8>>,
    pub compiled_anchors: Vec<Vec<u8>>,
    /// From when to when the server's certificate is valid.
    pub certificate: (UnixSeconds, UnixSeconds),
    pub power_goes_at_anchor: bool,
    /// The power goes when the selection of a slot is noted and otadata is not written yet.
    pub power_goes_at_selection: bool,
    /// How often the link is lost at an anchor.
    pub anchor_losses: usize,
    /// Whether nothing comes of a connection over a stored trust set, and not for its certificates.
    pub stored_anchors_stall: bool,
    /// The status of every answer to a request for a payload.
    pub payload_status: Option<u16>,
    pub events: Vec<Event>,
    pub most_erased: usize,
    pub most_written: usize,
    random: u64,
}

impl<const W: usize> Board<W> {
    /// A board that was flashed with `image` in slot 0, as on the bench.
    pub fn new(image: &[u8]) -> Self {
        let mut nor = Nor::new(0x4_0000);
        nor.flash(LAYOUT.slots[0].offset, image);
        Self {
            nor,
            rollback: Rollback::Disabled,
            policy: Policy::default(),
            root: RootPlan::first().sign().leak(),
            compiled: 0,
            uptime: Millis(0),
            sntp: None,
            piece: 1024,
            troubles: VecDeque::new(),
            works: [true; 2],
            crashes: [false; 2],
            server_anchors: Vec::new(),
            compiled_anchors: Vec::new(),
            certificate: (UnixSeconds(0), UnixSeconds(u64::MAX)),
            power_goes_at_anchor: false,
            power_goes_at_selection: false,
            anchor_losses: 0,
            stored_anchors_stall: false,
            payload_status: None,
            events: Vec::new(),
            most_erased: 0,
            most_written: 0,
            random: 1,
        }
    }

    pub fn config(&self, running: u8) -> Config<'static> {
        Config {
            identity: Identity { product: "lamp", hardware: "lamp-2", chip: Chip::Esp32C3, device: MAC },
            version: Some("0.0"),
            release: self.compiled,
            root: self.root,
            layout: LAYOUT,
            running,
            policy: self.policy,
        }
    }

    pub fn moment(&mut self) -> Moment {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = (u128::from(self.random) << 64 | u128::from(self.random.rotate_left(29))).to_le_bytes();
        let wall = self.sntp.map(|time| UnixSeconds(time.0 + self.uptime.as_secs()));
        Moment { uptime: self.uptime, wall, random }
    }

    pub fn otadata(&self) -> Otadata {
        Otadata::parse(&self.nor.bytes[OTADATA as usize..][..0x2000]).unwrap()
    }

    fn write_otadata(&mut self, write: Write) {
        let at = OTADATA + write.sector.offset();
        self.nor.bytes[at as usize..][..0x1000].fill(0xFF);
        self.nor.flash(at, &write.entry.to_bytes());
    }

    /// The second-stage bootloader: which slot starts.
    pub fn bootloader(&mut self) -> u8 {
        let boot = self.otadata().boot(Slots { count: 2, factory: false }, self.rollback);
        boot.writes().for_each(|write| self.write_otadata(write));
        let whole = |slot: u8| {
            Header::parse(&self.nor.bytes[LAYOUT.slots[usize::from(slot)].offset as usize..]).is_ok()
        };
        let started = boot.candidates().find_map(|candidate| match candidate {
            Candidate::Slot(slot) if whole(slot) => Some(slot),
            _ => None,
        });
        let slot = started.expect("the board is bricked");
        if let Some(write) = boot.settle(Candidate::Slot(slot)) {
            self.write_otadata(write);
        }
        self.events.push(Event::Boot(slot));
        slot
    }

    /// The bytes of a slot.
    pub fn slot(&self, slot: u8) -> &[u8] {
        &self.nor.bytes[LAYOUT.slots[usize::from(slot)].offset as usize..][..SLOT_SIZE as usize]
    }

    /// Whether the slot is as it was on the bench.
    pub fn is_untouched(&self, slot: u8) -> bool {
        let Region { offset, size } = LAYOUT.slots[usize::from(slot)];
        !self.nor.erases.iter().any(|at| (offset..offset + size).contains(at))
    }

    /// Leaves a mark of which a power cut let one byte through, behind the last one of either journal.
    pub fn tear_mark(&mut self) {
        for journal in [STORE + 0x2000, STORE + 0x3000] {
            let sector = &self.nor.bytes[journal as usize..][..4096];
            let free = sector.chunks(32).position(|unit| unit == [0xFF; 32]).unwrap();
            if free > 0 {
                self.nor.bytes[journal as usize + free * 32] = 4;
            }
        }
    }

    /// Starts the agent of the app in this slot.
    pub fn start(&mut self, slot: u8) -> (Agent<'static>, Step) {
        self.uptime = Millis(0);
        let moment = self.moment();
        self.nor.begin_step();
        let started = Agent::start(self.config(slot), moment, &mut self.nor).unwrap();
        self.count();
        started
    }

    /// Another source of randomness.
    pub fn seed(&mut self, seed: u64) {
        self.random = seed;
    }

    pub fn step(&mut self, agent: &mut Agent<'_>, input: Input<'_>) -> Step {
        self.uptime = self.uptime.plus(Millis(1));
        let moment = self.moment();
        self.nor.begin_step();
        let step = agent.step(moment, input, &mut self.nor);
        self.count();
        step
    }

    /// The promise of every step, held in every scenario.
    fn count(&mut self) {
        self.most_erased = self.most_erased.max(self.nor.erased);
        self.most_written = self.most_written.max(self.nor.written);
        assert!(self.nor.erased <= 1, "{} sectors erased in one step", self.nor.erased);
        let most = MAX_PIECE + 31 + 32;
        assert!(self.nor.written <= most, "{} bytes written in one step", self.nor.written);
        assert!(self.nor.read <= 5 * 4096, "{} bytes read in one step", self.nor.read);
    }
}
