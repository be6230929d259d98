//! Measures otary beside nginx and the tutorial's Node server: processor time per request and resident memory.
//!
//! Same certificates, same client, same machine, in turns. Only loopback, only bounded loads. It knows otary as
//! its users do, by its command line and its ports. Started by `cargo xtask bench`.

mod case;
mod certificate;
mod client;
mod firmware;
mod fleet;
mod http;
mod load;
mod machine;
mod memory;
mod peer;
mod process;
mod report;
mod round;
mod rsa;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use case::{CASES, Key};
use fleet::Looked;
use memory::Memory;
use peer::{Kind, Peer, Site};
use report::Measured;
use rsa::Files;

/// How much is sent, and how often.
#[derive(Clone, Copy)]
struct Extent {
    rounds: usize,
    /// Requests and connections are divided by this.
    divisor: u32,
}

const FULL: Extent = Extent { rounds: 5, divisor: 1 };
/// Enough to see that it works; no figure from it means anything.
const QUICK: Extent = Extent { rounds: 1, divisor: 20 };

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => measure(FULL),
        ["--quick"] => measure(QUICK),
        ["fleet"] => look_at_fleet(),
        ["serve-rsa", data, root, certificate, key, port] => {
            let [data, root, certificate, key] = [data, root, certificate, key].map(Path::new);
            rsa::serve(Files { data, root, certificate, key }, port.parse()?)
        }
        _ => anyhow::bail!("unexpected arguments: {}", arguments.join(" ")),
    }
}

/// The part of it that takes no peer: what looking at a large fleet costs.
fn look_at_fleet() -> anyhow::Result<()> {
    println!("{}", report::fleet_table(&measure_fleet(Path::new("target/bench"), FULL)?));
    Ok(())
}

fn measure_fleet(folder: &Path, extent: Extent) -> anyhow::Result<Vec<Looked>> {
    eprintln!("a fleet of {} devices", fleet::DEVICES / extent.divisor);
    fleet::measure(&folder.join("fleet"), extent.rounds, fleet::DEVICES / extent.divisor)
}

fn measure(extent: Extent) -> anyhow::Result<()> {
    raise_file_limit()?;
    let sources = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = sources.ancestors().nth(2).context("the workspace's root")?;
    let load = machine::load()?;
    let site = Site::prepare(root.join("target/bench"), sources)?;
    let fleet = measure_fleet(&root.join("target/bench"), extent)?;
    let text =
        document(&site, load, &measure_memory(&site, extent)?, &measure_processor(&site, extent)?, &fleet)?;
    println!("{text}");
    if extent.divisor == FULL.divisor {
        write(&root.join("docs"), &text)?;
    }
    Ok(())
}

/// A thousand connections need as many descriptors, and their servers inherit the limit.
fn raise_file_limit() -> anyhow::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    anyhow::ensure!(most > 2 * u64::from(memory::CONNECTIONS), "only {most} files may be open at a time");
    Ok(())
}

fn measure_memory(site: &Site, extent: Extent) -> anyhow::Result<Vec<Memory>> {
    let measure = |kind: Kind| {
        eprintln!("memory: {}", kind.name());
        memory::measure(kind, site, memory::CONNECTIONS / extent.divisor)
    };
    Kind::ALL.into_iter().map(measure).collect()
}

fn measure_processor(site: &Site, extent: Extent) -> anyhow::Result<Vec<Measured>> {
    let mut measured = Vec::new();
    for key in Key::ALL {
        let peers: anyhow::Result<Vec<Peer>> =
            Kind::ALL.iter().map(|kind| Peer::start(*kind, site, key)).collect();
        let peers = peers?;
        for case in CASES.into_iter().filter(|case| case.key == key) {
            eprintln!("processor time: {}", case.name);
            let costs = round::measure(&case, case.requests / extent.divisor, extent.rounds, &peers, site)?;
            measured.push(Measured { case, costs });
        }
    }
    Ok(measured)
}

fn document(
    site: &Site,
    load: f64,
    memory: &[Memory],
    measured: &[Measured],
    fleet: &[Looked],
) -> anyhow::Result<String> {
    let versions: Vec<String> = site.versions()?.iter().map(|version| format!("- {version}\n")).collect();
    Ok(format!(
        "# Benchmarks\n\n\
         Made by `cargo xtask bench` on {date}. Load of the machine before: {load:.1}.\n\n\
         - {machine}\n{versions}- built by {compiler}\n\n\
         {processor}\n{memory}\n{fleet}\n{method}",
        date = jiff::Zoned::now().date(),
        machine = machine::describe()?,
        compiler = machine::compiler()?,
        versions = versions.concat(),
        processor = report::processor_table(measured),
        memory = report::memory_table(memory),
        fleet = report::fleet_table(fleet),
        method = include_str!("method.md"),
    ))
}

fn write(folder: &Path, text: &str) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let file: PathBuf = folder.join("BENCHMARKS.md");
    fs::write(&file, text).with_context(|| file.display().to_string())
}
