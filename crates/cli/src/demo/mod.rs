//! The demo: a server, three virtual boards and a name server in one process, on the loopback address.
//!
//! Nothing is staged: the releases are pushed by `otary push` to the operator listener, the boards ask the server by
//! name over TLS and start what they downloaded, and the verdict rests on what is in their flash and what the server
//! has on record.

mod board;
mod firmware;
mod screen;
mod server;
mod server_log;
mod verdict;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Chip, ProductName, ReleaseId};
use otary_sim::Core;
use otary_sim::dns::Responder;
use otary_sim::sample::Settings;

use crate::advice::advised;
use crate::data::quoted;
use crate::terminal::Colour;

use board::{Mishap, Outcome, Program, Role, Surroundings, outcome};
use firmware::Version;
use screen::{Screen, Shows};
use server::Server;

/// The server's name in the demo.
const HOST: &str = "ota.demo.local";
/// What the boards are.
const PRODUCT: &str = "lamp";
/// How much of a sketch's waits is waited: the boards' starts can be read, and all is over within a minute.
const PACE: f64 = 0.5;
/// And how much while one looks around: a poll every 40 seconds.
const PACE_AFTERWARDS: f64 = 4.0;

/// The boards.
const BOARDS: [Role; 3] = [
    Role {
        name: "kitchen",
        mac: [0x02, 0x07, 0xA2, 0, 0, 0x01],
        program: Program::Sketch(Core::V3),
        colour: Colour::Cyan,
        shows: Shows::Everything,
        later: Duration::ZERO,
        mishaps: &[],
    },
    Role {
        name: "hall",
        mac: [0x02, 0x07, 0xA2, 0, 0, 0x02],
        program: Program::Agent,
        colour: Colour::Yellow,
        shows: Shows::Polls,
        later: Duration::from_millis(1500),
        mishaps: &[],
    },
    Role {
        name: "garden",
        mac: [0x02, 0x07, 0xA2, 0, 0, 0x03],
        program: Program::Sketch(Core::V3),
        colour: Colour::Magenta,
        shows: Shows::Polls,
        later: Duration::from_secs(3),
        mishaps: &[Mishap::WrongName, Mishap::WrongCa],
    },
];

/// What the demo is to do.
#[derive(Debug)]
pub struct Plan {
    /// Where the server keeps its data; a folder that goes again without.
    pub data: Option<PathBuf>,
    /// Real images, of which the boards have the first and get the second.
    pub images: Option<(PathBuf, PathBuf)>,
    /// End when the boards are done.
    pub once: bool,
}

/// Plays it. An error if any board does not run the new version in the end.
pub fn play(plan: &Plan) -> Result<()> {
    let work =
        tempfile::Builder::new().prefix("otary-demo-").tempdir().context("making a folder for the demo")?;
    let screen = Screen::new();
    let real = plan.images.as_ref().map(real_versions).transpose()?;
    screen.tell("A server, three virtual boards and a name server, all on this machine.");
    let data = plan.data.clone().unwrap_or_else(|| work.path().join("data"));
    let server = Server::start(&data, &screen)?;
    server.announce(&screen);
    let (from, to) = real.map_or_else(|| sample_versions(&server, work.path()), Ok)?;

    screen.tell("The owner's keys, which the server does not get.");
    let access = server.access(work.path())?;
    let keys = work.path().join("keys");
    make_keys(&keys, &data, &access)?;
    screen.tell("Two signed releases: the one that the boards run, and a newer one.");
    for version in [&from, &to] {
        push(version, &keys, &data, &access)?;
    }

    screen.tell(&format!(
        "Three boards with {} are switched on and ask https://{HOST} by name: two with a sketch, and the hall's with otary's agent.",
        from.name
    ));
    let dns = Responder::start([(HOST, Ipv4Addr::LOCALHOST.into())]).context("starting the name server")?;
    let around = server.surroundings(&dns, work.path())?;
    let outcomes = boards(&from, &to, &around, &screen)?;

    let passed = verdict::print(&outcomes, &to, &server.store, &screen)?;
    if !plan.once && !around.stop.is_stopped() {
        look_around(outcomes, &around, &server, &screen, work.path())?;
    }
    server.end()?;
    if passed { Ok(()) } else { Err(anyhow!("not every board runs {}", to.name)) }
}

/// The version that the boards have, and the one that they get: two real images.
fn real_versions((from, to): &(PathBuf, PathBuf)) -> Result<(Version, Version)> {
    let (from, to) = (Version::real("0.1", from)?, Version::real("0.2", to)?);
    let chips = [&from, &to].map(|version| version.images.first().map(|image| image.chip));
    if chips[0] != chips[1] {
        return Err(advised(
            anyhow!("the two images are for different chips"),
            "name two images of one chip",
        ));
    }
    Ok((from, to))
}

/// The same as samples for the boards' chips, with the server's URL and roots in them as a sketch has them.
fn sample_versions(server: &Server, work: &Path) -> Result<(Version, Version)> {
    let chips = [Chip::Esp32, Chip::Esp32C3, Chip::Esp32S3];
    Ok((sample_version("0.1", &chips, server, work)?, sample_version("0.2", &chips, server, work)?))
}

fn sample_version(name: &'static str, chips: &[Chip], server: &Server, work: &Path) -> Result<Version> {
    let url = server.url();
    Version::sample(name, chips, Settings { url: &url, anchors: server.anchors() }, work)
}

/// Switches the boards on and waits until each is done.
fn boards(from: &Version, to: &Version, around: &Surroundings, screen: &Screen) -> Result<Vec<Outcome>> {
    let mut threads = Vec::new();
    for (role, image) in BOARDS.into_iter().zip(from.images.iter().cycle()) {
        let versions = [(from.name, image), (to.name, to.image(image.chip)?)];
        threads.push(role.perform(versions, around, screen)?);
    }
    threads.into_iter().map(outcome).collect()
}

/// Lets the boards poll on, and says what can be tried, until Ctrl-C.
fn look_around(
    outcomes: Vec<Outcome>,
    around: &Surroundings,
    server: &Server,
    screen: &Screen,
    work: &Path,
) -> Result<()> {
    screen.calm_down();
    let around = Surroundings { pace: PACE_AFTERWARDS, ..around.clone() };
    let chips: Vec<Chip> = outcomes.iter().map(Outcome::chip).collect();
    let threads: Result<Vec<_>> =
        outcomes.into_iter().map(|outcome| outcome.go_on(&around, screen)).collect();
    sample_version("0.3", &chips, server, work)?;
    screen.tell("All of it stays up, and the boards poll on. In another terminal:");
    let data = format!("--data {}", quoted(&server.data));
    for command in [
        format!("otary device list {data}"),
        format!("otary release list {data}"),
        format!(
            "otary push {0}/lamp-0.3-*.bin \\\n      --product lamp --version 0.3 --sign {0}/keys/release-1.key {data}",
            quoted(work)
        ),
        format!("curl --cacert {}/trust/root.crt https://localhost:{}/", quoted(&server.data), around.port),
    ] {
        screen.print(&format!("  {command}"));
    }
    screen.print("Ctrl-C ends it.\n");
    while !around.stop.is_stopped() {
        thread::sleep(Duration::from_millis(100));
    }
    for thread in threads? {
        // A board that panicked has said so.
        let _ = thread.join();
    }
    Ok(())
}

/// Makes the owner's keys and the root record, as one would by hand.
fn make_keys(keys: &Path, data: &Path, access: &[String]) -> Result<()> {
    let words = ["otary", "key", "new", "--out", &keys.display().to_string()].map(str::to_owned);
    crate::say!("$ otary key new --out keys")?;
    let data = ["--data".to_owned(), data.display().to_string()];
    crate::Otary::carry_out(words.into_iter().chain(data).chain(access.iter().cloned()))
}

/// Pushes a version as one would by hand: the words shown are those that are carried out, with this demo's server
/// named whatever the environment says.
fn push(version: &Version, keys: &Path, data: &Path, access: &[String]) -> Result<()> {
    let files = version.images.iter().map(|image| image.path.display().to_string());
    let mut words = vec!["otary".to_owned(), "push".to_owned()];
    words.extend(files);
    words.extend(["--product", PRODUCT, "--version", version.name].map(str::to_owned));
    words.extend(["--sign".to_owned(), keys.join("release-1.key").display().to_string()]);
    let names = version.images.iter().filter_map(|image| image.path.file_name());
    let shown: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    crate::say!(
        "$ otary push {} \\\n    --product lamp --version {} --sign keys/release-1.key",
        shown.join(" "),
        version.name
    )?;
    words.extend(["--data".to_owned(), data.display().to_string()]);
    words.extend(access.iter().cloned());
    crate::Otary::carry_out(words)
}

/// The release that a version became.
fn release(version: &Version) -> Result<ReleaseId> {
    Ok(ReleaseId { product: PRODUCT.parse::<ProductName>()?, version: version.name.into() })
}
