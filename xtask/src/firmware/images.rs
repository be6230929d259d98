//! App and full-flash images by espflash, read back by `otary inspect` and by Espressif's esptool.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::{CHIP, Places, name, size};
use crate::process;
use crate::workspace::Workspace;

const FLASH_SIZE: &str = "4mb";
/// The chip in the words of `otary inspect`.
const CHIP_AS_SHOWN: &str = "ESP32-C3";

/// What became of one program.
pub struct Made {
    program: PathBuf,
    /// What an update carries.
    app: PathBuf,
    /// What is flashed over the cable: bootloader, partition table and app.
    full: PathBuf,
}

/// Makes both images of each program.
pub fn make(toolchain: &super::Toolchain, places: &Places, programs: &[&str]) -> anyhow::Result<Vec<Made>> {
    std::fs::create_dir_all(&places.images)?;
    let table = places.sources.join("partitions.csv");
    let make = |program: &&str| {
        let elf = places.program(program);
        let app = places.images.join(format!("{program}.bin"));
        let full = places.images.join(format!("{program}-{FLASH_SIZE}.bin"));
        let mut command = toolchain.espflash();
        command.args(["save-image", "-S", "--chip", CHIP, "--flash-size", FLASH_SIZE]).arg(&elf).arg(&app);
        process::run(command)?;
        let mut command = toolchain.espflash();
        command.args(["save-image", "-S", "--chip", CHIP, "--merge", "--flash-size", FLASH_SIZE]);
        command
            .arg("--partition-table")
            .arg(&table)
            .args(["--target-app-partition", "ota_0"])
            .arg(&elf)
            .arg(&full);
        process::run(command)?;
        Ok(Made { program: elf, app, full })
    };
    programs.iter().map(make).collect()
}

/// Both readers, over each image.
pub fn check(workspace: &Workspace, made: &[Made]) -> anyhow::Result<()> {
    for images in made {
        for image in [&images.app, &images.full] {
            inspect(workspace, image)?;
        }
        ask_esptool(&images.app)?;
    }
    Ok(())
}

fn inspect(workspace: &Workspace, image: &Path) -> anyhow::Result<()> {
    let mut command = workspace.cargo(["run", "--quiet", "--locked", "--", "inspect"]);
    command.arg(image);
    let said = process::read(command)?;
    anyhow::ensure!(
        said.contains(CHIP_AS_SHOWN),
        "otary inspect finds no {CHIP_AS_SHOWN} in {}:\n{said}",
        name(image)
    );
    Ok(())
}

/// esptool prints a checksum and a digest, each `(valid)` or `(invalid)`.
fn ask_esptool(image: &Path) -> anyhow::Result<()> {
    let python = std::env::var_os("OTARY_PYTHON").unwrap_or_else(|| "python3".into());
    let mut command = Command::new(python);
    command.args(["-m", "esptool", "--chip", CHIP, "image-info"]).arg(image);
    let said =
        process::read(command).context("help: OTARY_PYTHON names a Python with the package esptool")?;
    let valid = said.matches("(valid)").count();
    anyhow::ensure!(valid == 2, "esptool finds {} faulty:\n{said}", name(image));
    Ok(())
}

/// The sizes, for people.
pub fn table(made: &[Made]) -> anyhow::Result<String> {
    let mut table = format!("{:18}  {:>9}  {:>9}  {:>9}  {:>9}\n", "bytes", "app", "flash", "RAM", "full");
    for images in made {
        let bytes = |path: &Path| Ok::<_, anyhow::Error>(std::fs::metadata(path)?.len());
        let sizes = size::of(&images.program)?;
        let (app, full) = (bytes(&images.app)?, bytes(&images.full)?);
        let program = name(&images.program);
        writeln!(table, "{program:18}  {app:>9}  {:>9}  {:>9}  {full:>9}", sizes.flash, sizes.ram)?;
    }
    Ok(table)
}
