//! `otary key rotate` and `revoke`: the next root record, signed by root keys on this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use otary_server::operator::{Material, SigningView};
use otary_trust::signing::{Change, KeyId, Signed, SigningKey, Unfit};

use super::known::Known;
use super::made::{Made, Outcome, check_free, check_some, material, view};
use super::told::{tell, tell_anchors};
use crate::advice::{Advise, advised};
use crate::client::{Client, Connection};
use crate::clock;
use crate::data::quoted;
use crate::global::Global;
use crate::key_file::{ClosingArgs, NewKeys, OpeningArgs};
use crate::say;
use crate::signing::check_leap;

/// Make new keys and the root record that names them; without an option that says which, a new release key
///
/// What the old release key signed stays good, and it signs nothing more. Devices learn of the new record at their next
/// check-ins.
#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    #[command(flatten)]
    signing: SigningArgs,

    /// The folder for the new keys and the record
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// A new release key, together with what else is asked for
    #[arg(long)]
    release_key: bool,

    /// So many new root keys, besides those that stay
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, value_parser = clap::value_parser!(u8).range(0..=3))]
    root_keys: u8,

    /// A root key that goes, by its id; may be given several times
    #[arg(long, value_name = "ID")]
    drop_root: Vec<KeyId>,

    /// How many root keys have to sign the record after this one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=2))]
    threshold: Option<u8>,

    /// The roots that the server's authority has now: devices are to trust these
    #[arg(long)]
    trust_set: bool,

    /// The order key that the server has now
    #[arg(long)]
    order_key: bool,

    #[command(flatten)]
    closing: NewPassphrase,
}

/// Take a stolen release key back: nothing that it signed is installed any more
///
/// The new root record leaves the key out, and has devices refuse every release number up to the highest one that it
/// signed. Releases that it signed are offered no longer: build anew and push, signed by another key.
#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    /// The key: its id, or the file with it
    key: String,

    #[command(flatten)]
    signing: SigningArgs,

    /// The folder for a new release key, which takes its place, and for the record
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Name no new release key: nothing can be released until `otary key rotate` does
    #[arg(long)]
    no_new_key: bool,

    #[command(flatten)]
    closing: NewPassphrase,
}

/// Who signs, and what is known of release numbers.
#[derive(Debug, clap::Args)]
struct SigningArgs {
    /// A root key to sign with; may be given several times. Those elsewhere sign by `otary key cosign`
    #[arg(long, required = true, value_name = "KEYFILE")]
    root: Vec<PathBuf>,

    #[command(flatten)]
    opening: OpeningArgs,

    /// A root record that you have, from which the server's have to follow [default: the newest record-N.bin beside the
    /// root keys or in --out]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// The highest release number that was ever signed [default: what the server knows]
    #[arg(long, value_name = "N")]
    last_number: Option<u32>,

    /// Print what the server has afterwards, or what the record wants before that, as JSON
    #[arg(long)]
    json: bool,
}

/// Whether new keys go under a passphrase.
#[derive(Debug, clap::Args)]
struct NewPassphrase {
    /// Put the new keys under a passphrase, which is asked for
    #[arg(long)]
    new_passphrase: bool,

    /// The file with the passphrase of the new keys in its first line
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

/// Makes new keys, and the record.
pub fn rotate(args: &RotateArgs, global: &Global, connection: &Connection) -> Result<()> {
    let session = Session::open(&args.signing, &args.out, global, connection)?;
    let something = args.root_keys > 0 || !args.drop_root.is_empty() || args.threshold.is_some();
    let release_key = args.release_key || !(something || args.trust_set || args.order_key);
    session.change(&args.signing, &args.closing, &args.out, |version, keys, client| {
        let mut change = Change { threshold: args.threshold, ..Change::default() };
        change.dropped_root_keys.clone_from(&args.drop_root);
        for place in ('a'..).take(args.root_keys.into()) {
            let file = args.out.join(format!("root-{version}{place}.key"));
            change.new_root_keys.push(keys.make(file)?.public());
        }
        if release_key {
            change.new_release_key = Some(new_release_key(&args.out, version, keys)?.public());
        }
        if args.trust_set || args.order_key {
            args.take_material(&material(client)?, &mut change)?;
        }
        Ok(change)
    })
}

impl RotateArgs {
    fn take_material(&self, material: &Material, change: &mut Change) -> Result<()> {
        if self.trust_set && !self.signing.json {
            tell_anchors(material)?;
        }
        let anchors = || material.trust_set.iter().map(|anchor| anchor.sha256).collect();
        change.trust_set = self.trust_set.then(anchors);
        change.order_key = self.order_key.then_some(material.order_key);
        Ok(())
    }
}

/// Takes a release key back.
pub fn revoke(args: &RevokeArgs, global: &Global, connection: &Connection) -> Result<()> {
    let session = Session::open(&args.signing, &args.out, global, connection)?;
    let revoked = match args.key.parse() {
        Ok(id) => id,
        Err(error) if !Path::new(&args.key).exists() => {
            return Err(error).with_context(|| format!("{} is neither a key's id nor a file", args.key));
        }
        Err(_) => args.signing.opening.read_key(Path::new(&args.key))?.public().id(),
    };
    session.change(&args.signing, &args.closing, &args.out, |version, keys, _| {
        let new = (!args.no_new_key).then(|| new_release_key(&args.out, version, keys)).transpose()?;
        Ok(Change {
            revoked: Some(revoked),
            new_release_key: new.map(SigningKey::public),
            ..Change::default()
        })
    })
}

fn new_release_key<'a>(folder: &Path, version: u32, keys: &'a mut NewKeys) -> Result<&'a SigningKey> {
    keys.make(folder.join(format!("release-{version}.key")))
}

impl SigningArgs {
    /// The record that what the server has is held against.
    fn known(&self, out: &Path) -> Result<Known> {
        if let Some(file) = &self.record {
            return Known::read(file);
        }
        let beside = self
            .root
            .iter()
            .filter_map(|file| file.parent())
            .map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
        Known::find(beside.chain([out]))
    }
}

/// The server that has the chain, the newest record of it, and the root keys that sign the next.
struct Session {
    client: Client,
    view: SigningView,
    newest: Signed,
    roots: Vec<SigningKey>,
}

impl Session {
    fn open(args: &SigningArgs, out: &Path, global: &Global, connection: &Connection) -> Result<Self> {
        let mut client = Client::open_with_keys(global, connection)?;
        let view = view(&mut client)?;
        check_some(&view)?;
        let newest = args.known(out)?.lead_to_newest(&view)?;
        let roots = args.root.iter().map(|file| args.opening.read_key(file)).collect::<Result<_>>()?;
        Ok(Self { client, view, newest, roots })
    }

    /// The highest release number, as the server says it, unless that is hard to believe.
    fn believed_number(&self) -> Result<u32> {
        let (number, record) = (self.view.highest_number, &self.newest.record);
        let first = record.release_key_in_use().map_or(0, |key| key.first);
        check_leap(number, first.max(record.minimum), "--last-number").map(|()| number)
    }

    /// Makes the next record as `change` says, with the new keys that it makes, and hands it in.
    fn change(
        mut self,
        args: &SigningArgs,
        closing: &NewPassphrase,
        folder: &Path,
        change: impl FnOnce(u32, &mut NewKeys, &mut Client) -> Result<Change>,
    ) -> Result<()> {
        let mut keys = NewKeys::default();
        let version = self.newest.record.version.saturating_add(1);
        check_free(folder, version)?;
        let change = change(version, &mut keys, &mut self.client)?;
        let last_number = args.last_number.map_or_else(|| self.believed_number(), Ok)?;
        let record = self.newest.record.next(&Change { last_number, ..change }, clock::now());
        let record = record.map_err(|unfit| advised(unfit.into(), remedy(&unfit)))?;
        let new_roots =
            keys.iter().map(|(_, key)| key).filter(|key| record.root_keys.contains(&key.public()));
        let signers: Vec<&SigningKey> = self.roots.iter().chain(new_roots).collect();
        let draft = record.draft(&signers, Some(&self.newest)).help("give root keys by --root")?;
        let passphrase = if keys.iter().next().is_some() { closing.as_closing().passphrase()? } else { None };
        let made = Made { folder, keys, draft };
        let outcome = made.publish(passphrase.as_ref(), &mut self.client)?;
        if args.json {
            return outcome.print_json();
        }
        told(&made, &outcome, passphrase.is_none())
    }
}

fn told(made: &Made<'_>, outcome: &Outcome, in_the_clear: bool) -> Result<()> {
    if let Outcome::Waits(waiting) = outcome {
        made.tell_keys(in_the_clear, &waiting.draft)?;
        return made.tell_waiting(waiting);
    }
    let record = &made.draft.record;
    made.tell_keys(in_the_clear, &made.record_file())?;
    say!("\nThe server has root record {}, and devices take it at their next check-ins:", record.version)?;
    tell(record)?;
    Ok(say!("\nNew firmware is built with {}.", quoted(&made.record_file()))?)
}

/// What to do about a record that cannot be.
const fn remedy(unfit: &Unfit) -> &'static str {
    match unfit {
        Unfit::RootKeys { .. } => "--root-keys N adds root keys, --drop-root ID takes one away",
        Unfit::Threshold { .. } => "give --threshold 1 or 2, and --root-keys N if there are too few",
        Unfit::NoSuchKey { .. } | Unfit::Twice { .. } => "otary key show has the ids of the keys",
        Unfit::TrustSet { .. } => "otary trust show has the certificates; a rollover that ended leaves fewer",
        Unfit::NumbersSpent { .. } => "--last-number N says the highest number that was signed",
        Unfit::NothingNew => "nothing has to be done: the newest record says it already",
    }
}

impl NewPassphrase {
    fn as_closing(&self) -> ClosingArgs {
        ClosingArgs::new(self.new_passphrase, self.new_passphrase_file.clone())
    }
}
