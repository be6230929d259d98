//! `otary trust simulate`: decades of a fleet in seconds, and who was cut off.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use otary_fleet::Time;
use otary_sim::years::{Counts, Options, Plan, Policy, Report, Victim, run as simulate};

use crate::advice::Advise;
use crate::say;
use crate::table::count;
use crate::terminal::print_json;

/// Let decades pass for a fleet in seconds, and see whether any device is cut off
///
/// The decisions are otary's own: who is offered what, which anchors each device is known to hold, when a leaf is
/// renewed, which step of a rollover is refused. The world around them is made up from the seed: boards that look at dates
/// and boards that do not, wrong clocks, sleep of up to three years, flashing by cable, strangers who claim newer builds;
/// and an operator who does everything on the last possible day, through two rollovers by plan and the theft of a root's key.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many years
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=70))]
    years: u32,
    /// How many devices
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    devices: u32,
    /// Another fleet for each number, the same for the same
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// What keeps devices from being cut off
    #[arg(long, value_name = "POLICY", default_value = "overlap")]
    policy: Kept,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What keeps devices from being cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kept {
    /// otary's: a next root in advance, bridges, and a ledger that refuses
    Overlap,
    /// Broken: the same, but what the ledger says is not heeded
    Unheeded,
    /// Broken: a new root at once, which no device was given in advance
    None,
}

/// Victims that are listed; the rest is counted.
const LISTED: usize = 20;
/// Steps of the bar.
const STEPS: u64 = 1000;

/// Carries it out. An error if the real policy cut a device off.
pub fn run(args: &Args) -> Result<()> {
    let options = options(args)?;
    let bar = bar(args.years);
    let report = simulate(&options, |done| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a share of a thousand steps"
        )]
        bar.set_position((done * STEPS as f64) as u64);
    });
    bar.finish_and_clear();
    let report = report.ok_or_else(|| anyhow!("so many years cannot be simulated"))?;
    if args.json {
        print_json(&report)?;
    } else {
        print(args, &report)?;
    }
    match report.victims.len() {
        victims if victims > 0 && args.policy == Kept::Overlap => Err(anyhow!("{} cut off", was(victims)))
            .help(format!(
                "this is a mistake in otary: please report it with --seed {} --years {} --devices {}",
                args.seed, args.years, args.devices
            )),
        _ => Ok(()),
    }
}

fn options(args: &Args) -> Result<Options> {
    Ok(Options {
        years: args.years,
        devices: usize::try_from(args.devices).context("counting devices")?,
        seed: args.seed,
        policy: match args.policy {
            Kept::Overlap => Policy::Overlap,
            Kept::Unheeded => Policy::Unheeded,
            Kept::None => Policy::None,
        },
        plan: Plan::standard(),
    })
}

/// A bar for whoever watches; on no terminal it is not drawn.
fn bar(years: u32) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {percent:>3} %, {eta} left") {
        bar.set_style(style);
    }
    bar.set_message(format!("{years} years"));
    bar
}

fn print(args: &Args, report: &Report) -> Result<()> {
    say!("{} years from {}, {} devices, seed {}", args.years, day(report.start), args.devices, args.seed)?;
    print_timeline(report)?;
    print_counts(&report.counts)?;
    print_census(report)?;
    print_victims(&report.victims)
}

/// A line for each year, and one for each thing that happened in it.
fn print_timeline(report: &Report) -> Result<()> {
    say!("\nYEAR  LEAVES  WHAT HAPPENED")?;
    let (first, last) = (year(report.start), year(report.end));
    for number in first..=last {
        let leaves = report.renewals.get(&number.to_string()).copied().unwrap_or_default();
        let mut head = format!("{number}  {leaves:>6}  ");
        let entries = report.timeline.iter().filter(|entry| year(entry.at) == number);
        let mut lines = Vec::new();
        for entry in entries {
            let text = entry.what.to_string();
            let date = day(entry.at).split_off(5);
            let dates = std::iter::once(date).chain(std::iter::repeat_with(|| " ".repeat(5)));
            lines.extend(text.lines().zip(dates).map(|(line, date)| format!("{date}  {line}")));
        }
        if lines.is_empty() {
            say!("{}", head.trim_end())?;
        }
        for line in lines {
            say!("{head}{line}")?;
            head = " ".repeat(14);
        }
    }
    Ok(())
}

fn print_counts(counts: &Counts) -> Result<()> {
    let Counts { renewals, postponed, wrong_days, releases, updates, .. } = counts;
    say!(
        "\nThe server renewed {} and published {}.",
        leaves(*renewals),
        count(u64::from(*releases), "release")
    )?;
    say!(
        "Its clock was wrong on {wrong_days} days, and a leaf was due and had to wait on {postponed} of them."
    )?;
    let Counts { bridged, refused, cables, resumed, spoofed, recovered, longest_gap, .. } = counts;
    say!("Devices took {updates} updates; {bridged} check-ins of note came over a bridge.")?;
    say!("{cables} boards were flashed by cable, {resumed} of them told to update all the same.")?;
    say!("Strangers spoke {spoofed} times under a device's address. Steps were refused {refused} times.")?;
    if *recovered > 0 {
        let days = longest_gap.as_secs() / Duration::from_hours(24).as_secs();
        say!(
            "{recovered} devices could not be reached for a while, for {days} days at most, and then could again."
        )?;
    }
    Ok(())
}

fn print_census(report: &Report) -> Result<()> {
    let census = &report.census;
    say!("\n  devices      {:>7}", census.devices)?;
    say!("  reached      {:>7}  {} of them asleep", census.reached, census.asleep)?;
    say!(
        "  wrong clock  {:>7}  look at dates by a clock that nobody sets: lost with any server",
        census.wrong_clock
    )?;
    say!("  cut off      {:>7}", census.cut_off)?;
    say!("\nThey hold:")?;
    for (roots, devices) in &census.holding {
        say!("  {devices:>7}  {roots}")?;
    }
    Ok(())
}

fn print_victims(victims: &[Victim]) -> Result<()> {
    if victims.is_empty() {
        return Ok(());
    }
    say!("\nCut off:")?;
    for Victim { device, product, stack, since, last_seen, because } in victims.iter().take(LISTED) {
        let seen =
            last_seen.map_or_else(|| "never seen".to_owned(), |seen| format!("last seen {}", day(seen)));
        say!("  {device}  {product}, {stack}, since {}, {seen}:", day(*since))?;
        say!("                     {because}")?;
    }
    if let Some(more @ 1..) = victims.len().checked_sub(LISTED) {
        say!("  and {more} more")?;
    }
    Ok(())
}

fn leaves(number: u32) -> String {
    if number == 1 { "1 leaf".to_owned() } else { format!("{number} leaves") }
}

fn was(victims: usize) -> String {
    if victims == 1 { "1 device was".to_owned() } else { format!("{victims} devices were") }
}

/// The day in UTC, by which the simulation counts.
fn day(time: Time) -> String {
    let timestamp = i64::try_from(time.secs()).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    timestamp.unwrap_or(jiff::Timestamp::MAX).strftime("%Y-%m-%d").to_string()
}

fn year(time: Time) -> u32 {
    day(time).split('-').next().and_then(|year| year.parse().ok()).unwrap_or_default()
}
