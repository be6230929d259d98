//! `otary explain`: why a device is answered as it is.

use std::io;

use otary_fleet::{Explanation, Mac};

use crate::client::{Client, Connection, path};
use crate::command::device::called;
use crate::global::Global;
use crate::say;
use crate::table::plain;
use crate::terminal::{Colour, colours, print_json, width, wrap};

/// See what a device would be answered now, by which rule, and what would change it
///
/// What it runs and how that is known, whether it is overdue by its own rhythm, the rule and what it rested on, what the operator may
/// do or what comes by itself, and what became of the releases that it met last: reported by the device, or inferred from its
/// check-ins.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The device: its address, such as 24:6F:28:AA:BB:CC, or the name that its client says
    #[arg(value_parser = called)]
    device: Mac,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Columns of the labels, with the blanks around them.
const LABEL: usize = 13;
/// No line is wrapped at fewer columns than this.
const NARROWEST: usize = 24;

/// Carries it out.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    let explanation: Explanation = client.get(&path(["explain", &args.device.to_string()]))?;
    if args.json { print_json(&explanation) } else { print(&explanation) }
}

fn print(explanation: &Explanation) -> anyhow::Result<()> {
    let bold = colours(&io::stdout());
    for line in fitted(&explanation.answer, 0) {
        say!("{}", if bold { Colour::Bold.around(&line) } else { line })?;
    }
    say!("{}\n", plain(&explanation.subject()))?;
    for (label, lines) in explanation.sections() {
        let texts = lines.iter().flat_map(|line| fitted(line, LABEL));
        for (number, text) in texts.enumerate() {
            let label = if number == 0 { label } else { "" };
            say!("  {label:10} {text}")?;
        }
    }
    Ok(())
}

/// A text in lines that fit the terminal beside so many columns; in one where there is no terminal.
fn fitted(text: &str, beside: usize) -> Vec<String> {
    let text = plain(text);
    let hang = if text.starts_with("-> ") { "-> ".len() } else { 0 };
    match width() {
        Some(columns) => wrap(&text, columns.saturating_sub(beside).max(NARROWEST), hang),
        None => vec![text],
    }
}
