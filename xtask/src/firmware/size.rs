//! What a linked program takes of the chip: bytes of its sections, and of the symbols of some crates.

use std::path::Path;

use anyhow::Context as _;
use object::elf::SHF_ALLOC;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionFlags, SectionKind};

/// What a program takes, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// What is stored in flash: code, constants, and what RAM begins with.
    pub flash: u64,
    /// What is taken of RAM before anything runs, without the stack.
    pub ram: u64,
    /// Of the flash: functions and constants of Ed25519 and SHA.
    pub cryptography: u64,
}

/// Sections that are placed in data RAM. The stack's has what is left, and others keep addresses free that code takes.
const IN_RAM: [&str; 3] = [".data", ".bss", ".noinit"];

/// Symbols with one of these in their names: the crates, and the function of ours that verification is made part of.
const CRYPTOGRAPHY: [&str; 7] = [
    "16curve25519_dalek",
    "13ed25519_dalek",
    "7ed25519",
    "4sha2",
    "12block_buffer",
    "6digest6digest",
    "8Envelope12is_signed_by",
];

/// Reads a program.
pub fn of(program: &Path) -> anyhow::Result<Sizes> {
    let bytes = std::fs::read(program).with_context(|| program.display().to_string())?;
    let file = object::File::parse(bytes.as_slice())?;
    let mut sizes = Sizes { flash: 0, ram: 0, cryptography: 0 };
    for section in file.sections() {
        let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
        if sh_flags & u64::from(SHF_ALLOC) == 0 {
            continue;
        }
        let is_stored = section.kind() != SectionKind::UninitializedData;
        sizes.flash += if is_stored { section.size() } else { 0 };
        sizes.ram += if IN_RAM.contains(&section.name()?) { section.size() } else { 0 };
    }
    let symbols = file
        .symbols()
        .filter(|symbol| symbol.name().is_ok_and(|name| CRYPTOGRAPHY.iter().any(|of| name.contains(of))));
    sizes.cryptography = symbols.map(|symbol| symbol.size()).sum();
    Ok(sizes)
}
