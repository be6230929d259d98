//! A folder, the built `otary` in it, a server of otary's if one is wanted, and a name server for the names of a test.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use otary_server::operator::Announcement;
use otary_sim::dns::Responder;
use tempfile::TempDir;

use crate::server::{Authority, Leaf};

/// A server may take so long to start on a busy machine.
const START: Duration = Duration::from_secs(30);
/// Runs a command in a gigabyte of address space, of which threads and libraries reserve the most.
const LITTLE_MEMORY: &str = r#"ulimit -v 1048576 && exec "$0" "$@""#;

/// Where `otary` examines.
pub struct Clinic {
    folder: TempDir,
    names: Responder,
}

/// What an examination left behind.
#[derive(Debug)]
pub struct Done {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A server of otary's, which ends with the test.
pub struct Serving {
    child: Child,
    pub address: SocketAddr,
}

impl Clinic {
    /// With a name server that knows `ota.lan`, which is this machine.
    pub fn new() -> Self {
        let names = Responder::start([("ota.lan", Ipv4Addr::LOCALHOST.into())]).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), names }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// `otary doctor` with these words, by the clinic's name server, in so little memory that whoever keeps all that a
    /// server sends does not get to the end.
    pub fn doctor(&self, words: &str) -> Done {
        let doctor = self.command(&format!("doctor {words} --dns {}", self.names.address()));
        if !cfg!(target_os = "linux") {
            return Done::of(doctor);
        }
        let mut limited = Command::new("sh");
        limited.args(["-c", LITTLE_MEMORY]).arg(doctor.get_program()).args(doctor.get_args());
        limited.current_dir(self.folder.path()).stdin(Stdio::null()).env_clear();
        limited.envs(doctor.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Done::of(limited)
    }

    /// What it names as the cause: it must be what the first step that fails begins with, with something to do, and the
    /// end must be 1.
    pub fn cause(&self, words: &str) -> String {
        let done = self.doctor(words);
        assert_eq!(done.status, Some(1), "{done:#?}");
        assert_eq!(done.err, "", "{done:#?}");
        let mut end = done.out.lines().skip_while(|line| !line.starts_with("cause: "));
        let cause = end.next().unwrap_or_else(|| panic!("{done:#?}"));
        let help = end.next().unwrap_or_default();
        assert!(help.starts_with("help: ") && help.len() > 12 && end.next().is_none(), "{done:#?}");
        let cause = cause.trim_start_matches("cause: ");
        let failed = done.out.lines().find_map(|line| line.strip_prefix("FAIL  ")).unwrap();
        assert_eq!(failed.split_once(' ').map(|(_, text)| text.trim_start()), Some(cause), "{done:#?}");
        cause.to_owned()
    }

    /// `otary` with these words, in the folder, with nothing else in its environment.
    pub fn otary(&self, words: &str) -> Done {
        Done::of(self.command(words))
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otary"));
        command.args(words.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_clear().env("HOME", self.folder.path()).env("TZ", "UTC");
        command
    }

    /// Starts a server on the data directory `x`, known as `ota.lan`, and waits until it takes commands.
    pub fn serve(&self, options: &str) -> Serving {
        let words = format!(
            "serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0 --name ota.lan {options}"
        );
        let file = |name: &str| File::create(self.path(name)).unwrap();
        let child = self.command(&words).stdout(file("banner")).stderr(file("log")).spawn().unwrap();
        let mut serving = Serving { child, address: (Ipv4Addr::LOCALHOST, 0).into() };
        let began = Instant::now();
        while !self.is_announced(&mut serving) {
            let ended = serving.child.try_wait().unwrap();
            let log = fs::read_to_string(self.path("log")).unwrap();
            assert!(ended.is_none() && began.elapsed() < START, "no server: {ended:?}\n{log}");
            thread::sleep(Duration::from_millis(5));
        }
        serving
    }

    /// OpenSSL's server, which has a file of 40 KiB to give; none where there is no OpenSSL.
    pub fn serve_by_openssl(&self, authority: &Authority, leaf: &Leaf) -> Option<Serving> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        let (certificate, key) = authority.sign(leaf);
        self.write("server.crt", certificate);
        self.write("server.key", key);
        self.write("image.bin", vec![0xE9; 40 * 1024]);
        drop(free);
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-WWW", "-cert", "server.crt", "-key", "server.key"]);
        command.args(["-accept", &address.to_string()]).current_dir(self.folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let serving = Serving { child, address };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(began.elapsed() < START, "OpenSSL does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Some(serving)
    }

    fn is_announced(&self, serving: &mut Serving) -> bool {
        let announced = Announcement::read(&self.path("x")).ok().flatten();
        let Some(announced) = announced.filter(|a| a.process == serving.child.id()) else { return false };
        serving.address = announced.https;
        TcpStream::connect(announced.url.replace("https://", "")).is_ok()
    }
}

impl Done {
    fn of(mut command: Command) -> Self {
        let output = command.output().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        Self { status: output.status.code(), out, err }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
