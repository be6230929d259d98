//! `otary inspect`: what is this .bin?

use std::path::PathBuf;

use anyhow::Context;
use otary_image::Image;

use crate::say;

/// See what a file is: firmware, bootloader, partition table, file system
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Prints what the file is.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let name = args.file.display();
    let bytes = std::fs::read(&args.file).with_context(|| format!("reading {name}"))?;
    let image = otary_image::detect(&bytes).with_context(|| name.to_string())?;
    Ok(say!("{name}: {}", kind(&image))?)
}

/// What it is, and for which chip.
fn kind(image: &Image<'_>) -> String {
    match image {
        Image::App(app) => format!("app for {}", app.chip().family()),
        Image::Bootloader(app) => format!("bootloader for {}", app.chip().family()),
        Image::Merged(_) => "merged image".to_owned(),
        Image::Esp8266(_) => "image for ESP8266".to_owned(),
        Image::Gzip(_) => "gzip file".to_owned(),
        Image::PartitionTable(_) => "partition table".to_owned(),
        Image::Otadata(_) => "otadata".to_owned(),
        Image::LittleFs(_) => "LittleFS image".to_owned(),
        Image::Spiffs(_) => "SPIFFS image".to_owned(),
        Image::Fat(_) => "FAT image".to_owned(),
        _ => "image of a kind without a description".to_owned(),
    }
}
