//! Files that have grown beyond what one reads in a sitting are pointed out; they fail nothing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::lane::Notes;
use crate::workspace::Workspace;

/// ARCHITECTURE.md: look twice at 400.
const LOOK_TWICE: usize = 400;

pub fn run(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
    let mut long = Vec::new();
    for path in sources(workspace.root())? {
        let lines = fs::read_to_string(&path)?.lines().count();
        if lines > LOOK_TWICE {
            long.push((lines, path));
        }
    }
    long.sort_by(|a, b| b.cmp(a));
    for (lines, path) in long {
        let path = path.strip_prefix(workspace.root()).unwrap_or(&path);
        println!("{}: {lines} lines", path.display());
        notes.remarks.push(format!("{}: {lines} lines", path.display()));
    }
    Ok(())
}

/// Every Rust file of the crates, of the chip's programs and of the tooling.
pub fn sources(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.join("crates"), root.join("firmware"), root.join("xtask")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    Ok(found)
}
