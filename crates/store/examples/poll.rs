//! What an unchanged poll costs in the store: `cargo run --release -p otary-store --example poll [POLLS]`.
//!
//! Prints the time for each, with a visit that only counts, while the writer's batches run beside it. Under
//! `valgrind --tool=callgrind` the instructions of both can be told apart: `with_device` and `hash_one` are the poll.

use std::error::Error;
use std::time::Instant;

use otary_fleet::{Device, Mac, Time};
use otary_store::{Admit, Disk, DiskOptions, Store};

const DEVICES: u32 = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let polls: u32 = std::env::args().nth(1).map_or(Ok(1_000_000), |polls| polls.parse())?;
    let folder = tempfile::tempdir()?;
    let store = Disk::open(folder.path(), DiskOptions::default())?;
    for number in 0..DEVICES {
        poll(&store, number, Time::default())?;
    }
    store.flush()?;
    let start = Instant::now();
    for number in 0..polls {
        // Neighbours in time are not neighbours in memory.
        poll(&store, number.wrapping_mul(7919) % DEVICES, Time::from_secs(number.into()))?;
    }
    let took = start.elapsed();
    println!("{polls} polls of {DEVICES} devices: {} ns each", took.as_nanos() / u128::from(polls.max(1)));
    Ok(())
}

fn poll(store: &Disk, number: u32, now: Time) -> Result<(), Box<dyn Error>> {
    let [a, b, c, d] = number.to_be_bytes();
    let visit = &mut |device: Option<&mut Device>| {
        if let Some(device) = device {
            device.polls += 1;
            device.last_seen = now;
        }
        Vec::new()
    };
    store.with_device(Mac::new([0x24, 0x6F, a, b, c, d])?, now, Admit::New, visit)?;
    Ok(())
}
