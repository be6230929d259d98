//! The board: the vendor's bootloader by `otary-image`'s rules, a clock, a driver, and a server that has prepared answers.

use otary_agent::wire::{CheckIn, UnixSeconds};
use otary_agent::{
    Agent, Config, Fetch, Input, Layout, Lost, MAX_ANSWER, MAX_PIECE, Millis, Moment, Policy, Region, Step,
};
use otary_fuzz_seeds::agent::{ANSWERS, INSTALL, NEW, OLD, event};
use otary_fuzz_seeds::wire::{ANCHOR, IDENTITY, NONCE, NOW, OWNER};
use otary_image::{App, Candidate, Otadata, Rollback, Slots};

use crate::flash::Flash;

const LAYOUT: Layout = Layout {
    slots: [Region { offset: 0x8000, size: 0x4000 }, Region { offset: 0xC000, size: 0x4000 }],
    otadata: Region { offset: 0, size: 0x2000 },
    store: Region { offset: 0x2000, size: 0x6000 },
};
/// Bytes that a step may write: a piece, and a mark of how far it came.
const MOST_WRITTEN: usize = MAX_PIECE + 64;
/// Steps within which a board that is left alone has completed its update, rolled-back attempts included.
const PATIENCE: usize = 2000;
/// Restarts in a row that a board may need to come to rest.
const MOST_RESTARTS: usize = 8;

/// What the driver has asked the server for.
#[derive(Debug, Clone, Copy)]
enum Request {
    Answer,
    Anchor,
    /// The payload, from this byte on.
    Payload(usize),
}

pub struct Board {
    flash: Flash,
    agent: Option<Agent<'static>>,
    step: Step,
    uptime: Millis,
    wall: Option<UnixSeconds>,
    request: Option<Request>,
    /// Which of the prepared answers the server gives.
    answer: usize,
}

impl Board {
    /// A board with the old image in its first slot, at its first start.
    pub fn flashed() -> Self {
        let mut flash = Flash::erased();
        flash.put(LAYOUT.slots[0].offset, &OLD);
        let step = Step::Restart;
        let (uptime, wall, request) = (Millis(0), None, None);
        let mut board = Self { flash, agent: None, step, uptime, wall, request, answer: INSTALL };
        board.restart();
        board
    }

    pub fn has_noise(&self) -> bool {
        self.flash.noisy
    }

    /// One event of a life; false at its end.
    pub fn live_through(&mut self, events: &mut impl Iterator<Item = u8>) -> bool {
        let Some(kind) = events.next() else { return false };
        let mut next = || events.next().unwrap_or_default();
        match kind {
            event::PASS => {
                self.uptime = self.uptime.plus(Millis::from_secs(u64::from(next()) * 10));
                self.give(Input::Tick);
            }
            event::ANSWER => self.answer = usize::from(next()) % ANSWERS.len(),
            event::HEAD => {
                let status = [200, 206, 304, 404, 416, 429, 500, 503][usize::from(next() & 7)];
                let length = Some(u32::from(next()) << 6).filter(|length| *length > 0);
                let retry_after = Some(u32::from(next())).filter(|seconds| *seconds > 0);
                self.give(Input::Head { status, from: u32::from(next()) << 6, length, retry_after });
            }
            event::BODY => {
                let length = usize::from(next());
                let body: Vec<u8> = (0..length).map(|_| next()).collect();
                self.give(Input::Body(&body));
            }
            event::PIECE => {
                let from = (usize::from(next()) << 6).min(NEW.len());
                let length = (usize::from(next()) << 5).min(MAX_PIECE);
                let piece = NEW[from..].iter().take(length);
                self.give(Input::Body(&piece.copied().collect::<Vec<u8>>()));
            }
            event::END => self.give(Input::Ended),
            event::LOSE => self.give(Input::Lost(lost(next()))),
            event::FAIL => self.give(Input::SelfTest(false)),
            event::RESTART => self.restart(),
            event::NOISE => self.spoil(usize::from(u16::from_be_bytes([next(), next()])), next()),
            event::CLOCK => {
                let months = i64::from(next().cast_signed());
                self.wall = Some(UnixSeconds(NOW.0.saturating_add_signed(months * 2_600_000)));
            }
            many => self.go_on(usize::from(many)),
        }
        true
    }

    /// Alone with a server that offers the new image, the board comes to run it.
    pub fn complete(&mut self) {
        (self.answer, self.wall) = (INSTALL, Some(NOW));
        for _ in 0..PATIENCE {
            if self.runs(&NEW) && self.agent.as_ref().is_some_and(|agent| !agent.is_on_trial()) {
                return;
            }
            self.go_on(0xFF);
        }
        panic!("still {:?} after {PATIENCE} steps", self.step);
    }

    /// The power goes off and on: the bootloader chooses, and the agent takes over.
    pub fn restart(&mut self) {
        for _ in 0..MOST_RESTARTS {
            self.start();
            if self.step != Step::Restart {
                return;
            }
        }
        assert!(self.flash.noisy, "restarts for ever");
    }

    fn start(&mut self) {
        let running = self.boot();
        let region = &LAYOUT.slots[usize::from(running)];
        self.flash.running = region.offset as usize..(region.offset + region.size) as usize;
        (self.uptime, self.request) = (Millis(0), None);
        let release = if self.runs(&NEW) { 42 } else { 41 };
        let config = Config {
            identity: IDENTITY,
            version: Some("1.2.3"),
            release,
            root: &OWNER.root,
            layout: LAYOUT,
            running,
            policy: Policy::default(),
        };
        match Agent::start(config, self.moment(), &mut self.flash) {
            Ok((agent, step)) => (self.agent, self.step) = (Some(agent), step),
            Err(fault) => panic!("the agent does not start: {fault}"),
        }
    }

    /// The slot that starts: the bootloader's first choice, unless noise has led it to one without an image.
    fn boot(&mut self) -> u8 {
        self.flash.running = 0..0;
        let region = LAYOUT.otadata.offset as usize..(LAYOUT.otadata.offset + LAYOUT.otadata.size) as usize;
        let otadata = Otadata::parse(&self.flash.bytes[region]).expect("two sectors are there");
        let boot = otadata.boot(Slots { count: 2, factory: false }, Rollback::Disabled);
        let slots = boot.candidates().filter_map(|candidate| match candidate {
            Candidate::Slot(slot) => Some(slot),
            _ => None,
        });
        let slots: Vec<u8> = slots.collect();
        let whole = slots.iter().copied().find(|slot| App::parse(self.slot(*slot)).is_ok());
        let slot = whole.expect("a whole image in one of the slots");
        assert!(self.flash.noisy || slots.first() == Some(&slot), "the bootloader is led to half an image");
        slot
    }

    fn slot(&self, slot: u8) -> &[u8] {
        let Region { offset, size } = LAYOUT.slots[usize::from(slot)];
        &self.flash.bytes[offset as usize..(offset + size) as usize]
    }

    fn runs(&self, image: &[u8]) -> bool {
        self.flash.bytes[self.flash.running.clone()].starts_with(image)
    }

    fn moment(&self) -> Moment {
        let wall = self.wall.map(|wall| UnixSeconds(wall.0.saturating_add(self.uptime.as_secs())));
        // Always the same nonce, or no prepared order would ever be fresh.
        Moment { uptime: self.uptime, wall, random: NONCE }
    }

    fn give(&mut self, input: Input<'_>) {
        if matches!(input, Input::Lost(_) | Input::Ended) {
            self.request = None;
        }
        let moment = self.moment();
        let Some(agent) = &mut self.agent else { return };
        self.flash.begin_step();
        self.step = agent.step(moment, input, &mut self.flash);
        let (erased, written) = (self.flash.erased, self.flash.written);
        assert!(erased <= 1 && written <= MOST_WRITTEN, "{erased} sectors erased, {written} bytes written");
        if self.step == Step::Restart {
            self.restart();
        }
    }

    /// What the step asks for comes: as a driver and a server in order do it. `size` says how large a piece is.
    fn go_on(&mut self, size: usize) {
        self.uptime = self.uptime.plus(Millis(10));
        match self.step {
            Step::CheckIn => self.ask(Request::Answer, 0),
            Step::Fetch { what: Fetch::Anchor { .. }, from } => self.ask(Request::Anchor, from),
            Step::Fetch { what: Fetch::Payload { .. }, from } => {
                self.ask(Request::Payload(from as usize), from)
            }
            Step::Read => self.answer(size),
            Step::Working => self.give(Input::Tick),
            Step::SelfTest => self.give(Input::SelfTest(true)),
            Step::Sleep { until } => {
                self.uptime = self.uptime.max(until);
                self.give(Input::Tick);
            }
            Step::Restart => self.restart(),
        }
    }

    fn ask(&mut self, request: Request, from: u32) {
        self.request = Some(request);
        self.check_in();
        let (status, length) = match request {
            Request::Answer => (200, ANSWERS[self.answer].len()),
            Request::Anchor => (200, ANCHOR.len()),
            Request::Payload(from) if from > NEW.len() => (416, 0),
            Request::Payload(0) => (200, NEW.len()),
            Request::Payload(from) => (206, NEW.len() - from),
        };
        let length = u32::try_from(length).ok();
        self.give(Input::Head { status, from, length, retry_after: None });
    }

    /// What the agent says of itself can always be said, and read.
    fn check_in(&mut self) {
        let Some(agent) = &self.agent else { return };
        let mut text = [0; CheckIn::MAX_TEXT];
        let text = agent.check_in(&mut text).expect("a check-in has room");
        assert!(CheckIn::from_text(text, &mut [0; CheckIn::MAX_LEN]).is_ok(), "{text}");
        let _ = agent.anchors(&mut self.flash, &mut [0; MAX_ANSWER], |anchor| assert_eq!(anchor, ANCHOR));
    }

    fn answer(&mut self, size: usize) {
        match self.request.take() {
            None => self.give(Input::Lost(Lost::Closed)),
            Some(Request::Answer) => self.give(Input::Body(&ANSWERS[self.answer])),
            Some(Request::Anchor) => self.give(Input::Body(ANCHOR)),
            Some(Request::Payload(at)) if at >= NEW.len() => self.give(Input::Ended),
            Some(Request::Payload(at)) => {
                let end = NEW.len().min(at + MAX_PIECE.min(1 + size * 32));
                self.request = Some(Request::Payload(end));
                self.give(Input::Body(&NEW[at..end]));
            }
        }
    }

    fn spoil(&mut self, at: usize, bits: u8) {
        let place = at % LAYOUT.slots[0].offset as usize;
        self.flash.noisy = true;
        self.flash.bytes[place] &= !bits;
    }
}

fn lost(kind: u8) -> Lost {
    match kind % 6 {
        0 => Lost::NoAddress,
        1 => Lost::Refused,
        2 => Lost::Handshake { dates_only: false },
        3 => Lost::Handshake { dates_only: true },
        4 => Lost::Stalled,
        _ => Lost::Closed,
    }
}
