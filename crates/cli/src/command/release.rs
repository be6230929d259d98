//! `otary release`: what was published.

use clap::builder::NonEmptyStringValueParser;
use otary_fleet::{Artifact, ProductName};
use otary_server::operator::{FileSignature, ReleasePage, ReleaseView, ReleasedFile};

use crate::client::{Client, Connection, path};
use crate::clock;
use crate::global::Global;
use crate::say;
use crate::table::{Table, ago, count, minute, plain, size};
use crate::terminal::print_json;

/// See releases, take them back, keep them
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the releases
    List {
        /// Of this product only
        product: Option<ProductName>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a release with its files
    Show {
        #[command(flatten)]
        which: Which,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Offer a release no longer; devices that run it keep it
    Withdraw(Which),
    /// Offer a withdrawn release again
    Restore(Which),
    /// Keep a release whatever `gc` would take
    Pin(Which),
    /// Keep it no longer than others
    Unpin(Which),
    /// Delete a release that is neither pinned nor run by a device
    Delete(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The product
    product: ProductName,
    /// The version
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    version: String,
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::List { product, json } => {
            let of = product.as_ref().map(|product| format!("&product={product}")).unwrap_or_default();
            let from = |page: ReleasePage| (page.releases, page.next);
            let releases: Vec<ReleaseView> =
                client.all(&format!("{}?limit=1000{of}", path(["releases"])), from)?;
            if json { print_json(&releases) } else { list(&releases, product.as_ref()) }
        }
        Action::Show { which, json } => {
            let release: ReleaseView = client.get(&which.path(None))?;
            if json { print_json(&release) } else { show(&release) }
        }
        Action::Withdraw(which) => {
            let view: ReleaseView = client.act(&which.path(Some("withdraw")))?;
            let keep = if view.running == 1 { "keeps" } else { "keep" };
            let running = count(view.running, "device");
            Ok(say!("Withdrew {}. Nobody is offered it any more; {running} {keep} it.", view.release.id)?)
        }
        Action::Restore(which) => change(&mut client, &which, "restore", "is offered again"),
        Action::Pin(which) => change(&mut client, &which, "pin", "is kept"),
        Action::Unpin(which) => change(&mut client, &which, "unpin", "is kept no longer than others"),
        Action::Delete(which) => {
            client.delete(&which.path(None))?;
            Ok(say!("Deleted {} {}. `otary gc` frees its room.", which.product, which.version)?)
        }
    }
}

impl Which {
    fn path(&self, act: Option<&str>) -> String {
        path(["releases", self.product.as_str(), &self.version].into_iter().chain(act))
    }
}

fn change(client: &mut Client, which: &Which, act: &str, done: &str) -> anyhow::Result<()> {
    let view: ReleaseView = client.act(&which.path(Some(act)))?;
    Ok(say!("{} {done}.", view.release.id)?)
}

fn list(releases: &[ReleaseView], product: Option<&ProductName>) -> anyhow::Result<()> {
    if let Some(product) = product.filter(|_| releases.is_empty()) {
        return Ok(say!("No releases of {product}.")?);
    }
    if releases.is_empty() {
        return Ok(say!(
            "No releases yet: `otary push FILE --product NAME --version 0.1` makes the first one."
        )?);
    }
    let now = clock::now();
    let mut table =
        Table::new(["PRODUCT", "VERSION", "CHANNEL", "FOR", "PUBLISHED", "DEVICES", "DOWNLOADS", "STATE"]);
    // The newest first: that is what people look for.
    for view in releases.iter().rev() {
        let release = &view.release;
        let downloads: u64 = view.files.iter().map(|file| file.downloads).sum();
        table.row([
            release.id.product.to_string(),
            plain(&release.id.version),
            release.channel.to_string(),
            view.files.iter().map(|file| made_for(&file.artifact)).collect::<Vec<_>>().join(", "),
            ago(release.published, now),
            view.running.to_string(),
            downloads.to_string(),
            state(view),
        ]);
    }
    Ok(say!("{table}")?)
}

fn state(view: &ReleaseView) -> String {
    let withdrawn = view.release.withdrawn.map(|_| "withdrawn");
    let pinned = view.release.pinned.then_some("pinned");
    withdrawn.into_iter().chain(pinned).collect::<Vec<_>>().join(", ")
}

fn show(view: &ReleaseView) -> anyhow::Result<()> {
    let release = &view.release;
    say!("{}", release.id)?;
    say!("  channel    {}", release.channel)?;
    say!("  published  {}", minute(release.published))?;
    if let Some(withdrawn) = release.withdrawn {
        say!("  withdrawn  {}", minute(withdrawn))?;
    }
    if release.pinned {
        say!("  pinned     kept whatever `otary gc` would take")?;
    }
    say!("  run by     {}", count(view.running, "device"))?;
    for line in release.notes.lines() {
        say!("  | {}", plain(line))?;
    }
    for ReleasedFile { artifact, downloads, cut_off, signature } in &view.files {
        say!("")?;
        print_facts(artifact)?;
        signature.as_ref().map_or(Ok(()), print_signature)?;
        say!("  downloads  {downloads} whole, {cut_off} cut off")?;
    }
    Ok(())
}

/// Prints by which key a file is signed, and for what.
fn print_signature(signature: &FileSignature) -> anyhow::Result<()> {
    let FileSignature { number, manifest, refused } = signature;
    match manifest {
        Some(manifest) => {
            let hardware = plain(&manifest.hardware.join(", "));
            say!("  signed     number {number} by the key {}, for hardware {hardware}", manifest.key)?;
            if manifest.floor > 0 {
                say!("  floor      nothing below number {} follows it", manifest.floor)?;
            }
            if let Some(end) = manifest.not_after {
                say!("  not after  {}", minute(end))?;
            }
        }
        None => say!("  signed     number {number} by a key that no root record here names")?,
    }
    match refused {
        Some(refused) => Ok(say!("  refused    devices install it no longer: {}", plain(refused))?),
        None => Ok(()),
    }
}

/// Prints what is known of a file.
pub fn print_facts(artifact: &Artifact) -> anyhow::Result<()> {
    say!("{}", plain(&artifact.file_name))?;
    let (kind, gzip) = (artifact.kind.name(), if artifact.gzip { ", gzip" } else { "" });
    let chip = artifact.chip.map(|chip| format!(" for the {}", chip.family())).unwrap_or_default();
    say!("  what       {kind}{chip}{gzip}, {} bytes ({})", artifact.size, size(artifact.size))?;
    let own = [artifact.project.as_deref(), artifact.proposed_version.as_deref()];
    let own: Vec<String> = own.into_iter().flatten().map(plain).collect();
    if !own.is_empty() {
        say!("  says       {}", own.join(" "))?;
    }
    if let Some(sdk) = &artifact.sdk {
        say!("  SDK        {}", plain(sdk))?;
    }
    say!("  SHA-256    {}", artifact.id)?;
    say!("  MD5        {}", artifact.md5)?;
    Ok(())
}

/// `esp32`, `esp8266 (gzip)`, `filesystem`.
fn made_for(artifact: &Artifact) -> String {
    let gzip = if artifact.gzip { " (gzip)" } else { "" };
    match artifact.chip {
        Some(chip) => format!("{chip}{gzip}"),
        None => artifact.kind.name().to_owned(),
    }
}
