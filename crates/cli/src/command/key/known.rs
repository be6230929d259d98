//! The newest root record, as far as it follows from one that the owner has.
//!
//! A server that was taken over could show a record of a thief's making, which names the owner's root keys and the thief's.
//! Whoever signed the record after that one would sign the thief's keys in. So what a server shows is believed only if the
//! owner's own root keys have led to it, from a record that lies with the owner. The same holds for records that come on a
//! medium with one that is to be signed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otary_server::operator::SigningView;
use otary_trust::signing::{Chain, Signed};

use super::made::{MAX_OBJECT, record_file, taken};
use crate::advice::{Advise, advised};
use crate::data::quoted;
use crate::file::read_file;

/// A record that the owner has, and where.
pub struct Known {
    file: PathBuf,
    signed: Signed,
}

impl Known {
    /// The record in a file.
    pub fn read(file: &Path) -> Result<Self> {
        let signed = Signed::by_itself(&read_file(file, MAX_OBJECT)?);
        let signed = signed.with_context(|| file.display().to_string());
        Ok(Self {
            file: file.to_owned(),
            signed: signed.help("name a root record, as `otary key new` writes it")?,
        })
    }

    /// The newest record in these folders, by the names that `otary key` gives them.
    pub fn find<'a>(folders: impl Iterator<Item = &'a Path>) -> Result<Self> {
        let mut files = Vec::new();
        for folder in folders {
            // A folder that cannot be read has no record for us; the keys in it are asked for by name.
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            files.extend(entries.filter_map(|entry| Some((version_of(&entry.path())?, entry.path()))));
        }
        match files.into_iter().max() {
            Some((_, file)) => Self::read(&file),
            None => Err(advised(
                anyhow!(
                    "there is no root record beside the root key, so nothing shows that the server's is yours"
                ),
                "name any that you have: --record keys/record-1.bin",
            )),
        }
    }

    /// The server's newest record, if the root keys of this one have led to it.
    pub fn lead_to_newest(self, view: &SigningView) -> Result<Signed> {
        let Self { file, signed } = self;
        let version = signed.record.version;
        let own = taken(view, version).with_context(|| {
            format!("the server has no root record {version}, and {} is that", file.display())
        });
        let own = own.help(format!("otary key submit {}", quoted(&file)))?;
        if own != signed.bytes {
            let error = anyhow!("the server's root record {version} is another than {}", file.display());
            return Err(advised(error, DO_NOT_SIGN));
        }
        let mut chain = Chain::from(signed);
        for line in view.records.iter().filter(|line| line.record.version > version) {
            let bytes = STANDARD.decode(&line.signed).unwrap_or_default();
            let followed = chain.push(&bytes);
            let from =
                || format!("the server's root record {} does not follow from yours", line.record.version);
            followed.with_context(from).help(DO_NOT_SIGN)?;
        }
        chain.newest().cloned().context("there is no root record")
    }

    /// The record of `version`, if the root keys of this one have led to it by records in `folder`, which may be anybody's.
    pub fn lead_to(self, version: u32, folder: &Path) -> Result<Signed> {
        let Self { file, signed } = self;
        let own = signed.record.version;
        if own > version {
            let error = anyhow!(
                "you have root record {own} in {}, and this one would take its place",
                file.display()
            );
            return Err(advised(error, "sign nothing of this: the record that you have came first"));
        }
        let mut chain = Chain::from(signed);
        for next in own.saturating_add(1)..=version {
            let file = record_file(folder, next);
            let bytes = read_file(&file, MAX_OBJECT);
            let bytes =
                bytes.help(format!("bring root record {next} along: the newest that you have is {own}"))?;
            let followed = chain.push(&bytes);
            followed
                .with_context(|| format!("{} does not follow from yours", file.display()))
                .help(NOT_YOURS)?;
        }
        chain.newest().cloned().context("there is no root record")
    }
}

const NOT_YOURS: &str = "sign nothing of this: somebody else has made it";
const DO_NOT_SIGN: &str = "sign nothing for this server: it is not yours, or somebody has taken it over";

/// The version in a file name such as `record-12.bin`.
fn version_of(file: &Path) -> Option<u32> {
    file.file_name()?.to_str()?.strip_prefix("record-")?.strip_suffix(".bin")?.parse().ok()
}
