//! Chromium without a screen, started and ended by its driver. It trusts the authority of the page as a person's browser does that
//! imported it, and is told to overlook nothing.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::webdriver::Session;

/// What the driver prints before the port that it listens on.
const STARTED: &str = "started successfully on port ";

/// A browser of a test's own, with a profile that nobody used before.
pub struct Chromium {
    pub session: Session,
    _driver: Driver,
    _profile: TempDir,
}

/// The driver, ended after its session.
struct Driver(Child);

impl Chromium {
    /// Starts one that trusts this authority (PEM); none where there is no Chromium, and says so.
    pub fn start(authority: &str) -> Option<Self> {
        let programs = ["chromedriver", "chromium", "certutil"].map(find);
        let [Some(driver), Some(browser), Some(certutil)] = programs else {
            println!("skipped: chromium, chromedriver and certutil (libnss3-tools) are not all installed");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        trust(&certutil, profile.path(), authority);
        let (driver, address) = Driver::start(&driver, profile.path());
        let session = Session::open(address, &capabilities(&browser, profile.path()));
        Some(Self { session, _driver: driver, _profile: profile })
    }
}

/// Imports an authority as a person does, into the store of certificates that Chromium reads on Linux.
fn trust(certutil: &Path, home: &Path, authority: &str) {
    let (store, file) = (home.join(".pki/nssdb"), home.join("page-ca.pem"));
    fs::create_dir_all(&store).unwrap();
    fs::write(&file, authority).unwrap();
    let store = format!("sql:{}", store.display());
    let run = |arguments: &[&str]| {
        let output = Command::new(certutil).args(["-d", &store]).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run(&["-N", "--empty-password"]);
    run(&["-A", "-t", "C,,", "-n", "page", "-i", file.to_str().unwrap()]);
}

impl Driver {
    fn start(program: &Path, home: &Path) -> (Self, SocketAddr) {
        let mut command = Command::new(program);
        command.arg("--port=0").env("HOME", home);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once(STARTED)?.1.trim_end_matches('.').parse().ok()
        });
        let port: u16 = port.unwrap_or_else(|| panic!("{} does not listen", program.display()));
        // It is not to wait for a reader of what else it has to say.
        std::thread::spawn(move || lines.count());
        (Self(child), (Ipv4Addr::LOCALHOST, port).into())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Without a sandbox, since CI is root, and without the shared memory that a container is short of.
fn capabilities(browser: &Path, profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments = [
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--hide-scrollbars",
        &profile,
    ];
    json!({
        "browserName": "chrome",
        "acceptInsecureCerts": false,
        "goog:chromeOptions": { "binary": browser, "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
    })
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}
