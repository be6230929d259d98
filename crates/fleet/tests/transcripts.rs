//! Operator transcripts: a fleet, what an operator says, and what the engine makes of it, as text that can be read. Each file
//! under `transcripts/` is played and compared word by word; `TRANSCRIPTS=write` writes what was played instead. Each is also played
//! with a server that is killed and started again between any two steps: the answers are the same.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "transcripts/board.rs"]
mod board;
#[path = "transcripts/server.rs"]
mod server;
#[path = "transcripts/site.rs"]
mod site;

use std::path::PathBuf;

use proptest::prelude::*;
use site::Site;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}

/// Plays the lines that begin with `$`; the others are what happens in between, and comments.
fn play(script: &str, site: &mut Site) -> String {
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

/// Minutes from the start at each of which the server is killed.
const AT_FIRST: u32 = 240;

/// A transcript plays the same, answer by answer, if the server is killed at each of the first minutes and every so often after.
fn survives(name: &str, every: u32, phase: u32) {
    let script = std::fs::read_to_string(folder().join(name).with_extension("txt")).unwrap();
    let mut minute = 0;
    let mut killed = Site::new(move || {
        minute += 1;
        minute <= AT_FIRST || minute % every == phase % every
    });
    let mut lives_on = Site::new(|| false);
    let [after, before] = [&mut killed, &mut lives_on].map(|site| play(&script, site));
    for (after, before) in killed.answers.iter().zip(&lives_on.answers) {
        assert_eq!(after, before, "{name}, killed every {every} minutes");
    }
    assert_eq!((after, killed.answers.len()), (before, lives_on.answers.len()), "{name}");
}

fn check(name: &str) {
    let path = folder().join(name).with_extension("txt");
    let script = std::fs::read_to_string(&path).unwrap();
    let played = play(&script, &mut Site::new(|| false));
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

        proptest! {
            #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

            #[test]
            fn a_restart_at_any_step_changes_no_decision(
                name in prop::sample::select(&[$(stringify!($name)),*][..]),
                every in 7..500_u32,
                phase in 0..500_u32,
            ) {
                survives(name, every, phase);
            }
        }
    };
}

transcripts! {
    a_good_release
    a_restart_anywhere
    a_roll_back
    a_window_by_site
    an_outage
    approval_and_soak
    at_a_pace
    dies_after_a_day
    must_pass_through
    on_proof_failures
    on_proof_successes
    pause_resume_abort
    rolls_back_by_itself
    small_fleet_in_doubt
    three_of_eight
}
