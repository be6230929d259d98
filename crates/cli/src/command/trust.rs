//! `otary trust`: the authority that devices trust, its backup and its return.

mod show;
mod simulate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::exit;

use anyhow::{Context, Result, anyhow};
use otary_server::operator::{AUTHORITY_BACKED_UP, Status};
use otary_store::{DiskOptions, Store};
use otary_trust::{Authority, BackupError, Passphrase, backup, restore};
use zeroize::Zeroizing;

use crate::advice::{Advise, advised};
use crate::client::{Client, path};
use crate::clock;
use crate::data::{DataDir, quoted, trusted};
use crate::file::{read_file, read_text, write_new};
use crate::global::Global;
use crate::platform::{Closing, Terminal};
use crate::signals::on_ending;
use crate::table::date;
use crate::terminal::in_two_lines;
use crate::{platform, say};

/// Back up the authority that devices trust, or see it
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write keys, certificates and settings to a file that a passphrase protects
    ///
    /// Without these keys no server certificate can be made that the devices would believe: every one of them would
    /// have to be flashed by cable. Keep the file on another machine. `age` opens it as well.
    Backup {
        /// The file to write; it must not be there
        file: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// Bring an authority back from a backup, into a data directory that has none
    Restore {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        passphrase: PassphraseArgs,
    },
    /// See the authority: names, dates, fingerprints, and when it was backed up
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the certificates that devices are to trust, as PEM: this root and the next
    Export,
    Simulate(simulate::Args),
}

#[derive(Debug, clap::Args)]
struct PassphraseArgs {
    /// The file with the passphrase in its first line, `-` for standard input [default: asked for]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// The largest backup that is read, in bytes.
const MAX_BACKUP: u64 = 4 * 1024 * 1024;
/// The largest passphrase file and settings file that are read, in bytes.
const MAX_PASSPHRASE: u64 = 4 * 1024;
const MAX_SETTINGS: u64 = 64 * 1024;

/// The exit status of a command whose question was answered with Ctrl-C, as shells give it: 128 and SIGINT's number.
const BROKEN_OFF: i32 = 130;

/// Does what was asked for.
pub fn run(args: Args, global: &Global) -> Result<()> {
    let data = global.data_dir()?;
    match args.action {
        Action::Simulate(args) => simulate::run(&args),
        Action::Backup { file, passphrase } => {
            back_up(&file, &passphrase, &DataDir::existing(&data)?, global)
        }
        Action::Restore { file, passphrase } => bring_back(&file, &passphrase, &data),
        Action::Show { json } => show::run(&DataDir::existing(&data)?, json, global),
        Action::Export => {
            Ok(say!("{}", DataDir::existing(&data)?.open_authority()?.anchors_pem().trim_end())?)
        }
    }
}

fn back_up(file: &Path, passphrase: &PassphraseArgs, data: &DataDir, global: &Global) -> Result<()> {
    let authority = data.open_authority()?;
    if file.try_exists()? {
        let error = anyhow!("{} is there already", file.display());
        return Err(advised(error, "name a file that is not: a backup is never overwritten"));
    }
    let passphrase = passphrase.read(true)?;
    let settings = serde_json::json!({ "otary.toml": settings_text(data)? });
    let text = backup(&authority, &settings, clock::now(), &passphrase)?;
    write_new(file, platform::create_private_file, text.as_bytes())?;
    let _: Status = Client::at_home(global)?.act(&path(["authority", "backed-up"]))?;
    say!("{} holds the keys and certificates of the authority with this SHA-256:", file.display())?;
    say_fingerprint(&authority)?;
    say!("Keep it on another machine, and the passphrase elsewhere.")?;
    Ok(())
}

fn bring_back(file: &Path, passphrase: &PassphraseArgs, data: &Path) -> Result<()> {
    let contents = read_file(file, MAX_BACKUP)?;
    let passphrase = passphrase.read(false)?;
    let data = DataDir::prepare(data)?;
    let store = data.open_store(DiskOptions::default())?;
    let restored = match restore(&contents, &passphrase, &data.trust()) {
        Err(BackupError::Folder(error)) => trusted(Err(error))?,
        restored => restored?,
    };
    store.put_setting(AUTHORITY_BACKED_UP, &restored.created.0.to_string())?;
    let settings = restored.settings.get("otary.toml").and_then(|text| text.as_str());
    let kept = settings.map(|text| keep_settings(data.path(), text)).transpose()?;
    let at = quoted(data.path());
    say!("The authority of {} is back in {at}, with this SHA-256:", date(restored.created))?;
    say_fingerprint(&restored.authority)?;
    if let Some(kept) = kept {
        say!("{kept}")?;
    }
    say!("Next: otary serve --data {at}")?;
    Ok(())
}

fn say_fingerprint(authority: &Authority) -> Result<()> {
    let fingerprint = authority.root().fingerprint().to_string();
    Ok(in_two_lines(&fingerprint).into_iter().try_for_each(|line| say!("  {line}"))?)
}

/// The text of the settings file in the data directory; empty without one.
fn settings_text(data: &DataDir) -> Result<String> {
    let file = data.path().join("otary.toml");
    if !file.try_exists()? {
        return Ok(String::new());
    }
    Ok(read_text(&file, MAX_SETTINGS)?.to_string())
}

/// Puts the settings file of a backup back, unless there is one; says what was done.
fn keep_settings(data: &Path, text: &str) -> Result<String> {
    let file = data.join("otary.toml");
    if text.is_empty() {
        return Ok("There were no settings in it.".to_owned());
    }
    if file.try_exists()? {
        return Ok(format!("{} is as it was; the backup's settings were left out.", quoted(&file)));
    }
    fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    Ok(format!("Its settings are in {}.", quoted(&file)))
}

impl PassphraseArgs {
    /// The passphrase, from the file or from the terminal; asked for twice if it is a new one.
    fn read(&self, new: bool) -> Result<Passphrase> {
        if let Some(file) = &self.passphrase_file {
            let text = read_text(file, MAX_PASSPHRASE)?;
            return Ok(Passphrase::new(text.lines().next().unwrap_or_default().to_owned()));
        }
        let terminal = Terminal::now();
        on_ending(Closing::Goes, move |_| {
            terminal.restore();
            exit(BROKEN_OFF);
        })?;
        let ask = |prompt: &str| rpassword::prompt_password(prompt).context("asking for the passphrase");
        let ask = |prompt: &str| ask(prompt).help("without a terminal, give it by --passphrase-file");
        let first = Zeroizing::new(ask("Passphrase: ")?);
        if new {
            Passphrase::new(first.to_string()).check_length()?;
            if *Zeroizing::new(ask("The same again: ")?) != *first {
                return Err(anyhow!("the two passphrases differ"));
            }
        }
        Ok(Passphrase::new(first.to_string()))
    }
}
