//! `otary inspect`: what is this .bin?

use std::path::{Path, PathBuf};

use otary_fleet::Artifact;

use crate::file::read_file;
use crate::inspect::Inspection;
use crate::say;
use crate::terminal::print_json;

/// The largest file that is read: the largest flash that a chip of the family can have, 128 MiB.
const LARGEST: u64 = 4 * Artifact::MAX_SIZE;

/// See what a file is: firmware, bootloader, partition table, file system
///
/// Says what `esptool image-info` says and more, and what a push of the file would do. The file's checks are made: it ends
/// with exit status 1 if the file is damaged or none that otary knows, after everything that can be said of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// As one JSON object, whose `kind` says which keys it has
    #[arg(long)]
    json: bool,
}

/// Prints what the file is.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let bytes = read_file(&args.file, LARGEST)?;
    let inspection = Inspection::of(&name(&args.file), &bytes);
    if args.json {
        print_json(&inspection)?;
    } else {
        say!("{}", inspection.page())?;
    }
    inspection.error.map_or(Ok(()), |defect| Err(defect.into_error()))
}

/// What the file is called on the page.
fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}
