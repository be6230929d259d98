//! `otary trust lock` and `unlock`: the keys go under a passphrase, and come out again.

use anyhow::Result;
use otary_store::DiskOptions;

use crate::config::Values;
use crate::data::{DataDir, quoted, trusted};
use crate::passphrase::PassphraseArgs;
use crate::say;

/// Puts every key under a new passphrase.
pub fn lock(passphrase: &PassphraseArgs, data: &DataDir, values: &Values) -> Result<()> {
    // Held until the end: no server is to start meanwhile.
    let _store = data.open_store(DiskOptions::default())?;
    let mut authority = data.unlock_authority(&values.trust)?;
    let passphrase = passphrase.read_new("the authority's keys")?;
    trusted(authority.keep_keys_under(Some(passphrase)))?;
    say!("The keys in {} are under this passphrase.", data.trust().display())?;
    if let Some(file) = &values.trust.passphrase_file {
        say!("The setting trust.passphrase_file names {}: it has to hold this one.", file.display())?;
    } else {
        say!("`otary serve` asks for it, or takes it from the file that trust.passphrase_file names.")?;
    }
    Ok(say!("Where they were in the clear, a disk or a card may still hold a trace of them.")?)
}

/// Puts every key into the clear.
pub fn unlock(data: &DataDir, values: &Values) -> Result<()> {
    let _store = data.open_store(DiskOptions::default())?;
    let mut authority = data.unlock_authority(&values.trust)?;
    trusted(authority.keep_keys_under(None))?;
    say!("The keys in {} are in the clear: whoever reads these files has them.", data.trust().display())?;
    if let Some(file) = &values.trust.passphrase_file {
        say!("Remove the setting trust.passphrase_file ({}), or the next start of", quoted(file))?;
        say!("`otary serve` puts them under that passphrase again.")?;
    }
    Ok(())
}
