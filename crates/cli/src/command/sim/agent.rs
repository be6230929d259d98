//! `otary sim --agent`: a virtual board whose firmware has otary's own agent.

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Chip, ProductName};
use otary_sim::tls::Trust;
use otary_sim::{AgentApp, AgentPoll, Board, Console, Nor, Pace};
use otary_trust::signing::Signed;

use super::Args;
use crate::advice::Advise;
use crate::file::read_file;

/// The largest file that is read as a root record, in bytes.
const MAX_RECORD: u64 = 4096;

/// A firmware that believes its owner's signatures.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "otary's agent")]
pub struct Options {
    /// The firmware has otary's agent in the place of a sketch: it asks in the agent's dialect, and installs only what its
    /// owner signed
    #[arg(
        long,
        requires_all = ["product", "root", "ca"],
        conflicts_with_all = ["fleet", "insecure", "stack", "patient"],
    )]
    agent: bool,
    /// The signed root record that is built into the firmware: `keys/record-1.bin` of `otary key new`
    #[arg(long, value_name = "FILE", requires = "agent")]
    root: Option<PathBuf>,
    /// The product that the firmware is of
    #[arg(long, value_name = "NAME", requires = "agent")]
    product: Option<ProductName>,
    /// The hardware's name, as releases are signed for it [default: the chip's]
    #[arg(long, value_name = "NAME", requires = "agent")]
    hardware: Option<String>,
    /// The release number that the firmware was built as, 0 for one that was not released
    #[arg(long, value_name = "N", requires = "agent", default_value_t = 0)]
    release: u32,
    /// Its self-test finds that it does not work: what it installs is rolled back
    #[arg(long, requires = "agent")]
    fail_self_test: bool,
}

impl Options {
    /// Whether the board's firmware has an agent.
    pub const fn is_wanted(&self) -> bool {
        self.agent
    }
}

/// Runs the board until Ctrl-C, or until it has polled often enough.
pub fn run(args: &Args, flash: &Path, mut board: Board<Nor>) -> Result<()> {
    let app = app(args, board.chip())?;
    let pace = Pace::scaled(1.0 / args.speed, super::switch()?);
    let mut console = Console::new(io::stdout()).with_notes();
    let (mut polls, mut last) = (0, None);
    let watch = |poll| {
        polls += 1;
        last = Some(poll);
        if args.polls.is_some_and(|most| polls >= most) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    board
        .run_agent(&app, &pace, &mut console, watch)
        .context("the board does not start")
        .help(format!("remove {} and flash it anew with --firmware", flash.display()))?;
    match last.filter(|_| args.polls.is_some()) {
        Some(AgentPoll::Failed { code, .. }) => Err(anyhow!("the last poll failed: {code}")),
        Some(AgentPoll::Refused { report }) => Err(anyhow!("what came last was not installed: {report}")),
        Some(AgentPoll::RolledBack { .. }) => Err(anyhow!("the new firmware was rolled back")),
        _ => Ok(()),
    }
}

/// What is compiled into the firmware.
fn app(args: &Args, chip: Chip) -> Result<AgentApp> {
    let Options { root: Some(root), product: Some(product), .. } = &args.agent else {
        return Err(anyhow!("--agent needs --root and --product"));
    };
    let url = super::url(args)?;
    if !url.starts_with("https://") {
        let error = anyhow!("{url} is no URL of an update server with TLS");
        return Err(error).help("the agent asks over https:// alone: --url https://NAME:PORT");
    }
    let record = read_file(root, MAX_RECORD)?;
    Signed::by_itself(&record)
        .with_context(|| format!("{} is no root record that a device could begin with", root.display()))
        .help(
            "otary key new makes the first one; otary key show --export FILE gets the newest from the server",
        )?;
    let Trust::Anchors(anchors) = super::trust(args)? else {
        return Err(anyhow!("--agent needs --ca"));
    };
    let hardware = args.agent.hardware.as_deref().unwrap_or_else(|| chip.name());
    let mut app = AgentApp::new(url, Trust::Anchors(anchors), product.as_str(), hardware, &record);
    app.release = args.agent.release;
    app.passes_self_test = !args.agent.fail_self_test;
    app.ntp = super::ntp(args)?;
    Ok(app)
}
