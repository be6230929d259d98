//! The demo's boards: who they are, what happens to them, and what came of it.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Chip, Mac, Sha256};
use otary_image::App;
use otary_sim::dns::Resolver;
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{
    AgentApp, AgentPoll, Board, Console, Core, FOUR_MEGABYTES, Firmware, Flash as _, Identity, Nor, Pace,
    Poll, Sketch, Stop, Until,
};

use super::PRODUCT;
use super::firmware::Image;
use super::screen::{Lane, Screen, Shows};
use crate::terminal::Colour;

/// Polls after which a board that still has no answer is given up.
const PATIENCE: u32 = 6;

/// Who a board is.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// What people call it.
    pub name: &'static str,
    /// Its address: one that no maker gives out.
    pub mac: [u8; 6],
    /// What its firmware asks with.
    pub program: Program,
    /// Its colour on the screen.
    pub colour: Colour,
    /// What of its serial monitor is shown.
    pub shows: Shows,
    /// How long it is switched on after the first.
    pub later: Duration,
    /// What its sketch gets wrong at first.
    pub mishaps: &'static [Mishap],
}

/// What a board's firmware asks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// A sketch on this Arduino core.
    Sketch(Core),
    /// otary's own agent.
    Agent,
}

/// Something that a sketch gets wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// The server's name is misspelt.
    WrongName,
    /// The certificate in it is another authority's.
    WrongCa,
}

/// Where and whom the boards ask.
#[derive(Clone)]
pub struct Surroundings {
    /// The server's name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name server.
    pub dns: SocketAddr,
    /// The server's authority.
    pub anchors: Anchors,
    /// Another server's.
    pub other_anchors: Anchors,
    /// The boards' power switch.
    pub stop: Stop,
    /// The root record that is built into firmware with an agent.
    pub root: Vec<u8>,
    /// How long the sketches' waits are, in parts of what they are in fact.
    pub pace: f64,
}

/// What came of a board.
pub struct Outcome {
    /// Who it is.
    pub role: Role,
    /// What its sketch said at first.
    pub was: Option<String>,
    /// What it says now.
    pub is: Option<String>,
    /// SHA-256 of the image in the slot that it runs from.
    pub image: Option<Sha256>,
    /// Whether its last poll was answered with "no update".
    pub no_update: bool,
    /// The board, switched off.
    pub board: Board<Nor>,
    chip: Chip,
}

impl Role {
    /// Its address.
    pub fn mac(&self) -> Result<Mac> {
        Ok(Mac::new(self.mac)?)
    }

    /// Flashes the board by cable, and switches it on in a thread of its own until it was told that there is no update.
    pub fn perform(
        self,
        versions: [(&str, &Image); 2],
        around: &Surroundings,
        screen: &Screen,
    ) -> Result<JoinHandle<Result<Outcome>>> {
        let [(version, image), (next, update)] = versions;
        let chip = image.chip;
        let mut board = Board::new(Identity::new(chip, self.mac()?), Nor::erased(FOUR_MEGABYTES)?);
        board.flash_factory(&image.bytes, Some(version)).context("flashing a board by cable")?;
        if self.program == Program::Agent {
            // A version is a constant in the firmware; a sketch's board learns that of a real image from the server.
            board.name_version(Sha256::of(Firmware::read(&update.bytes)?.app().image()), next);
        }
        let (around, screen, was) = (around.clone(), screen.clone(), version.to_owned());
        let perform = move || self.live(board, chip, was, &around, &screen);
        Ok(thread::Builder::new().name(self.name.into()).spawn(perform)?)
    }

    fn live(
        self,
        mut board: Board<Nor>,
        chip: Chip,
        was: String,
        around: &Surroundings,
        screen: &Screen,
    ) -> Result<Outcome> {
        let mut console = self.console(screen);
        let pace = Pace::scaled(around.pace, around.stop.clone());
        let note = self.lane(screen);
        thread::sleep(self.later);
        for mishap in self.mishaps {
            note.say(match mishap {
                Mishap::WrongName => "# a sketch in which the server's name is misspelt",
                Mishap::WrongCa => "# a sketch that trusts another server's authority",
            });
            board.run_until(
                &self.sketch(chip, around, Some(*mishap)),
                &pace,
                &mut console,
                Until::Polls(1),
            )?;
        }
        if !self.mishaps.is_empty() {
            note.say("# the sketch with the right name and authority");
        }
        let no_update = match self.program {
            Program::Agent => run_agent(&mut board, around, &pace, &mut console)?,
            Program::Sketch(_) => {
                let until = Until::NoUpdate { at_most: PATIENCE };
                let polls = board.run_until(&self.sketch(chip, around, None), &pace, &mut console, until)?;
                matches!(polls.last(), Some(Poll::NoUpdate { .. }))
            }
        };
        Ok(Outcome {
            role: self,
            was: Some(was),
            is: board.version().map(str::to_owned),
            image: running_image(&board),
            no_update,
            board,
            chip,
        })
    }

    fn sketch(&self, chip: Chip, around: &Surroundings, mishap: Option<Mishap>) -> Sketch {
        let host = match mishap {
            Some(Mishap::WrongName) => around.host.replacen("ota", "otta", 1),
            _ => around.host.clone(),
        };
        let anchors = if mishap == Some(Mishap::WrongCa) { &around.other_anchors } else { &around.anchors };
        let url = format!("https://{host}:{}/update?chip={chip}", around.port);
        let mut sketch = Sketch::new(&url, Trust::Anchors(anchors.clone()));
        if let Program::Sketch(core) = self.program {
            sketch = sketch.with_core(core);
        }
        sketch.link.resolver = Resolver::Server(around.dns);
        sketch
    }

    fn lane(&self, screen: &Screen) -> Lane {
        screen.lane(self.name, self.colour, self.shows)
    }

    fn console(&self, screen: &Screen) -> Console {
        Console::new(self.lane(screen)).with_notes()
    }
}

impl Outcome {
    /// The chip on it.
    pub const fn chip(&self) -> Chip {
        self.chip
    }

    /// Switches the board on again, until its switch is turned off.
    pub fn go_on(mut self, around: &Surroundings, screen: &Screen) -> Result<JoinHandle<()>> {
        let (around, screen) = (around.clone(), screen.clone());
        let role = self.role;
        let live = move || {
            let pace = Pace::scaled(around.pace, around.stop.clone());
            let mut console = role.console(&screen);
            let ran = match role.program {
                Program::Sketch(_) => {
                    let sketch = role.sketch(self.chip, &around, None);
                    let ran = self.board.run(&sketch, &pace, &mut console, |_| ControlFlow::Continue(()));
                    ran.map_err(anyhow::Error::from)
                }
                Program::Agent => {
                    let app = agent_app(&around, self.chip);
                    let ran = self.board.run_agent(&app, &pace, &mut console, |_| ControlFlow::Continue(()));
                    ran.map_err(anyhow::Error::from)
                }
            };
            if let Err(error) = ran {
                role.lane(&screen).say(&format!("# it does not start: {error}"));
            }
        };
        Ok(thread::Builder::new().name(role.name.into()).spawn(live)?)
    }
}

/// Lets a board with an agent poll until it has reported its update, and there is nothing newer. Whether it came so far.
fn run_agent(
    board: &mut Board<Nor>,
    around: &Surroundings,
    pace: &Pace,
    console: &mut Console,
) -> Result<bool> {
    let (mut polls, mut no_update) = (0, false);
    board.run_agent(&agent_app(around, board.chip()), pace, console, |poll| {
        polls += 1;
        no_update = matches!(poll, AgentPoll::NoUpdate { .. });
        if no_update || polls >= PATIENCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(no_update)
}

/// The firmware with an agent that the boards have first.
fn agent_app(around: &Surroundings, chip: Chip) -> AgentApp {
    let url = format!("https://{}:{}", around.host, around.port);
    let trust = Trust::Anchors(around.anchors.clone());
    let mut app = AgentApp::new(&url, trust, PRODUCT, chip.name(), &around.root);
    app.link.resolver = Resolver::Server(around.dns);
    app.release = 1;
    app
}

/// What a finished board's thread gave.
pub fn outcome(thread: JoinHandle<Result<Outcome>>) -> Result<Outcome> {
    thread.join().unwrap_or_else(|_| Err(anyhow!("a board's thread broke off")))
}

/// SHA-256 of the image in the slot that a board runs from, read from its flash.
fn running_image(board: &Board<Nor>) -> Option<Sha256> {
    let slot = board.slots()?.running();
    let bytes = board.flash().bytes(slot.offset, slot.size).ok()?;
    Some(Sha256::of(App::parse(&bytes).ok()?.image()))
}
