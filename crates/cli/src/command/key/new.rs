//! `otary key new`: the first day. Keys into a folder of this machine, the first root record to the server.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use otary_server::operator::SigningView;
use otary_trust::signing::{Founding, PublicKey, Record, SigningKey};

use super::made::{Made, Outcome, material, view};
use super::public_half::public_half;
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
/// Two root keys are made: one stays with you, the other one belongs elsewhere, where neither fire nor thief gets both. Or it is
/// made there, and only its public half comes here (`--root-public`). If every root key is lost, each device has to be flashed by
/// cable. The private keys stay on this machine; the server gets
/// the record, which names their public halves, and adds its own order key and the roots of its authority to it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder to write to; it is made, for you alone, if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// How many root keys there are to be, with those of --root-public
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=3))]
    roots: u8,

    /// The public half of a root key that was made elsewhere and stays there, as `otary key show` prints it there: the digits, or
    /// a file with them; may be given twice
    #[arg(long, value_name = "KEY|FILE", value_parser = public_half)]
    root_public: Vec<PublicKey>,

    /// How many of them have to sign a root record: the first one, and the next
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
    for place in ('a'..).take(args.made_here()?) {
        keys.make(args.out.join(format!("root-1{place}.key")))?;
    }
    let made_here = keys.iter().map(|(_, key)| key.public());
    let root_keys: Vec<_> = made_here.chain(args.root_public.iter().copied()).collect();
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
    let roots: Vec<&SigningKey> = keys.iter().map(|(_, key)| key).take(args.made_here()?).collect();
    let signers = roots.get(..args.threshold.into()).unwrap_or(&roots);
    let draft = record.draft(signers, None)?;
    let made = Made { folder: &args.out, keys, draft };
    let outcome = made.publish(passphrase.as_ref(), &mut client)?;
    if args.json {
        return outcome.print_json();
    }
    let in_the_clear = passphrase.is_none();
    match &outcome {
        Outcome::Waits(waiting) => {
            made.tell_keys(in_the_clear, &waiting.draft)?;
            say!("")?;
            tell_anchors(&material)?;
            made.tell_waiting(waiting)
        }
        Outcome::Published(_) => {
            made.tell_keys(in_the_clear, &made.record_file())?;
            say!("")?;
            tell_anchors(&material)?;
            tell_next(args, &made)
        }
    }
}

impl Args {
    /// How many root keys are made on this machine.
    fn made_here(&self) -> Result<usize> {
        let (all, elsewhere) = (usize::from(self.roots), self.root_public.len());
        if all > elsewhere {
            return Ok(all - elsewhere);
        }
        let error = anyhow!("no root key is left to be made here: --roots {all} counts those elsewhere");
        Err(advised(error, format!("say --roots {}", elsewhere.saturating_add(1))))
    }
}

fn check_none(view: &SigningView) -> Result<()> {
    let Some(newest) = view.records.last() else { return Ok(()) };
    let error = anyhow!("the server has root record {} already", newest.record.version);
    Err(advised(error, "otary key rotate makes new keys, otary key show tells of those that there are"))
}

fn tell_next(args: &Args, made: &Made<'_>) -> Result<()> {
    say!("\nNext")?;
    if args.made_here()? > 1 {
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
