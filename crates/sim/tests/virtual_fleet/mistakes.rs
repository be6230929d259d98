//! Scripts with a mistake: where it is, what was expected, and nothing worse.

use std::time::Duration;

use otary_fleet::Chip;
use otary_sim::virtual_fleet::{Script, limits};
use proptest::prelude::*;

const GOOD: &str =
    "fleet 100 at 5 sites\nboards 100% arduino-esp32 on esp32 every 10m\nrelease 1.0\nrelease 2.0\n";

/// What is said of a good script with another line behind it.
fn said(line: &str) -> String {
    Script::parse(&format!("{GOOD}{line}\n")).unwrap_err().to_string()
}

#[test]
fn a_mistake_is_told_with_its_line_and_what_was_expected() {
    for (line, expected) in [
        (
            "flet 3",
            "line 5: expected seed, fleet, before, lasts, background, boards, release, fault, at or expect, found `flet`; did you mean fleet?",
        ),
        ("fleet 0", "line 5: expected a number of boards, 1 to 20000, found `0`"),
        ("seed", "line 5: expected a whole number, found the end of the line"),
        ("lasts 3x", "line 5: expected a length of time such as 30s, 10m, 1h30m or 7d, found `3x`"),
        ("lasts 500d", "line 5: expected `before` and `lasts` to be 400d together at most, found `500d`"),
        ("background 1 a week", "line 5: expected a percentage such as 5% or 0.25%, found `1`"),
        (
            "boards 5% arduino-esp32 on esp32 every 10m",
            "line 5: expected the boards' shares to be 100% together, not 105%",
        ),
        (
            "boards 5% hawkbit on esp32 every 10m",
            "line 5: expected a client other than hawkbit, whose reports are not simulated, found `hawkbit`",
        ),
        (
            "boards 5% arduino-esp32 on esp8266 every 10m",
            "line 5: expected a chip that arduino-esp32 runs on, found `esp8266`",
        ),
        (
            "boards 5% arduino-esp32 on esp32 every 1s",
            "line 5: expected a time of 5s to 60d between two polls, found `1s`",
        ),
        ("release 2.0", "line 5: expected 2.0 once"),
        ("fault 3.0 bricks 5%", "line 5: expected a `release 3.0` before it"),
        (
            "fault 2.0 briks 5%",
            "line 5: expected bricks, kills-wifi, rolls-back, loops or refuses, found `briks`; did you mean bricks?",
        ),
        ("fault 2.0 loops 5% after 3h", "line 5: expected the end of the line, found `after`"),
        (
            "at 0 campaign 2.0 in 5%,1%,100%",
            "line 5: expected waves such as 1%,5%,25%,100% (wave 2 (`1%`) does not go beyond wave 1 (`5%`): each share counts the waves before it, too), found `5%,1%,100%`",
        ),
        (
            "at 0 campaign 2.0 soak",
            "line 5: expected a length of time such as 30s, 10m, 1h30m or 7d, found the end of the line",
        ),
        (
            "at 0 campaign 2.0 window mon-fri 1:00-2:00 Mars",
            "line 5: expected a window such as mon-fri 22:00-04:00 Europe/Berlin (no time zone is called `Mars`: expected one such as Europe/Berlin or UTC), found `Mars`",
        ),
        ("at 0 campaign 9.0", "line 5: expected a `release 9.0` before it"),
        ("at 0 site 6 is off for 1h", "line 5: expected a site from 1 to 5"),
        ("at 20d pause", "line 5: expected a time before the end: see `lasts`"),
        ("expect lost about 5", "line 5: expected `at`, found `about`"),
    ] {
        assert_eq!(said(line), expected, "{line}");
    }
}

#[test]
fn a_mistake_is_shown_under_its_line() {
    let text = "seed 7\nfleet 10\n  fault  2.0 briks 5%  # of all\n";
    let shown = Script::parse(text).unwrap_err().render(text);
    assert!(shown.starts_with("line 3:   fault  2.0 briks 5%  # of all\n        "), "{shown}");
    // Whoever reads downwards sees what is missing.
    assert!(shown.contains("^^^ expected"), "{shown}");
}

#[test]
fn what_is_missing_is_said() {
    for (script, missing) in [
        ("", "`fleet 2000 at 80 sites`"),
        ("fleet 3", "`release 1.0`"),
        ("fleet 3\nrelease 1.0", "`boards 100% arduino-esp32 on esp32 every 10m`"),
        ("fleet 3\nrelease 1.0 for esp32\nboards 100% agent on esp32c3 every 1h", "to be for esp32c3 too"),
    ] {
        let error = Script::parse(script).unwrap_err().to_string();
        assert!(error.contains(missing), "{error}");
    }
}

#[test]
fn how_much_may_be_asked_for_is_bounded() {
    let often = GOOD.replace("fleet 100", "fleet 20000").replace("every 10m", "every 10s");
    let error = Script::parse(&often).unwrap_err().to_string();
    assert!(
        error.starts_with("line 2: expected no more than 300 million polls of all boards together, not"),
        "{error}"
    );
    let many = Script::parse(GOOD).unwrap().with_fleet(20_000);
    assert!(many.is_ok(), "every ten minutes is not too often");
    let long = "# a line\n".repeat(limits::MAX_BYTES);
    assert!(Script::parse(&long).unwrap_err().to_string().contains("at most 64 KiB"));
    let lines = format!("{GOOD}{}", "at 0 pause\n".repeat(limits::MAX_LINES));
    assert!(Script::parse(&lines).unwrap_err().to_string().contains("at most 500 lines"));
}

#[test]
fn over_sockets_a_script_says_how_often_boards_ask_and_the_rest_is_refused_by_name() {
    let script = "fleet 10\nboards 70% arduino-esp32 on esp32 every 10m\nboards 30% arduino-esp32 on esp32 every 1h\nrelease 1.0\n";
    let gaps = Script::parse(script).unwrap().over_sockets(Chip::Esp32).unwrap();
    let count = |minutes| gaps.iter().filter(|gap| **gap == Duration::from_mins(minutes)).count();
    assert_eq!((count(10), count(60)), (7, 3));
    let refused =
        |script: &str| Script::parse(script).unwrap().over_sockets(Chip::Esp32).unwrap_err().to_string();
    for (change, what) in [
        (
            ("arduino-esp32 on esp32 every 1h", "esphome on esp32 every 1h"),
            "line 3: expected nothing that is not played over sockets: the client esphome",
        ),
        (
            ("on esp32 every 1h", "on esp32c3 every 1h"),
            "line 3: expected nothing that is not played over sockets: esp32c3 with a firmware for esp32",
        ),
        (
            ("every 1h", "asleep for 1h"),
            "line 3: expected nothing that is not played over sockets: boards that do not ask by a timer",
        ),
        (
            ("release 1.0", "release 1.0\nrelease 2.0"),
            "line 5: expected nothing that is not played over sockets: the server says what is released",
        ),
        (
            ("release 1.0", "release 1.0\nat 0 server is off for 1h"),
            "line 5: expected nothing that is not played over sockets: what happens at a time",
        ),
    ] {
        assert_eq!(refused(&script.replace(change.0, change.1)), what);
    }
}

proptest! {
    #[test]
    fn whatever_a_file_holds_it_is_a_script_or_a_mistake_in_a_line(text in "(?s).{0,300}") {
        if let Err(error) = Script::parse(&text) {
            prop_assert!(error.line <= text.lines().count().max(1));
            let _ = (error.to_string(), error.render(&text));
        }
    }

    #[test]
    fn a_good_script_with_a_word_changed_is_a_script_or_a_mistake(place in 0_usize..40, word in "[a-z0-9%.,#-]{0,9}|\u{e4}{1,3}") {
        let script = include_str!("../../../../docs/sim/outage.txt");
        let words: Vec<&str> = script.split(' ').collect();
        let place = place * words.len() / 40;
        let changed: Vec<&str> = words.iter().enumerate().map(|(at, was)| if at == place { word.as_str() } else { was }).collect();
        let text = changed.join(" ");
        if let Err(error) = Script::parse(&text) {
            let _ = (error.to_string(), error.render(&text));
        }
    }
}
