//! Lamps: those that asked in the past, which is written into the store before a server has it, and virtual boards that ask now, over
//! real TLS, and start what they download.

use std::fs;
use std::ops::{ControlFlow, Range};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use otary_fleet::{
    Build, CheckIn, Device, Dialect, Event, Mode, Openings, Proof, Time, Transport, View, decide, observe,
};
use otary_sim::{Board, Console, Nor, Pace, Poll, Sketch, Stop};
use otary_store::{Admit, Disk, DiskOptions, Store};

use crate::house::{House, Server, mac};

/// Between two polls in the past.
const EVERY: Duration = Duration::from_mins(10);
/// A board asks every ten seconds, and these here faster by this.
const PACE: f64 = 0.12;

/// Boards that are on until the test is over.
pub struct Fleet {
    stop: Stop,
    boards: Vec<JoinHandle<()>>,
}

impl Fleet {
    /// Switches lamps on that were flashed with `firmware` over the cable. Of those with an odd number the bootloader goes
    /// back from the release `bad` when it has asked once.
    pub fn switch_on(
        house: &House,
        server: &Server,
        firmware: &str,
        numbers: Range<u8>,
        bad: &'static str,
    ) -> Self {
        let stop = Stop::default();
        let image = fs::read(house.path(firmware)).unwrap();
        let boards = numbers.map(|number| {
            let (board, sketch) = house.board(number, &image, server.https);
            let (pace, image) = (Pace::scaled(PACE, stop.clone()), image.clone());
            let bad = if number % 2 == 1 { bad } else { "" };
            thread::spawn(move || live(board, &sketch, &pace, &image, bad))
        });
        let boards = boards.collect();
        Self { stop, boards }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.stop.stop();
        for board in self.boards.drain(..) {
            let _ = board.join();
        }
    }
}

fn live(mut board: Board<Nor>, sketch: &Sketch, pace: &Pace, factory: &[u8], bad: &str) {
    let mut console = Console::new(std::io::sink());
    while !pace.stop().is_stopped() {
        let polled = |poll| match poll {
            Poll::NoUpdate { version: Some(version) } if version == bad => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        board.run(sketch, pace, &mut console, polled).unwrap();
        board.flash_factory(factory, None).unwrap();
    }
}

/// Has lamps on record that asked every ten minutes, so often until a while ago, running `firmware`. The data directory has no
/// server meanwhile.
pub fn asked_before(house: &House, numbers: Range<u8>, firmware: &str, times: u32, until: Duration) {
    let store = Disk::open(house.data(), DiskOptions::default()).unwrap();
    let says = says(&fs::read(house.path(firmware)).unwrap(), firmware);
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let last = Time::from_secs(since_1970.as_secs()) - until;
    for number in numbers {
        let check_in = CheckIn { device: Some(mac(number)), ..says.clone() };
        // No two of them ask at the same time.
        let last = last - Duration::from_secs(number.into());
        for ago in (0..times).rev() {
            visit(&store, &check_in, last - EVERY * ago);
        }
    }
    store.flush().unwrap();
}

/// Has it on record how much went on in each ten minutes of the last two days: more by day, and an update in the evening.
pub fn went_on_before(house: &House) {
    let store = Disk::open(house.data(), DiskOptions::default()).unwrap();
    let last = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / EVERY.as_secs();
    let periods = (1..288_u64).rev().map(|ago| {
        let check_ins = 150 + 7 * (ago % 9) + if (ago / 72) % 2 == 0 { 60 } else { 0 };
        let (offers, failures) = (if (60..75).contains(&ago) { 12 } else { 0 }, u64::from(ago == 66));
        (last - ago, [check_ins, offers, offers, 0, offers - offers.min(failures), failures, 0])
    });
    let periods: Vec<(u64, [u64; 7])> = periods.collect();
    store.put_setting("server.activity", &serde_json::to_string(&periods).unwrap()).unwrap();
}

fn visit(store: &Disk, check_in: &CheckIn, now: Time) {
    let catalogue = store.catalogue();
    let mut seen = |device: Option<&mut Device>| -> Vec<Event> {
        let Some(device) = device else { return Vec::new() };
        let view = View { catalogue: &catalogue, device: Some(device), openings: Openings::SHUT };
        let decision = decide(check_in, view, now);
        observe(device, check_in, &decision, &catalogue, now)
    };
    store.with_device(check_in.device.unwrap(), now, Admit::New, &mut seen).unwrap();
}

/// What a lamp says of itself that runs this image.
fn says(image: &[u8], file: &str) -> CheckIn {
    let artifact = otary_fleet::read(image, file, Time::default(), false).unwrap().artifact;
    let version = otary_sim::sample::version(image).map(Into::into);
    CheckIn {
        dialect: Dialect::ArduinoEsp32,
        mode: Mode::Sketch,
        device: None,
        name: None,
        product: None,
        chip: None,
        build: Build { md5: artifact.md5s.first().copied(), sha256: artifact.digests.first().copied() },
        version,
        free_space: Some(0x14_0000),
        chip_size: Some(4 << 20),
        sdk: Some("v5.1.4".into()),
        source: [127, 0, 0, 1].into(),
        transport: Transport::Https,
        proof: Proof::None,
        handshake: None,
        agent: None,
        report: None,
    }
}
