//! One request of the device and its answer, piece by piece, with what goes wrong on the way.

use std::borrow::Cow;

use otary_agent::{Agent, Anchors, Fetch, Input, Lost, MAX_ANSWER, Millis, Step};

use super::device::{Device, Life};
use super::hitch::{Hitch, Trouble};
use super::scenario::Behaviour;
use super::server::Server;

/// While nothing comes, the driver lets the agent look at the clock so often.
const TICK: Millis = Millis::from_secs(5);

/// An answer on its way.
struct Answer<'c> {
    status: u16,
    /// Offset in the whole object at which the body begins.
    from: u32,
    body: Cow<'c, [u8]>,
    is_payload: bool,
}

const NOT_FOUND: Answer<'static> =
    Answer { status: 404, from: 0, body: Cow::Borrowed(&[]), is_payload: false };

impl Device<'_> {
    /// Connects, asks and hands over the answer; gives the first step that ends the exchange.
    pub(super) fn exchange(&mut self, agent: &mut Agent<'_>, step: Step, life: &mut Life) -> Step {
        life.wait(Millis(200));
        self.connections += 1;
        if self.case.scenario.behaviour(life.release) == Behaviour::ReachesNobody {
            return agent.step(life.moment(), Input::Lost(Lost::Refused), &mut self.flash);
        }
        let server = self.server(life);
        if !self.shake_hands(agent, &server) {
            let lost = Lost::Handshake { dates_only: false };
            return agent.step(life.moment(), Input::Lost(lost), &mut self.flash);
        }
        let answer = match step {
            Step::CheckIn => self.check_in(agent, &server),
            Step::Fetch { what: Fetch::Payload { digest }, from } => {
                let rest = server.artifact(&digest).and_then(|image| image.get(from as usize..));
                rest.map(|rest| Answer { status: 206, from, body: Cow::Borrowed(rest), is_payload: true })
            }
            Step::Fetch { what: Fetch::Anchor { digest }, .. } => server.anchor(&digest).map(whole),
            _ => None,
        };
        self.note();
        let answer = answer.unwrap_or(NOT_FOUND);
        self.pass_by(&answer);
        self.hand_over(agent, answer, life)
    }

    /// What was to go wrong before the byte that a payload begins with cannot go wrong any more.
    fn pass_by(&mut self, answer: &Answer<'_>) {
        let left = self.hitches.iter().position(|hitch| match hitch {
            Hitch::Payload { at, .. } => !answer.is_payload || *at >= answer.from,
            Hitch::Answer { .. } => true,
        });
        self.hitches.drain(..left.unwrap_or(self.hitches.len()));
    }

    /// Whether the server's certificate leads to one of the agent's anchors.
    fn shake_hands(&mut self, agent: &Agent<'_>, server: &Server<'_>) -> bool {
        let proves = server.proves(&self.world.heard);
        let mut is_trusted = false;
        let visit = |anchor: &[u8]| is_trusted |= proves.iter().any(|proved| proved == anchor);
        match agent.anchors(&mut self.flash, &mut [0; MAX_ANSWER], visit) {
            Ok(Anchors::CompiledIn) => {
                self.case.workshop.anchors.first().is_some_and(|anchor| proves.contains(anchor))
            }
            Ok(Anchors::Stored) => is_trusted,
            Err(_) => false,
        }
    }

    fn check_in(&mut self, agent: &Agent<'_>, server: &Server<'_>) -> Option<Answer<'static>> {
        let mut text = [0; otary_wire::CheckIn::MAX_TEXT];
        let text = agent.check_in(&mut text).ok()?;
        let offer = server.check_in(text, &mut self.world.heard)?;
        Some(Answer { body: Cow::Owned(offer), ..NOT_FOUND }).map(|answer| Answer { status: 200, ..answer })
    }

    fn hand_over(&mut self, agent: &mut Agent<'_>, mut answer: Answer<'_>, life: &mut Life) -> Step {
        let head = Input::Head {
            status: answer.status,
            from: answer.from,
            length: u32::try_from(answer.body.len()).ok(),
            retry_after: None,
        };
        let mut step = agent.step(life.moment(), head, &mut self.flash);
        let mut done = 0;
        loop {
            match step {
                Step::Working => step = agent.step(life.moment(), Input::Tick, &mut self.flash),
                Step::Read => {
                    let end = self.end_of_piece(&answer, done);
                    let trouble = self.trouble_at(&answer, done, end);
                    if let Some((Trouble::Corrupt, at)) = trouble
                        && let Some(byte) = answer.body.to_mut().get_mut(at)
                    {
                        *byte ^= 0x10;
                    }
                    step = match (trouble.map(|(trouble, _)| trouble), answer.body.get(done..end)) {
                        (Some(Trouble::Cut), _) => {
                            agent.step(life.moment(), Input::Lost(Lost::Closed), &mut self.flash)
                        }
                        (Some(Trouble::Stall), _) => return self.stall(agent, life),
                        (_, Some(piece)) if !piece.is_empty() => {
                            self.fetched += if answer.is_payload { piece.len() as u64 } else { 0 };
                            self.note();
                            agent.step(life.moment(), Input::Body(piece), &mut self.flash)
                        }
                        _ => agent.step(life.moment(), Input::Ended, &mut self.flash),
                    };
                    done = end;
                }
                ended => return ended,
            }
        }
    }

    /// Where the next piece ends: at once for what is handed over whole, and before a byte at which something goes wrong.
    fn end_of_piece(&self, answer: &Answer<'_>, done: usize) -> usize {
        let all = answer.body.len();
        if !answer.is_payload {
            return all;
        }
        let end = all.min(done + self.case.piece);
        let next = self.hitches.first().map(|hitch| hitch.parts());
        match next {
            Some((true, at, _)) => {
                let at = at.checked_sub(answer.from).map_or(usize::MAX, |at| at as usize);
                if (done + 1..end).contains(&at) { at } else { end }
            }
            _ => end,
        }
    }

    /// What goes wrong with the piece from `done` to `end`, and at which byte of the body. It happens once.
    fn trouble_at(&mut self, answer: &Answer<'_>, done: usize, end: usize) -> Option<(Trouble, usize)> {
        let (is_payload, at, trouble) = self.hitches.first()?.parts();
        let at = at.checked_sub(answer.from)? as usize;
        let hits = if is_payload { at == done && end > done } else { (done..end).contains(&at) };
        if is_payload != answer.is_payload || !hits {
            return None;
        }
        self.hitches.remove(0);
        Some((trouble, at))
    }

    /// Nothing comes until the agent gives up.
    fn stall(&mut self, agent: &mut Agent<'_>, life: &mut Life) -> Step {
        for _ in 0..1000 {
            life.wait(TICK);
            match agent.step(life.moment(), Input::Tick, &mut self.flash) {
                Step::Read => {}
                step => return step,
            }
        }
        Step::Read
    }
}

fn whole(body: &[u8]) -> Answer<'_> {
    Answer { status: 200, from: 0, body: Cow::Borrowed(body), is_payload: false }
}
