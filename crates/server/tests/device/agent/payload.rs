//! An agent fetches what it was offered: whose download that is, and to whom it is open.

use std::time::Duration;

use otary_fleet::{Chip, Credential, CredentialKind, Outcome, Sha256};
use otary_store::{Downloads, EventQuery};
use otary_wire::Verdict;

use super::bench::{Agent, Keys, sign_release, signed_lamp};
use crate::log;
use crate::site::{Site, firmware};
use crate::transfers::wait_for_count;
use crate::wire::{Response, ask, get};

fn lamp() -> Sha256 {
    Sha256::of(&firmware("lamp-0.3"))
}

/// The agent's request for an image from this offset on.
fn fetch(agent: &Agent, site: &Site, image: &Sha256, from: usize) -> Response {
    let lines = format!("{}Range: bytes={from}-\r\n", agent.lines);
    let agent = Agent { lines, ..agent.clone() };
    let request = agent.request().replacen("/update", &format!("/artifact/{image}"), 1);
    ask(site, agent.from, &request)
}

/// Complete downloads on record, once there are so many.
fn wait_for_whole(site: &Site, agent: &Agent, expected: u32) {
    let whole = || site.device(&agent.mac()).unwrap().attempts.first().map_or(0, |attempt| attempt.whole);
    for _ in 0..1000 {
        if whole() == expected {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{} complete downloads instead of {expected}", whole());
}

fn assert_offered(agent: &Agent, site: &Site, keys: &Keys) {
    let answer = agent.ask(site);
    assert!(matches!(agent.judge(&keys.record(1), &answer), Ok(Verdict::Install { .. })));
}

#[test]
fn what_it_fetches_is_its_download_and_what_it_runs_then_is_installed() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let agent = Agent::running(&firmware("lamp-0.1")).device(0x30);
    assert_offered(&agent, &site, &keys);
    let answer = fetch(&agent, &site, &lamp(), 0);
    assert!(answer.status == 206 && answer.body == firmware("lamp-0.3"));
    wait_for_whole(&site, &agent, 1);
    wait_for_count(&site, &lamp(), Downloads { whole: 1, cut_off: 0 });
    log::wait_for(&["download", &agent.mac(), "whole"]);

    let new = Agent::running(&firmware("lamp-0.3")).device(0x30);
    new.assert_waits(&keys.record(1), &new.ask(&site));
    let device = site.device(&agent.mac()).unwrap();
    assert_eq!(device.installed.unwrap().artifact, lamp());
    assert_eq!(device.attempts[0].outcome, Some(Outcome::Installed));
}

#[test]
fn one_that_takes_it_again_and_again_is_held() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let agent = Agent::running(&firmware("lamp-0.1")).device(0x31);
    for round in 1..=3 {
        assert_offered(&agent, &site, &keys);
        fetch(&agent, &site, &lamp(), 0);
        wait_for_whole(&site, &agent, round);
    }
    agent.assert_waits(&keys.record(1), &agent.ask(&site));
    log::wait_for(&["check_in", &agent.mac(), "looping"]);
}

#[test]
fn nobody_has_a_device_held_from_elsewhere_or_for_what_it_was_not_offered() {
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let agent = Agent::running(&firmware("lamp-0.1")).device(0x32);
    assert_offered(&agent, &site, &keys);
    let events = |site: &Site| {
        let query = EventQuery { device: agent.mac().parse().ok(), limit: 99, ..EventQuery::default() };
        site.store.events(&query).unwrap()
    };
    let before = events(&site);
    let elsewhere = Agent { from: "127.0.18.66", ..agent.clone() };
    let other_claims = Agent { slot: 1_310_719, ..agent.clone() };
    for stranger in [elsewhere, other_claims] {
        for _ in 0..4 {
            assert_eq!(fetch(&stranger, &site, &lamp(), 0).status, 206);
        }
    }
    let older = Sha256::of(&firmware("lamp-0.1"));
    assert_eq!(fetch(&agent, &site, &older, 0).status, 206);
    wait_for_count(&site, &lamp(), Downloads { whole: 8, cut_off: 0 });
    wait_for_count(&site, &older, Downloads { whole: 1, cut_off: 0 });
    assert_eq!(events(&site), before);
    let last = firmware("lamp-0.3").len() - 1;
    for _ in 0..4 {
        assert_eq!(fetch(&agent, &site, &lamp(), last).body.len(), 1);
    }
    assert_offered(&agent, &site, &keys);
    wait_for_whole(&site, &agent, 0);
}

#[test]
fn its_own_token_opens_to_it_what_it_was_offered() {
    const TOKEN: &str = "otary_token-of-the-lamp";
    let keys = Keys::new();
    let site = signed_lamp(&keys, 1);
    let image = firmware("own-0.3");
    site.product("ownlamp", |product| product.private = true);
    site.publish("ownlamp", "0.3", &image, Some(Chip::Esp32));
    sign_release(&site, &keys, "ownlamp", "0.3", &image);
    let mut agent = Agent::running(&firmware("own-0.1")).device(0x33);
    let (kind, issued) = (CredentialKind::Token(Sha256::of(TOKEN.as_bytes())), site.clock.now());
    site.operate(&agent.mac(), |device| {
        device.product = "ownlamp".parse().ok();
        device.credentials = vec![Credential { kind, issued }];
    });
    (agent.product, agent.lines) = ("ownlamp", format!("Authorization: Bearer {TOKEN}\r\n"));
    assert_offered(&agent, &site, &keys);
    let id = Sha256::of(&image);
    assert!(fetch(&agent, &site, &id, 0).body == image);
    wait_for_whole(&site, &agent, 1);

    let nothing = ask(&site, agent.from, &get(&format!("/artifact/{}", Sha256::of(b"nothing"))));
    let none = Agent { lines: String::new(), ..agent.clone() };
    for stranger in [none, agent.clone().device(0x34)] {
        let answer = fetch(&stranger, &site, &id, 0);
        assert_eq!((answer.status, &answer.body), (404, &nothing.body));
    }
}
