//! The built `otary`, a data directory of its own, and a server on loopback when one is wanted.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use otary_image::Chip;
use otary_image::emit::{AppDescriptor, AppImage, AppSegment};
use otary_server::operator::Announcement;
use otary_store::{Disk, DiskOptions};
use tempfile::TempDir;

/// A folder with a data directory in it.
pub struct Bench {
    folder: TempDir,
}

/// A server that ends with the test.
pub struct Running(Child);

/// What a command left behind.
#[derive(Debug)]
pub struct Done {
    pub ok: bool,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        drop(Disk::open(bench.data(), DiskOptions::default()).unwrap());
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn data(&self) -> PathBuf {
        self.path("x")
    }

    /// Writes an ESP32 image that runs `text`, and says what it is called.
    pub fn firmware(&self, name: &str, text: &str) -> PathBuf {
        self.image(name, Chip::Esp32, text, None)
    }

    pub fn image(
        &self,
        name: &str,
        chip: Chip,
        text: &str,
        descriptor: Option<AppDescriptor<'_>>,
    ) -> PathBuf {
        let (data, code) =
            if chip == Chip::Esp32 { (0x3F40_0020, 0x400D_0020) } else { (0x3C00_0020, 0x4200_0020) };
        let constants = text.as_bytes().repeat(64);
        let segments = [
            AppSegment { address: data, data: &constants },
            AppSegment { address: code, data: &[0x36, 0x41, 0x00, 0x1D].repeat(256) },
        ];
        let image = AppImage { descriptor, segments: &segments, entry: code, ..AppImage::new(chip) };
        let mut bytes = vec![0; image.image_len().unwrap() as usize];
        image.write(&mut bytes).unwrap();
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// `otary` with these arguments, separated by spaces, on the data directory.
    pub fn otary(&self, arguments: &str) -> Done {
        let data = self.data();
        self.otary_with(&format!("{arguments} --data {}", data.display()), &[])
    }

    /// `otary` with nothing but these arguments and variables.
    pub fn otary_with(&self, arguments: &str, variables: &[(&str, &str)]) -> Done {
        let mut command = self.command(arguments.split_whitespace());
        command.envs(variables.iter().copied()).into()
    }

    fn command<'a>(&self, arguments: impl Iterator<Item = &'a str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otary"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.env("TZ", "UTC").stdin(Stdio::null());
        command
    }

    /// Starts a server on the data directory and waits until it takes commands.
    pub fn serve(&self) -> Running {
        let data = self.data();
        let arguments = format!(
            "serve --https 127.0.0.1:0 --http off --operator 127.0.0.1:0 --name localhost --data {}",
            data.display()
        );
        let log = fs::File::create(self.path("server.log")).unwrap();
        let mut command = self.command(arguments.split_whitespace());
        let child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let running = Running(child);
        self.wait_for_announcement(running.0.id());
        running
    }

    fn wait_for_announcement(&self, process: u32) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) {
            let announced = Announcement::read(&self.data()).ok().flatten();
            let address = announced.filter(|a| a.process == process).map(|a| a.url.replace("https://", ""));
            if address.is_some_and(|address| TcpStream::connect(address).is_ok()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("no server: {}", fs::read_to_string(self.path("server.log")).unwrap());
    }

    /// The operator listener of the server on the data directory.
    pub fn url(&self) -> String {
        Announcement::read(&self.data()).unwrap().unwrap().url
    }

    /// Writes the authority's certificate and says where.
    pub fn ca(&self) -> PathBuf {
        let path = self.path("ca.pem");
        fs::write(&path, Announcement::read(&self.data()).unwrap().unwrap().ca).unwrap();
        path
    }

    /// Makes a token of this scope and says in which file it is.
    pub fn token(&self, name: &str, scope: &str) -> PathBuf {
        let made = self.otary(&format!("token create {name} --scope {scope}")).succeeded();
        let path = self.path(&format!("{name}.token"));
        fs::write(&path, made.out).unwrap();
        path
    }

    /// Bytes of all artifacts on disk.
    pub fn stored_files(&self) -> usize {
        files_in(&self.data().join("blobs")) + files_in(&self.data().join("tmp"))
    }
}

fn files_in(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).map(|p| if p.is_dir() { files_in(&p) } else { 1 }).sum()
}

impl Running {
    /// `kill -9`.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// `kill`: it drains, and says how it ended.
    pub fn terminate(mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.0.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl From<&mut Command> for Done {
    fn from(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let [out, err] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        Self { ok: status.success(), out, err }
    }
}

impl Done {
    pub fn succeeded(self) -> Self {
        assert!(self.ok, "{}{}", self.out, self.err);
        self
    }

    /// Asserts that it failed with nothing on standard output, and gives what it said.
    pub fn failed(self) -> String {
        assert!(!self.ok && self.out.is_empty(), "{self:?}");
        assert!(self.err.starts_with("error: "), "{self:?}");
        self.err
    }

    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.succeeded().out).unwrap()
    }
}
