//! The built `otary` in a folder of its own.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

pub struct Bench(TempDir);

/// What a command left behind.
pub struct Done {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn file(&self, name: &str, content: &[u8]) -> File {
        let mut file = File::create(self.0.path().join(name)).unwrap();
        file.write_all(content).unwrap();
        file
    }

    pub fn inspect(&self, args: &[&str]) -> Done {
        inspect(self.0.path(), args)
    }

    pub fn inspect_piped(&self, file: &[u8]) -> Done {
        let mut command = otary(self.0.path(), &["-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(file).unwrap();
        Done::of(child.wait_with_output().unwrap())
    }
}

/// Runs `otary inspect` in `folder`.
pub fn inspect(folder: &Path, args: &[&str]) -> Done {
    Done::of(otary(folder, args).stdin(Stdio::null()).output().unwrap())
}

fn otary(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otary"));
    command.current_dir(folder).env("TZ", "UTC").arg("inspect").args(args);
    command
}

impl Done {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Both streams as a terminal shows them, and the exit status.
    pub fn transcript(&self) -> String {
        format!("{}{}exit status {}\n", self.out, self.err, self.status)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}
