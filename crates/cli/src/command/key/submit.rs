//! `otary key submit`: a root record that was signed before, for the server.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_server::operator::SigningView;
use otary_trust::signing::{Draft, Signed};

use super::made::{MAX_OBJECT, keep, record_file, submit, taken, view};
use super::told::{tell, wanting};
use crate::advice::{Advise, advised};
use crate::client::{Client, Connection};
use crate::data::quoted;
use crate::file::read_file;
use crate::global::Global;
use crate::say;

/// Hand in a root record: one that was signed elsewhere, that did not reach the server, or that it has lost
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The record, as `otary key new`, `rotate`, `revoke` and `cosign` write it
    file: PathBuf,
}

/// Hands it in.
pub fn run(args: &Args, global: &Global, connection: &Connection) -> Result<()> {
    let file = &args.file;
    let bytes = read_file(file, MAX_OBJECT)?;
    let version = Draft::version_of(&bytes).with_context(|| file.display().to_string());
    let version = version.help("name a root record, as `otary key new` writes it")?;
    let mut client = Client::open_with_keys(global, connection)?;
    let signed = signed(&bytes, version, &view(&mut client)?, file)?;
    submit(&bytes, &mut client)?;
    say!("The server has root record {}.", signed.record.version)?;
    tell(&signed.record)?;
    if file.extension().is_some_and(|extension| extension == "draft") {
        let folder = file.parent().unwrap_or(Path::new(""));
        let record = record_file(folder, version);
        keep(file, &record)?;
        say!("\n{} is now {}: keep it with the keys.", quoted(file), quoted(&record))?;
    }
    Ok(())
}

/// The record, as the server is going to take it; what stands in the way is said in the owner's words.
fn signed(bytes: &[u8], version: u32, view: &SigningView, file: &Path) -> Result<Signed> {
    match taken(view, version) {
        // Handed in again, it changes nothing.
        Some(own) if own == bytes => return Ok(Signed::by_itself(bytes)?),
        Some(_) => {
            let error =
                anyhow!("the server has another root record {version}, and {} is not that", file.display());
            return Err(advised(error, "otary key show says what it has; this one can never follow"));
        }
        None => {}
    }
    let before = version.checked_sub(1).filter(|before| *before > 0);
    let before = before.map(|before| {
        let own = taken(view, before);
        let lacks = || format!("the server has no root record {before}, which {} follows", file.display());
        let own =
            own.with_context(lacks).help(format!("otary key submit record-{before}.bin comes first"))?;
        anyhow::Ok(Signed::by_itself(&own)?)
    });
    let draft = Draft::read(bytes, before.transpose()?).with_context(|| file.display().to_string())?;
    let missing = draft.missing();
    if missing.is_empty() {
        return Ok(draft.finish()?);
    }
    let error = anyhow!("root record {version} wants {}", wanting(&missing));
    Err(advised(error, format!("where such a key is: otary key cosign {} --key KEYFILE", quoted(file))))
}
