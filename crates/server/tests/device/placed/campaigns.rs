//! Under a campaign in waves a client that does not say which device it is has no place: it is told so in the log, stays with
//! what it has, and is offered what was published before.

use otary_fleet::{Campaign, CampaignId, Chip, Gate, Kind, Pace, Plan, ReleaseId, Rules, State};

use super::{get, json};
use crate::board::{assert_image, assert_no_update};
use crate::log;
use crate::site::{Site, firmware, name};

/// A lamp whose release 0.4 goes out in four waves.
fn site() -> Site {
    let site = Site::lamp();
    site.publish("lamp", "0.4", &firmware("lamp-0.4"), Some(Chip::Esp32));
    let now = site.clock.now();
    let campaign = Campaign {
        id: CampaignId(1),
        product: name("lamp"),
        kind: Kind::App,
        release: ReleaseId { product: name("lamp"), version: "0.4".into() },
        channel: "stable".parse().unwrap(),
        group: None,
        waves: Plan::default().waves(7, []),
        gate: Gate::default(),
        window: None,
        pace: Pace::default(),
        rules: Rules::default(),
        rolls_back: None,
        state: State::Running,
        wave: 0,
        wave_since: now,
        created: now,
        by: "local".into(),
        seed: 7,
    };
    site.store.put_campaign(&campaign).unwrap();
    site
}

#[test]
fn who_says_no_device_keeps_what_it_runs_and_the_log_says_why() {
    let site = site();
    assert_no_update(&get(&site, "/idf/lamp?version=0.3"));
    log::wait_for(&["rule=\"no-identity\"", "dialect=\"esp-idf\""]);
    for (path, version) in [
        ("/manifest/lamp.json?version=0.3", "0.3"),
        ("/fota/lamp.json?version=0.3", "0.3.0"),
        ("/micropython/lamp.json?version=0.3&.json", "0.3"),
    ] {
        assert_eq!(json(&get(&site, path))["version"], version, "{path}");
    }
}

#[test]
fn who_says_nothing_at_all_is_offered_what_was_published_before() {
    let site = site();
    assert_image(&get(&site, "/idf/lamp"), &firmware("lamp-0.3"), "0.3");
    assert_eq!(json(&get(&site, "/manifest/lamp.json"))["version"], "0.3");
    assert_image(&get(&site, "/image/lamp/esp32.bin"), &firmware("lamp-0.3"), "0.3");
}
