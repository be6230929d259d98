//! Child processes whose failure says what was run, and which never outlive their time.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// Often enough to be exact to a tenth of a second, seldom enough to cost nothing.
const POLL: Duration = Duration::from_millis(50);

/// The command as a person would type it.
pub fn typed(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let mut words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    if let Some(program) = words.first_mut()
        && let Some((_, name)) = program.rsplit_once('/')
    {
        *program = name.to_owned().into();
    }
    words.join(" ")
}

/// Runs to the end, with this process's output and no input; an error unless it exits with 0.
pub fn run(mut command: Command) -> anyhow::Result<()> {
    let text = typed(&command);
    let status = command.stdin(std::process::Stdio::null()).status().with_context(|| text.clone())?;
    succeeded(&text, status)
}

/// Like [`run`], killed after `limit`.
pub fn run_within(mut command: Command, limit: Duration) -> anyhow::Result<()> {
    let text = typed(&command);
    let mut child = command.stdin(std::process::Stdio::null()).spawn().with_context(|| text.clone())?;
    match wait_until(&mut child, Instant::now() + limit)? {
        Some(status) => succeeded(&text, status),
        None => anyhow::bail!("`{text}` was still running after {} s", limit.as_secs()),
    }
}

/// Output of a command that says little.
pub fn read(mut command: Command) -> anyhow::Result<String> {
    let text = typed(&command);
    let output = command.stdin(std::process::Stdio::null()).output().with_context(|| text.clone())?;
    succeeded(&text, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{text}` did not print UTF-8"))
}

fn wait_until(child: &mut Child, deadline: Instant) -> anyhow::Result<Option<ExitStatus>> {
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(POLL);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

fn succeeded(text: &str, status: ExitStatus) -> anyhow::Result<()> {
    anyhow::ensure!(status.success(), "`{text}` ended with {status}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper(seconds: &str) -> Command {
        let mut command = Command::new("sleep");
        command.arg(seconds);
        command
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let started = Instant::now();
        let error = run_within(sleeper("30"), Duration::from_millis(100)).unwrap_err();
        assert!(error.to_string().contains("`sleep 30` was still running"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn a_program_that_ends_in_time_is_judged_by_its_exit_code() {
        run_within(sleeper("0"), Duration::from_secs(20)).unwrap();
        assert!(run_within(Command::new("false"), Duration::from_secs(20)).is_err());
        assert!(run(Command::new("false")).is_err());
    }
}
