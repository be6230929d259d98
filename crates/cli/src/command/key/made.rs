//! What `otary key` makes: files in a folder of the owner's, and the root record that goes to the server.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_server::operator::{Material, NewRecord, SigningView};
use otary_trust::Passphrase;
use otary_trust::signing::{Record, Signed};

use crate::advice::{Advise, advised};
use crate::client::{Client, Connection, path};
use crate::data::quoted;
use crate::file::{read_file, write_new};
use crate::global::Global;
use crate::key_file::NewKeys;
use crate::table::{date, plain};
use crate::{platform, say};

/// The largest root record or manifest that is read, in bytes.
pub const MAX_OBJECT: u64 = 4 * 1024;

/// Keys and the record that names them, not written yet.
pub struct Made<'a> {
    /// The folder that they go into.
    pub folder: &'a Path,
    /// The new keys.
    pub keys: NewKeys,
    /// The record.
    pub signed: Signed,
}

impl Made<'_> {
    /// Writes the keys first and the record then, and hands the record in last: whatever fails on the way, no record
    /// names a key that is not on this disk.
    pub fn publish(&self, passphrase: Option<&Passphrase>, client: &mut Client) -> Result<SigningView> {
        let file = self.record_file();
        if file.try_exists()? {
            let error = anyhow!("{} is there already", file.display());
            return Err(advised(
                error,
                format!("if the server lacks it, otary key submit {}", quoted(&file)),
            ));
        }
        if !self.folder.try_exists()? {
            let making = || format!("making {}", self.folder.display());
            platform::create_private_folder(self.folder).with_context(making)?;
        }
        self.keys.write(passphrase)?;
        write_new(&file, |path| File::create_new(path), &self.signed.bytes)?;
        let again = format!(
            "what was made is in {}; then: otary key submit {}",
            self.folder.display(),
            quoted(&file)
        );
        submit(&self.signed.bytes, client).help(again)
    }

    /// The file of the record.
    pub fn record_file(&self) -> PathBuf {
        self.folder.join(format!("record-{}.bin", self.signed.record.version))
    }

    /// Says which key is in which file, and that it is in the clear, if it is.
    pub fn tell_keys(&self, in_the_clear: bool) -> Result<()> {
        for (file, key) in self.keys.iter() {
            let (public, record) = (key.public(), &self.signed.record);
            let what = if record.root_keys.contains(&public) { "root key" } else { "release key" };
            say!("{:<28} {what} {}", quoted(file), public.id())?;
        }
        say!("{:<28} root record {}", quoted(&self.record_file()), self.signed.record.version)?;
        if in_the_clear && self.keys.iter().next().is_some() {
            say!("The keys are in the clear: whoever reads these files has them.")?;
        }
        Ok(())
    }
}

/// What the next record takes from the server. Without a server, the authority's keys are opened for it.
pub fn material(client: &mut Client) -> Result<Material> {
    client.act(&path(["signing", "material"]))
}

/// What the server has for signed releases.
pub fn view(client: &mut Client) -> Result<SigningView> {
    client.get(&path(["signing"]))
}

/// Refuses where nothing was signed yet.
pub fn check_some(view: &SigningView) -> Result<()> {
    let error = || anyhow!("releases are not signed here: there is no root record");
    let help = "otary key new --out DIR makes the keys and the first one";
    if view.records.is_empty() { Err(advised(error(), help)) } else { Ok(()) }
}

/// Hands in a record from a file.
pub fn submit_file(file: &Path, global: &Global, connection: &Connection) -> Result<()> {
    let bytes = read_file(file, MAX_OBJECT)?;
    let signed = Signed::by_itself(&bytes).with_context(|| file.display().to_string());
    let signed = signed.help("name a root record, as `otary key new` writes it")?;
    let mut client = Client::open_with_keys(global, connection)?;
    submit(&bytes, &mut client)?;
    say!("The server has root record {}.", signed.record.version)?;
    tell(&signed.record)
}

fn submit(bytes: &[u8], client: &mut Client) -> Result<SigningView> {
    client.post(&path(["signing", "records"]), &NewRecord::new(bytes))
}

/// Says what a record says.
pub fn tell(record: &Record) -> Result<()> {
    say!("  issued       {}", date(record.issued))?;
    let threshold = if record.threshold == 1 { "one signs" } else { "two sign" };
    for (place, key) in record.root_keys.iter().enumerate() {
        let note = if place == 0 { format!("   ({threshold} the next record)") } else { String::new() };
        say!("  root key     {}{note}", key.id())?;
    }
    for release in &record.release_keys {
        let range = match release.last {
            u32::MAX => format!("numbers from {}", release.first),
            last => format!("numbers {} to {last}", release.first),
        };
        say!("  release key  {}   {range}", release.key.id())?;
    }
    if record.release_keys.is_empty() {
        say!("  release key  none: nothing can be released until `otary key rotate` names one")?;
    }
    for key in &record.order_keys {
        say!("  order key    {}   the server's", key.id())?;
    }
    for anchor in &record.trust_set {
        say!("  trusted      {anchor}")?;
    }
    if record.minimum > 0 {
        say!("  minimum      nothing below release number {} is installed", record.minimum)?;
    }
    Ok(())
}

/// Says which certificates a new trust set has, for whoever wants to compare them before the record reaches a device.
pub fn tell_anchors(material: &Material) -> Result<()> {
    say!("Devices are to trust these certificates; `otary trust show` on the server has the same:")?;
    for anchor in &material.trust_set {
        say!("  {}   {}, until {}", anchor.sha256, plain(&anchor.name), date(anchor.not_after))?;
    }
    Ok(())
}
