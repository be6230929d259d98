//! `otary key new`: the first day. Keys into a folder of this machine, the first root record to the server.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use otary_server::operator::SigningView;
use otary_trust::signing::{Founding, Record, SigningKey};

use super::made::{Made, material, view};
use super::told::tell_anchors;
use crate::advice::{Advise, advised};
use crate::client::{Client, Connection};
use crate::clock;
use crate::data::quoted;
use crate::global::Global;
use crate::key_file::{ClosingArgs, NewKeys};
use crate::say;

/// Make root keys, a release key and the first root record, and hand the record to the server
///
/// Two root keys are made: one stays with you, the other one belongs elsewhere, where neither fire nor thief gets both. If
/// every root key is lost, each device has to be flashed by cable. The private keys stay on this machine; the server gets
/// the record, which names their public halves, and adds its own order key and the roots of its authority to it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to write to; it is made, for you alone, if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// How many root keys to make
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    roots: u8,

    /// How many of them have to sign the next root record
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    threshold: u8,

    #[command(flatten)]
    closing: ClosingArgs,

    /// Print what the server has afterwards, as JSON
    #[arg(long)]
    json: bool,
}

/// Makes them.
pub fn run(args: &Args, global: &Global, connection: &Connection) -> Result<()> {
    let mut client = Client::open_with_keys(global, connection)?;
    check_none(&view(&mut client)?)?;
    let passphrase = args.closing.passphrase()?;
    let material = material(&mut client)?;

    let mut keys = NewKeys::default();
    for place in ('a'..).take(args.roots.into()) {
        keys.make(args.out.join(format!("root-1{place}.key")))?;
    }
    let root_keys: Vec<_> = keys.iter().map(|(_, key)| key.public()).collect();
    let release_key = keys.make(args.out.join("release-1.key"))?.public();
    let record = Record::first(Founding {
        issued: clock::now(),
        threshold: args.threshold,
        root_keys,
        release_key,
        order_key: material.order_key,
        trust_set: material.trust_set.iter().map(|anchor| anchor.sha256).collect(),
    });
    let record = record.help("--roots has to be as many as --threshold, or more")?;
    let roots: Vec<&SigningKey> = keys.iter().map(|(_, key)| key).take(args.roots.into()).collect();
    let signers = roots.get(..args.threshold.into()).unwrap_or(&roots);
    let draft = record.draft(signers, None)?;
    let made = Made { folder: &args.out, keys, draft };
    let outcome = made.publish(passphrase.as_ref(), &mut client)?;
    if args.json {
        return outcome.print_json();
    }
    made.tell_keys(passphrase.is_none(), &made.record_file())?;
    say!("")?;
    tell_anchors(&material)?;
    tell_next(args, &made)
}

fn check_none(view: &SigningView) -> Result<()> {
    let Some(newest) = view.records.last() else { return Ok(()) };
    let error = anyhow!("the server has root record {} already", newest.record.version);
    Err(advised(error, "otary key rotate makes new keys, otary key show tells of those that there are"))
}

fn tell_next(args: &Args, made: &Made<'_>) -> Result<()> {
    say!("\nNext")?;
    if args.roots > 1 {
        say!(
            "  take {} elsewhere: where no fire and no thief gets both root keys",
            quoted(&args.out.join("root-1b.key"))
        )?;
    } else {
        say!(
            "  keep a copy of {} elsewhere: without it, nothing can be changed any more",
            quoted(&args.out.join("root-1a.key"))
        )?;
    }
    say!("  build the firmware with {}, which it trusts from then on", quoted(&made.record_file()))?;
    let release = quoted(&args.out.join("release-1.key"));
    Ok(say!("  otary push lamp.bin --product lamp --version 0.1 --sign {release}")?)
}
