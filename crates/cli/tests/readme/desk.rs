//! A folder in which the README's commands are carried out.

use std::fs::{self, File};
use std::process::{Child, Command as Process, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use otary_image::Chip;
use otary_sim::sample;
use tempfile::TempDir;

use super::block::Command;
use super::pattern::matches;

/// How long a command in the background may take to print what is expected.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Desk {
    folder: TempDir,
    background: Vec<Child>,
}

impl Desk {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), background: Vec::new() }
    }

    /// Carries a command out and compares what it prints.
    pub fn carry_out(&mut self, command: &Command) {
        if !command.is_otary() {
            println!("skipped: line {}: {}", command.line, command.text);
            return;
        }
        assert!(
            !command.text.contains(['|', '>', '\'', '"', '$']),
            "line {}: this is for a shell",
            command.line
        );
        self.provide_firmware(command);
        let words: Vec<&str> = command.text.split_whitespace().skip(1).collect();
        let goes_on = words[0] == "serve" || words[0] == "demo" && !words.contains(&"--once");
        if goes_on { self.start(command, &words) } else { self.run(command, &words) }
    }

    fn process(&self, words: &[&str]) -> Process {
        let mut process = Process::new(env!("CARGO_BIN_EXE_otary"));
        process.args(words).current_dir(&self.folder).env_clear().stdin(Stdio::null());
        process.env("HOME", self.folder.path()).env("TZ", "UTC");
        process
    }

    fn run(&self, command: &Command, words: &[&str]) {
        let output = self.process(words).output().unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let lines: Vec<&str> = printed.lines().collect();
        let Command { line, text, prints } = command;
        assert!(
            matches(prints, &lines),
            "line {line}: {text}\nprints\n{printed}\nand not\n{}",
            prints.join("\n")
        );
    }

    fn start(&mut self, command: &Command, words: &[&str]) {
        let path = self.folder.path().join(format!("{}.out", self.background.len()));
        let file = File::create(&path).unwrap();
        // Ports that nobody else uses; the text has to leave them open.
        let mut process = self.process(words);
        for key in ["HTTPS", "HTTP", "OPERATOR"] {
            process.env(format!("OTARY_LISTEN_{key}"), "127.0.0.1:0");
        }
        let child = process.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        self.background.push(child);
        let expected: Vec<String> = command.prints.iter().cloned().chain(["...".to_owned()]).collect();
        let begin = Instant::now();
        loop {
            let printed = fs::read_to_string(&path).unwrap();
            // A server's last line leads to the sketch; then it serves.
            let started = words[0] == "demo" || printed.contains("otary sketch");
            if started && matches(&expected, &printed.lines().collect::<Vec<_>>()) {
                return;
            }
            let Command { line, text, prints } = command;
            assert!(
                begin.elapsed() < PATIENCE,
                "line {line}: {text}\nprints\n{printed}\nand not\n{}",
                prints.join("\n")
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Makes the firmware files that a command names, of the version in their names.
    fn provide_firmware(&self, command: &Command) {
        for name in command.text.split_whitespace().filter_map(|word| word.strip_suffix(".bin")) {
            let path = self.folder.path().join(format!("{name}.bin"));
            if !path.exists() {
                let version = name.rsplit('-').next().unwrap_or("0.1");
                fs::write(path, sample::app(Chip::Esp32, version, 300_000).unwrap()).unwrap();
            }
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for child in &mut self.background {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
