//! From one root to the next, with boards that trust what lies in their flash.

use crate::house::{House, mac};
use crate::lamp::{Street, firmware, told, url, url_with_secret, why};

#[test]
fn a_board_of_the_first_generation_goes_through_the_rollover_and_still_updates() {
    let street = Street::new(&["ota.lan"]);
    let server = street.house.serve("--name ota.lan");
    let url = url("ota.lan", &server);
    let first = street.release("1", &url, &street.roots());
    let mut lamp = street.lamp(1, &first);
    lamp.runs("1");
    assert_eq!(street.shown_and_trusted(1), told("1", &["1", "next"]));
    assert_eq!(street.holders(1), [0, 1, 0]);

    street.otary("trust rollover begin");
    let status = street.otary("trust rollover status");
    assert!(status.contains("\nGeneration 2 is not in charge yet.\n"), "{status}");
    assert!(status.contains("\nswitch: cuts nobody off\n\nfinish: cuts nobody off\n"), "{status}");
    street.release("2", &url, &street.roots());
    lamp.runs("2");
    assert_eq!(street.shown_and_trusted(1), told("1", &["1", "2", "next"]));
    assert_eq!([1, 2].map(|generation| street.holders(generation)), [[0, 1, 0]; 2]);

    let switched = street.otary("trust rollover switch");
    assert!(switched.contains("Generation 2 is in charge.\n"), "{switched}");
    lamp.runs("2");
    assert_eq!(street.shown_and_trusted(1), told("2", &["1", "2", "next"]));

    let finished = street.otary("trust rollover finish");
    assert!(finished.starts_with("Generation 2 is alone."), "{finished}");
    lamp.runs("2");
    assert_eq!(street.shown_and_trusted(1), told("2", &["2", "next", "1, ended"]));
    street.release("3", &url, &street.roots());
    lamp.runs("3");
    assert_eq!(street.shown_and_trusted(1), told("2", &["2", "next"]));
}

#[test]
fn a_board_that_slept_through_it_is_named_until_it_is_given_up() {
    let street = Street::new(&["ota.lan"]);
    let server = street.house.serve("--name ota.lan");
    street.share_secret();
    let url = url_with_secret("ota.lan", &server);
    let root = street.first_root();
    let [mut lamp, mut sleeper] = [1, 2].map(|number| street.lamp(number, &firmware("0", &url, &root)));
    street.release("1", &url, &root);
    lamp.runs("1");
    sleeper.runs("1");

    street.otary("trust rollover begin");
    street.release("2", &url, &street.roots());
    lamp.runs("2");
    assert_eq!([1, 2].map(|generation| street.holders(generation)), [[2, 0, 0], [1, 0, 0]]);
    for step in ["switch", "finish"] {
        let status = street.otary("trust rollover status");
        assert!(status.contains("\nfinish: cuts off 1 device\n"), "{status}");
        assert_eq!(why(&status, 2), "trusts none of what it would be shown");
        assert!(!status.contains(&mac(1).to_string()), "{status}");
        if step == "switch" {
            let switched = street.otary("trust rollover switch");
            assert!(switched.contains("hold the old root alone follow the bridge"), "{switched}");
        }
    }
    for given_up in ["", "--give-up strangers", "--give-up 02:00:00:00:00:01"] {
        let refused = street.refused(&format!("trust rollover finish {given_up}"));
        let expected = "error: finish would cut off 1 device (for certain): 02:00:00:00:00:02\n\
            help: update them, or give them up by name: --give-up 02:00:00:00:00:02\n";
        assert_eq!(refused, expected);
    }
    assert_eq!(street.shown_and_trusted(2), told("1", &["1"]));

    street.otary(&format!("trust rollover finish --give-up {}", mac(2)));
    sleeper.is_cut_off();
    street.release("3", &url, &street.roots());
    lamp.runs("3");
}

#[test]
fn a_stranger_who_claims_the_new_build_hides_no_straggler() {
    let street = Street::new(&["ota.lan", "new.lan"]);
    let server = street.house.serve("--name ota.lan --name new.lan");
    let url = url("ota.lan", &server);
    let root = street.first_root();
    let mut straggler = street.lamp(1, &firmware("0", &url, &root));
    let old = street.release("1", &url, &root);
    straggler.runs("1");

    street.otary("trust rollover begin --without-bridge");
    let new = street.release("2", &url, &street.roots());
    for _ in 0..5 {
        street.lamp(1, &new).runs("2");
    }
    for version in 10..40 {
        let mut stranger = street.lamp(1, &firmware(&version.to_string(), &url, &street.roots()));
        stranger.power_on();
    }
    let refused = street.refused("trust rollover switch");
    assert!(refused.contains(&mac(1).to_string()), "{refused}");
    let mut stranger = street.lamp(1, &old);
    stranger.power_on();
    let refused = street.refused("trust rollover switch --give-up strangers");
    assert!(refused.contains(&mac(1).to_string()), "{refused}");

    straggler.runs("2");
    street.otary(&format!("trust rollover switch --give-up {}", mac(1)));
    straggler.runs("2");
}

#[test]
fn a_proven_straggler_is_not_hidden_by_those_who_prove_nothing() {
    let street = Street::new(&["ota.lan", "new.lan"]);
    let server = street.house.serve("--name ota.lan --name new.lan");
    street.share_secret();
    let proving = url_with_secret("ota.lan", &server);
    let root = street.first_root();
    let mut straggler = street.lamp(1, &firmware("0", &proving, &root));
    let old = street.release("1", &proving, &root);
    straggler.runs("1");

    street.otary("trust rollover begin --without-bridge --host new.lan");
    let new = street.release("2", &proving, &street.roots());
    street.otary("trust rollover switch");
    for (image, name) in [(&new, "ota.lan"), (&old, "ota.lan"), (&old, "new.lan")] {
        let mut stranger = street.lamp(1, image);
        stranger.is_told(&url(name, &server), &street.roots());
        stranger.power_on();
        let refused = street.refused("trust rollover finish --give-up strangers");
        assert!(refused.contains(&mac(1).to_string()), "{name}: {refused}");
    }
}

#[test]
fn an_aborted_rollover_leaves_what_was_before() {
    let street = Street::new(&["ota.lan"]);
    let server = street.house.serve("--name ota.lan");
    let url = url("ota.lan", &server);
    let (roots, shown) = (street.roots(), street.otary("trust show --json"));
    let first = street.release("1", &url, &roots);
    let mut lamp = street.lamp(1, &first);
    lamp.runs("1");
    for switched in [false, true] {
        street.otary("trust rollover begin");
        assert_ne!(street.roots(), roots);
        if switched {
            street.otary("trust rollover switch");
            lamp.runs("1");
        }
        let aborted = street.otary("trust rollover abort");
        assert!(aborted.starts_with("Generation 1 is in charge, as before."), "{aborted}");
        assert_eq!(street.roots(), roots);
        lamp.runs("1");
    }
    let after: serde_json::Value = serde_json::from_str(&street.otary("trust show --json")).unwrap();
    let before: serde_json::Value = serde_json::from_str(&shown).unwrap();
    for part in ["shown", "current", "rollover", "next"] {
        assert_eq!(after["generations"][part], before["generations"][part], "{part}");
    }
}

#[test]
fn a_server_that_was_killed_between_two_steps_goes_on_where_it_was() {
    let street = Street::new(&["ota.lan"]);
    let mut server = street.house.serve("--name ota.lan");
    let url = url("ota.lan", &server);
    let again = format!("--name ota.lan --https {}", server.https);
    let mut lamp = street.lamp(1, &street.release("1", &url, &street.roots()));
    lamp.runs("1");
    for (number, step) in ["begin", "switch", "finish"].into_iter().enumerate() {
        street.otary(&format!("trust rollover {step}"));
        let before = street.otary("trust show --json");
        server.kill();
        server = street.house.serve(&again);
        assert_eq!(street.otary("trust show --json"), before, "{step}");
        let version = (number + 2).to_string();
        street.release(&version, &url, &street.roots());
        lamp.runs(&version);
    }
    assert!(server.terminate().success());
    let server = street.house.serve(&again);
    lamp.runs("4");
    assert!(server.terminate().success());
}

#[test]
fn commands_find_a_server_that_has_neither_root_any_more_that_it_began_with() {
    let house = House::new();
    let _server = house.serve("");
    for step in ["begin", "switch", "finish", "begin", "switch", "finish"] {
        house.otary(&format!("trust rollover {step} --data x")).printed();
    }
    let shown = house.otary("trust show --data x").printed();
    assert!(shown.starts_with("Generation 3, in charge"), "{shown}");
}
