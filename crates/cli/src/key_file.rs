//! Files with the keys that sign releases: read with their passphrase if they are under one, and written for their owner
//! alone. What is in them goes into memory that is wiped, and nowhere else.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_trust::signing::SigningKey;
use otary_trust::{Defect, Passphrase};

use crate::advice::{Advise, advised};
use crate::file::{check_private, read_text, write_new};
use crate::passphrase::{PassphraseArgs, given};
use crate::platform;

/// The largest key file that is read, in bytes.
const MAX_KEY: u64 = 64 * 1024;

/// Where the passphrase of a key that is there comes from.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct OpeningArgs {
    /// The file with the key's passphrase in its first line, `-` for standard input [default: asked for, if the key is
    /// under one]
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// What was in it: standard input is read once, for all keys.
    #[arg(skip)]
    given: OnceCell<Passphrase>,
}

/// Whether new keys go under a passphrase.
#[derive(Debug, clap::Args)]
pub struct ClosingArgs {
    /// Put the new keys under a passphrase, which is asked for
    #[arg(long)]
    passphrase: bool,

    /// The file with the passphrase of the keys in its first line, `-` for standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl OpeningArgs {
    /// Reads a key that signs.
    pub fn read_key(&self, file: &Path) -> Result<SigningKey> {
        read(file, || match &self.passphrase_file {
            Some(passphrase) => self.given(passphrase),
            None => PassphraseArgs::default().read(&file.display().to_string()),
        })
    }

    fn given(&self, file: &Path) -> Result<Passphrase> {
        if let Some(passphrase) = self.given.get() {
            return Ok(passphrase.clone());
        }
        let passphrase = given(file)?;
        Ok(self.given.get_or_init(|| passphrase).clone())
    }
}

impl ClosingArgs {
    /// As if the options had been given, or not.
    pub const fn new(passphrase: bool, passphrase_file: Option<PathBuf>) -> Self {
        Self { passphrase, passphrase_file }
    }

    /// The passphrase for new keys, if they are to be under one.
    pub fn passphrase(&self) -> Result<Option<Passphrase>> {
        match &self.passphrase_file {
            None if !self.passphrase => Ok(None),
            file => PassphraseArgs::from_file(file.clone()).read_new("the new keys").map(Some),
        }
    }
}

/// Reads a key, which nobody else may be able to read; `passphrase` is only asked if it is under one.
fn read(file: &Path, passphrase: impl FnOnce() -> Result<Passphrase>) -> Result<SigningKey> {
    check_private(file, "the key")?;
    let text = read_text(file, MAX_KEY)?;
    let opened = match SigningKey::unlock(text.as_bytes(), None) {
        Err(Defect::Locked) => SigningKey::unlock(text.as_bytes(), Some(&passphrase()?)),
        opened => opened,
    };
    let wrong = matches!(opened, Err(Defect::WrongPassphrase));
    let opened = opened.with_context(|| format!("{} cannot be used", file.display()));
    match opened {
        Err(error) if !wrong => {
            Err(error).help("`otary key new` makes such keys, and so does openssl genpkey")
        }
        opened => opened,
    }
}

/// New keys, and the files that they go into.
#[derive(Default)]
pub struct NewKeys(Vec<(PathBuf, SigningKey)>);

impl NewKeys {
    /// Makes one more, for a file that must not be there.
    pub fn make(&mut self, file: PathBuf) -> Result<&SigningKey> {
        if file.try_exists()? {
            let error = anyhow!("{} is there already", file.display());
            return Err(advised(error, "name another folder by --out: a key is never overwritten"));
        }
        let key = SigningKey::generate().context("the system gives no random numbers")?;
        self.0.push((file, key));
        self.0.last().map(|(_, key)| key).context("no key")
    }

    /// Each file with its key.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &SigningKey)> {
        self.0.iter().map(|(file, key)| (file.as_path(), key))
    }

    /// Writes them all, under a passphrase if one is given.
    pub fn write(&self, passphrase: Option<&Passphrase>) -> Result<()> {
        for (file, key) in self.iter() {
            write_new(file, platform::create_private_file, key.pem(passphrase)?.as_bytes())?;
        }
        Ok(())
    }

    /// Removes them again: no record names them.
    pub fn remove(&self) -> Result<()> {
        self.iter().try_for_each(|(file, _)| {
            fs::remove_file(file).with_context(|| format!("removing {}", file.display()))
        })
    }
}
