//! `otary sim`: one virtual board with its serial monitor, or a whole fleet.

mod agent;
mod clock;
mod crowd;
mod script;

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::exit;

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Chip, Mac, Sha256};
use otary_image::Merged;
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{
    Board, Console, Core, FOUR_MEGABYTES, Firmware, Flash as _, Identity, Nor, Ntp, Pace, Poll, Sketch, Stop,
    Timeouts,
};

use crate::advice::Advise;
use crate::clock::now;
use crate::file::read_file;
use crate::platform::Closing;
use crate::signals::on_ending;

/// The largest file of certificates that is read, in bytes.
const MAX_PEM: u64 = 64 * 1024;

/// Run a virtual board and watch its serial monitor
///
/// The board has 4 MB of flash in a file, a bootloader, a partition table, and a sketch like those that `otary sketch`
/// prints, which asks every ten seconds. It asks as a real one does, over real TLS, and fails with the same numbers.
/// Lines that begin with # are what the board cannot know. Ctrl-C switches it off; with the same flash file it starts again where it was.
///
/// With --agent its firmware is one with otary's own agent, which installs only what its owner signed and goes back to the
/// firmware before if the new one does not reach the server.
///
/// With --fleet it is hundreds of boards, out of step and without serial monitors, and what became of them.
///
/// With --script it is thousands of boards for days on a virtual clock, with releases that go wrong, campaigns, outages and whatever
/// else the script says; what they are answered is what a server would answer. Exit status 1 if it does not come to what the
/// script expects.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("boards").multiple(true).args(["firmware", "script"]))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub struct Args {
    /// Where it asks for updates: `https://192.168.1.70:3443/update?chip=esp32`
    #[arg(long, value_name = "URL", required_unless_present = "script")]
    url: Option<String>,
    /// The certificates that it trusts (PEM), from `otary trust export`
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    ca: Option<PathBuf>,
    /// It believes every server: no protection at all
    #[arg(long)]
    insecure: bool,
    /// The Arduino core that its sketch was built with
    #[arg(long, value_name = "STACK", default_value = "arduino-3")]
    stack: Stack,
    /// Its flash chip; the file is made if there is none
    #[arg(long, value_name = "FILE", required_unless_present_any = ["fleet", "script"], conflicts_with = "fleet")]
    flash: Option<PathBuf>,
    /// The firmware to flash by cable if the flash is empty: an app image or a merged one
    #[arg(long, value_name = "FILE")]
    firmware: Option<PathBuf>,
    /// Flash it by cable again, although the flash is not empty
    #[arg(long, requires = "firmware", conflicts_with = "fleet")]
    reflash: bool,
    /// The version that the sketch in that firmware sends; without, it sends none
    #[arg(long, value_name = "VERSION", requires = "firmware")]
    firmware_version: Option<String>,
    /// Its MAC address [default: made from the name of the flash file]; of a fleet, the first board's, and the others count up
    #[arg(long, value_name = "MAC")]
    mac: Option<Mac>,
    /// End after so many polls [default of a fleet: 3 for each board]
    #[arg(long, value_name = "N")]
    polls: Option<u32>,
    /// How much faster the sketch's waits pass
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// No time server answers: the sketch never knows the time
    #[arg(long, conflicts_with = "fleet")]
    no_clock: bool,
    /// What its time server says: `unset` if none answers, years off such as `-20y` and `+20y`, or a date, YYYY-MM-DD
    /// [default: the time of this machine]
    #[arg(long, value_name = "CLOCK", allow_hyphen_values = true, conflicts_with_all = ["fleet", "no_clock"])]
    clock: Option<clock::Setting>,
    /// Give up a dead download after 42 minutes as a real board does, not after 30 seconds
    #[arg(long)]
    patient: bool,
    #[command(flatten)]
    agent: agent::Options,
    #[command(flatten)]
    crowd: crowd::Fleet,
    #[command(flatten)]
    script: script::Scripted,
}

/// An Arduino core.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Stack {
    /// Core 2.x: Mbed TLS 2.28
    #[value(name = "arduino-2")]
    Arduino2,
    /// Core 3.x: Mbed TLS 3.6
    #[value(name = "arduino-3")]
    Arduino3,
}

/// Runs the board or the fleet until Ctrl-C, or until it has polled often enough.
pub fn run(args: &Args) -> Result<()> {
    match (args.script.script(), args.crowd.boards(), &args.flash) {
        (Some(script), fleet, _) if args.script.is_virtual() => script::run(&args.script, script, fleet),
        (Some(script), fleet, _) => run_fleet(args, Some(script), fleet),
        (None, Some(boards), _) => run_fleet(args, None, Some(boards)),
        (None, None, Some(flash)) => run_board(args, flash),
        (None, None, None) => Err(anyhow!("neither --flash, --fleet nor --script was given")),
    }
}

/// A fleet over sockets, of as many boards as is said, or as the script says.
fn run_fleet(args: &Args, script: Option<&Path>, fleet: Option<u32>) -> Result<()> {
    let file = args.firmware.as_deref().context("a fleet over sockets needs --firmware")?;
    let file = read_firmware(file)?;
    let firmware = Firmware::read(&file).context("reading the firmware")?;
    let every = script.map(|script| script::gaps(script, fleet, firmware.app().chip())).transpose()?;
    let scripted = every.as_ref().and_then(|every| u32::try_from(every.len()).ok());
    let boards = scripted.or(fleet).context("how many boards is not said")?;
    let common = crowd::Common {
        firmware,
        every: every.as_deref(),
        version: args.firmware_version.as_deref(),
        sketch: &sketch(args)?,
        first: args.mac,
        polls: args.polls,
        speed: args.speed,
        stop: &switch()?,
    };
    crowd::run(&args.crowd, boards, &common)
}

fn run_board(args: &Args, flash: &Path) -> Result<()> {
    let mut board = board(args, flash)?;
    if args.agent.is_wanted() {
        return agent::run(args, flash, board);
    }
    let sketch = sketch(args)?;
    let pace = Pace::scaled(1.0 / args.speed, switch()?);
    let mut console = Console::new(io::stdout()).with_notes();
    let mut polls = 0;
    let mut last = None;
    board
        .run(&sketch, &pace, &mut console, |poll| {
            polls += 1;
            last = Some(poll);
            if args.polls.is_some_and(|most| polls >= most) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .context("the board does not start")
        .help(format!("remove {} and flash it anew with --firmware", flash.display()))?;
    match last {
        Some(Poll::Failed { code, .. }) if args.polls.is_some() => {
            Err(anyhow!("the last poll failed: {code}"))
        }
        Some(Poll::NoTime) if args.polls.is_some() => Err(anyhow!("the board never knew the time")),
        _ => Ok(()),
    }
}

/// The board with its flash, flashed by cable if it was empty.
fn board(args: &Args, file: &Path) -> Result<Board<Nor>> {
    let path = file.display();
    let flash = Nor::open(file, FOUR_MEGABYTES).with_context(|| format!("opening {path}"))?;
    let written = args.firmware.as_deref().map(read_firmware).transpose()?;
    let firmware = written.as_deref().map(Firmware::read).transpose().context("reading the firmware")?;
    let chip = match &firmware {
        Some(firmware) => firmware.app().chip(),
        None => chip_of(&flash)
            .ok_or_else(|| anyhow!("there is nothing in {path} that a board could start"))
            .help("give it a firmware with --firmware FILE")?,
    };
    let mac = args.mac.map_or_else(|| mac_of(file), Ok)?;
    let mut board = Board::new(Identity::new(chip, mac), flash);
    if let (Some(written), Some(firmware)) = (&written, &firmware) {
        if args.reflash || board.is_blank()? {
            board.flash_factory(written, None).context("flashing by cable")?;
        }
        if let Some(version) = &args.firmware_version {
            board.name_version(Sha256::of(firmware.app().image()), version);
        }
    }
    Ok(board)
}

fn read_firmware(path: &Path) -> Result<Vec<u8>> {
    read_file(path, u64::from(FOUR_MEGABYTES))
}

/// The chip that a flash was written for, as its bootloader says.
fn chip_of(flash: &Nor) -> Option<Chip> {
    let content = flash.bytes(0, flash.size()).ok()?;
    Some(Merged::recognise(&content)?.bootloader().ok()?.chip())
}

/// An address for the board with this flash file, always the same: one of those that no maker gives out.
fn mac_of(flash: &Path) -> Result<Mac> {
    let path = std::path::absolute(flash)?;
    let mut bytes = [0x02; 6];
    let digest = Sha256::of(path.as_os_str().as_encoded_bytes()).0;
    bytes.iter_mut().skip(1).zip(digest).for_each(|(byte, of_digest)| *byte = of_digest);
    Ok(Mac::new(bytes)?)
}

/// What the board's sketch does.
fn sketch(args: &Args) -> Result<Sketch> {
    let core = match args.stack {
        Stack::Arduino2 => Core::V2,
        Stack::Arduino3 => Core::V3,
    };
    let mut sketch = Sketch::new(url(args)?, trust(args)?).with_core(core);
    sketch.ntp = ntp(args)?;
    if args.patient {
        sketch.link.timeouts = Timeouts::DEVICE;
    }
    Ok(sketch)
}

/// Where it asks.
fn url(args: &Args) -> Result<&str> {
    args.url.as_deref().context("a board with a socket needs --url")
}

/// Where it gets the time from.
fn ntp(args: &Args) -> Result<Ntp> {
    match (&args.clock, args.no_clock) {
        (Some(setting), _) => setting.ntp(now()),
        (None, true) => Ok(Ntp::Unreachable),
        (None, false) => Ok(Ntp::Host),
    }
}

/// Whom it trusts.
fn trust(args: &Args) -> Result<Trust> {
    Ok(match (&args.ca, args.insecure) {
        (Some(file), _) => {
            let pem = read_file(file, MAX_PEM)?;
            Trust::Anchors(Anchors::from_pem(&pem).with_context(|| format!("reading {}", file.display()))?)
        }
        (None, true) => Trust::Insecure,
        (None, false) => Trust::Unset,
    })
}

/// The board's power switch, in the hands of Ctrl-C and SIGTERM; the second time the process ends at once.
fn switch() -> Result<Stop> {
    let stop = Stop::default();
    let switch = stop.clone();
    on_ending(Closing::Goes, move |first| if first { switch.stop() } else { exit(1) })?;
    Ok(stop)
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("a number above 0, such as 10".to_owned()),
    }
}
