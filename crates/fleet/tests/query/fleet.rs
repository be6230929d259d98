//! The fleet that the manual and the tests ask about: `docs/QUERY.md` has the same table.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use otary_fleet::{
    Brief, BriefFacts, Catalogue, Chip, Cohort, Device, Facts, Group, Kind, Mac, Membership, Proof, Query,
    Runs, Time, Transport,
};

use crate::world::{Board, World};

const DAY: Duration = Duration::from_hours(24);

/// The devices by the name that people have for them, what could be offered, and the time.
pub struct Fleet {
    pub devices: Vec<(&'static str, Device)>,
    pub catalogue: Catalogue,
    pub now: Time,
}

fn mac(last: u8) -> Mac {
    Mac::new([0x24, 0x6F, 0x28, 0xAA, 0xBB, last]).unwrap()
}

fn board(last: u8, firmware: &str, version: &str) -> Board {
    let mut board = Board::running(firmware, version);
    board.0.device = Some(mac(last));
    board
}

/// A device in a few words.
pub fn brief(device: &Device) -> Brief {
    Brief::of(device, Arc::new(Cohort::of(device)))
}

impl Fleet {
    pub fn new() -> Self {
        let mut world = World::new();
        world.product("lamp").allow_plain_http = true;
        world.product("cam");
        for (version, c3) in [("0.3", "lamp-0.3-c3"), ("0.10", "lamp-0.10-c3")] {
            let esp32 = format!("lamp-{version}");
            world.artifact(&esp32, Some(Chip::Esp32), Kind::App);
            world.artifact(c3, Some(Chip::Esp32C3), Kind::App).size = 900_000;
            world.release("lamp", version, &[&esp32, c3]);
        }
        let kitchen = board(1, "lamp-0.3-c3", "");
        world.poll(&kitchen);
        let mut garden = board(4, "unknown-cam", "2.0-beta").asking_for("cam").from("10.0.7.9");
        garden.0.sdk = Some("v5.5.1".into());
        garden.0.proof = Proof::ProductSecret;
        world.poll(&garden);
        let mut attic = board(5, "", "").asking_for("lamp");
        (attic.0.build, attic.0.sdk, attic.0.free_space) =
            (otary_fleet::Build::default(), None, Some(900 * 1024));
        world.poll(&attic);
        world.pass(10 * DAY);
        world.poll(&kitchen);
        let mut hall = board(2, "lamp-0.10", "");
        hall.0.transport = Transport::Http;
        world.poll(&hall);
        world.device("24:6F:28:AA:BB:03").product = Some("lamp".parse().unwrap());
        world.device("24:6F:28:AA:BB:02").channel = Some("beta".parse().unwrap());
        world.device("24:6F:28:AA:BB:04").name = Some("Garden gate".into());
        world.device("24:6F:28:AA:BB:01").contested = Some(world.now);
        Self::of(&mut world)
    }

    fn of(world: &mut World) -> Self {
        let names = ["kitchen", "hall", "cellar", "garden", "attic"];
        let devices = (1..).zip(names).map(|(last, name)| (name, world.devices.remove(&mac(last)).unwrap()));
        let friends = Membership::Hand(BTreeSet::from([mac(1), mac(4)]));
        let small = Membership::Query("free < 1MiB".parse().unwrap());
        let group = |name: &str, by| Group { name: name.parse().unwrap(), product: None, by };
        let groups = [group("friends", friends), group("small", small)];
        Self {
            devices: devices.collect(),
            catalogue: world.catalogue().with_campaigns([], groups),
            now: world.now,
        }
    }

    pub fn facts<'a>(&'a self, device: &'a Device) -> Facts<'a> {
        Facts { device, catalogue: &self.catalogue, now: self.now }
    }

    /// The same by a brief.
    pub fn brief_facts<'a>(&'a self, brief: &'a Brief) -> BriefFacts<'a> {
        let runs = Runs::of(&brief.cohort, &self.catalogue);
        BriefFacts { brief, runs, catalogue: &self.catalogue, now: self.now }
    }

    /// The names of the devices that a query finds, by their records and by their briefs alike.
    pub fn find(&self, query: &str) -> Vec<&'static str> {
        let query: Query = query.parse().unwrap_or_else(|error| panic!("{query}: {error}"));
        let found = self.devices.iter().filter(|(_, device)| {
            let found = query.matches(&self.facts(device));
            assert_eq!(query.finds_brief(&self.brief_facts(&brief(device))), found, "{query} of {device:?}");
            found
        });
        found.map(|(name, _)| *name).collect()
    }
}
