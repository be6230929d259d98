//! What a sketch shows in the serial monitor, and when it asks.

use crate::bench::Bench;
use crate::compiler::{is_installed, run};

/// The serial monitor of a sketch made with these options; see `tests/arduino/monitor.cpp` for the other arguments.
fn shown(options: &str, arguments: &str) -> Option<String> {
    shown_for("ota.lan", options, arguments)
}

/// The same, of a sketch for a server of this name.
fn shown_for(host: &str, options: &str, arguments: &str) -> Option<String> {
    is_installed().then(|| run(&Bench::new(&[host]).sketched(options), arguments))
}

/// What the tutorial's serial monitor shows, line for line.
#[test]
fn the_tutorials_story_up_to_the_restart() {
    let Some(shown) = shown("--product lamp", "kept 5 0 ok") else { return };
    let (story, asked) = shown.lines().partition::<Vec<_>, _>(|line| !line.starts_with("# "));
    assert_eq!(
        story,
        [
            "",
            "",
            "",
            "[SETUP] WAIT 4...",
            "[SETUP] WAIT 3...",
            "[SETUP] WAIT 2...",
            "[SETUP] WAIT 1...",
            "Firmware version 0.1",
            "Waiting for NTP time sync: ..",
            "Current time: Mon Nov 23 09:00:05 2026",
            "Update start now!",
            "HTTP_UPDATE_OK",
        ]
    );
    let url = "https://ota.lan:3443/update/lamp?chip=esp32";
    let asks = format!("# at 5 s asks {url} as 0.1, trusts 2, does not restart by itself");
    let looks = "# the core looks up ota.lan and connects to port 3443";
    assert_eq!(asked, [asks.as_str(), looks, "# restarts; asked for the time 1 times"]);
}

#[test]
fn it_shows_its_secret_with_every_question() {
    let bench = Bench::new(&["ota.lan"]);
    std::fs::write(bench.path("secret"), "a\"secret\\of??/signs").unwrap();
    if !is_installed() {
        return;
    }
    let shown = run(&bench.sketched("--product lamp --secret-file secret"), "kept 5 0 none none");
    let secret = "# shows a\"secret\\of??/signs as device\nUpdate start now!\n# at ";
    assert_eq!(shown.matches(secret).count(), 2, "{shown}");
}

/// When it asks, in seconds since power-on.
fn asked(shown: &str) -> Vec<u32> {
    shown.lines().filter_map(|line| line.strip_prefix("# at ")?.split(' ').next()?.parse().ok()).collect()
}

/// The pauses between its questions, in seconds.
fn pauses(shown: &str) -> Vec<u32> {
    asked(shown).windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn it_asks_each_minute_but_never_in_step_with_others() {
    let Some(shown) = shown("", &format!("kept 5 0 {}", "none ".repeat(100))) else { return };
    let pauses = pauses(&shown);
    assert!(pauses.iter().all(|pause| (45..=75).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().min() < Some(&50) && pauses.iter().max() > Some(&70), "{pauses:?}");
    let total: u32 = pauses.iter().sum();
    assert!((55..=65).contains(&(total / 99)), "a minute, all in all: {pauses:?}");
    assert!(shown.contains("asked for the time 1 times"), "a clock that is set is left alone: {shown}");
}

#[test]
fn after_each_failure_in_a_row_it_waits_twice_as_long() {
    let failures = "failed ".repeat(9);
    let Some(shown) = shown("", &format!("kept 5 0 {failures} none failed none")) else { return };
    let pauses = pauses(&shown);
    for (pause, seconds) in pauses.iter().zip([15, 30, 60, 120, 240, 480, 900, 900, 900, 60, 15]) {
        assert!((seconds * 3 / 4..=seconds * 5 / 4 + 1).contains(pause), "{pause} for {seconds}: {pauses:?}");
    }
    assert_eq!(pauses.len(), 11);
    let said = "HTTP_UPDATE_FAILD Error (-1): HTTP error: connection refused\nRetry in 1";
    assert!(shown.contains(said), "{shown}");
}

#[test]
fn a_new_firmware_is_kept_once_the_server_has_answered() {
    let Some(nothing_newer) = shown("", "trial 5 0 failed none none") else { return };
    let kept = "HTTP_UPDATE_NO_UPDATES\n# is kept\nThe server has answered: this firmware stays\n";
    assert_eq!(nothing_newer.matches(kept).count(), 1, "{nothing_newer}");
    assert_eq!(nothing_newer.matches("# is kept").count(), 1, "{nothing_newer}");

    // Another one overwrites the one before, so this one has to be good by then, even if the download breaks.
    for result in ["ok", "broken"] {
        let shown = shown("", &format!("trial 5 0 {result}")).unwrap();
        let kept = shown.find("# is kept").unwrap();
        assert!(shown.find("# the core looks up ota.lan").unwrap() < kept, "{shown}");
        assert!(kept < shown.find("HTTP_UPDATE_").unwrap(), "{shown}");
    }
}

#[test]
fn a_new_firmware_that_does_not_reach_the_server_makes_room_for_the_one_before() {
    let Some(refused) = shown("", &format!("trial 5 0 {}", "failed ".repeat(20))) else { return };
    let unreachable = shown("", &format!("trial never 1000 {}", "none ".repeat(20))).unwrap();
    for shown in [refused, unreachable] {
        let end = "# after 900 s the timer rings\nNo answer from the server: back to the firmware before\n# restarts; ";
        assert!(shown.contains(end) && !shown.contains("# is kept"), "{shown}");
    }
}

#[test]
fn a_firmware_that_was_kept_or_flashed_by_cable_has_no_trial() {
    for state in ["kept", "none"] {
        let Some(shown) = shown("", &format!("{state} 5 0 {}", "failed ".repeat(20))) else { return };
        assert!(asked(&shown).last() > Some(&3600), "{shown}");
        assert!(shown.contains("# switched off") && !shown.contains("# is kept"), "{shown}");
    }
}

#[test]
fn without_wifi_it_says_so_until_there_is_some() {
    let Some(shown) = shown("", "kept 5 3 none") else { return };
    assert_eq!(shown.matches("No Wi-Fi: are WIFI_SSID and WIFI_PASSWORD right").count(), 3, "{shown}");
    assert!(shown.contains("HTTP_UPDATE_NO_UPDATES\n"), "{shown}");
}

#[test]
fn without_a_time_server_it_asks_all_the_same() {
    let Some(shown) = shown("", "kept never 0 none") else { return };
    assert!(
        shown.contains("No time server answers: trying without the time\nUpdate start now!\n"),
        "{shown}"
    );
    assert!(shown.contains("\n# at 14 s asks "), "{shown}");
}

#[test]
fn a_clock_that_nobody_set_is_not_believed_after_a_day_either() {
    let Some(shown) = shown("", &format!("kept never 0 {}", "none ".repeat(1600))) else { return };
    assert!(asked(&shown).last() > Some(&86_400), "it has to run for a day");
    assert!(!shown.contains("Current time"), "{shown}");
}

#[test]
fn an_insecure_one_says_so_each_time() {
    let Some(shown) = shown("--insecure", "kept 5 0 none none") else { return };
    let warned = shown.matches("WARNING: NO PROTECTION: this firmware believes every server\n").count();
    assert_eq!(warned, shown.matches("Update start now!\n").count(), "{shown}");
    assert!(warned >= 2 && shown.contains(" trusts 0, "), "{shown}");
}

#[test]
fn a_server_in_local_is_found_by_mdns_and_checked_by_its_name() {
    for (options, checked) in [("", ""), ("--insecure", " and is checked by nothing")] {
        let Some(shown) = shown_for("seal.local", options, "kept 5 0 none") else { return };
        let lines: Vec<&str> = shown.lines().filter(|line| line.starts_with("# ")).collect();
        assert_eq!(lines[0], "# is board-f00dbe.local", "{shown}");
        assert!(lines[1].contains(" asks https://seal.local:3443/update?chip=esp32 as "), "{shown}");
        assert_eq!(lines[2], format!("# connects to 192.168.1.70:3443, which has to be seal.local{checked}"));
    }
}

#[test]
fn a_server_that_mdns_does_not_find_is_left_to_the_core() {
    let Some(shown) = shown_for("walrus.local", "", "kept 5 0 none") else { return };
    assert!(shown.contains("\n# the core looks up walrus.local and connects to port 3443\n"), "{shown}");
}
