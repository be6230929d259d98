//! Writes the seeds of every target below a folder: `otary-fuzz-seeds FOLDER`.

use std::path::Path;
use std::{env, fs, io};

use otary_fuzz_seeds::{Seed, agent, image, wire};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "expected a folder to write to"));
    };
    let folder = Path::new(&folder);
    let mut images = image::seeds();
    images.extend(image::firmware()?);
    write(&folder.join("image"), &images)?;
    write(&folder.join("wire"), &wire::seeds())?;
    write(&folder.join("agent"), &agent::seeds())
}

fn write(folder: &Path, seeds: &[Seed]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    seeds.iter().try_for_each(|seed| fs::write(folder.join(&seed.name), &seed.bytes))
}
