//! The fleet in numbers, and lists of it: the same with and without a server, and without reading what is not shown.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Method, StatusCode};
use otary_fleet::{Chip, Mac, Verdict, rank};
use otary_server::Count;
use otary_server::operator::{DeviceLine, DevicePage};
use otary_store::{Memory, Store};
use serde_json::json;

use crate::desk::{Caller, Desk, board, firmware};

const SORTS: [&str; 5] = ["mac", "last-seen", "version", "product", "state"];

fn mac(number: usize) -> String {
    format!("24:6F:28:00:{:02X}:{:02X}", number / 256, number % 256)
}

/// A desk over so many devices: lamps on three builds and boards that nobody knows.
async fn fleet(devices: usize) -> (Desk, Arc<Memory>) {
    let store = Arc::new(Memory::default());
    let desk = Desk::over(Arc::clone(&store) as Arc<dyn Store>);
    let builds = ["lamp 0.2", "lamp 0.10"].map(|text| firmware(Chip::Esp32, text));
    desk.publish("lamp", "0.2", &builds[0]).await;
    desk.publish("lamp", "0.10", &builds[1]).await;
    let own = firmware(Chip::Esp32, "own");
    for number in 0..devices {
        // No two devices that follow each other by address are alike.
        let board = match number * 7 % 5 {
            0 | 1 => board(&mac(number), &builds[0], "0.2"),
            2 => board(&mac(number), &builds[1], "0.10"),
            3 => board(&mac(number), &own, "0.9"),
            _ => board(&mac(number), &own, ""),
        };
        desk.poll(&board);
    }
    (desk, store)
}

/// The same with a census that is kept, as a server keeps it.
async fn kept(devices: usize) -> (Desk, Arc<Memory>) {
    let (desk, store) = fleet(devices).await;
    desk.engine.begin();
    desk.engine.look();
    (desk, store)
}

/// Every page of a list.
async fn pages(desk: &Desk, options: &str) -> Vec<DevicePage> {
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page: DevicePage = desk.get(&format!("/devices?{options}{after}")).await;
        let next = page.next.clone();
        pages.push(page);
        let Some(next) = next else { return pages };
        after = format!("&after={next}");
    }
}

fn lines(pages: &[DevicePage]) -> Vec<&DeviceLine> {
    pages.iter().flat_map(|page| &page.devices).collect()
}

fn macs(pages: &[DevicePage]) -> Vec<Mac> {
    lines(pages).iter().map(|line| line.mac).collect()
}

/// The version that a line shows.
fn version(line: &DeviceLine) -> Option<String> {
    let runs = line.runs.as_ref()?;
    let released = runs.release.as_ref().map(|release| release.version.to_string());
    released.or_else(|| runs.says.as_ref().map(ToString::to_string))
}

fn order(sort: &str, a: &DeviceLine, b: &DeviceLine) -> Ordering {
    let by_key = match sort {
        "last-seen" => a.last_seen.cmp(&b.last_seen),
        "version" => match (version(a), version(b)) {
            (Some(a), Some(b)) => rank(&a, &b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        },
        "product" => a.product.cmp(&b.product),
        "state" => {
            let state = |line: &DeviceLine| {
                let answer = line.answer.as_ref().unwrap();
                (
                    answer.verdict == Verdict::Wait,
                    answer.verdict != Verdict::Hold,
                    answer.decision.reason.rule(),
                )
            };
            state(a).cmp(&state(b))
        }
        _ => Ordering::Equal,
    };
    by_key.then_with(|| a.mac.cmp(&b.mac))
}

#[tokio::test]
async fn every_sort_shows_each_device_once_in_its_order_and_turned_round_the_other_way() {
    for (desk, _) in [kept(60).await, fleet(60).await] {
        for sort in SORTS {
            let up = pages(&desk, &format!("sort={sort}&limit=7")).await;
            let mut sorted = lines(&up);
            sorted.sort_by(|a, b| order(sort, a, b));
            assert_eq!(macs(&up), sorted.iter().map(|line| line.mac).collect::<Vec<_>>(), "{sort}");
            assert_eq!(macs(&up).len(), 60, "{sort}");
            let mut down = macs(&pages(&desk, &format!("sort={sort}&order=desc&limit=11")).await);
            down.reverse();
            assert_eq!(down, macs(&up), "{sort}");
        }
    }
}

#[tokio::test]
async fn a_list_reads_no_record_but_those_that_it_shows() {
    let (desk, store) = kept(1_000).await;
    for sort in SORTS {
        for (options, most) in
            [("", 20), ("&order=desc", 20), ("&where=mac%20~%2000:02:", 20), ("&where=mac%20~%2003:E7", 1)]
        {
            let before = store.records_read();
            let page: DevicePage = desk.get(&format!("/devices?sort={sort}&limit=20{options}")).await;
            let read = store.records_read() - before;
            assert!(read <= most, "{sort}{options}: {read} records were read for {}", page.devices.len());
            assert!(!page.devices.is_empty());
        }
    }
    let before = store.records_read();
    for path in ["/census", "/status", "/activity", "/products", "/releases", "/groups"] {
        let answer = desk.request(Caller::Here, Method::GET, path, Body::empty()).await;
        assert_eq!((answer.status, store.records_read() - before), (StatusCode::OK, 0), "{path}");
    }
}

#[tokio::test]
async fn what_a_query_finds_is_counted_and_the_same_without_a_server() {
    let (desk, _) = kept(40).await;
    let (alone, _) = fleet(40).await;
    for query in [
        "build%20%3D%200.2",
        "answer%20%3D%20hold",
        "chip%20is%20unknown",
        "polls%20%3E%201",
        "not%20stranger",
    ] {
        let found = pages(&desk, &format!("sort=last-seen&limit=5&where={query}")).await;
        let without = pages(&alone, &format!("limit=5&where={query}")).await;
        let mut sorted = macs(&found);
        sorted.sort();
        assert_eq!(sorted, macs(&without), "{query}");
        assert_eq!((found[0].total, found[0].matching), (Some(40), Some(sorted.len() as u64)), "{query}");
        assert_eq!((without[0].total, without[0].matching), (None, None), "nobody counted");
    }
}

#[tokio::test]
async fn a_cursor_stays_right_while_devices_come_and_go() {
    let (desk, _) = kept(30).await;
    let first: DevicePage = desk.get("/devices?sort=version&limit=10").await;
    let shown = first.devices.iter().map(|line| line.mac).collect::<Vec<_>>();
    // The device that the page ended with goes, and one comes that would have been on it.
    desk.request(Caller::Here, Method::DELETE, &format!("/devices/{}", shown[9]), Body::empty()).await.done();
    let body = json!({ "product": "lamp" });
    desk.send(Method::POST, "/devices/02:00:00:00:00:01/assign", body).await.done();
    let next = first.next.unwrap();
    let rest: DevicePage = desk.get(&format!("/devices?sort=version&after={next}")).await;
    let rest = macs(&[rest]);
    assert_eq!(rest.len(), 20);
    assert!(rest.iter().all(|mac| !shown.contains(mac)));
}

#[tokio::test]
async fn a_cursor_that_no_page_of_such_a_list_ended_with_is_refused() {
    let (desk, _) = kept(3).await;
    let page: DevicePage = desk.get("/devices?sort=version&limit=1").await;
    let of_versions = page.next.unwrap();
    for path in [
        format!("/devices?sort=last-seen&after={of_versions}"),
        format!("/devices?after={of_versions}"),
        format!("/devices?sort=version&after={}", mac(1)),
        "/devices?after=nonsense".to_owned(),
        "/devices?sort=version&after=W10".to_owned(),
    ] {
        desk.request(Caller::Here, Method::GET, &path, Body::empty()).await.refused("bad-cursor");
    }
    let path = "/devices?sort=colour";
    desk.request(Caller::Here, Method::GET, path, Body::empty()).await.refused("unreadable-query");
}

#[tokio::test]
async fn the_fleet_is_counted_by_what_it_runs_and_what_it_is_answered() {
    let (desk, _) = kept(50).await;
    let count: Count = desk.get("/census").await;
    assert_eq!((count.devices, count.counting, count.strangers), (50, false, 50));
    let runs = count.runs.iter().map(|run| {
        let text = |version: Option<&otary_fleet::Version>| version.map_or("-", |version| version).to_owned();
        (text(run.release.as_ref()), text(run.says.as_ref()), run.devices)
    });
    let mut runs = runs.collect::<Vec<_>>();
    runs.sort();
    let row = |release: &str, says: &str, devices| (release.to_owned(), says.to_owned(), devices);
    assert_eq!(runs, [row("-", "-", 10), row("-", "0.9", 10), row("0.10", "-", 10), row("0.2", "-", 20)]);
    let answers =
        count.answers.iter().map(|answer| (answer.rule.as_str(), answer.devices)).collect::<Vec<_>>();
    assert_eq!(
        answers,
        [("older-release", 20), ("first-try", 10), ("older-version", 10), ("up-to-date", 10)]
    );
    assert_eq!(count.answered(Verdict::Offer), 40);
    let alone: Count = fleet(50).await.0.get("/census").await;
    assert_eq!(alone, count, "without a server");
    let nothing: Count = desk.get("/census?product=lamp").await;
    assert_eq!(nothing.devices, 50);
    desk.request(Caller::Here, Method::GET, "/census?product=lmap", Body::empty())
        .await
        .refused("no-product");
}

#[tokio::test]
async fn what_an_operator_changes_counts_at_once() {
    let (desk, _) = kept(10).await;
    desk.request(Caller::Here, Method::POST, &format!("/devices/{}/hold", mac(0)), Body::empty())
        .await
        .done();
    desk.send(Method::POST, &format!("/devices/{}/pin", mac(1)), json!({ "version": "0.2" })).await.done();
    desk.send(
        Method::POST,
        &format!("/devices/{}/assign", mac(2)),
        json!({ "product": "lamp", "channel": "beta" }),
    )
    .await
    .done();
    desk.request(Caller::Here, Method::DELETE, &format!("/devices/{}", mac(3)), Body::empty()).await.done();
    let count: Count = desk.get("/census").await;
    assert_eq!((count.held, count.pinned, count.strangers, count.devices), (1, 1, 6, 9));
    let channels =
        count.channels.iter().map(|row| (row.channel.as_ref().map(ToString::to_string), row.devices));
    assert_eq!(channels.collect::<Vec<_>>(), [(None, 8), (Some("beta".into()), 1)]);
    let held: DevicePage = desk.get("/devices?sort=state&where=hold").await;
    assert_eq!(held.devices.iter().map(|line| line.mac.to_string()).collect::<Vec<_>>(), [mac(0)]);
}

#[tokio::test]
async fn what_the_store_let_go_of_leaves_the_lists_when_it_is_met_and_the_counts_when_they_are_read_anew() {
    let (desk, store) = kept(6).await;
    store.forget(mac(2).parse().unwrap()).unwrap();
    let page: DevicePage = desk.get("/devices?sort=last-seen").await;
    assert_eq!((page.devices.len(), page.total), (5, Some(6)), "its record is not there");
    store.forget(mac(3).parse().unwrap()).unwrap();
    let count: Count = desk.get("/census").await;
    assert_eq!(count.devices, 5);
    desk.clock.advance(Duration::from_mins(6));
    desk.engine.look();
    let count: Count = desk.get("/census").await;
    assert_eq!(count.devices, 4);
}

#[tokio::test]
async fn a_device_is_silent_by_its_own_rhythm_and_not_while_nobody_could_hear_it() {
    let (desk, _) = fleet(1).await;
    let hourly = board(&mac(0), &firmware(Chip::Esp32, "lamp 0.2"), "0.2");
    for _ in 0..6 {
        desk.clock.advance(Duration::from_mins(59));
        desk.poll(&hourly);
    }
    desk.engine.begin();
    desk.engine.look();
    let silent = async || desk.get::<Count>("/census").await.silent;
    desk.clock.advance(Duration::from_hours(3));
    assert_eq!(silent().await, 0, "three of its hours are usual");
    desk.clock.advance(Duration::from_mins(1));
    assert_eq!(silent().await, 1);
    let seen = desk.get::<Count>("/census").await.seen;
    assert_eq!((seen.hour, seen.day, seen.week), (0, 1, 1));

    // The server was off for ten hours.
    let later = Desk::over(Arc::clone(&desk.store));
    later.clock.advance(desk.clock.now().since(later.clock.now()) + Duration::from_hours(10));
    assert_eq!(later.get::<Count>("/census").await.silent, 0, "no server runs");
    later.engine.begin();
    later.engine.look();
    assert_eq!(later.get::<Count>("/census").await.silent, 0, "it has just begun");
    later.clock.advance(Duration::from_hours(4));
    assert_eq!(later.get::<Count>("/census").await.silent, 1);
}
