//! `otary service`: otary as a service of systemd.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::advice::{Advise, advised};
use crate::data::quoted;
use crate::say;
use crate::service::{Account, STATE, Unit, exposure};

/// Run the server as a service of this machine, by systemd
///
/// The unit has a user of its own, one folder that it may write to (/var/lib/otary), and no privileges. Settings come from
/// /var/lib/otary/otary.toml, or as variables from /etc/default/otary. Commands reach it with `--data /var/lib/otary`, as root.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print the unit
    Print(Form),
    /// Write the unit to /etc/systemd/system, start it, and have it started with the machine
    Install {
        #[command(flatten)]
        form: Form,
        #[command(flatten)]
        place: Place,
    },
    /// Stop it and remove the unit; the data stays
    Uninstall {
        #[command(flatten)]
        place: Place,
    },
}

/// What the unit says.
#[derive(Debug, clap::Args)]
struct Form {
    /// The program that it starts [default: this one]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// A user that is there and owns the data [default: one that systemd makes up]
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<String>,
}

/// Where it goes.
#[derive(Debug, clap::Args)]
struct Place {
    /// Only write or remove the file, below this folder in the place of `/`: for images of machines
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// The unit's name and its folder.
const NAME: &str = "otary.service";
const FOLDER: &str = "etc/systemd/system";
/// Where no program of a service belongs: the unit does not see these folders.
const HIDDEN: [&str; 4] = ["/home", "/root", "/run/user", "/tmp"];

/// Does what was asked for.
pub fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Print(form) => Ok(say!("{}", unit(form)?.to_string().trim_end())?),
        Action::Install { form, place } => install(&unit(form)?, &place),
        Action::Uninstall { place } => uninstall(&place),
    }
}

fn unit(form: Form) -> Result<Unit> {
    let own = || std::env::current_exe().context("finding this program");
    let binary = form.binary.map_or_else(own, Ok)?;
    let text = binary.to_str().unwrap_or_default();
    if !binary.is_absolute()
        || text.is_empty()
        || text.contains(|c: char| c.is_whitespace() || "%$\"'\\".contains(c))
    {
        bail!("{} cannot stand in a unit: an absolute path without blanks and quotes can", quoted(&binary));
    }
    Ok(Unit { binary, account: form.user.map_or(Account::Dynamic, Account::Named) })
}

fn install(unit: &Unit, place: &Place) -> Result<()> {
    if place.root.is_none() {
        check_binary(&unit.binary)?;
    }
    let file = place.file();
    let folder = file.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let written = fs::write(&file, unit.to_string());
    written
        .with_context(|| format!("writing {}", file.display()))
        .help("become root: sudo otary service install")?;
    say!("{} is written.", file.display())?;
    match exposure(&file) {
        Some(figure) => say!("systemd-analyze security: {figure} (10 is the worst)")?,
        None => say!("systemd-analyze is not here to say how exposed it is.")?,
    }
    if place.root.is_none() {
        systemctl(&["daemon-reload"])?;
        systemctl(&["enable", "--now", NAME])?;
        say!("It runs, and starts with the machine. What it says: journalctl -u otary")?;
        say!("Next: otary status --data {STATE}")?;
    }
    Ok(())
}

fn uninstall(place: &Place) -> Result<()> {
    let file = place.file();
    if !file.try_exists()? {
        return Err(advised(anyhow!("there is no {}", file.display()), "`otary service install` makes it"));
    }
    if place.root.is_none() {
        systemctl(&["disable", "--now", NAME])?;
    }
    match fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
    .with_context(|| format!("removing {}", file.display()))?;
    if place.root.is_none() {
        systemctl(&["daemon-reload"])?;
    }
    Ok(say!("{} is removed. The data stays in {STATE}.", file.display())?)
}

impl Place {
    fn file(&self) -> PathBuf {
        self.root.as_deref().unwrap_or(Path::new("/")).join(FOLDER).join(NAME)
    }
}

fn check_binary(binary: &Path) -> Result<()> {
    if HIDDEN.iter().any(|hidden| binary.starts_with(hidden)) {
        let error = anyhow!("the service does not see {}", binary.display());
        let moved = "/usr/local/bin/otary";
        return Err(advised(
            error,
            format!("install -m 755 {} {moved}; {moved} service install", quoted(binary)),
        ));
    }
    let there = fs::metadata(binary).is_ok_and(|file| file.is_file());
    if there { Ok(()) } else { Err(anyhow!("there is no program {}", binary.display())) }
}

fn systemctl(words: &[&str]) -> Result<()> {
    let typed = || format!("systemctl {}", words.join(" "));
    let status = Command::new("systemctl").args(words).stdin(Stdio::null()).status();
    let status = status.with_context(typed).help("is systemd the init of this machine?")?;
    if status.success() { Ok(()) } else { Err(anyhow!("`{}` ended with {status}", typed())) }
}

/// A name as Debian's adduser takes it (adduser.conf(5), `NAME_REGEX`).
fn user_name(text: &str) -> Result<String, String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if begins && text.len() <= 32 && text.chars().all(letters) {
        Ok(text.to_owned())
    } else {
        Err("no name of a user".to_owned())
    }
}
