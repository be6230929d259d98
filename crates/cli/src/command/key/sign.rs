//! `otary key sign`: a manifest for an image, on a machine that knows no server.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use otary_fleet::{ProductName, read};

use super::show::tell_manifest;
use crate::advice::{Advise, advised};
use crate::client::PushedFile;
use crate::clock;
use crate::data::quoted;
use crate::file::write_new;
use crate::key_file::OpeningArgs;
use crate::say;
use crate::signing::TermsArgs;

/// Sign an image without a server: an image in, a manifest out
///
/// For machines without a network. `otary push --manifest FILE` brings the manifest to the server; pushing with --sign does
/// both at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The image: an app, or a merged factory image with one
    image: PathBuf,

    /// The release key
    #[arg(long, value_name = "KEYFILE")]
    key: PathBuf,

    #[command(flatten)]
    opening: OpeningArgs,

    /// The product
    #[arg(long)]
    product: ProductName,

    /// The version
    #[arg(long)]
    version: String,

    /// The release number: higher than that of any release of the product before
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    release_number: u32,

    #[command(flatten)]
    terms: TermsArgs,

    /// The manifest to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Signs it.
pub fn run(args: &Args) -> Result<()> {
    if args.out.try_exists()? {
        return Err(advised(anyhow!("{} is there already", args.out.display()), "name a file that is not"));
    }
    let image = PushedFile::read(&args.image)?;
    let found = read(&image.bytes, &image.name, clock::now(), false)
        .with_context(|| args.image.display().to_string())
        .help(format!("otary inspect {}", quoted(&args.image)))?;
    let key = args.opening.read_key(&args.key)?;
    let terms = args.terms.terms(&args.product, &args.version, args.release_number)?;
    let signed = terms.sign(&found.artifact, &key).with_context(|| image.name.clone())?;
    write_new(&args.out, |path| File::create_new(path), &signed)?;
    say!("{} is the manifest of {}:", args.out.display(), image.name)?;
    tell_manifest(&terms.manifest(&found.artifact, key.public().id()))?;
    Ok(say!("\nNext: otary push {} --manifest {}", quoted(&args.image), quoted(&args.out))?)
}
