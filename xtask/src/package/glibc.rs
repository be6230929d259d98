//! The oldest glibc that a binary starts on, held against what docs/INSTALL.md promises.

use std::path::Path;

use anyhow::Context as _;
use object::elf;
use object::read::elf::{ElfFile64, FileHeader as _, SectionHeader as _};

use crate::workspace::Workspace;

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(u32, u32);

const PROMISES: &str = "docs/INSTALL.md";

/// An error if the binary needs more than is promised for this architecture.
pub fn check(workspace: &Workspace, binary: &Path, architecture: &str) -> anyhow::Result<()> {
    let needed = needed(&std::fs::read(binary).with_context(|| binary.display().to_string())?)?;
    let text = std::fs::read_to_string(workspace.root().join(PROMISES)).context(PROMISES)?;
    let promised = promised(&text, architecture)
        .with_context(|| format!("{PROMISES} does not say which glibc {architecture} needs"))?;
    println!("{architecture}: needs glibc {needed}, {PROMISES} promises {promised}");
    anyhow::ensure!(
        needed <= promised,
        "it needs glibc {needed}: build it on an older system, or say so in {PROMISES}"
    );
    Ok(())
}

/// The newest `GLIBC_2.x` among the versions that an ELF file needs (`.gnu.version_r`).
fn needed(bytes: &[u8]) -> anyhow::Result<Version> {
    let file = ElfFile64::<object::Endianness>::parse(bytes)?;
    let (endian, data) = (file.endian(), file.data());
    let sections = file.elf_header().sections(endian, data)?;
    let mut newest = None;
    for section in sections.iter().filter(|section| section.sh_type(endian) == elf::SHT_GNU_VERNEED) {
        let Some((mut needs, strings)) = section.gnu_verneed(endian, data)? else { continue };
        let strings = sections.strings(endian, data, strings)?;
        while let Some((_, mut versions)) = needs.next()? {
            while let Some(version) = versions.next()? {
                let name = version.name(endian, strings)?;
                newest = newest.max(std::str::from_utf8(name).ok().and_then(Version::of_symbol));
            }
        }
    }
    newest.context("it needs no glibc")
}

/// What the document says in the line of an architecture: `| x86_64 | glibc 2.34 | ...`.
fn promised(text: &str, architecture: &str) -> Option<Version> {
    let line = text.lines().find(|line| line.starts_with('|') && line.contains(architecture))?;
    let (_, version) = line.split_once("glibc ")?;
    Version::read(version.split(|c: char| c != '.' && !c.is_ascii_digit()).next()?)
}

impl Version {
    fn of_symbol(name: &str) -> Option<Self> {
        Self::read(name.strip_prefix("GLIBC_")?)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let (major, minor) = (parts.next()?.ok()?, parts.next()?.ok()?);
        Some(Self(major, minor))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let read = |text| Version::read(text).unwrap();
        assert!(read("2.4") < read("2.34") && read("2.34") == Version::of_symbol("GLIBC_2.34").unwrap());
        assert_eq!(read("2.2.5"), read("2.2"), "the third part never decides");
        for none in ["GLIBC_PRIVATE", "GLIBCXX_3.4", "GCC_3.0"] {
            assert_eq!(Version::of_symbol(none), None);
        }
    }

    #[test]
    fn this_very_program_needs_one() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert!(needed(&own).unwrap() > Version(2, 2));
    }

    #[test]
    fn the_promise_is_read_in_the_line_of_its_architecture() {
        let text = "glibc 1.0\n| x86_64 | glibc 2.34, Debian 12 |\n| aarch64 | glibc 2.35 |\n";
        assert_eq!(promised(text, "x86_64"), Some(Version(2, 34)));
        assert_eq!(promised(text, "aarch64"), Some(Version(2, 35)));
        assert_eq!(promised(text, "riscv"), None);
    }
}
