//! From one root to the next, with boards that trust what lies in their flash.

use crate::house::mac;
use crate::lamp::{Street, firmware, url, url_with_secret};

#[test]
fn a_board_of_the_first_generation_goes_through_the_rollover_and_still_updates() {
    let street = Street::new(&["ota.lan"]);
    let server = street.house.serve("--name ota.lan");
    let url = url("ota.lan", &server);
    let first = street.release("1", &url, &street.roots());
    let mut lamp = street.lamp(1, &first);
    lamp.runs("1");
    println!("{}\n{}", street.otary("trust ledger"), street.shown(1));

    println!("{}", street.otary("trust rollover begin"));
    println!("{}", street.otary("trust rollover status"));
    street.release("2", &url, &street.roots());
    lamp.runs("2");
    println!("{}\n{}", street.otary("trust ledger"), street.shown(1));

    println!("{}", street.otary("trust rollover switch"));
    lamp.runs("2");
    println!("{}", street.otary("trust rollover status"));
    println!("{}\n{}", street.otary("trust ledger"), street.shown(1));
    println!("{}", street.otary("trust rollover finish"));
    lamp.runs("2");
    street.release("3", &url, &street.roots());
    lamp.runs("3");
    println!("{}\n{}", street.otary("trust ledger"), street.shown(1));
    println!("{}", street.otary("trust show"));
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
    println!("{}", street.otary("trust rollover status"));
    println!("{}", street.otary("trust ledger"));

    println!("{}", street.otary("trust rollover switch"));
    println!("{}", street.otary("trust rollover status"));
    let refused = street.refused("trust rollover finish");
    println!("{refused}");
    assert!(refused.contains(&mac(2).to_string()) && !refused.contains(&mac(1).to_string()), "{refused}");
    println!("{}", street.shown(2));

    println!("{}", street.otary(&format!("trust rollover finish --give-up {}", mac(2))));
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
        println!("{}", street.otary("trust rollover abort"));
        assert_eq!(street.roots(), roots);
        println!("{}", street.otary("trust show"));
        println!("{}", street.otary("trust rollover status"));
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
