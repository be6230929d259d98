//! The machine that the figures are from.

use std::fs;
use std::process::Command;

use anyhow::Context as _;

use crate::process;

/// One line: processor, cores, system.
pub fn describe() -> anyhow::Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let (_, model) = model.unwrap_or(("", "unnamed processor"));
    let cores = std::thread::available_parallelism()?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let release = fs::read_to_string("/etc/os-release")?;
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("Linux");
    Ok(format!("{model}, {cores} cores, Linux {}, {}", kernel.trim(), system.trim_matches('"')))
}

/// Which compiler built what was measured.
pub fn compiler() -> anyhow::Result<String> {
    let mut command = Command::new("rustc");
    command.arg("--version");
    Ok(process::output(command)?.trim().to_owned())
}

/// How many programs waited for a processor, on average over the last minute.
pub fn load() -> anyhow::Result<f64> {
    let text = fs::read_to_string("/proc/loadavg")?;
    text.split(' ').next().and_then(|load| load.parse().ok()).context("/proc/loadavg holds no number")
}
