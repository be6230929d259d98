//! `cargo xtask fuzz`: builds the targets below `fuzz/` with coverage for libFuzzer, and runs each for a while.
//!
//! The flags are those that cargo-fuzz gives a nightly compiler, but for the sanitizers: coverage alone needs none of what
//! is unstable. Everything that comes of it lies below `target/fuzz/`: seeds, corpora, findings, logs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::process;
use crate::workspace::Workspace;

/// How long each target runs unless it is said otherwise, in seconds.
const SECONDS: u32 = 60;
/// Coverage by LLVM's `SanitizerCoverage`, in the form that libFuzzer reads: a counter an edge, and both sides of comparisons.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";
/// An input that takes longer, in seconds, is a finding.
const TIMEOUT: u32 = 10;
/// A target that takes more memory, in MiB, is a finding.
const MEMORY: u32 = 1024;

/// A program of `fuzz/Cargo.toml`.
struct Target {
    name: &'static str,
    /// The most bytes of an input.
    longest: u32,
}

const TARGETS: &[Target] = &[
    Target { name: "image", longest: 0x2_0000 },
    Target { name: "wire", longest: 4096 },
    Target { name: "agent", longest: 4096 },
];

/// What the targets are called.
pub fn names() -> impl Iterator<Item = &'static str> {
    TARGETS.iter().map(|target| target.name)
}

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    seconds: u32,
    /// All if none is named.
    target: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Every target for a minute.
    pub const EVERY: Self = Self { seconds: SECONDS, target: None };

    pub fn read(arguments: &[&'a str]) -> anyhow::Result<Self> {
        let mut request = Self::EVERY;
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if *word == "--seconds" {
                let seconds = words.next().and_then(|seconds| seconds.parse().ok());
                request.seconds = seconds.context("--seconds takes a number above 0")?;
                anyhow::ensure!(request.seconds > 0, "--seconds takes a number above 0");
            } else {
                let known = TARGETS.iter().any(|target| target.name == *word);
                anyhow::ensure!(known && request.target.is_none(), "no such target: {word}");
                request.target = Some(word);
            }
        }
        Ok(request)
    }
}

pub fn run(workspace: &Workspace, request: &Request<'_>) -> anyhow::Result<()> {
    let bench = Bench::new(workspace)?;
    bench.make_seeds()?;
    bench.build()?;
    let asked = TARGETS.iter().filter(|target| request.target.is_none_or(|name| name == target.name));
    for target in asked {
        bench.try_out(target, request.seconds)?;
    }
    Ok(())
}

/// The folders, and the machine's own target.
struct Bench<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
    host: String,
}

impl<'a> Bench<'a> {
    fn new(workspace: &'a Workspace) -> anyhow::Result<Self> {
        let mut rustc = Command::new("rustc");
        rustc.arg("-vV");
        let version = process::read(rustc)?;
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("rustc does not say which host it is for")?.to_owned();
        Ok(Self { workspace, folder: workspace.root().join("target/fuzz"), host })
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.workspace.cargo(arguments.iter().copied());
        command.current_dir(self.workspace.root().join("fuzz"));
        command.env("CARGO_TARGET_DIR", self.folder.join("build")).env_remove("CARGO_ENCODED_RUSTFLAGS");
        command
    }

    fn make_seeds(&self) -> anyhow::Result<()> {
        let seeds = self.folder.join("seeds");
        if seeds.is_dir() {
            fs::remove_dir_all(&seeds)?;
        }
        let mut command = self.cargo(&["run", "--locked", "--quiet", "--package", "otary-fuzz-seeds", "--"]);
        command.arg(seeds);
        process::run(command)
    }

    /// With `--target`, the flags are for the targets alone and not for what builds them.
    fn build(&self) -> anyhow::Result<()> {
        let mut command = self.cargo(&["build", "--locked", "--release", "--bins", "--target", &self.host]);
        command.env("RUSTFLAGS", COVERAGE);
        process::run(command)
    }

    /// Runs a target; what it says goes to a file. An error for a finding, with the place of its input.
    fn try_out(&self, target: &Target, seconds: u32) -> anyhow::Result<()> {
        let name = target.name;
        let [corpus, findings, logs] = ["corpus", "findings", "logs"].map(|kind| self.folder.join(kind));
        let corpus = corpus.join(name);
        for folder in [&corpus, &findings, &logs] {
            fs::create_dir_all(folder)?;
        }
        let log = logs.join(format!("{name}.txt"));
        let prefix = findings.join(format!("{name}-"));
        let status = self
            .program(name)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-max_len={}", target.longest))
            .args([format!("-timeout={TIMEOUT}"), format!("-rss_limit_mb={MEMORY}")])
            .arg(format!("-artifact_prefix={}", prefix.display()))
            .arg("-print_final_stats=1")
            .arg(&corpus)
            .arg(self.folder.join("seeds").join(name))
            .stdin(Stdio::null())
            .stderr(File::create(&log)?)
            .status()
            .with_context(|| format!("starting the target {name}"))?;
        let said = fs::read_to_string(&log).unwrap_or_default();
        if status.success() {
            println!("{name}: {} inputs in {seconds} s, no finding", tried(&said).unwrap_or("some"));
            return Ok(());
        }
        let input =
            finding(&said).map_or_else(|| "no input was written".to_owned(), |input| shown(Path::new(input)));
        anyhow::bail!("{name}: a finding ({input}); the log is {}", shown(&log))
    }

    fn program(&self, name: &str) -> Command {
        Command::new(self.folder.join("build").join(&self.host).join("release").join(name))
    }
}

/// How many inputs were tried, by libFuzzer's closing statistics.
fn tried(said: &str) -> Option<&str> {
    said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")).map(str::trim)
}

/// Where libFuzzer put the input that it ended with.
fn finding(said: &str) -> Option<&str> {
    said.lines().rev().find_map(|line| line.split_once("Test unit written to ")).map(|(_, path)| path.trim())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_a_time_and_a_target() {
        let read = |words: &[&'static str]| Request::read(words).map_err(|error| error.to_string());
        assert_eq!(read(&[]), Ok(Request::EVERY));
        assert_eq!(read(&["--seconds", "5", "wire"]), Ok(Request { seconds: 5, target: Some("wire") }));
        assert_eq!(read(&["--seconds", "0"]), Err("--seconds takes a number above 0".to_owned()));
        assert_eq!(read(&["wires"]), Err("no such target: wires".to_owned()));
    }

    #[test]
    fn what_libfuzzer_says_names_the_finding() {
        let said = "==1== ERROR: libFuzzer: deadly signal\n\
                    artifact_prefix='findings/wire-'; Test unit written to findings/wire-crash-0a\n\
                    stat::number_of_executed_units: 4711\n";
        assert_eq!((finding(said), tried(said)), (Some("findings/wire-crash-0a"), Some("4711")));
        assert_eq!((finding("Done 12 runs"), tried("")), (None, None));
    }
}
