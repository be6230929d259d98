//! A board: flash, the vendor's bootloader by `otary-image`'s rules, a clock, a link with its troubles, and the driver that
//! every firmware has: it does what the agent says and counts what each step costs.

use std::collections::VecDeque;

use otary_agent::wire::{Clock, Identity, UnixSeconds};
use otary_agent::{
    Agent, Anchors, Config, Dates, Fetch, Input, Layout, Lost, MAX_ANSWER, MAX_PIECE, Millis, Moment, Policy,
    Region, Step,
};
use otary_image::emit::{AppImage, AppSegment};
use otary_image::{Candidate, Chip, Header, Otadata, Rollback, Slots, Write};

use crate::nor::Nor;
use crate::server::{MAC, RootPlan, Server};

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

/// What goes wrong with the next exchange.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// The exchange fails before a byte of the answer.
    Lost(Lost),
    /// The connection closes after so many bytes of the body.
    CutAfter(usize),
    /// The power goes after so many bytes of the body.
    PowerAfter(usize),
    /// Nothing comes after so many bytes of the body.
    StallAfter(usize),
    /// A byte of the body comes each so many milliseconds.
    Drip(u64),
    /// A status with `Retry-After`.
    Status(u16, Option<u32>),
    /// The body has no announced length and never ends.
    Endless,
    /// The head announces this length.
    Announces(u32),
    /// The server sends the whole payload whatever range was asked for.
    IgnoresRange,
    /// One bit of the body, at this offset of the payload, is another.
    Flips(usize),
}

/// What happened, in the order of happening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Boot(u8),
    CheckIn {
        dates: Dates,
        anchors: Anchors,
    },
    /// A request for a payload from this offset, and how many bytes of body were delivered.
    Payload {
        from: u32,
        delivered: usize,
    },
    Anchor,
    SelfTest,
    Restart,
    Sleep(Millis),
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
    pub events: Vec<Event>,
    pub most_erased: usize,
    pub most_written: usize,
    random: u64,
}

/// Why a power cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Restart,
    PowerCut,
    /// The agent sleeps beyond the time that the scenario has.
    Asleep,
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
            events: Vec::new(),
            most_erased: 0,
            most_written: 0,
            random: 1,
        }
    }

    fn config(&self, running: u8) -> Config<'static> {
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

    /// Which slots were started, in order.
    pub fn boots(&self) -> Vec<u8> {
        let boots = self.events.iter().filter_map(|event| match event {
            Event::Boot(slot) => Some(*slot),
            _ => None,
        });
        boots.collect()
    }

    /// The requests for payloads: from which byte, and how many bytes came.
    pub fn downloads(&self) -> Vec<(u32, usize)> {
        let downloads = self.events.iter().filter_map(|event| match event {
            Event::Payload { from, delivered } => Some((*from, *delivered)),
            _ => None,
        });
        downloads.collect()
    }

    pub fn sleeps(&self) -> Vec<Millis> {
        let sleeps = self.events.iter().filter_map(|event| match event {
            Event::Sleep(span) => Some(*span),
            _ => None,
        });
        sleeps.collect()
    }

    /// How the check-ins' connections were made.
    pub fn connections(&self) -> Vec<(Dates, Anchors)> {
        let connections = self.events.iter().filter_map(|event| match event {
            Event::CheckIn { dates, anchors } => Some((*dates, *anchors)),
            _ => None,
        });
        connections.collect()
    }

    /// Starts again and again until the agent sleeps for longer than the scenario has.
    pub fn run(&mut self, server: &mut Server, time: Millis) -> u8 {
        for _ in 0..50 {
            let slot = self.bootloader();
            if self.cycle(slot, server, time) == End::Asleep {
                return slot;
            }
        }
        panic!("the board restarts for ever: {:?}", self.events);
    }

    /// One power cycle, from the bootloader's hand-over on.
    pub fn cycle(&mut self, slot: u8, server: &mut Server, time: Millis) -> End {
        let (mut agent, step) = self.start(slot);
        if self.crashes[usize::from(slot)] && step != Step::Restart {
            self.events.push(Event::Restart);
            return End::Restart;
        }
        self.drive(&mut agent, step, slot, server, time)
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

    /// Does what the agent says.
    pub fn drive(
        &mut self,
        agent: &mut Agent<'_>,
        mut step: Step,
        slot: u8,
        server: &mut Server,
        time: Millis,
    ) -> End {
        let mut working = 0;
        for _ in 0..100_000 {
            working = if step == Step::Working { working + 1 } else { 0 };
            step = match step {
                // After the last bytes and otadata's clearing.
                Step::Working if self.power_goes_at_selection && working == 3 => {
                    self.nor.fails_after = Some(1);
                    self.step(agent, Input::Tick);
                    self.power_goes_at_selection = false;
                    return End::PowerCut;
                }
                Step::Working | Step::Read => self.step(agent, Input::Tick),
                Step::SelfTest => {
                    self.events.push(Event::SelfTest);
                    self.step(agent, Input::SelfTest(self.works[usize::from(slot)]))
                }
                Step::Sleep { until } => {
                    if until > time {
                        return End::Asleep;
                    }
                    self.events.push(Event::Sleep(until.since(self.uptime)));
                    self.uptime = self.uptime.max(until);
                    self.step(agent, Input::Tick)
                }
                Step::Restart => {
                    self.events.push(Event::Restart);
                    return End::Restart;
                }
                Step::CheckIn => self.check_in(agent, server),
                Step::Fetch { what: Fetch::Anchor { digest }, .. } => {
                    self.events.push(Event::Anchor);
                    if self.power_goes_at_anchor {
                        self.power_goes_at_anchor = false;
                        return End::PowerCut;
                    }
                    if self.anchor_losses > 0 {
                        self.anchor_losses -= 1;
                        self.step(agent, Input::Lost(Lost::Stalled))
                    } else {
                        let anchor = server.anchor(&digest).map(<[u8]>::to_vec);
                        self.exchange_whole(agent, anchor.as_deref())
                    }
                }
                Step::Fetch { what: Fetch::Payload { digest }, from } => {
                    let payload = server.payload(&digest).map(<[u8]>::to_vec);
                    let Some(step) = self.exchange_payload(agent, payload.as_deref(), from) else {
                        return End::PowerCut;
                    };
                    step
                }
            }
        }
        panic!("the agent never rests: {:?}", &self.events[self.events.len() - 20..]);
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

    /// The TLS handshake, as Mbed TLS judges it: by the anchors that the agent hands over, and by dates where it says so.
    fn handshake(&mut self, agent: &Agent<'_>) -> (Anchors, Result<(), Lost>) {
        let mut buffer = [0; MAX_ANSWER];
        let mut trusted = Vec::new();
        let anchors = agent.anchors(&mut self.nor, &mut buffer, |der| trusted.push(der.to_vec())).unwrap();
        if anchors == Anchors::CompiledIn {
            trusted = self.compiled_anchors.clone();
        }
        let unknown =
            !self.server_anchors.is_empty() && !trusted.iter().any(|der| self.server_anchors.contains(der));
        let outdated = match (agent.dates(), agent.clock()) {
            (Dates::Enforce, Clock::Set(now)) => now < self.certificate.0 || now > self.certificate.1,
            (Dates::Enforce, clock) => panic!("dates are to be judged by {clock:?}"),
            (Dates::Ignore, _) => false,
        };
        let fails = unknown || outdated;
        (anchors, if fails { Err(Lost::Handshake { dates_only: !unknown }) } else { Ok(()) })
    }

    fn check_in(&mut self, agent: &mut Agent<'_>, server: &mut Server) -> Step {
        let mut text = [0; 512];
        let text = agent.check_in(&mut text).unwrap().to_owned();
        let (anchors, handshake) = self.handshake(agent);
        self.events.push(Event::CheckIn { dates: agent.dates(), anchors });
        if let Err(lost) = handshake {
            return self.step(agent, Input::Lost(lost));
        }
        match self.troubles.front().cloned() {
            Some(Trouble::Lost(lost)) => {
                self.troubles.pop_front();
                return self.step(agent, Input::Lost(lost));
            }
            Some(Trouble::Status(status, retry_after)) => {
                self.troubles.pop_front();
                return self.step(agent, Input::Head { status, from: 0, length: Some(0), retry_after });
            }
            // The others are for payloads.
            _ => {}
        }
        let answer = server.answer(&text);
        self.exchange_whole(agent, Some(&answer))
    }

    fn exchange_whole(&mut self, agent: &mut Agent<'_>, body: Option<&[u8]>) -> Step {
        let (status, body) = body.map_or((404, &[][..]), |body| (200, body));
        let length = u32::try_from(body.len()).ok();
        match self.step(agent, Input::Head { status, from: 0, length, retry_after: None }) {
            Step::Read => self.step(agent, Input::Body(body)),
            step => step,
        }
    }

    /// One request for a payload, with its trouble. Nothing, if the power went.
    fn exchange_payload(&mut self, agent: &mut Agent<'_>, payload: Option<&[u8]>, from: u32) -> Option<Step> {
        let index = self.events.len();
        self.events.push(Event::Payload { from, delivered: 0 });
        if let (_, Err(lost)) = self.handshake(agent) {
            return Some(self.step(agent, Input::Lost(lost)));
        }
        let trouble = self.troubles.pop_front();
        let mut body = payload.map(<[u8]>::to_vec).unwrap_or_default();
        let mut begin = from as usize;
        let mut head = if payload.is_some() {
            (if from == 0 { 200 } else { 206 }, from, None, None)
        } else {
            (404, 0, None, None)
        };
        let mut most = usize::MAX;
        match trouble {
            Some(Trouble::Lost(lost)) => return Some(self.step(agent, Input::Lost(lost))),
            Some(Trouble::Status(status, retry_after)) => head = (status, 0, Some(0), retry_after),
            Some(Trouble::CutAfter(bytes) | Trouble::PowerAfter(bytes) | Trouble::StallAfter(bytes)) => {
                most = bytes;
            }
            Some(Trouble::Endless) => body.extend(vec![0; 0x10_0000]),
            Some(Trouble::Announces(length)) => head.2 = Some(length),
            Some(Trouble::IgnoresRange) => {
                head = (200, 0, None, None);
                begin = 0;
            }
            Some(Trouble::Flips(at)) => body[at] ^= 1,
            Some(Trouble::Drip(_)) | None => {}
        }
        if !matches!(trouble, Some(Trouble::Endless | Trouble::Announces(_))) && head.2.is_none() {
            head.2 = u32::try_from(body.len() - begin.min(body.len())).ok();
        }
        let (status, from, length, retry_after) = head;
        let mut step = self.step(agent, Input::Head { status, from, length, retry_after });
        let mut delivered = 0;
        let body = body.get(begin..).unwrap_or_default();
        let piece = if matches!(trouble, Some(Trouble::Drip(_))) { 1 } else { self.piece };
        while step == Step::Read {
            let left = body.len().min(most) - delivered;
            if left == 0 {
                break;
            }
            if let Some(Trouble::Drip(pause)) = trouble {
                self.uptime = self.uptime.plus(Millis(pause));
            }
            let now = &body[delivered..][..left.min(piece)];
            step = self.step(agent, Input::Body(now));
            delivered += now.len();
            self.events[index] = Event::Payload { from, delivered };
        }
        if step == Step::Read {
            step = match trouble {
                Some(Trouble::PowerAfter(_)) => return None,
                Some(Trouble::StallAfter(_)) => self.stall(agent),
                _ => self.step(agent, Input::Ended),
            };
        }
        Some(step)
    }

    /// A tick each second until the agent has had enough.
    fn stall(&mut self, agent: &mut Agent<'_>) -> Step {
        for _ in 0..600 {
            self.uptime = self.uptime.plus(Millis(1000));
            let step = self.step(agent, Input::Tick);
            if step != Step::Read {
                return step;
            }
        }
        panic!("the agent waits for ever");
    }
}
