//! A house of its own for each test: a folder, the built `otary` in it, servers on loopback and virtual boards.

use std::fs::{self, File, Permissions};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use otary_fleet::{Chip, Mac};
use otary_server::operator::Announcement;
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{Board, FOUR_MEGABYTES, Identity, Nor, Sketch, sample};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long it may take until a change is in the log: files are looked at every two seconds.
const NOTICED: Duration = Duration::from_mins(2);
/// A server may take so long to start on a busy machine.
const START: Duration = Duration::from_secs(30);
/// And so long to end.
const END: Duration = Duration::from_secs(20);

/// A folder with a data directory `x` in it.
pub struct House(TempDir);

/// What a command left behind.
#[derive(Debug)]
pub struct Done {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

/// A server, killed with the test.
pub struct Server {
    child: Child,
    pub https: SocketAddr,
}

impl House {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("x")
    }

    /// Text of a file in the house; nothing if it is not there.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits until the log of the server says this; it is written beside the server.
    pub fn wait_for(&self, text: &str) {
        let begin = Instant::now();
        while !self.text("log").contains(text) {
            assert!(begin.elapsed() < NOTICED, "no {text:?} in\n{}", self.text("log"));
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// The same for its owner's eyes alone.
    pub fn write_secret(&self, name: &str, bytes: impl AsRef<[u8]>) {
        self.write(name, bytes);
        fs::set_permissions(self.path(name), Permissions::from_mode(0o600)).unwrap();
    }

    /// `otary` with these words, in the house, with nothing else in its environment.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otary"));
        command.args(words.split_whitespace()).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.0.path()).env("TZ", "UTC");
        command
    }

    /// Runs `otary` with these words.
    pub fn otary(&self, words: &str) -> Done {
        let output = self.command(words).output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        Done { status: output.status, out, err }
    }

    /// Starts a server on the data directory, with these options besides, and waits until it takes commands. What it
    /// prints is in `banner` and `log`.
    pub fn serve(&self, options: &str) -> Server {
        self.serve_by(self.serve_command(options))
    }

    /// The same by a command that becomes the server.
    pub fn serve_by(&self, command: Command) -> Server {
        let mut server = self.launch(command);
        let begin = Instant::now();
        while !self.is_announced(server.child.id()) {
            let ended = server.child.try_wait().unwrap();
            let said = || format!("{}{}", self.text("banner"), self.text("log"));
            assert!(ended.is_none() && begin.elapsed() < START, "no server: {ended:?}\n{}", said());
            thread::sleep(Duration::from_millis(5));
        }
        server.https = self.https();
        server
    }

    /// Starts a server and waits for nothing; where it listens is not known.
    pub fn start(&self, options: &str) -> Server {
        self.launch(self.serve_command(options))
    }

    /// The command that starts a server on the data directory.
    pub fn serve_command(&self, options: &str) -> Command {
        let elsewhere = |option: &str, address: &str| {
            if options.contains(option) { String::new() } else { format!("{option} {address}") }
        };
        let words = format!(
            "serve --data x --http off {} {} {options}",
            elsewhere("--https", "127.0.0.1:0"),
            elsewhere("--operator", "127.0.0.1:0"),
        );
        self.command(&words)
    }

    fn launch(&self, mut command: Command) -> Server {
        let file = |name: &str| File::create(self.path(name)).unwrap();
        let child = command.stdout(file("banner")).stderr(file("log")).spawn().unwrap();
        Server { child, https: ([127, 0, 0, 1], 0).into() }
    }

    /// The SHA-256 of the certificate that devices are shown.
    pub fn shown_by(&self, server: &Server) -> String {
        let shown = self.otary(&format!("cert show {} --json", server.https)).printed();
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        shown["certificates"][0]["sha256"].as_str().unwrap().to_owned()
    }

    fn is_announced(&self, process: u32) -> bool {
        let announced = Announcement::read(&self.data()).ok().flatten();
        let operator = announced.filter(|a| a.process == process).map(|a| a.url.replace("https://", ""));
        operator.is_some_and(|address| TcpStream::connect(address).is_ok())
    }

    /// Where devices speak HTTPS, as the banner says.
    fn https(&self) -> SocketAddr {
        let banner = self.text("banner");
        let urls = banner.split_whitespace().filter_map(|word| word.strip_prefix("https://"));
        let mut hosts = urls.filter_map(|url| url.split('/').next()?.parse().ok());
        hosts.next().unwrap_or_else(|| panic!("no address in the banner:\n{banner}"))
    }

    /// Writes a small sample image of this version.
    pub fn sample(&self, name: &str, version: &str) -> Vec<u8> {
        self.sample_of(60_000, name, version)
    }

    /// Writes a sample image of about so many bytes.
    pub fn sample_of(&self, size: usize, name: &str, version: &str) -> Vec<u8> {
        let bytes = sample::app(Chip::Esp32, version, size).unwrap();
        self.write(name, &bytes);
        bytes
    }

    /// A board that runs `firmware`, and the sketch that asks `server`, whose authority it trusts.
    pub fn board(&self, number: u8, firmware: &[u8], server: SocketAddr) -> (Board<Nor>, Sketch) {
        let identity = Identity::new(Chip::Esp32, mac(number));
        let mut board = Board::new(identity, Nor::erased(FOUR_MEGABYTES).unwrap());
        board.flash_factory(firmware, None).unwrap();
        let anchors = Anchors::from_pem(&fs::read(self.data().join("trust/root.crt")).unwrap()).unwrap();
        let mut sketch = Sketch::new(&format!("https://{server}/update?chip=esp32"), Trust::Anchors(anchors));
        // A board's own patience with a server that was killed is half a minute at least.
        sketch.link.timeouts.stall_tries = 2;
        (board, sketch)
    }
}

/// The address of a board with this number.
pub fn mac(number: u8) -> Mac {
    Mac::new([0x02, 0, 0, 0, 0, number]).unwrap()
}

impl Server {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as an init system ends it; gives how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < END, "the server does not end");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Done {
    /// What it printed; it must have succeeded.
    pub fn printed(self) -> String {
        assert!(self.status.success(), "{self:#?}");
        self.out
    }

    /// What it said on standard error; it must have failed as otary fails.
    pub fn refused(self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:#?}");
        assert!(self.err.starts_with("error: "), "{self:#?}");
        self.err
    }
}
