//! `otary sim --fleet N`: a whole fleet of virtual boards at once, its progress, and what became of it.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use otary_fleet::Mac;
use otary_sim::crowd::{Fate, Plan, Tally, run as switch_on};
use otary_sim::{Firmware, Sketch, Stop};

use crate::config::Span;
use crate::say;
use crate::table::{count, size};

/// The address of a fleet's first board, one of those that no maker gives out.
const FIRST: [u8; 6] = [0x02, 0x0F, 0x1E, 0, 0, 0];
/// How often a board asks if nobody says it: for its update, for what is newer, and once more if one of them failed.
const POLLS: u32 = 3;
/// Without a terminal, a line is printed whenever so many parts of the fleet are done.
const LINES: u32 = 10;
/// The most boards over sockets.
const MOST: u32 = 10_000;

/// How a fleet asks.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A fleet")]
pub struct Fleet {
    /// So many boards at once, without serial monitors and flash files; each asks until there is nothing newer
    #[arg(long, value_name = "N", requires = "boards", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    fleet: Option<u32>,
    /// Between two polls of each board of a fleet, give or take a tenth; its first one is somewhere in the first of these times
    #[arg(long, value_name = "TIME", default_value = "1m", requires = "fleet")]
    every: Span,
}

/// What a fleet has in common with a single board.
pub struct Common<'a> {
    /// What is flashed by cable.
    pub firmware: Firmware<'a>,
    /// The version that its sketch sends.
    pub version: Option<&'a str>,
    /// Its sketch.
    pub sketch: &'a Sketch,
    /// The first board's address.
    pub first: Option<Mac>,
    /// The most polls of a board.
    pub polls: Option<u32>,
    /// How much faster time passes.
    pub speed: f64,
    /// Between two polls of each board, if a script says it.
    pub every: Option<&'a [Duration]>,
    /// The power switch.
    pub stop: &'a Stop,
}

impl Fleet {
    /// How many boards, if it is a fleet.
    pub const fn boards(&self) -> Option<u32> {
        self.fleet
    }
}

/// Runs a fleet of this many boards. An error if one of them did not get what is published.
pub fn run(args: &Fleet, boards: u32, common: &Common<'_>) -> Result<()> {
    if boards > MOST {
        return Err(anyhow!("{boards} boards are too many for sockets: {MOST} at most"));
    }
    let faster = |every: &Duration| Duration::try_from_secs_f64(every.as_secs_f64() / common.speed);
    let every = common.every.unwrap_or(std::slice::from_ref(&args.every.0));
    let every: Vec<Duration> =
        every.iter().map(faster).collect::<Result<_, _>>().context("a fleet does not wait so long")?;
    let plan = Plan {
        boards,
        first: common.first.map_or_else(|| Mac::new(FIRST), Ok)?,
        firmware: common.firmware,
        version: common.version,
        sketch: common.sketch,
        every: &every,
        polls: common.polls.unwrap_or(POLLS),
    };
    let progress = Progress::of(boards);
    let tally = switch_on(&plan, common.stop, |tally| progress.show(tally)).context("the fleet")?;
    progress.end();
    print(&tally)?;
    let left: u32 =
        [Fate::Refused, Fate::Failed, Fate::Waiting].into_iter().map(|fate| tally.count(fate)).sum();
    match left {
        0 => Ok(()),
        left => Err(anyhow!("{} of {boards} did not get to what the server publishes", boards_of(left))),
    }
}

/// A bar on a terminal; elsewhere a line now and then.
struct Progress {
    bar: ProgressBar,
    is_drawn: bool,
}

impl Progress {
    fn of(boards: u32) -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(10);
        let bar = ProgressBar::with_draw_target(Some(boards.into()), target);
        if let Ok(style) = ProgressStyle::with_template("{elapsed:>4} {bar:30} {pos}/{len} {msg}") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { bar, is_drawn: io::stderr().is_terminal() }
    }

    fn show(&self, tally: &Tally) {
        let before = self.bar.position();
        self.bar.set_message(so_far(tally));
        self.bar.set_position(tally.done.into());
        let part = |done: u64| done * u64::from(LINES) / u64::from(tally.boards.max(1));
        if !self.is_drawn && part(before) < part(tally.done.into()) {
            let Tally { done, boards, took, .. } = tally;
            eprintln!("{} s: {done} of {boards} boards, {}", took.as_secs(), so_far(tally));
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}

fn so_far(tally: &Tally) -> String {
    let [updated, current, refused, failed] =
        [Fate::Updated, Fate::Current, Fate::Refused, Fate::Failed].map(|fate| tally.count(fate));
    let polls = count(tally.polls, "poll");
    format!("{updated} updated, {current} current, {refused} refused, {failed} failed; {polls}")
}

fn print(tally: &Tally) -> Result<()> {
    say!(
        "{} in {:.1} s: {}, {} of firmware installed",
        boards_of(tally.boards),
        tally.took.as_secs_f64(),
        count(tally.polls, "poll"),
        size(tally.bytes)
    )?;
    for (fate, word, meaning) in [
        (Fate::Updated, "updated", "run what the server publishes, which they took now"),
        (Fate::Current, "current", "ran it before"),
        (Fate::Refused, "refused", "were answered with neither an image nor \"no update\""),
        (Fate::Failed, "failed", "could not ask, or not install what they were sent"),
        (Fate::Waiting, "waiting", "were turned off before they had asked, or asked again"),
    ] {
        let boards = tally.count(fate);
        if boards > 0 || fate != Fate::Waiting {
            say!("  {word:8} {boards:>6}  {meaning}")?;
        }
    }
    if let Some(average) = u32::try_from(tally.polls).ok().and_then(|polls| tally.polling.checked_div(polls))
    {
        say!(
            "A poll took {} ms on average, and {} ms at most.",
            average.as_millis(),
            tally.longest.as_millis()
        )?;
    }
    if !tally.failures.is_empty() {
        say!("Polls that failed:")?;
    }
    for (why, polls) in &tally.failures {
        say!("  {polls:>6}  {why}")?;
    }
    Ok(())
}

fn boards_of(number: u32) -> String {
    count(number.into(), "board")
}
