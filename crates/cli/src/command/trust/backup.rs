//! `otary trust backup` and `restore`: everything without which a fleet is lost, in one file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use otary_server::operator::{AUTHORITY_BACKED_UP, Status};
use otary_store::{DiskOptions, Store};
use otary_trust::{Authority, BackupError, Saved, backup};

use crate::advice::advised;
use crate::client::{Client, path};
use crate::clock;
use crate::command::restore::{check_certificates, drop_certificates};
use crate::config::Values;
use crate::data::{DataDir, quoted, trusted};
use crate::file::{read_file, read_text, write_new};
use crate::global::Global;
use crate::passphrase::{PassphraseArgs, of_keys};
use crate::table::date;
use crate::terminal::in_two_lines;
use crate::{platform, say};

/// The largest backup that is read, in bytes.
pub const MAX_BACKUP: u64 = 4 * 1024 * 1024;
/// The largest settings file that is read, in bytes.
const MAX_SETTINGS: u64 = 64 * 1024;

/// Writes a backup.
pub fn back_up(file: &Path, passphrase: &PassphraseArgs, data: &DataDir, global: &Global) -> Result<()> {
    if file.try_exists()? {
        let error = anyhow!("{} is there already", file.display());
        return Err(advised(error, "name a file that is not: a backup is never overwritten"));
    }
    let authority = data.unlock_authority(&global.settings(Vec::new())?.values.trust)?;
    let passphrase = passphrase.read_new("the backup")?;
    let settings = serde_json::json!({ "otary.toml": settings_text(data)? });
    let text = in_folder(backup(&authority, &settings, clock::now(), &passphrase))?;
    // Opened first: where it cannot be, nothing is written.
    let mut client = Client::at_home(global)?;
    write_new(file, platform::create_private_file, text.as_bytes())?;
    let noted: Result<Status> = client.act(&path(["authority", "backed-up"]));
    let status = noted
        .with_context(|| format!("{} is written and whole, but otary could not note that", file.display()))?;
    say!("{} holds the keys and certificates of the authority with this SHA-256:", file.display())?;
    say_fingerprint(&authority)?;
    say!(
        "Keep it on another machine, and the passphrase elsewhere. With it belongs the head of the audit log, which"
    )?;
    say!("shows later whether anything before it was changed (`otary audit verify --head ...`):")?;
    say!("  {}", status.audit)?;
    Ok(())
}

/// Brings one back, with its keys under the passphrase that the settings name, if they do.
pub fn bring_back(file: &Path, passphrase: &PassphraseArgs, values: &Values) -> Result<()> {
    let contents = read_file(file, MAX_BACKUP)?;
    let keys = of_keys(&values.trust)?;
    let in_the_clear = keys.is_none();
    let passphrase = passphrase.read("the backup")?;
    let trust = DataDir::named(&values.data).trust();
    let saved = in_folder(Saved::open(&contents, &passphrase, &trust, keys))?;
    let data = DataDir::prepare(&values.data)?;
    let store = data.open_store(DiskOptions::default())?;
    check_certificates(data.path(), saved.authority())?;
    let restored = in_folder(saved.restore())?;
    drop_certificates(data.path())?;
    store.put_setting(AUTHORITY_BACKED_UP, &restored.created.0.to_string())?;
    let settings = restored.settings.get("otary.toml").and_then(|text| text.as_str());
    let kept = settings.map(|text| keep_settings(data.path(), text)).transpose()?;
    let at = quoted(data.path());
    say!("The authority of {} is back in {at}, with this SHA-256:", date(restored.created))?;
    say_fingerprint(&restored.authority)?;
    if let Some(kept) = kept {
        say!("{kept}")?;
    }
    if in_the_clear {
        say!(
            "Its keys are in the clear: whoever reads these files has them. `otary trust lock --data {at}`"
        )?;
        say!("puts them under a passphrase.")?;
    }
    say!("Next: otary serve --data {at}")?;
    Ok(())
}

/// A result with the advice of the authority's own errors.
pub fn in_folder<T>(result: Result<T, BackupError>) -> Result<T> {
    match result {
        Err(BackupError::Folder(error)) => trusted(Err(error)),
        result => Ok(result?),
    }
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
