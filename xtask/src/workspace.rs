//! Where the workspace is, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use cargo_metadata::{Metadata, MetadataCommand};

/// Names the folder of real images for the tests that read them.
const FIRMWARE_VARIABLE: &str = "OTARY_FIRMWARE";

/// The checkout that this program was built from.
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    pub fn find() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask has no folder above it")?;
        Ok(Self { root: root.to_owned() })
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `cargo ARGUMENTS` in the root, with the images' folder named if it is there and nobody chose another.
    pub fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.root).args(arguments);
        let firmware = self.root.join("../shared/firmware");
        if std::env::var_os(FIRMWARE_VARIABLE).is_none() && firmware.is_dir() {
            command.env(FIRMWARE_VARIABLE, firmware);
        }
        command
    }

    /// The resolved packages, exactly as the lock file has them.
    pub fn metadata(&self) -> anyhow::Result<Metadata> {
        metadata(&self.root)
    }

    /// Those of the chip's programs, which are a workspace of their own.
    pub fn firmware_metadata(&self) -> anyhow::Result<Metadata> {
        metadata(&self.root.join("firmware"))
    }
}

fn metadata(folder: &Path) -> anyhow::Result<Metadata> {
    MetadataCommand::new()
        .current_dir(folder)
        .other_options(["--locked".to_owned()])
        .exec()
        .context("cargo metadata failed")
}
