//! What `systemd-analyze` says of a unit that is only a file.

use std::path::Path;
use std::process::{Command, Stdio};

/// The line with the overall figure; none where the program is not there, or is one that reads no files.
pub fn exposure(unit: &Path) -> Option<String> {
    let mut command = Command::new("systemd-analyze");
    command.args(["security", "--offline=true", "--no-pager"]).arg(unit).stdin(Stdio::null());
    let said = command.env("SYSTEMD_COLORS", "0").env("LC_ALL", "C.UTF-8").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let line = said.lines().find(|line| line.contains("Overall exposure level"))?;
    // What stands before it is an arrow, and behind it a face.
    let words = line.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let kept: String = words.chars().filter(char::is_ascii).collect();
    Some(kept.trim_end().to_owned())
}
