//! Boards that pin the certificate of a tutorial: they go on as they are, and move to the authority by an ordinary
//! update, under a name that the certificate has not.

use std::process::Command;

use crate::house::{Server, mac};
use crate::lamp::{Lamp, Street, firmware, told, url, url_with_secret, why};

/// The name in the certificate, and the one that the authority has for itself.
const NAMES: [&str; 2] = ["serverota.lan", "ota.lan"];

/// A street in which boards 1 to 3 pin `server.crt`, before anything was adopted.
fn pinned(make: impl FnOnce(&Street)) -> (Street, Server, [Lamp; 3]) {
    let street = Street::new(&NAMES);
    make(&street);
    let server = street.house.serve("--name ota.lan");
    let image = firmware("0", &url(NAMES[0], &server), &street.house.text("server.crt"));
    let lamps = [1, 2, 3].map(|number| street.lamp(number, &image));
    (street, server, lamps)
}

fn self_signed(street: &Street) {
    street.house.otary("cert self-signed --name serverota.lan").printed();
}

#[test]
fn boards_with_a_self_signed_certificate_move_to_the_authority_under_another_name() {
    let (street, server, [mut first, mut late, mut sleeper]) = pinned(self_signed);
    first.is_cut_off();
    street.share_secret();
    let adopted = street.otary("trust adopt --cert server.crt --key server.key");
    assert!(adopted.starts_with("server.crt is generation 0 now: serverota.lan, until "), "{adopted}");
    let said = adopted.lines().find(|line| line.starts_with("serverota.lan ")).unwrap();
    assert!(said.split_whitespace().skip(1).all(|word| word == "ok"), "{adopted}");
    for (number, lamp) in [(1, &mut first), (2, &mut late), (3, &mut sleeper)] {
        lamp.runs("0");
        street.otary(&format!("device assign {} lamp", mac(number)));
    }
    assert_eq!(street.shown_and_trusted(1), told("0", &["0"]));
    assert_eq!([0, 1].map(|generation| street.holders(generation)), [[0, 0, 3], [0; 3]]);

    let url = url_with_secret("ota.lan", &server);
    street.release("1", &url, &street.roots());
    first.runs("1");
    assert_eq!(street.shown_and_trusted(1), told("1", &["0", "1", "next"]));
    assert_eq!([0, 1].map(|generation| street.holders(generation)), [[1, 0, 2], [1, 0, 0]]);
    let switched = street.otary("trust rollover switch");
    assert!(switched.contains("Generation 0 is shown under serverota.lan until `finish`."), "{switched}");

    late.runs("1");
    let status = street.otary("trust rollover status");
    assert!(status.contains("\nfinish: cuts off 1 device\n"), "{status}");
    assert_eq!(why(&status, 3), "perhaps: it took today's chain, no more is known");
    let refused = street.refused("trust rollover finish");
    assert!(refused.contains(&mac(3).to_string()), "{refused}");
    assert!(![1, 2].iter().any(|moved| refused.contains(&mac(*moved).to_string())), "{refused}");

    street.otary(&format!("trust rollover finish --give-up {}", mac(3)));
    sleeper.is_cut_off();
    street.release("2", &url, &street.roots());
    first.runs("2");
    late.runs("2");
}

#[test]
fn a_certificate_that_openssl_made_with_nothing_but_a_common_name_is_adopted_and_left() {
    let openssl = |street: &Street| {
        let words = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=serverota.lan -keyout server.key -out server.crt";
        let made = Command::new("openssl").args(words.split(' ')).current_dir(street.house.path("")).output();
        assert!(made.unwrap().status.success());
    };
    if Command::new("openssl").arg("version").output().is_err() {
        return println!("skipped: there is no openssl");
    }
    let (street, server, [mut lamp, ..]) = pinned(openssl);
    street.otary("trust adopt --cert server.crt --key server.key");
    street.share_secret();
    let url = url_with_secret("ota.lan", &server);
    lamp.runs("0");
    street.release("1", &url, &street.roots());
    lamp.runs("1");
    street.otary("trust rollover switch");
    street.otary("trust rollover finish");
    street.release("2", &url, &street.roots());
    lamp.runs("2");
}

#[test]
fn a_stranger_who_asks_for_the_new_name_with_the_old_build_hides_nobody() {
    let (street, server, [mut lamp, ..]) = pinned(self_signed);
    street.otary("trust adopt --cert server.crt --key server.key");
    street.otary("product add lamp");
    street.otary(&format!("device assign {} lamp", mac(1)));
    let old = firmware("0", &url(NAMES[0], &server), &street.house.text("server.crt"));
    street.house.write("lamp-0.bin", &old);
    street.otary("push lamp-0.bin --product lamp --version 0 --i-know-what-i-do ends-soon");
    lamp.runs("0");
    street.otary("trust rollover switch");

    let mut stranger = street.lamp(1, &old);
    stranger.is_told(&url(NAMES[1], &server), &street.roots());
    stranger.runs("0");
    let refused = street.refused("trust rollover finish");
    assert!(refused.contains(&mac(1).to_string()), "{refused}");
}
