//! g++, on sketches and the declarations of the cores below `tests/arduino/`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::bench::arduino;

/// A core to compile against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Core {
    /// For ESP32, 2.0.
    Esp32V2,
    /// For ESP32, 3.x.
    Esp32V3,
    /// For ESP8266, 3.1.
    Esp8266,
}

impl Core {
    /// What it defines for every sketch.
    const fn definition(self) -> &'static str {
        match self {
            Self::Esp32V2 | Self::Esp32V3 => "ESP32",
            Self::Esp8266 => "ESP8266",
        }
    }

    /// The folders of its declarations.
    fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Esp32V2 => &["esp32-2", "esp32", "language"],
            Self::Esp32V3 => &["esp32-3", "esp32", "language"],
            Self::Esp8266 => &["esp8266", "language"],
        }
    }

    /// The language that the core itself compiles sketches as.
    const fn own_language(self) -> &'static str {
        match self {
            Self::Esp32V2 => "gnu++11",
            Self::Esp32V3 => "gnu++2b",
            Self::Esp8266 => "gnu++17",
        }
    }
}

/// Whether there is a g++; says so if there is none.
pub fn is_installed() -> bool {
    let found = Command::new("g++").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: g++ is not installed");
    }
    found
}

/// What the compiler says of a sketch on a core, with these definitions; empty if it compiles.
///
/// It is compiled as it stands, as C++17, and as the Arduino IDE changes it, as the core's own language.
pub fn complaints(sketch: &str, core: Core, definitions: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sketch.cpp");
    let as_built = as_the_ide_changes_it(sketch);
    for (text, language) in [(sketch, "gnu++17"), (&as_built, core.own_language())] {
        fs::write(&file, text).unwrap();
        let mut compiler = compiler(core, language);
        compiler.arg("-fsyntax-only").args(definitions.iter().map(|name| format!("-D{name}"))).arg(&file);
        let output = compiler.output().unwrap();
        if !output.status.success() {
            return String::from_utf8_lossy(&output.stderr).into_owned();
        }
    }
    String::new()
}

/// The same of the folder `arduino/otary` as it stands, in the form that the definitions say.
pub fn complaints_of_the_folder(core: Core, form: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../arduino/otary");
    let main = folder.join("otary.ino");
    let mut compiler = compiler(core, core.own_language());
    compiler.args(form.iter().map(|name| format!("-D{name}"))).args(["-fsyntax-only", "-x", "c++"]).arg(main);
    String::from_utf8(compiler.output().unwrap().stderr).unwrap()
}

/// Compiles a sketch with `monitor.cpp` and runs it: see there for the arguments. Gives what the serial monitor shows.
pub fn run(sketch: &str, arguments: &str) -> String {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let source = folder.path().join("sketch.cpp");
    fs::write(&source, as_the_ide_changes_it(sketch)).unwrap();
    let program = folder.path().join("monitor");
    let monitor = arduino().join("monitor.cpp");
    let built = compiler(Core::Esp32V3, "gnu++17").args([&source, &monitor]).arg("-o").arg(&program).output();
    succeeded(&built.unwrap());
    let shown = Command::new(Path::new(&program)).args(arguments.split_whitespace()).output().unwrap();
    succeeded(&shown);
    String::from_utf8(shown.stdout).unwrap()
}

fn compiler(core: Core, language: &str) -> Command {
    let mut command = Command::new("g++");
    command.args(["-Wall", "-Werror", &format!("-std={language}"), &format!("-D{}", core.definition())]);
    // The sketch knows the day of its build: a day before that of the monitor.
    command.env("SOURCE_DATE_EPOCH", "1795300000");
    command.args(core.folders().iter().flat_map(|folder| ["-I".into(), arduino().join(folder)]));
    command
}

fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// As the Arduino IDE hands it to the compiler: with `Arduino.h` before it, and with the declarations of all its
/// functions before the first of them.
fn as_the_ide_changes_it(sketch: &str) -> String {
    let heads: Vec<&str> = sketch.lines().filter(|line| is_head(line)).collect();
    assert!(heads.len() >= 4, "{heads:?}");
    let declarations: String =
        heads.iter().map(|head| head.trim_end_matches(" {").to_owned() + ";\n").collect();
    let (before, after) = sketch.split_at(sketch.find(heads[0]).unwrap());
    format!("#include <Arduino.h>\n{before}{declarations}{after}")
}

/// Whether a line begins a function: `bool isOnline() {`.
fn is_head(line: &str) -> bool {
    let begins = line.chars().next().is_some_and(char::is_alphabetic);
    begins && line.ends_with(") {") && !line.starts_with("if") && !line.starts_with("switch")
}
