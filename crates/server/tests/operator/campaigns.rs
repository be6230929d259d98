//! Campaigns by the operator's routes: what begins one, what a person may do to it when, and what is refused.

use axum::body::Body;
use http::{Method, StatusCode};
use otary_fleet::{Campaign, CampaignId, CheckIn, Chip, Reason, State, Stop, Time};
use otary_server::operator::{
    ByCampaign, CampaignPage, CampaignSettings, CampaignView, CreatedToken, Forecast, NewCampaign,
    ProductChange, Publication, Published, Resumption, RollBack,
};
use serde_json::json;

use crate::desk::{Answer, Caller, Desk, board, firmware, name, publication};

fn mac(number: usize) -> String {
    format!("24:6F:28:00:00:{number:02X}")
}

/// A desk with lamps that run 0.1 and have asked often enough for their rhythm to be known.
async fn desk(lamps: usize) -> Desk {
    let desk = Desk::new();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    desk.publish("lamp", "0.1", &v1).await;
    for _ in 0..6 {
        (0..lamps).for_each(|number| drop(desk.poll(&board(&mac(number), &v1, "0.1"))));
    }
    desk
}

async fn push(desk: &Desk, version: &str, change: impl FnOnce(&mut Publication)) -> Answer {
    let mut publication = publication("lamp", version);
    change(&mut publication);
    let image = firmware(Chip::Esp32, &format!("lamp {version}"));
    desk.push_as(publication, &[("firmware.bin", image)]).await
}

async fn act(desk: &Desk, number: u32, act: &str) -> Answer {
    desk.send(Method::POST, &format!("/campaigns/{number}/{act}"), json!({})).await
}

/// Puts a campaign into a state that takes evidence to come to.
fn put(desk: &Desk, number: u32, state: State) {
    let campaign = desk.store.catalogue().campaign(CampaignId(number)).unwrap().clone();
    desk.store.put_campaign(&Campaign { state, ..campaign }).unwrap();
}

fn stopped(at: Time) -> State {
    State::Stopped(Stop { at, offered: 8, installed: 3, failed: 0, silent: 5, devices: vec![] })
}

#[tokio::test]
async fn a_push_to_more_than_ten_devices_goes_out_by_a_campaign_unless_it_is_said_otherwise() {
    let few: Published = push(&desk(10).await, "0.2", |_| ()).await.read();
    assert_eq!(few.campaign, None);
    let desk = desk(11).await;
    let published: Published = push(&desk, "0.2", |_| ()).await.read();
    let campaign = published.campaign.unwrap();
    let shares: Vec<String> = campaign.waves.iter().map(|wave| wave.share.to_string()).collect();
    assert_eq!(shares, ["1%", "100%"], "3 devices, and the plan's next two waves add nobody");
    let effect = published.effect.unwrap().to_string();
    assert_eq!(effect, "3 devices will be offered it at their next poll, 8 come in later waves");
    let of_wave = |reason: &Reason| matches!(reason, Reason::LaterWave { .. });
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    let reasons: Vec<Reason> = (0..11).map(|n| desk.poll(&board(&mac(n), &v1, "0.1")).reason).collect();
    assert_eq!(reasons.iter().filter(|reason| of_wave(reason)).count(), 8, "{reasons:?}");

    let at_once: Published = push(&desk, "0.3", |publication| {
        (publication.campaign, publication.supersede) = (ByCampaign::AtOnce, true);
    })
    .await
    .read();
    assert_eq!(at_once.campaign, None);
    assert_eq!(at_once.superseded[0].campaign, CampaignId(1));
    assert_eq!(at_once.effect.unwrap().groups[0].forecast, Forecast::Offered);
}

#[tokio::test]
async fn a_dry_run_begins_nothing() {
    let desk = desk(11).await;
    let published: Published = push(&desk, "0.2", |publication| publication.dry_run = true).await.read();
    assert!(published.campaign.is_some());
    assert_eq!(desk.store.catalogue().all_campaigns().count(), 0);
    assert_eq!(desk.get::<CampaignPage>("/campaigns").await, CampaignPage::default());
}

#[tokio::test]
async fn two_campaigns_for_the_same_devices_are_refused_and_one_may_make_way() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    let refused = push(&desk, "0.3", |_| ()).await;
    assert_eq!(refused.problem().status, StatusCode::CONFLICT.as_u16());
    assert_eq!(refused.refused("target-taken"), "campaign 1 (lamp 0.2) is under way for the same devices");
    assert!(desk.store.catalogue().releases(&name("lamp")).len() == 2, "nothing of it is left");
    let published: Published = push(&desk, "0.3", |publication| publication.supersede = true).await.read();
    assert_eq!(published.campaign.unwrap().id, CampaignId(2));
    let first: CampaignView = desk.get("/campaigns/1").await;
    assert!(matches!(first.campaign.state, State::Aborted { .. }));

    put(&desk, 2, stopped(desk.clock.now()));
    let published: Published = push(&desk, "0.4", |_| ()).await.read();
    assert_eq!(published.superseded[0].campaign, CampaignId(2), "what was stopped on evidence makes way");
}

#[tokio::test]
async fn a_person_pauses_approves_resumes_and_aborts_and_nothing_at_the_wrong_moment() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    let detail = act(&desk, 1, "approve").await.refused("campaign-stands-otherwise");
    assert_eq!(detail, "campaign 1 cannot be approved: it is running");
    let view: CampaignView = act(&desk, 1, "pause").await.read();
    assert_eq!(view.next, ["a person resumes it: otary campaign resume 1"]);
    act(&desk, 1, "pause").await.refused("campaign-stands-otherwise");
    let view: CampaignView = act(&desk, 1, "resume").await.read();
    assert_eq!(view.campaign.state, State::Running);
    assert_eq!(view.next, ["wave 2 of 2 opens when it is known of 3 devices what became of them (now of 0)"]);
    put(&desk, 1, State::AwaitsApproval);
    let view: CampaignView = act(&desk, 1, "approve").await.read();
    assert_eq!((view.campaign.wave, view.campaign.state), (1, State::Running));
    act(&desk, 1, "abort").await.read::<CampaignView>();
    for word in ["pause", "approve", "resume", "abort"] {
        act(&desk, 1, word).await.refused("campaign-stands-otherwise");
    }
    act(&desk, 7, "pause").await.refused("no-campaign");
    act(&desk, 1, "forget").await.refused("no-route");
}

#[tokio::test]
async fn a_stopped_campaign_goes_on_with_a_higher_rate() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    put(&desk, 1, stopped(desk.clock.now()));
    let view: CampaignView = desk.get("/campaigns/1").await;
    assert!(view.notice.unwrap().contains("8 devices, 3 run it"));
    let resumption = Resumption { tolerated_ppm: Some(100_000) };
    let view: CampaignView = desk.send(Method::POST, "/campaigns/1/resume", resumption).await.read();
    assert_eq!((view.campaign.state, view.campaign.rules.tolerated_ppm), (State::Running, 100_000));
    put(&desk, 1, stopped(desk.clock.now()));
    let absurd = Resumption { tolerated_ppm: Some(1_000_001) };
    desk.send(Method::POST, "/campaigns/1/resume", absurd).await.refused("tolerated-more-than-all");
}

#[tokio::test]
async fn what_the_devices_of_a_stop_have_in_common_is_told_a_piece_each() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    for number in 0..4 {
        let older = CheckIn { sdk: Some("v3.3.5".into()), ..board(&mac(number), &v1, "0.1") };
        desk.poll(&older);
    }
    let silent = (0..4).map(|number| mac(number).parse().unwrap()).collect();
    let stop =
        Stop { at: desk.clock.now(), offered: 12, installed: 8, failed: 0, silent: 4, devices: silent };
    put(&desk, 1, State::Stopped(stop));
    let view: CampaignView = desk.get("/campaigns/1").await;
    assert!(view.common.contains(&"SDK v3.3.5 (4 of 4)".to_owned()), "{:?}", view.common);
    assert!(!view.common.iter().any(|common| common.contains("former build")), "none of them was offered it");
}

#[tokio::test]
async fn a_campaign_is_rolled_back_to_the_release_before() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    let back: CampaignView =
        desk.send(Method::POST, "/campaigns/1/roll-back", RollBack::default()).await.read();
    let campaign = back.campaign;
    assert_eq!((campaign.id, campaign.rolls_back), (CampaignId(2), Some(CampaignId(1))));
    assert_eq!(campaign.release.to_string(), "lamp 0.1");
    assert!(campaign.rules.allow_downgrade && campaign.waves.len() == 1);
    let v2 = firmware(Chip::Esp32, "lamp 0.2");
    let reason = desk.poll(&board(&mac(0), &v2, "0.2")).reason;
    assert!(matches!(reason, Reason::AtRiskReached { .. }), "{reason:?}: as soon as a server looks");
    let gone = RollBack { to: Some("0.7".into()), ..RollBack::default() };
    desk.send(Method::POST, "/campaigns/2/roll-back", gone).await.refused("no-release");
    desk.send(Method::POST, "/campaigns/2/roll-back", RollBack::default()).await.refused("no-way-back");
}

#[tokio::test]
async fn a_release_that_went_out_before_goes_out_again_in_waves() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    put(&desk, 1, State::Finished { finished_at: desk.clock.now() });
    let again = json!({ "product": "lamp", "version": "0.2" });
    let view: CampaignView = desk.send(Method::POST, "/campaigns", again).await.read();
    assert_eq!(view.campaign.id, CampaignId(2));
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    let offered = |desk: &Desk| {
        let asked = (0..12).map(|n| desk.poll(&board(&mac(n), &v1, "0.1")));
        asked.filter(|decision| decision.offered().is_some()).count()
    };
    assert_eq!(offered(&desk), 0, "the one before has finished, and this one has not begun");
    act(&desk, 2, "abort").await.read::<CampaignView>();
    assert_eq!(offered(&desk), 0, "it is offered to nobody");
}

#[tokio::test]
async fn what_is_published_at_large_stays_so_while_a_campaign_brings_it_to_a_group() {
    let desk = desk(12).await;
    push(&desk, "0.2", |publication| publication.campaign = ByCampaign::AtOnce).await.read::<Published>();
    desk.send(Method::PUT, "/groups/kitchen", json!({ "devices": [mac(0), mac(1), mac(2), mac(3)] }))
        .await
        .done();
    let kitchen = json!({ "product": "lamp", "version": "0.2", "settings": { "group": "kitchen" } });
    desk.send(Method::POST, "/campaigns", kitchen).await.read::<CampaignView>();
    let v1 = firmware(Chip::Esp32, "lamp 0.1");
    assert!(desk.poll(&board(&mac(9), &v1, "0.1")).offered().is_some());
    assert!(desk.poll(&board(&mac(0), &v1, "0.1")).offered().is_none(), "to the kitchen in waves");
}

#[tokio::test]
async fn a_roll_back_that_has_finished_does_not_come_back_when_a_newer_campaign_finishes() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    let back = || desk.send(Method::POST, "/campaigns/1/roll-back", RollBack::default());
    back().await.read::<CampaignView>();
    put(&desk, 2, State::Finished { finished_at: desk.clock.now() });
    let again = json!({ "product": "lamp", "version": "0.2" });
    desk.send(Method::POST, "/campaigns", again).await.read::<CampaignView>();
    put(&desk, 3, State::Finished { finished_at: desk.clock.now() });
    let v2 = firmware(Chip::Esp32, "lamp 0.2");
    assert_eq!(desk.poll(&board(&mac(0), &v2, "0.2")).offered(), None);
}

#[tokio::test]
async fn a_roll_back_ends_what_it_takes_back_alone_and_goes_to_nothing_that_is_kept_back() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    act(&desk, 1, "abort").await.read::<CampaignView>();
    push(&desk, "0.3", |_| ()).await.read::<Published>();
    let refused = desk.send(Method::POST, "/campaigns/1/roll-back", RollBack::default()).await;
    refused.refused("target-taken");
    let group = json!({ "settings": { "group": "kitchen" } });
    desk.send(Method::POST, "/campaigns/2/roll-back", group).await.refused("roll-back-of-a-group");
    let view: CampaignView =
        desk.send(Method::POST, "/campaigns/2/roll-back", RollBack::default()).await.read();
    assert_eq!(view.campaign.release.to_string(), "lamp 0.1", "0.2 was aborted");
    let tolerant = json!({ "supersede": true, "settings": { "rules": { "tolerated_ppm": 50_000 } } });
    let view: CampaignView = desk.send(Method::POST, "/campaigns/2/roll-back", tolerant).await.read();
    assert_eq!(view.campaign.waves.len(), 1, "to all at once, whatever else is said");
}

#[tokio::test]
async fn devices_that_a_release_has_nothing_for_are_no_members() {
    let desk = desk(12).await;
    let chips = Some([Chip::Esp32, Chip::Esp32C3].into());
    let change = ProductChange { chips, ..ProductChange::default() };
    desk.send(Method::PATCH, "/products/lamp", change).await.read::<serde_json::Value>();
    let v1 = firmware(Chip::Esp32C3, "lamp 0.1");
    let both = [("a.bin", firmware(Chip::Esp32, "lamp 0.1.1")), ("b.bin", v1.clone())];
    desk.push("lamp", "0.1.1", &both).await.read::<Published>();
    (20..23).for_each(|number| drop(desk.poll(&board(&mac(number), &v1, "0.1.1"))));
    let published: Published = push(&desk, "0.2", |publication| {
        let waves = Some("15,100%".parse().unwrap());
        publication.supersede = true;
        publication.campaign = ByCampaign::Like(CampaignSettings { waves, ..CampaignSettings::default() });
    })
    .await
    .read();
    let campaign = published.campaign.unwrap();
    assert_eq!(campaign.waves[0].below, {
        let places = (0..12).map(|number| campaign.place(mac(number).parse().unwrap()));
        places.max().unwrap() + 1
    });
}

#[tokio::test]
async fn a_release_under_a_campaign_is_not_deleted_and_withdrawing_it_ends_the_campaign() {
    let desk = desk(12).await;
    push(&desk, "0.2", |_| ()).await.read::<Published>();
    let delete = |path: &'static str| desk.request(Caller::Here, Method::DELETE, path, Body::empty());
    delete("/releases/lamp/0.2").await.refused("release-in-campaign");
    act(&desk, 1, "pause").await.read::<CampaignView>();
    delete("/releases/lamp/0.2").await.refused("release-in-campaign");
    let withdrawn = desk.send(Method::POST, "/releases/lamp/0.2/withdraw", json!({})).await;
    assert!(withdrawn.status.is_success(), "{withdrawn:?}");
    let view: CampaignView = desk.get("/campaigns/1").await;
    assert!(matches!(view.campaign.state, State::Aborted { .. }));
    assert_eq!(delete("/releases/lamp/0.2").await.status, StatusCode::NO_CONTENT);
    let view: CampaignView = desk.get("/campaigns/1").await;
    assert_eq!(view.campaign.release.to_string(), "lamp 0.2", "what was is still told");
}

#[tokio::test]
async fn a_published_release_is_sent_to_a_group_and_what_is_wrong_with_that_is_said() {
    let desk = desk(12).await;
    push(&desk, "0.2-beta", |publication| publication.channel = Some("beta".parse().unwrap()))
        .await
        .read::<Published>();
    desk.send(Method::PUT, "/groups/kitchen", json!({ "devices": [mac(0), mac(1)] })).await.done();
    desk.send(Method::POST, "/products", json!({ "name": "cam" })).await.done();
    desk.send(Method::PUT, "/groups/cams", json!({ "product": "cam", "devices": [mac(0)] })).await.done();
    let start = |version: &str, group: &str| NewCampaign {
        product: name("lamp"),
        version: version.into(),
        channel: Some("stable".parse().unwrap()),
        settings: CampaignSettings { group: Some(group.parse().unwrap()), ..CampaignSettings::default() },
        supersede: false,
    };
    let post = |new: NewCampaign| desk.send(Method::POST, "/campaigns", new);
    post(start("0.7", "kitchen")).await.refused("no-release");
    post(start("0.2-beta", "cellar")).await.refused("no-group");
    post(start("0.2-beta", "cams")).await.refused("group-of-other-product");
    let view: CampaignView = post(start("0.2-beta", "kitchen")).await.read();
    assert_eq!(view.campaign.waves.len(), 2, "both devices, and whoever comes later");
    post(start("0.2-beta", "kitchen")).await.refused("target-taken");
    let deleted = desk.request(Caller::Here, Method::DELETE, "/groups/kitchen", Body::empty()).await;
    deleted.refused("group-in-use");
    for (settings, code) in [
        (json!({ "waves": "1%,50%" }), "unreadable-body"),
        (json!({ "window": "by night" }), "unreadable-body"),
        (json!({ "speed": "fast" }), "unreadable-body"),
        (json!({ "rules": { "at_a_time": 0 } }), "nobody-at-a-time"),
    ] {
        let body = json!({ "product": "lamp", "version": "0.1", "settings": settings });
        desk.send(Method::POST, "/campaigns", body).await.refused(code);
    }
}

#[tokio::test]
async fn versions_to_be_passed_through_lead_somewhere() {
    let desk = desk(2).await;
    let via =
        |version: &'static str| move |publication: &mut Publication| publication.via = Some(version.into());
    push(&desk, "0.2", via("0.7")).await.refused("via-not-there");
    let detail = push(&desk, "0.2", via("0.2")).await.refused("via-leads-nowhere");
    assert!(detail.contains("circle: 0.2, then 0.2"), "{detail}");
    push(&desk, "0.2", via("0.1")).await.read::<Published>();
    push(&desk, "0.0.9", |publication| {
        publication.via = Some("0.1".into());
        publication.allow.insert(otary_server::operator::Allowance::Older);
    })
    .await
    .refused("via-leads-nowhere");
}

#[tokio::test]
async fn a_campaign_does_not_show_which_groups_others_have() {
    let desk = desk(2).await;
    desk.publish("lamp", "0.2", &firmware(Chip::Esp32, "lamp 0.2")).await;
    desk.send(Method::POST, "/products", json!({ "name": "cam" })).await.done();
    desk.send(Method::PUT, "/groups/cams", json!({ "product": "cam", "devices": [mac(0)] })).await.done();
    desk.send(Method::PUT, "/groups/house", json!({ "devices": [mac(0)] })).await.done();
    let grants = json!({ "products": { "lamp": "operate" } });
    let token: CreatedToken =
        desk.send(Method::POST, "/tokens", json!({ "name": "lamps", "grants": grants })).await.read();
    for group in ["cams", "house", "nothing"] {
        let start = json!({ "product": "lamp", "version": "0.2", "settings": { "group": group } });
        let (from, body) =
            (Caller::Net("10.0.0.7", Some(token.secret.expose())), Body::from(start.to_string()));
        desk.request(from, Method::POST, "/campaigns", body).await.refused("no-group");
    }
}
