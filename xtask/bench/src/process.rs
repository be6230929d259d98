//! Server processes: what they cost, and that none is left behind.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

/// How long a server may take to end when asked.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server, ended when dropped.
pub struct Server {
    child: Child,
}

impl Server {
    /// Its standard output is not read.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context(program)?;
        Ok(Self { child })
    }

    /// Fails with its exit code if it has ended.
    pub fn ensure_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => anyhow::bail!("the server ended with {status}"),
            None => Ok(()),
        }
    }

    /// Processor time so far, of all its processes and threads, ended threads included.
    pub fn processor_time(&self) -> anyhow::Result<Duration> {
        let mut sum = Duration::ZERO;
        for pid in self.processes()? {
            sum += Duration::from(clock_getcpuclockid(pid)?.now()?);
        }
        Ok(sum)
    }

    /// Bytes of resident memory; what processes share is counted once.
    pub fn resident(&self) -> anyhow::Result<u64> {
        let mut sum = 0;
        for pid in self.processes()? {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
            let line =
                text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss in smaps_rollup")?;
            let kib: u64 =
                line.trim().trim_end_matches(" kB").parse().context("Pss is not a number of kB")?;
            sum += kib * 1024;
        }
        Ok(sum)
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// The process itself and its workers.
    fn processes(&self) -> anyhow::Result<Vec<Pid>> {
        let mut found = vec![self.pid()];
        let mut next = 0;
        while let Some(pid) = found.get(next) {
            let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
            let children: Result<Vec<i32>, _> = text.split_whitespace().map(str::parse).collect();
            found.extend(children?.into_iter().map(Pid::from_raw));
            next += 1;
        }
        Ok(found)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let asked = kill(self.pid(), Signal::SIGTERM);
        let deadline = Instant::now() + PATIENCE;
        while asked.is_ok() && Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.child.kill().is_ok() {
            self.child.wait().ok();
        }
    }
}

/// What a program printed, standard output and error together; an error unless it exits with 0.
pub fn output(mut command: Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| program.clone())?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{program} ended with {}: {}", output.status, text.trim());
    Ok(text)
}
