//! What `otary key` makes: files in a folder of the owner's, and the root record that goes to the server.
//!
//! A record is called `record-N.draft` until the server has it, and `record-N.bin` from then on. So a record that was not
//! signed by enough keys, or that came second, is never taken for one that devices go by.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otary_server::operator::{Material, NewRecord, SigningView};
use otary_trust::Passphrase;
use otary_trust::signing::{Draft, Missing, Record};
use serde::Serialize;

use super::told::{tell, wanting};
use crate::advice::{Advise, advised};
use crate::client::{Client, path};
use crate::data::quoted;
use crate::file::{sync_folder, write_new};
use crate::key_file::NewKeys;
use crate::terminal::print_json;
use crate::{platform, say};

/// The largest root record or manifest that is read, in bytes.
pub const MAX_OBJECT: u64 = 4 * 1024;

/// Keys and the record that names them, not written yet.
pub struct Made<'a> {
    /// The folder that they go into.
    pub folder: &'a Path,
    /// The new keys.
    pub keys: NewKeys,
    /// The record, signed by the keys that are here.
    pub draft: Draft,
}

/// What became of a record.
pub enum Outcome {
    /// The server has it.
    Published(SigningView),
    /// It is written, and lacks signatures.
    Waits(Waiting),
}

/// A record that lacks signatures, for programs.
#[derive(Serialize)]
pub struct Waiting {
    /// Its file.
    pub draft: PathBuf,
    /// What it says.
    pub record: Record,
    /// What it lacks.
    pub missing: Vec<Missing>,
}

impl Outcome {
    /// Prints it for programs.
    pub fn print_json(&self) -> Result<()> {
        match self {
            Self::Published(view) => print_json(view),
            Self::Waits(waiting) => print_json(waiting),
        }
    }
}

impl Made<'_> {
    /// Writes the keys first and the record then, and hands the record in last, if it is signed by enough keys: whatever
    /// fails on the way, no record names a key that is not on this disk.
    pub fn publish(&self, passphrase: Option<&Passphrase>, client: &mut Client) -> Result<Outcome> {
        check_free(self.folder, self.draft.record.version)?;
        if !self.folder.try_exists()? {
            let making = || format!("making {}", self.folder.display());
            platform::create_private_folder(self.folder).with_context(making)?;
            sync_folder(self.folder.parent().unwrap_or(self.folder))?;
        }
        self.keys.write(passphrase)?;
        write_new(&self.draft_file(), |path| File::create_new(path), &self.draft.bytes)?;
        sync_folder(self.folder)?;
        let missing = self.draft.missing();
        if !missing.is_empty() {
            let (draft, record) = (self.draft_file(), self.draft.record.clone());
            return Ok(Outcome::Waits(Waiting { draft, record, missing }));
        }
        let view = self.hand_in(client)?;
        keep(&self.draft_file(), &self.record_file())?;
        Ok(Outcome::Published(view))
    }

    /// Hands the record in. If the server says that another one came first, nothing is left of this one.
    fn hand_in(&self, client: &mut Client) -> Result<SigningView> {
        let error = match submit(&self.draft.bytes, client) {
            Ok(view) => return Ok(view),
            Err(error) => error,
        };
        let (version, file) = (self.draft.record.version, self.draft_file());
        match view(client).ok().and_then(|view| Some((taken(&view, version)? == self.draft.bytes, view))) {
            // Only the answer was lost.
            Some((true, view)) => Ok(view),
            Some((false, _)) => {
                self.keys.remove()?;
                fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?;
                let first =
                    format!("another root record {version} came first, and nothing is left of this one");
                Err(error.context(first))
                    .help("see what it says by otary key show, then do it again if need be")
            }
            None => Err(error).help(format!(
                "what was made is in {}; then: otary key submit {}",
                self.folder.display(),
                quoted(&file)
            )),
        }
    }

    /// The file of the record, once the server has it.
    pub fn record_file(&self) -> PathBuf {
        record_file(self.folder, self.draft.record.version)
    }

    fn draft_file(&self) -> PathBuf {
        draft_file(self.folder, self.draft.record.version)
    }

    /// Says which key is in which file, and that it is in the clear, if it is.
    pub fn tell_keys(&self, in_the_clear: bool, record: &Path) -> Result<()> {
        for (file, key) in self.keys.iter() {
            let public = key.public();
            let is_root = self.draft.record.root_keys.contains(&public);
            let what = if is_root { "root key" } else { "release key" };
            say!("{:<28} {what} {}", quoted(file), public.id())?;
        }
        say!("{:<28} root record {}", quoted(record), self.draft.record.version)?;
        if in_the_clear && self.keys.iter().next().is_some() {
            say!("The keys are in the clear: whoever reads these files has them.")?;
        }
        Ok(())
    }

    /// Says what a record lacks, and how it comes by that.
    pub fn tell_waiting(&self, waiting: &Waiting) -> Result<()> {
        let (version, file) = (waiting.record.version, quoted(&waiting.draft));
        say!("\nRoot record {version} wants {}.", wanting(&waiting.missing))?;
        let before = self.draft.before().map(|before| before.record.version);
        let with = before.map(|version| format!(" and root record {version}")).unwrap_or_default();
        say!("Take {file}{with} to where such a key is, sign there, and bring it back:")?;
        say!("  otary key cosign record-{version}.draft --key KEYFILE")?;
        say!("  otary key submit {file}")?;
        say!("Until then nothing changes. It says:")?;
        tell(&waiting.record)
    }
}

/// The file of a record that the server has.
pub fn record_file(folder: &Path, version: u32) -> PathBuf {
    folder.join(format!("record-{version}.bin"))
}

/// The file of a record that the server does not have yet.
pub fn draft_file(folder: &Path, version: u32) -> PathBuf {
    folder.join(format!("record-{version}.draft"))
}

/// Refuses a folder where a record of this version is.
pub fn check_free(folder: &Path, version: u32) -> Result<()> {
    let there = |file: &Path| {
        let error = anyhow!("{} is there already", file.display());
        advised(error, format!("if the server lacks it, otary key submit {}", quoted(file)))
    };
    let (record, draft) = (record_file(folder, version), draft_file(folder, version));
    if record.try_exists()? {
        return Err(there(&record));
    }
    if draft.try_exists()? {
        return Err(advised(there(&draft), "to begin anew, remove it and the keys that were made with it"));
    }
    Ok(())
}

/// Gives a draft that the server has taken the name of a record.
pub fn keep(draft: &Path, record: &Path) -> Result<()> {
    fs::rename(draft, record)
        .with_context(|| format!("renaming {} to {}", draft.display(), record.display()))?;
    sync_folder(record.parent().unwrap_or(record))
}

/// What the next record takes from the server. Without a server, the authority's keys are opened for it.
pub fn material(client: &mut Client) -> Result<Material> {
    client.act(&path(["signing", "material"]))
}

/// What the server has for signed releases.
pub fn view(client: &mut Client) -> Result<SigningView> {
    client.get(&path(["signing"]))
}

/// The record of this version that the server has.
pub fn taken(view: &SigningView, version: u32) -> Option<Vec<u8>> {
    let line = view.records.iter().find(|line| line.record.version == version)?;
    STANDARD.decode(&line.signed).ok()
}

/// Refuses where nothing was signed yet.
pub fn check_some(view: &SigningView) -> Result<()> {
    let error = || anyhow!("releases are not signed here: there is no root record");
    let help = "otary key new --out DIR makes the keys and the first one";
    if view.records.is_empty() { Err(advised(error(), help)) } else { Ok(()) }
}

/// Hands a record in.
pub fn submit(bytes: &[u8], client: &mut Client) -> Result<SigningView> {
    client.post(&path(["signing", "records"]), &NewRecord::new(bytes))
}
