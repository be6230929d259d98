//! Debian's `swupdate` (suricatta) as a client: it installs a package from otary over TLS and reports success, and reports the
//! failure of a broken one. Where it is not installed this is skipped, and says so; under CI it has to be there.
//!
//! The package is signed, as that build of it demands, and writes one file into the test's own folder.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use otary_fleet::ActionState;
use tempfile::TempDir;

use super::controller::{Controller, TARGET, mac, publish, wait};
use crate::log;
use crate::site::{Site, options_with};

const PROGRAMS: [(&str, &str); 3] =
    [("swupdate", "--version"), ("cpio", "--version"), ("openssl", "version")];

fn is_installed() -> bool {
    let missing = PROGRAMS.iter().find(|(name, option)| Command::new(name).arg(option).output().is_err());
    if let Some((name, _)) = missing {
        assert!(std::env::var_os("CI").is_none(), "{name} is not installed, and under CI it has to be");
        println!("skipped: {name} is not installed");
    }
    missing.is_none()
}

fn run(folder: &Path, program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write as _;

    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A folder with a key that packages are signed with.
fn workshop() -> TempDir {
    let folder = TempDir::new().unwrap();
    let made = "req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=gateway -days 30 -addext \
                extendedKeyUsage=emailProtection";
    run(folder.path(), "openssl", &made.split_whitespace().collect::<Vec<_>>(), b"");
    folder
}

/// A package that writes `content` to `installed.txt`. A broken one has other bytes in it than it says.
fn package(folder: &Path, version: &str, content: &str, broken: bool) -> Vec<u8> {
    let target = folder.join("installed.txt");
    let digest = otary_fleet::Sha256::of(content.as_bytes());
    let description = format!(
        "software =\n{{\n  version = \"{version}\";\n  hardware-compatibility: [ \"1.0\" ];\n  files: (\n    {{ filename = \
         \"content.txt\"; path = \"{}\"; type = \"rawfile\"; sha256 = \"{digest}\"; }}\n  );\n}}\n",
        target.display()
    );
    fs::write(folder.join("sw-description"), description).unwrap();
    fs::write(folder.join("content.txt"), if broken { "something else" } else { content }).unwrap();
    let sign = "cms -sign -in sw-description -out sw-description.sig -signer cert.pem -inkey key.pem -outform DER \
                -nosmimecap -binary";
    run(folder, "openssl", &sign.split_whitespace().collect::<Vec<_>>(), b"");
    run(folder, "cpio", &["-o", "-H", "crc"], b"sw-description\nsw-description.sig\ncontent.txt\n")
}

/// SWUpdate with all of its processes; it ends with the test.
struct SwUpdate(Child);

impl SwUpdate {
    /// `more` is for its hawkBit part.
    fn start(site: &Site, folder: &Path, name: &str, more: &str) -> Self {
        let settings = format!(
            "globals : {{ verbose = true; public-key-file = \"{0}/cert.pem\"; }};\nidentify : ( {{ name = \"board\"; value = \
             \"test\"; }} );\nsuricatta : {{ cafile = \"{1}\"; }};\n",
            folder.display(),
            site.ca_file().display()
        );
        let file = folder.join("swupdate.cfg");
        fs::write(&file, settings).unwrap();
        let url = format!("https://localhost:{}", site.addresses.https.port());
        let suricatta = format!("-t DEFAULT -i {name} -u {url} -k {TARGET} -p 1 -r 1 -w 1 {more}");
        let child = Command::new("swupdate")
            .arg("-f")
            .arg(file)
            .args(["-k", &format!("{}/cert.pem", folder.display()), "-H", "board:1.0", "-u", &suricatta])
            .env("TMPDIR", folder)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(fs::File::create(folder.join("swupdate.log")).unwrap())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for SwUpdate {
    fn drop(&mut self) {
        // Its processes are one group. What is left of them has ended already.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

fn site_with(version: &str, bytes: &[u8]) -> Site {
    // Whatever its own settings say, it comes again when the server says.
    let site = Site::with(&options_with(|options| options.limits.poll_after = Duration::from_secs(1)));
    site.product("gateway", |product| product.allow_raw = true);
    publish(&site, version, bytes);
    site
}

#[test]
fn it_installs_a_package_and_reports_success() {
    if !is_installed() {
        return;
    }
    let (folder, name) = (workshop(), "swupdate-1");
    let site = site_with("0.3", &package(folder.path(), "0.3", "lamp 0.3", false));
    let device = Controller::enrolled(&site, name);
    let first = SwUpdate::start(&site, folder.path(), name, "");
    log::wait_for(&["report", &mac(name), "1 attributes"]);
    log::wait_for(&["report", &mac(name), "works on it"]);
    log::wait_for(&["download", &mac(name), "whole"]);
    wait(|| device.action().messages.iter().any(|line| line == "All Chunks Installed."));
    drop(first);
    assert_eq!(fs::read_to_string(folder.path().join("installed.txt")).unwrap(), "lamp 0.3");
    assert_eq!(device.record().controller.unwrap().attributes["board"], "test");
    // The board has restarted, and is content.
    let second = SwUpdate::start(&site, folder.path(), name, "-c 2");
    log::wait_for(&["report", &mac(name), "closed: success"]);
    drop(second);
    assert!(matches!(device.action().state, ActionState::Finished { .. }));
    assert!(device.record().installed.unwrap().reported);
    assert!(device.link("deploymentBase").is_none());
}

#[test]
fn it_reports_that_a_broken_package_failed() {
    if !is_installed() {
        return;
    }
    let (folder, name) = (workshop(), "swupdate-2");
    let site = site_with("0.4", &package(folder.path(), "0.4", "lamp 0.4", true));
    let device = Controller::enrolled(&site, name);
    let swupdate = SwUpdate::start(&site, folder.path(), name, "");
    log::wait_for(&["report", &mac(name), "closed: failure"]);
    drop(swupdate);
    assert!(!folder.path().join("installed.txt").exists());
    assert!(matches!(device.action().state, ActionState::Failed { .. }));
    assert!(device.link("deploymentBase").is_none());
}
