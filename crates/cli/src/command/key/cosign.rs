//! `otary key cosign`: one signature more under a root record, where the other root keys are not.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use otary_trust::signing::{Draft, Signed};

use super::difference::difference;
use super::known::Known;
use super::made::MAX_OBJECT;
use super::told::wanting;
use crate::advice::{Advise, advised};
use crate::data::quoted;
use crate::file::{read_file, replace};
use crate::key_file::OpeningArgs;
use crate::say;

/// Add a signature to a root record that wants two, on the machine where the other root key is
///
/// `otary key rotate` and `revoke` write record-N.draft where the keys that they are given are not enough. Bring that file
/// here, with the records since the last one that is here. What it would change is shown; once you have said yes, the file is
/// signed. No server is asked. Then bring it back, and `otary key submit` hands it in.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The record that is to be signed
    file: PathBuf,

    /// The root key to sign with
    #[arg(long, value_name = "KEYFILE")]
    key: PathBuf,

    #[command(flatten)]
    opening: OpeningArgs,

    /// A root record that you have, from which this one has to follow [default: the newest record-N.bin beside the key]
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Sign without being asked: for whoever has seen what it says
    #[arg(long)]
    yes: bool,
}

/// Shows the record, and signs it.
pub fn run(args: &Args) -> Result<()> {
    let file = &args.file;
    let bytes = read_file(file, MAX_OBJECT)?;
    let named = || file.display().to_string();
    let version = Draft::version_of(&bytes).with_context(named);
    let version = version.help("name a record-N.draft, as `otary key rotate` writes it")?;
    let draft = Draft::read(&bytes, args.before(version)?).with_context(named);
    let draft = draft.help("sign nothing of this: it was damaged, or somebody else has made it")?;
    let missing = draft.missing();
    if missing.is_empty() {
        let error = anyhow!("root record {version} has all its signatures");
        return Err(advised(error, format!("hand it in: otary key submit {}", quoted(file))));
    }
    show(&draft, file)?;
    args.ask()?;
    let key = args.opening.read_key(&args.key)?;
    let signed = draft.cosign(&key).help(format!("it wants {}", wanting(&missing)))?;
    replace(file, |path| File::create_new(path), &signed.bytes)?;
    say!("\n{} is signed by the root key {}.", quoted(file), key.public().id())?;
    match signed.missing() {
        missing if missing.is_empty() => {
            say!("It has all its signatures. Hand it in where the server can be reached:")?;
            Ok(say!("  otary key submit record-{version}.draft")?)
        }
        missing => Ok(say!("It still wants {}.", wanting(&missing))?),
    }
}

impl Args {
    /// The record that the one of `version` follows, as far as it is the owner's.
    fn before(&self, version: u32) -> Result<Option<Signed>> {
        let Some(before) = version.checked_sub(1).filter(|before| *before > 0) else { return Ok(None) };
        let known = match &self.record {
            Some(file) => Known::read(file)?,
            None => Known::find([folder_of(&self.key)].into_iter())?,
        };
        known.lead_to(before, folder_of(&self.file)).map(Some)
    }

    /// Waits for a yes at the terminal.
    fn ask(&self) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        let mut input = io::stdin().lock();
        if !input.is_terminal() {
            let error = anyhow!("nothing is signed: there is no terminal to ask at");
            return Err(advised(error, "if you have read what it says, give --yes"));
        }
        say!("\nSign it? Write yes to do so.")?;
        let mut answer = String::new();
        input.read_line(&mut answer)?;
        if answer.trim() == "yes" { Ok(()) } else { bail!("nothing is signed") }
    }
}

fn show(draft: &Draft, file: &Path) -> Result<()> {
    let before = draft.before().map(|before| &before.record);
    let version = draft.record.version;
    let beside = match before {
        Some(before) => format!("root record {version}, held against root record {}", before.version),
        None => "the first root record".to_owned(),
    };
    say!("{}: {beside}", quoted(file))?;
    for line in difference(before, &draft.record) {
        say!("{line}")?;
    }
    for signer in draft.signers() {
        say!("Signed by the root key {signer}.")?;
    }
    say!("Wants {}.", wanting(&draft.missing()))?;
    Ok(say!("Compare the ids of new keys with what the other machine has shown.")?)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
