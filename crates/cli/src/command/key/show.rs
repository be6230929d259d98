//! `otary key show`: what the server tells devices of keys, or what is in a file.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otary_server::operator::SigningView;
use otary_trust::signing::{Chain, KeyId, Manifest, PublicKey, Record, Signed};
use serde::Serialize;

use super::made::{MAX_OBJECT, check_some, view};
use super::told::tell;
use crate::advice::{Advise, advised};
use crate::client::{Client, Connection};
use crate::file::{read_file, write_new};
use crate::global::Global;
use crate::key_file::OpeningArgs;
use crate::say;
use crate::table::{minute, plain};
use crate::terminal::print_json;

/// See the keys that devices trust: those of the server, or what is in a file
///
/// A file is a key, a root record or a manifest. Of a key only the public half is shown. A manifest is verified first, by
/// the server's root records or by the one of --record.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file of keys, a root record or a manifest [default: what the server has]
    file: Option<PathBuf>,

    /// Write the server's newest root record to a file, to be compiled into firmware
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    export: Option<PathBuf>,

    /// The root record to verify a manifest by, instead of the server's
    #[arg(long, value_name = "FILE", requires = "file")]
    record: Option<PathBuf>,

    #[command(flatten)]
    opening: OpeningArgs,

    /// As JSON
    #[arg(long)]
    json: bool,
}

/// What a file is found to be.
#[derive(Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
enum Shown {
    Key {
        id: KeyId,
        public: PublicKey,
    },
    RootRecord(Record),
    Manifest {
        root_record: u32,
        #[serde(flatten)]
        manifest: Manifest,
    },
}

/// Shows it.
pub fn run(args: &Args, global: &Global, connection: &Connection) -> Result<()> {
    if let Some(file) = &args.file {
        let shown = args.look(file, global, connection)?;
        return if args.json { print_json(&shown) } else { shown.print(file) };
    }
    let view = view(&mut Client::open(global, connection)?)?;
    match &args.export {
        Some(file) => export(&view, file),
        None if args.json => print_json(&view),
        None => print(&view),
    }
}

impl Args {
    fn look(&self, file: &Path, global: &Global, connection: &Connection) -> Result<Shown> {
        let bytes = read_file(file, 64 * 1024)?;
        match bytes.as_slice() {
            // The tag of COSE_Sign.
            [0xD8, 0x62, ..] => Ok(Shown::RootRecord(open_record(&bytes, file)?.record)),
            // The tag of COSE_Sign1.
            [0xD2, ..] => {
                let chain = self.chain(global, connection)?;
                let (signed, manifest) = chain.open_manifest(&bytes).with_context(|| file.display().to_string())?;
                Ok(Shown::Manifest { root_record: signed.record.version, manifest })
            }
            text if text.windows(10).any(|window| window == b"-----BEGIN") => {
                let public = self.opening.read_key(file)?.public();
                Ok(Shown::Key { id: public.id(), public })
            }
            _ => Err(anyhow!("{} is no key, no root record and no manifest", file.display()))
                .help("`otary key new` makes the first two, `otary key sign` the third; an image is for `otary inspect`"),
        }
    }

    /// The records to verify a manifest by.
    fn chain(&self, global: &Global, connection: &Connection) -> Result<Chain> {
        if let Some(file) = &self.record {
            return Ok(Chain::from(open_record(&read_file(file, MAX_OBJECT)?, file)?));
        }
        let mut chain = Chain::default();
        let client = Client::open(global, connection);
        let view = view(&mut client.help("or name a root record to verify it by: --record FILE")?)?;
        for line in &view.records {
            let bytes = STANDARD.decode(&line.signed).context("the server's root record is damaged")?;
            chain.push(&bytes).context("the server's root records do not follow from each other")?;
        }
        Ok(chain)
    }
}

fn open_record(bytes: &[u8], file: &Path) -> Result<Signed> {
    Signed::by_itself(bytes).with_context(|| file.display().to_string())
}

impl Shown {
    fn print(&self, file: &Path) -> Result<()> {
        let name = plain(&file.display().to_string());
        match self {
            Self::Key { id, public } => {
                say!("{name}: the key {id}")?;
                say!("  public half  {public}")?;
                Ok(())
            }
            Self::RootRecord(record) => {
                say!("{name}: root record {}", record.version)?;
                tell(record)
            }
            Self::Manifest { root_record, manifest } => {
                say!("{name}: a manifest, sound by root record {root_record}")?;
                tell_manifest(manifest)
            }
        }
    }
}

/// Says what a manifest says.
pub fn tell_manifest(manifest: &Manifest) -> Result<()> {
    let chip = manifest.chip.map_or("an unknown chip", |chip| chip.family());
    say!("  release      {} {}, number {}", manifest.product, plain(&manifest.version), manifest.number)?;
    say!("  key          {}", manifest.key)?;
    say!("  for          {chip}, hardware {}", plain(&manifest.hardware.join(", ")))?;
    say!("  image        {} bytes, SHA-256 {}", manifest.length, manifest.sha256)?;
    if manifest.floor > 0 {
        say!("  floor        nothing below number {} follows it", manifest.floor)?;
    }
    if let Some(end) = manifest.not_after {
        say!("  not after    {}", minute(end))?;
    }
    if manifest.downgrade {
        say!("  downgrade    it may follow a release with a higher number")?;
    }
    Ok(())
}

fn export(view: &SigningView, file: &Path) -> Result<()> {
    check_some(view)?;
    let line = view.records.last().context("there is no root record")?;
    let bytes = STANDARD.decode(&line.signed).context("the server's root record is damaged")?;
    let newest = open_record(&bytes, file)?;
    if file.try_exists()? {
        return Err(advised(anyhow!("{} is there already", file.display()), "name a file that is not"));
    }
    write_new(file, |path| File::create_new(path), &newest.bytes)?;
    let (name, version) = (file.display(), newest.record.version);
    say!("{name} is root record {version}: {} bytes to compile into firmware. It says:", newest.bytes.len())?;
    tell(&newest.record)
}

fn print(view: &SigningView) -> Result<()> {
    check_some(view)?;
    for line in view.records.iter().rev() {
        let newest = if view.records.last() == Some(line) { ", the newest" } else { "" };
        say!("Root record {}{newest}", line.record.version)?;
        tell(&line.record)?;
    }
    say!("\nThe highest release number is {}.", view.highest_number)?;
    if let Some(fault) = &view.order_fault {
        say!("Warning: {}.\n  {}.", fault.detail, fault.help)?;
    }
    if view.holds_release_key {
        let key = view.held_key.as_deref().map(|id| format!(" {id}")).unwrap_or_default();
        say!(
            "The server keeps the release key{key}: whoever takes over the server can sign. otary key hold --remove ends it."
        )?;
    }
    Ok(())
}
