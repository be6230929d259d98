//! What the tests look at: houses with lamps that asked before, and a street with a fleet in which everything went on that the page shows.

use std::ops::Range;
use std::time::Duration;

use otary_store::{Disk, DiskOptions};

use crate::fleet::{Fleet, asked_before, went_on_before};
use crate::house::{House, Server};

/// Lamps of a house.
pub const LAMPS: Range<u8> = 1..17;
/// Plugs of a street: with the lamps two hundred devices.
const PLUGS: Range<u8> = 30..214;

/// A server with two hundred devices, a release that was stopped and one that waits for approval.
pub struct Street {
    pub house: House,
    _lamps: Fleet,
    _server: Server,
}

impl Street {
    /// Fills a street, and waits until the bad release was stopped.
    pub fn with_a_fleet() -> Self {
        let house = with_lamps();
        publish(&house, "plug", "1.0", "--new-product --channel stable");
        publish(&house, "plug", "1.1", "--at-once");
        let (old, new) = (PLUGS.start..PLUGS.start + 40, PLUGS.start + 40..PLUGS.end);
        for (plugs, firmware) in [(old, "plug-1.0.bin"), (new, "plug-1.1.bin")] {
            asked_before(&house, plugs, firmware, 12, Duration::from_mins(7));
        }
        went_on_before(&house);
        house.otary("device pin 02:00:00:00:00:20 1.0 --data x");
        house.otary("group set porch 02:00:00:00:00:1E 02:00:00:00:00:1F --data x");
        let server = house.serve("");
        publish(&house, "lamp", "0.2", "");
        let lamps = Fleet::switch_on(&house, &server, "lamp-0.1.bin", LAMPS, "0.2");
        house.wait_for("campaign 1 stopped");
        publish(&house, "plug", "1.2", "--approve --waves 5%,50%,100%");
        Self { house, _lamps: lamps, _server: server }
    }
}

/// A house with lamps that run 0.1, each known for two hours.
pub fn with_lamps() -> House {
    let house = House::new();
    drop(Disk::open(house.data(), DiskOptions::default()).unwrap());
    publish(&house, "lamp", "0.1", "");
    asked_before(&house, LAMPS, "lamp-0.1.bin", 12, Duration::from_mins(9));
    house
}

/// Makes firmware and publishes it.
pub fn publish(house: &House, product: &str, version: &str, options: &str) {
    let file = format!("{product}-{version}.bin");
    // No two images are the same.
    house.sample_of(60_000 + 64 * product.len(), &file, version);
    house.otary(&format!("push {file} --product {product} --version {version} {options} --data x")).printed();
}
