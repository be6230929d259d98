//! The demo's boards: who they are, what happens to them, and what came of it.

use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Chip, Mac, Sha256};
use otary_image::App;
use otary_sim::dns::Resolver;
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{
    Board, Console, Core, FOUR_MEGABYTES, Flash as _, Identity, Nor, Pace, Poll, Sketch, Stop, Until,
};

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
    /// The Arduino core that its sketch was built with.
    pub core: Core,
    /// Its colour on the screen.
    pub colour: Colour,
    /// What of its serial monitor is shown.
    pub shows: Shows,
    /// How long it is switched on after the first.
    pub later: Duration,
    /// What its sketch gets wrong at first.
    pub mishaps: &'static [Mishap],
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
    /// Whether its last poll was answered with 304.
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
        chip: Chip,
        firmware: &[u8],
        version: &str,
        around: &Surroundings,
        screen: &Screen,
    ) -> Result<JoinHandle<Result<Outcome>>> {
        let mut board = Board::new(Identity::new(chip, self.mac()?), Nor::erased(FOUR_MEGABYTES)?);
        board.flash_factory(firmware, Some(version)).context("flashing a board by cable")?;
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
        let until = Until::NoUpdate { at_most: PATIENCE };
        let polls = board.run_until(&self.sketch(chip, around, None), &pace, &mut console, until)?;
        Ok(Outcome {
            role: self,
            was: Some(was),
            is: board.version().map(str::to_owned),
            image: running_image(&board),
            no_update: matches!(polls.last(), Some(Poll::NoUpdate { .. })),
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
        let mut sketch = Sketch::new(&url, Trust::Anchors(anchors.clone())).with_core(self.core);
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
            let sketch = role.sketch(self.chip, &around, None);
            let pace = Pace::scaled(around.pace, around.stop.clone());
            let ran = self
                .board
                .run(&sketch, &pace, &mut role.console(&screen), |_| std::ops::ControlFlow::Continue(()));
            if let Err(error) = ran {
                role.lane(&screen).say(&format!("# it does not start: {error}"));
            }
        };
        Ok(thread::Builder::new().name(role.name.into()).spawn(live)?)
    }
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
