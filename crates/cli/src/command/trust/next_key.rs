//! `otary trust export-next-key`: the next root's key leaves this machine.

use std::path::Path;

use anyhow::{Result, anyhow};
use otary_server::operator::NextKey;

use crate::advice::advised;
use crate::client::{Client, path};
use crate::file::write_new;
use crate::global::Global;
use crate::{platform, say};

/// Writes it to `file`, and has it removed here once it is on the disk there.
pub fn run(file: &Path, global: &Global) -> Result<()> {
    if file.try_exists()? {
        let error = anyhow!("{} is there already", file.display());
        return Err(advised(error, "name a file that is not: a key is never overwritten"));
    }
    let mut client = Client::at_home_with_keys(global)?;
    let next: NextKey = client.act(&path(["trust", "next-key"]))?;
    write_new(file, platform::create_private_file, next.key.as_bytes())?;
    client.delete(&path(["trust", "next-key"]))?;
    say!("{} holds the next root's key, and this machine no longer does.", file.display())?;
    say!("Keep it where this machine's thief does not come. A backup that was made before has it too.")?;
    Ok(say!("It comes back by: otary trust rollover begin --next-key FILE")?)
}
