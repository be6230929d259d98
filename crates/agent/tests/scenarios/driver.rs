//! The driver that every firmware has: it does what the agent says, over a link with its troubles.

use otary_agent::wire::Clock;
use otary_agent::{Agent, Anchors, Dates, Fetch, Input, Lost, MAX_ANSWER, Millis, Step};

use crate::board::Board;
use crate::events::Event;
use crate::server::Server;

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

/// Why a power cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Restart,
    PowerCut,
    /// The agent sleeps beyond the time that the scenario has.
    Asleep,
}

impl<const W: usize> Board<W> {
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
        if self.stored_anchors_stall && anchors == Anchors::Stored {
            return self.step(agent, Input::Lost(Lost::Stalled));
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
        if let Some(status) = self.payload_status {
            return Some(
                self.step(agent, Input::Head { status, from: 0, length: Some(0), retry_after: None }),
            );
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
