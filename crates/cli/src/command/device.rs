//! `otary device`: the boards that ask, what they run, and why they are answered as they are.

mod enroll;
mod intents;
mod show;

pub use show::happened;

use otary_fleet::{Channel, Chip, DeviceName, Mac, ProductName, Query, QueryError, Time};
use otary_server::operator::{Answer, Assignment, DeviceLine, DevicePage, DeviceView, Disenrolment, Runs};

use crate::client::{Client, Connection, encode, path};
use crate::clock;
use crate::command::product::chip;
use crate::global::Global;
use crate::say;
use crate::table::{Table, ago, count, or_dash, plain};
use crate::terminal::print_json;

/// See devices, assign them, hold or pin them, let go of their brakes, enroll them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the devices: what they run, and what they were answered
    List {
        /// Of this product only
        product: Option<ProductName>,
        /// Those that a query finds, such as 'chip = esp32c3 and build < 0.9 and seen < 7d' (docs/QUERY.md)
        #[arg(long = "where", value_name = "QUERY")]
        query: Option<String>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show all that is known of a device, and what it would be answered now
    Show {
        /// Its address, such as 24:6F:28:AA:BB:CC
        #[arg(value_parser = called)]
        mac: Mac,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Say which product a device is, and what else it does not say itself
    Assign {
        /// Its address; it need not have asked yet
        #[arg(value_parser = called)]
        mac: Mac,
        /// The product whose releases it gets, unless its URL names another
        product: ProductName,
        /// The chip that it is
        #[arg(long, value_parser = chip)]
        chip: Option<Chip>,
        /// The channel that it follows
        #[arg(long)]
        channel: Option<Channel>,
    },
    /// Let go of every brake on a device: it is offered again what it took in vain
    Release {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
    },
    /// Update a device that was reflashed by hand
    Resume {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
    },
    #[command(flatten)]
    Intent(intents::Intent),
    Enroll(enroll::Args),
    Link(enroll::LinkArgs),
    /// Take back what was issued to a device: it no longer shows who it is
    Disenroll {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
        /// The one credential, by its first digits as `otary device show` prints them [default: all of them]
        #[arg(value_parser = digits)]
        credential: Option<String>,
    },
    /// Remove a device from the records; it comes back when it asks
    Forget {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
    },
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::List { product, query, json } => {
            let query = query.as_deref().map(read_query).transpose()?;
            let mut devices = all(&mut client, query.as_ref())?;
            devices.retain(|line| product.is_none() || line.product == product);
            if json {
                return print_json(&devices);
            }
            if let Some(query) = query.filter(|_| devices.is_empty()) {
                return Ok(say!("No device is on record with {query}.")?);
            }
            list(&devices, product.as_ref())
        }
        Action::Show { mac, json } => {
            let view: DeviceView = client.get(&place(mac, None))?;
            if json {
                return print_json(&view);
            }
            show::show(&view)
        }
        Action::Assign { mac, product, chip, channel } => {
            let assignment = Assignment { product, chip, channel };
            let view: DeviceView = client.post(&place(mac, Some("assign")), &assignment)?;
            say!("{mac} is assigned to {}.", assignment.product)?;
            print_now(&view)
        }
        Action::Release { mac } => {
            let view: DeviceView = client.act(&place(mac, Some("release")))?;
            say!("Every brake on {mac} is let go.")?;
            print_now(&view)
        }
        Action::Resume { mac } => {
            let view: DeviceView = client.act(&place(mac, Some("resume")))?;
            say!("{mac} is updated again.")?;
            print_now(&view)
        }
        Action::Intent(intent) => intents::run(intent, &mut client),
        Action::Enroll(args) => enroll::run(args, &mut client, global),
        Action::Link(args) => enroll::link(args, &mut client),
        Action::Disenroll { mac, credential } => {
            let which = Disenrolment { credential };
            let view: DeviceView = client.post(&place(mac, Some("disenroll")), &which)?;
            let left = count(view.device.credentials.len() as u64, "credential");
            Ok(say!("Taken back. {mac} has {left} left.")?)
        }
        Action::Forget { mac } => {
            client.delete(&place(mac, None))?;
            Ok(say!("{mac} is forgotten. If it asks again it is a new device.")?)
        }
    }
}

/// The first digits of a digest, as it is printed.
fn digits(text: &str) -> Result<String, String> {
    let digits = text.to_ascii_lowercase();
    if (4..=64).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Ok(digits);
    }
    Err("a credential is named by 4 or more of its hex digits".to_owned())
}

/// A device as it is typed: by its address, or by the name that it calls itself (hawkBit's controller id). What looks like an
/// address and is none is a slip of the pen.
pub fn called(text: &str) -> Result<Mac, String> {
    let address = |c: char| c.is_ascii_hexdigit() || matches!(c, ':' | '-');
    match text.parse::<Mac>() {
        Ok(mac) => Ok(mac),
        Err(error) if text.contains(':') && text.chars().all(address) => Err(error.to_string()),
        Err(_) => text.parse::<DeviceName>().map(|name| name.mac()).map_err(|error| error.to_string()),
    }
}

fn place(mac: Mac, act: Option<&str>) -> String {
    path(["devices", &mac.to_string()].into_iter().chain(act))
}

/// A query, or what is wrong with it, with carets under the place.
pub fn read_query(text: &str) -> anyhow::Result<Query> {
    let why = |error: QueryError| anyhow::anyhow!("the query cannot be read\n\n{}", error.render(text));
    Query::parse(text).map_err(why)
}

/// Lists the devices that a query finds.
pub fn list_where(client: &mut Client, query: &Query) -> anyhow::Result<()> {
    match all(client, Some(query))? {
        devices if devices.is_empty() => Ok(()),
        devices => list(&devices, None),
    }
}

/// Every device, or every one that a query finds, page by page.
fn all(client: &mut Client, query: Option<&Query>) -> anyhow::Result<Vec<DeviceLine>> {
    let found = query.map(|query| format!("&where={}", encode(&query.to_string()))).unwrap_or_default();
    client.all(&format!("{}?limit=1000{found}", path(["devices"])), |page: DevicePage| {
        (page.devices, page.next)
    })
}

fn print_now(view: &DeviceView) -> anyhow::Result<()> {
    match &view.now {
        Some(answer) => Ok(say!("At its next poll: {}", answered(answer))?),
        None => Ok(say!("It has not asked yet.")?),
    }
}

fn list(devices: &[DeviceLine], product: Option<&ProductName>) -> anyhow::Result<()> {
    match product {
        Some(product) if devices.is_empty() => return Ok(say!("No device is known as {product}.")?),
        None if devices.is_empty() => {
            return Ok(say!("No device has asked yet. `otary sketch` prints a sketch that does.")?);
        }
        _ => {}
    }
    let now = clock::now();
    let mut table = Table::new(["DEVICE", "PRODUCT", "CHIP", "RUNS", "SEEN", "ANSWER"]);
    for line in devices {
        table.row([
            line.mac.to_string(),
            or_dash(line.product.as_ref()),
            or_dash(line.chip),
            or_dash(line.runs.as_ref().map(running)),
            seen(line, now),
            answer_of(line),
        ]);
    }
    say!("{table}")?;
    advise(devices)
}

/// What it was answered last, and what is wanted of it since, perhaps.
fn answer_of(line: &DeviceLine) -> String {
    let answer = or_dash(line.answer.as_ref().map(said));
    match intents::words(line) {
        Some(wanted) => format!("{answer} ({wanted})"),
        None => answer,
    }
}

/// What to do about those that are not updated, each on a line of its own, to be copied.
fn advise(devices: &[DeviceLine]) -> anyhow::Result<()> {
    const SHOWN: usize = 10;
    let mut advice = devices.iter().filter_map(|line| line.answer.as_ref()?.advice.as_ref());
    for (place, advice) in advice.by_ref().take(SHOWN).enumerate() {
        say!("{}-> {advice}", if place == 0 { "\n" } else { "" })?;
    }
    match advice.count() {
        0 => Ok(()),
        more => Ok(say!("   and for {more} more, as `otary device show` says of each")?),
    }
}

fn seen(line: &DeviceLine, now: Time) -> String {
    let contested = if line.contested.is_some() { ", contested" } else { "" };
    match line.polls {
        0 => format!("never{contested}"),
        _ => format!("{}{contested}", ago(line.last_seen, now)),
    }
}

/// What a device runs: a release by its digest, or an unknown build by its own word.
fn running(runs: &Runs) -> String {
    match (&runs.release, &runs.says) {
        (Some(release), _) => plain(&release.version),
        (None, Some(says)) => format!("unknown, says {}", plain(says)),
        (None, None) => "unknown".to_owned(),
    }
}

/// The verdict, and why.
fn said(answer: &Answer) -> String {
    format!("{}: {}", answer.verdict.name(), plain(&answer.because))
}

/// The verdict, why, and what to do about it.
fn answered(answer: &Answer) -> String {
    match &answer.advice {
        Some(advice) => format!("{}\n-> {advice}", said(answer)),
        None => said(answer),
    }
}
