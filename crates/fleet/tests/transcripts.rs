//! Operator transcripts: a fleet, what an operator says, and what the engine makes of it, as text that can be read. Each file
//! under `transcripts/` is played and compared word by word; `TRANSCRIPTS=write` writes what was played instead.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "transcripts/site.rs"]
mod site;

use std::path::PathBuf;

use site::Site;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

/// Plays the lines that begin with `$`; the others are what happens in between, and comments.
fn play(script: &str) -> String {
    let mut site = Site::default();
    let mut played: Vec<String> = Vec::new();
    for line in script.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                played.push(line.to_owned());
                played.extend(site.hear(command).iter().map(|happened| format!("  {happened}")));
            }
            None if line.starts_with('#') || line.is_empty() => played.push(line.to_owned()),
            None => {}
        }
    }
    played.join("\n") + "\n"
}

fn check(name: &str) {
    let path = folder().join(name).with_extension("txt");
    let script = std::fs::read_to_string(&path).unwrap();
    let played = play(&script);
    if std::env::var_os("TRANSCRIPTS").is_some() {
        std::fs::write(&path, played).unwrap();
        return;
    }
    for (number, (said, written)) in played.lines().zip(script.lines()).enumerate() {
        assert_eq!(said, written, "{name}, line {}", number + 1);
    }
    assert_eq!(played.lines().count(), script.lines().count(), "{name}\n{played}");
}

macro_rules! transcripts {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn every_transcript_is_played() {
            let files = std::fs::read_dir(folder()).unwrap().flatten().map(|entry| entry.path());
            let texts = files.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
            let mut names: Vec<_> = texts.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
            names.sort();
            let mut played = vec![$(stringify!($name)),*];
            played.sort_unstable();
            assert_eq!(names, played);
        }
    };
}

transcripts! {
    a_good_release
    three_of_eight
    an_outage
    dies_after_a_day
    approval_and_soak
    pause_resume_abort
    a_restart_anywhere
    small_fleet_in_doubt
}
