//! `otary preflight`: which devices would not take a release.

use clap::builder::NonEmptyStringValueParser;
use otary_fleet::{Channel, GroupName, Preflight, ProductName};

use crate::client::{Client, Connection, encode, path};
use crate::clock;
use crate::global::Global;
use crate::say;
use crate::table::{Table, ago, count, plain, sentence};
use crate::terminal::print_json;

/// See which devices would not take a release, and why
///
/// Each device that follows the release's channel is asked again what it said last: does the image fit, is it for its chip, would
/// it still trust this server, is it signed if the device asks for that, does it loop. Nothing is sent.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The product
    product: ProductName,
    /// The version
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    version: String,
    /// Ask the devices that follow this channel [default: that of the release]
    #[arg(long)]
    channel: Option<Channel>,
    /// Of those, ask only the ones in this group
    #[arg(long, value_name = "NAME")]
    group: Option<GroupName>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: Connection,
}

/// Devices that are named after a push.
const NAMED: usize = 5;

/// Carries it out.
pub fn run(args: &Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    let channel = args.channel.as_ref().map(|channel| format!("channel={}", encode(channel.as_str())));
    let group = args.group.as_ref().map(|group| format!("group={}", encode(group.as_str())));
    let options = channel.into_iter().chain(group).collect::<Vec<_>>().join("&");
    let place = path(["preflight", args.product.as_str(), &args.version]);
    let preflight: Preflight = client.get(&format!("{place}?{options}"))?;
    if args.json { print_json(&preflight) } else { print(&preflight) }
}

fn print(preflight: &Preflight) -> anyhow::Result<()> {
    say!("{}.", sentence(&preflight.to_string()))?;
    if let Some(others) = others(preflight) {
        say!("{others}.")?;
    }
    if preflight.named.is_empty() {
        return Ok(());
    }
    let now = clock::now();
    let mut table = Table::new(["DEVICE", "SEEN", "WHY"]);
    for refuser in &preflight.named {
        table.row([refuser.device.to_string(), ago(refuser.last_seen, now), plain(&refuser.because)]);
    }
    say!("\n{table}")?;
    match preflight.refuse.saturating_sub(preflight.named.len() as u64) {
        0 => Ok(()),
        more => Ok(say!("and {more} more")?),
    }
}

/// What becomes of the others.
fn others(preflight: &Preflight) -> Option<String> {
    let Preflight { take, settled, held, pinned, unheard, .. } = *preflight;
    let words = [
        ("would take it", "would take it"),
        ("runs it or something newer", "run it or something newer"),
        ("is held", "are held"),
        ("is pinned to another release", "are pinned to another release"),
    ];
    let counts = [take, settled, held, pinned].into_iter().zip(words).filter(|(devices, _)| *devices > 0);
    let part = |(devices, (one, many))| format!("{devices} {}", if devices == 1 { one } else { many });
    let mut parts: Vec<String> = counts.map(part).collect();
    if unheard > 0 {
        parts.push(format!("of {unheard} nothing is known, they never asked"));
    }
    (!parts.is_empty()).then(|| sentence(&parts.join(", ")))
}

/// What a push says of it: the sentence and the first devices, if there are any that would not take it.
pub fn after_push(preflight: &Preflight, is_published: bool) -> anyhow::Result<()> {
    if preflight.refuse == 0 {
        return Ok(());
    }
    say!("{}.", sentence(&preflight.to_string()))?;
    for refuser in preflight.named.iter().take(NAMED) {
        say!("  {}  {}", refuser.device, plain(&refuser.because))?;
    }
    let more = preflight.refuse.saturating_sub(NAMED as u64);
    if more > 0 {
        let (id, more) = (plain(&preflight.release.to_string()), count(more, "more device"));
        let all = if is_published { format!(": otary preflight {id} lists them") } else { String::new() };
        say!("  and {more}{all}")?;
    }
    Ok(())
}
