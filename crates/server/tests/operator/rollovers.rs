//! The steps of a rollover over the operators' interface, through the weeks that a claim without proof takes to be
//! believed.

use std::sync::Arc;

use http::Method;
use otary_fleet::{Chip, GivenUp, Handshake, Step};
use otary_server::operator::{Adoption, Begin, RolloverView};
use otary_server::{Custody, Held, Identity};
use otary_trust::{Authority, Clock};

use crate::desk::{Answer, DAY, Desk, MAC, OPENED, board, firmware_with};

const HOST: &str = "ota.lan";

/// A server with an authority, in an open product: nobody proves anything.
struct Site {
    desk: Desk,
    custody: Arc<Custody>,
    _folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = vec![HOST.parse().unwrap()];
        let clock = Clock { now: OPENED, built: OPENED, newest: OPENED };
        let authority = Authority::open_or_create(&folder.path().join("trust"), &names, &clock).unwrap();
        let custody = Arc::new(Custody::new(Held { authority, names, elsewhere: None, page: None }, OPENED));
        Self { desk: Desk::with_custody(Arc::clone(&custody)), custody, _folder: folder }
    }

    /// Publishes firmware that trusts these certificates.
    async fn release(&self, version: &str, anchors: &str) -> Vec<u8> {
        let image =
            firmware_with(Chip::Esp32, &[b"https://ota.lan/update", anchors.as_bytes(), version.as_bytes()]);
        self.desk.publish("lamp", version, &image).await;
        image
    }

    fn anchors(&self) -> String {
        self.custody.look(|held| held.authority.anchors_pem())
    }

    /// The device, or who says that he is it, asks from an address and takes what it is offered.
    fn poll(&self, firmware: &[u8], from: [u8; 4]) {
        let presented = self.custody.generations().presented(Some(HOST));
        let mut check_in = board(MAC, firmware, "");
        check_in.source = from.into();
        check_in.handshake = Some(Handshake { server_name: Some(HOST.into()), presented });
        self.desk.poll_and_take(&check_in);
    }

    async fn begin(&self) {
        let begun = self.desk.send(Method::POST, "/trust/rollover", Begin::default()).await;
        assert!(begun.status.is_success(), "{begun:?}");
    }

    /// Asks to adopt the leaf of another authority under this name, in the place of a tutorial's certificate.
    async fn adopt(&self, host: &str, give_up: GivenUp) -> Answer {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock { now: OPENED, built: OPENED, newest: OPENED };
        let names = [host.parse().unwrap()];
        let other = Authority::open_or_create(&folder.path().join("trust"), &names, &clock).unwrap();
        let leaf = other.leaf().unwrap();
        let certificate = leaf.certificate().pem().to_owned();
        let adoption = Adoption { certificate, key: leaf.key().unwrap().pem().unwrap(), give_up };
        self.desk.send(Method::POST, "/trust/adopt", adoption).await
    }

    async fn step(&self, step: Step) -> Answer {
        self.step_without(step, &[]).await
    }

    /// The same, giving these devices up.
    async fn step_without(&self, step: Step, devices: &[&str]) -> Answer {
        let path = format!("/trust/rollover/{}", step.name());
        let devices = devices.iter().map(|mac| mac.parse().unwrap()).collect();
        self.desk.send(Method::POST, &path, GivenUp { devices, strangers: false }).await
    }

    /// How many devices `finish` would cut off, as things are.
    async fn lost_by_finish(&self) -> usize {
        let view: RolloverView = self.desk.get("/trust/rollover").await;
        view.steps.iter().find(|losses| losses.step == Step::Finish).unwrap().named.len()
    }

    /// A device with the old root alone, which otary has updated once; the rollover has begun.
    async fn with_a_device() -> (Self, Vec<u8>) {
        let site = Self::new();
        let old_root = site.custody.look(|held| held.authority.root().pem().to_owned());
        let first = site.release("1", &old_root).await;
        site.poll(&first, HOME);
        let old = site.release("2", &old_root).await;
        site.poll(&first, HOME);
        site.poll(&old, HOME);
        site.begin().await;
        (site, old)
    }
}

/// Where the device is, and where it is not.
const HOME: [u8; 4] = [192, 168, 1, 50];
const ELSEWHERE: [u8; 4] = [203, 0, 113, 7];

#[tokio::test]
async fn a_device_that_proves_nothing_has_moved_once_it_has_said_so_for_a_month() {
    let (site, old) = Site::with_a_device().await;
    assert_eq!(site.lost_by_finish().await, 1, "who has not moved is named from the beginning");
    let new = site.release("3", &site.anchors()).await;
    site.poll(&old, HOME);
    site.poll(&new, HOME);
    assert!(site.step(Step::Switch).await.status.is_success(), "the bridge leads it");
    for _ in 0..29 {
        site.desk.clock.advance(DAY);
        site.poll(&new, HOME);
        assert!(site.step(Step::Finish).await.refused("would-cut-off").contains(MAC));
    }
    site.desk.clock.advance(DAY * 2);
    site.poll(&new, HOME);
    assert_eq!(site.lost_by_finish().await, 0);
    assert!(site.step(Step::Finish).await.status.is_success());
}

#[tokio::test]
async fn a_device_that_nobody_waits_for_cannot_be_given_up() {
    let (site, _) = Site::with_a_device().await;
    let other = "24:6F:28:00:00:01";
    let refused = site.step_without(Step::Switch, &[other]).await.refused("not-waited-for");
    assert!(refused.contains(&format!("switch does not cut off {other}")), "{refused}");
    assert!(site.step(Step::Switch).await.status.is_success(), "nothing was done before");
    assert!(site.step_without(Step::Finish, &[other]).await.refused("would-cut-off").contains(MAC));
    let refused = site.step_without(Step::Finish, &[MAC, other]).await.refused("not-waited-for");
    assert!(refused.contains(other) && !refused.contains(MAC), "{refused}");
    assert!(site.step_without(Step::Finish, &[MAC]).await.status.is_success());
}

#[tokio::test]
async fn a_stranger_who_says_so_for_two_years_from_elsewhere_moves_nobody() {
    let (site, _) = Site::with_a_device().await;
    let new = site.release("3", &site.anchors()).await;
    assert!(site.step(Step::Switch).await.status.is_success());
    for _ in 0..24 {
        site.desk.clock.advance(DAY * 30);
        site.poll(&new, ELSEWHERE);
        assert!(site.step(Step::Finish).await.refused("would-cut-off").contains(MAC));
    }
}

#[tokio::test]
async fn a_generation_without_a_bridge_takes_no_name_that_devices_ask_for() {
    let (site, _) = Site::with_a_device().await;
    assert!(site.step(Step::Abort).await.status.is_success());
    let mut begin = Begin { hosts: [HOST.to_owned()].into(), without_bridge: true, ..Begin::default() };
    let refused = site.desk.send(Method::POST, "/trust/rollover", begin.clone()).await;
    assert!(
        refused
            .refused("would-cut-off")
            .starts_with(&format!("begin would cut off 1 device (for certain): {MAC}"))
    );
    assert!(site.custody.generations().rollover.is_none());
    begin.give_up.devices.insert(MAC.parse().unwrap());
    assert!(site.desk.send(Method::POST, "/trust/rollover", begin).await.status.is_success());
}

#[tokio::test]
async fn an_adopted_certificate_takes_no_name_that_devices_of_the_authority_ask_for() {
    let (site, _) = Site::with_a_device().await;
    assert!(site.step(Step::Abort).await.status.is_success());
    site.custody
        .change(OPENED, |held| {
            held.names.push("new.lan".parse().unwrap());
            Ok::<_, otary_server::ServeError>(())
        })
        .unwrap();
    assert!(site.adopt(HOST, GivenUp::default()).await.refused("would-cut-off").contains(MAC));
    assert!(site.adopt("serverota.local", GivenUp::default()).await.status.is_success());
}

#[tokio::test]
async fn a_certificate_is_adopted_after_a_rollover_too_and_the_server_can_show_it() {
    let site = Site::new();
    site.begin().await;
    for step in [Step::Switch, Step::Finish] {
        assert!(site.step(step).await.status.is_success());
    }
    assert!(site.adopt("serverota.local", GivenUp::default()).await.status.is_success());
    site.custody.look(|held| Identity::of(&held.authority, OPENED)).unwrap();
}
