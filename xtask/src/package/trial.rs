//! The package on a real system: installed, started as its unit starts it, asked how it is, purged.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::process;

const DATA: &str = "/var/lib/otary";
/// There while systemd is in charge of the machine, as `sd_booted` of its library says.
const SERVICE_MANAGER: &str = "/run/systemd/system";
/// A first start makes keys.
const START: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(200);

/// Why it cannot be tried here; none if it can.
pub fn obstacle() -> anyhow::Result<Option<&'static str>> {
    let wanted = std::env::var_os("PACKAGE_TRIAL").is_some_and(|value| value == "1");
    Ok(match () {
        () if !wanted => Some("PACKAGE_TRIAL=1 and root install, start and purge it on this machine"),
        () if process::read(words("id", &["-u"]))?.trim() != "0" => Some("that takes root"),
        () if Path::new(DATA).exists() || Path::new("/usr/bin/otary").exists() => {
            Some("otary is installed here")
        }
        () => None,
    })
}

/// Tries it, and leaves the system as it was.
pub fn run(package: &Path) -> anyhow::Result<()> {
    let mut install = words("dpkg", &["--install"]);
    install.arg(package);
    let tried = process::run(install).and_then(|()| try_installed());
    let purged = process::run(words("dpkg", &["--purge", "otary"]));
    let cleaned = tried.is_ok().then(clean_up).transpose();
    tried.and(purged).and(cleaned.map(drop))
}

fn try_installed() -> anyhow::Result<()> {
    process::run(words("/usr/bin/otary", &["--version"]))?;
    let owner = process::read(words("stat", &["--format=%U:%G %a", DATA]))?;
    anyhow::ensure!(owner.trim() == "otary:otary 700", "{DATA} is {owner}");
    if Path::new(SERVICE_MANAGER).exists() {
        // It has started it; here the unit's line is started without it.
        process::run(words("systemctl", &["stop", "otary"]))?;
    }
    let mut server = start()?;
    let answered = wait_for_answer(&mut server);
    let stopped = stop(&mut server);
    answered.and(stopped)
}

/// The unit's command line as the unit's user, on loopback.
fn start() -> anyhow::Result<Child> {
    let unit = std::fs::read_to_string(unit()?)?;
    let typed =
        unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).context("the unit starts nothing")?;
    let mut command =
        words("setpriv", &["--reuid=otary", "--regid=otary", "--clear-groups", "--no-new-privs", "--"]);
    command.args(typed.split_whitespace());
    command.args(["--https", "127.0.0.1:0", "--operator", "127.0.0.1:0", "--http", "off"]);
    println!("{}", process::typed(&command));
    command.stdin(Stdio::null());
    Ok(command.spawn()?)
}

fn unit() -> anyhow::Result<&'static str> {
    let places = ["/usr/lib/systemd/system/otary.service", "/lib/systemd/system/otary.service"];
    places.into_iter().find(|place| Path::new(place).exists()).context("no unit was installed")
}

fn wait_for_answer(server: &mut Child) -> anyhow::Result<()> {
    let begin = Instant::now();
    loop {
        anyhow::ensure!(server.try_wait()?.is_none(), "the server ended");
        let status = words("otary", &["status", "--data", DATA]);
        if Path::new(DATA).join("server.json").exists()
            && let Ok(said) = process::read(status)
            && said.contains(", serving\n")
        {
            println!("{said}");
            return Ok(());
        }
        anyhow::ensure!(begin.elapsed() < START, "the server does not answer");
        thread::sleep(PAUSE);
    }
}

/// SIGTERM, as systemd ends it.
fn stop(server: &mut Child) -> anyhow::Result<()> {
    process::run(words("kill", &["-TERM", &server.id().to_string()]))?;
    let status = server.wait()?;
    anyhow::ensure!(status.success(), "the server ended with {status}");
    Ok(())
}

/// Sees that the purge took the program and left the data, which then goes, with the user.
fn clean_up() -> anyhow::Result<()> {
    anyhow::ensure!(!Path::new("/usr/bin/otary").exists(), "the program is still there");
    anyhow::ensure!(!Path::new("/etc/default/otary").exists(), "its settings are still there");
    anyhow::ensure!(Path::new(DATA).join("trust/root.key").exists(), "the purge took the authority's keys");
    std::fs::remove_dir_all(DATA)?;
    process::run(words("deluser", &["--quiet", "--system", "otary"]))
}

/// A command with the environment of a service, which has no home: what this process has may be taken for settings.
fn words(program: &str, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(words).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}
