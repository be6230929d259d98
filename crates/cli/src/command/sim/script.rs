//! `otary sim --script FILE`: a fleet on a virtual clock, told as it goes on, and what became of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use otary_fleet::Chip;
use otary_sim::virtual_fleet::{
    Course, News, Report, Script, ScriptError, duration, limits, run as simulate,
};

use crate::advice::Advise;
use crate::file::read_file;
use crate::say;
use crate::table::count;
use crate::terminal::print_json;

/// A fleet by a script.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A fleet by a script")]
pub struct Scripted {
    /// What there is and what happens, in a virtual time of days that pass in seconds: docs/SIM.md. --fleet gives it another size
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["flash", "agent", "no_clock", "clock", "reflash"]
    )]
    script: Option<PathBuf>,
    /// Play it over real sockets, against the server at --url with boards that run --firmware: how many boards there are and how
    /// often they ask is taken from the script, and what cannot be is refused
    #[arg(long, requires = "script")]
    sockets: bool,
    /// Another run of the same script [default: as the script says, else 1]
    #[arg(long, value_name = "N", requires = "script", conflicts_with = "sockets")]
    seed: Option<u64>,
    /// As JSON
    #[arg(long, requires = "script", conflicts_with = "sockets")]
    json: bool,
}

impl Scripted {
    /// The script, if there is one.
    pub fn script(&self) -> Option<&Path> {
        self.script.as_deref()
    }

    /// Whether it is played in virtual time.
    pub const fn is_virtual(&self) -> bool {
        self.script.is_some() && !self.sockets
    }
}

/// How long each board of a fleet over sockets waits, by a script. `fleet` is another number of boards than it says.
pub fn gaps(file: &Path, fleet: Option<u32>, chip: Chip) -> Result<Vec<Duration>> {
    let text = text_of(file)?;
    let script = read(&text, file, fleet)?;
    script.over_sockets(chip).map_err(|error| told(&error, &text, file))
}

/// Plays a script in virtual time. An error if it does not come to what it expects.
pub fn run(options: &Scripted, file: &Path, fleet: Option<u32>) -> Result<()> {
    let mut script = read(&text_of(file)?, file, fleet)?;
    script.seed = options.seed.unwrap_or(script.seed);
    let (bar, began) = (bar(), Instant::now());
    let mut closed = Ok(());
    let report = simulate(&script, |news| match news {
        News::Reached(part) => bar.set_position(part),
        News::Happened(entry) if !options.json && closed.is_ok() => {
            closed = bar.suspend(|| say!("{entry}"));
        }
        News::Happened(_) => {}
    });
    bar.finish_and_clear();
    closed?;
    let report = report.context("a fleet for this script")?;
    if options.json {
        print_json(&report)?;
    } else {
        print(&report, began.elapsed())?;
    }
    let missed = report.expectations.iter().filter(|expected| !expected.met).count();
    match missed {
        0 => Ok(()),
        missed => {
            let all = count(report.expectations.len() as u64, "expectation");
            Err(anyhow!("{missed} of {all} of {} did not come true", file.display()))
        }
    }
}

fn text_of(file: &Path) -> Result<String> {
    let bytes = read_file(file, limits::MAX_BYTES as u64)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not a text in UTF-8", file.display()))
}

fn read(text: &str, file: &Path, fleet: Option<u32>) -> Result<Script> {
    let script = Script::parse(text).and_then(|script| match fleet {
        Some(fleet) => script.with_fleet(fleet),
        None => Ok(script),
    });
    script.map_err(|error| told(&error, text, file))
}

/// The error with the line that it is about.
fn told(error: &ScriptError, text: &str, file: &Path) -> anyhow::Error {
    let shown: Result<()> = Err(anyhow!("{}\n{}", file.display(), error.render(text)));
    match shown.help("docs/SIM.md says what a script may say") {
        Ok(()) => anyhow!("no script"),
        Err(error) => error,
    }
}

/// A bar for whoever watches; on no terminal it is not drawn.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("{elapsed:>4} {bar:40} {percent:>3} %, {eta} left") {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn print(report: &Report, took: Duration) -> Result<()> {
    let Report { boards, polls, seconds, seed, .. } = report;
    let time = duration(*seconds);
    let boards = count((*boards).into(), "board");
    say!("\n{boards}, {time}, seed {seed}: {} in {:.1} s", count(*polls, "poll"), took.as_secs_f64())?;
    for course in &report.campaigns {
        print_campaign(course)?;
    }
    print_end(report)?;
    for expected in &report.expectations {
        let sign = if expected.met { "as expected" } else { "NOT AS EXPECTED" };
        say!("  {sign}: line {}, {}; it is {}", expected.line, expected.expected, expected.found)?;
    }
    Ok(())
}

fn print_campaign(course: &Course) -> Result<()> {
    let Course { campaign, version, state, seen, lost, false_silence, .. } = course;
    let mut end = format!("campaign {campaign} ({version}) is {state}");
    if let Some(after) = course.stopped_after {
        write!(end, ", stopped after {}", duration(after))?;
    }
    if let Some(after) = course.finished_after {
        write!(end, ", finished after {}", duration(after))?;
    }
    say!("{end}")?;
    say!("  what the server knows: {seen}")?;
    say!("  what is true: {lost} lost by it, {false_silence} taken for silent that it did nothing to")?;
    Ok(())
}

fn print_end(report: &Report) -> Result<()> {
    let end = &report.end;
    say!("the fleet at the end")?;
    for (version, boards) in end.running.iter().rev() {
        say!("  run {version:<12} {boards:>6}")?;
    }
    let off = "of those that run, switched off or broken by themselves";
    let lines = [
        ("off", end.off, off),
        ("bricked", end.bricked, "by a release"),
        ("out of reach", end.unreachable, "they work, and never ask again by a release's doing"),
        ("offered", end.offered, "something by a campaign"),
    ];
    for (word, boards, meaning) in lines {
        say!("  {word:<16} {boards:>6}  {meaning}")?;
    }
    Ok(())
}
