//! A data directory with an authority, and `otary sketch` on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use otary_fleet::Time;
use otary_trust::{Authority, Clock, Name};
use tempfile::TempDir;

/// A folder with a data directory `x`, whose server is known by some names.
pub struct Bench {
    folder: TempDir,
}

/// What the command left behind.
#[derive(Debug)]
pub struct Done {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Bench {
    /// With an authority and a server certificate for these names.
    pub fn new(names: &[&str]) -> Self {
        let bench = Self::empty();
        let names: Vec<Name> = names.iter().map(|name| name.parse().unwrap()).collect();
        let built = Time::from_secs(1_700_000_000);
        let clock = Clock { now: built, built, newest: built };
        Authority::open_or_create(&bench.trust(), &names, &clock).unwrap();
        bench
    }

    /// With nothing in the data directory, which is not there.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn trust(&self) -> PathBuf {
        self.path("x/trust")
    }

    pub fn authority(&self) -> Authority {
        Authority::open(&self.trust()).unwrap()
    }

    /// `otary sketch` with these arguments, separated by spaces.
    pub fn sketch(&self, arguments: &str) -> Done {
        let folder = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_otary"));
        command.arg("sketch").args(arguments.split_whitespace()).args(["--data", "x"]);
        let output = command.current_dir(folder).env_clear().env("HOME", folder).output().unwrap();
        Done {
            ok: output.status.success(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The sketch that it prints.
    pub fn sketched(&self, arguments: &str) -> String {
        let done = self.sketch(arguments);
        assert!(done.ok, "{arguments}: {}", done.err);
        done.out
    }

    /// What it says when it prints none.
    pub fn refused(&self, arguments: &str) -> String {
        let done = self.sketch(arguments);
        assert!(!done.ok && done.out.is_empty(), "{arguments}: {done:?}");
        done.err
    }
}

/// The folder of the cores' declarations.
pub fn arduino() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/arduino")
}
