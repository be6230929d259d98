//! The demo's two firmwares: samples of otary's own for three chips, or real images of one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_fleet::{Artifact, Chip};
use otary_sim::Firmware;
use otary_sim::sample::{self, Settings};

use crate::advice::advised;
use crate::file::read_file;

/// Bytes of a sample image: as large as a sketch with HTTPS is.
const SAMPLE: usize = 900_000;

/// A version of the boards' firmware: an image for each chip.
#[derive(Debug)]
pub struct Version {
    /// What it is called.
    pub name: &'static str,
    /// Its images.
    pub images: Vec<Image>,
}

/// An image, in memory and in a file.
#[derive(Debug)]
pub struct Image {
    /// The chip that it is for.
    pub chip: Chip,
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub bytes: Vec<u8>,
}

impl Version {
    /// A version of samples with these settings in them, written to `folder`.
    pub fn sample(name: &'static str, chips: &[Chip], settings: Settings<'_>, folder: &Path) -> Result<Self> {
        let images = chips.iter().map(|chip| {
            let bytes = sample::app_with(*chip, name, SAMPLE, settings).context("making a sample image")?;
            let path = folder.join(format!("lamp-{name}-{chip}.bin"));
            fs::write(&path, &bytes).with_context(|| format!("writing {}", path.display()))?;
            Ok(Image { chip: *chip, path, bytes })
        });
        Ok(Self { name, images: images.collect::<Result<_>>()? })
    }

    /// A version of one real image.
    pub fn real(name: &'static str, path: &Path) -> Result<Self> {
        let bytes = read_file(path, Artifact::MAX_SIZE)?;
        let firmware = Firmware::read(&bytes).with_context(|| format!("reading {}", path.display()));
        let chip = firmware
            .map_err(|error| {
                advised(error, "the virtual boards take app images and merged images of the ESP32 family")
            })?
            .app()
            .chip();
        Ok(Self { name, images: vec![Image { chip, path: path.to_owned(), bytes }] })
    }

    /// The image for a chip.
    pub fn image(&self, chip: Chip) -> Result<&Image> {
        let image = self.images.iter().find(|image| image.chip == chip);
        image.ok_or_else(|| anyhow!("{} has no image for {chip}", self.name))
    }
}
