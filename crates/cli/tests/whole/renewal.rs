//! The server's certificates are renewed while fifty boards are half way through an update.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use otary_sim::{Console, Pace, Poll, Stop, Until};

use crate::house::{House, Server};

const BOARDS: usize = 50;
/// Bytes of the new image.
const SIZE: usize = 400_000;
/// After so many bytes of an answer, with those of the handshake, nothing more passes until the dam is opened.
const HALF: usize = SIZE / 2;
/// Every board is half way by then, or the test has failed.
const PATIENCE: Duration = Duration::from_mins(2);

/// A wire between boards and their server that holds every answer back half way.
struct Dam {
    address: SocketAddr,
    water: Arc<Water>,
}

#[derive(Default)]
struct Water {
    level: Mutex<Level>,
    changed: Condvar,
}

#[derive(Default)]
struct Level {
    held_back: usize,
    open: bool,
}

impl Dam {
    /// A dam in front of a server, for so many connections.
    fn before(server: SocketAddr, connections: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, water) = (listener.local_addr().unwrap(), Arc::<Water>::default());
        let to_hold = Arc::clone(&water);
        thread::spawn(move || {
            for board in listener.incoming().take(connections).flatten() {
                let server = TcpStream::connect(server).unwrap();
                let (asked, asks) = (server.try_clone().unwrap(), board.try_clone().unwrap());
                let water = Arc::clone(&to_hold);
                thread::spawn(move || pass_on(asks, asked, None));
                thread::spawn(move || pass_on(server, board, Some(&water)));
            }
        });
        Self { address, water }
    }

    /// Waits until so many answers are held back.
    fn wait_for(&self, many: usize) {
        let level = self.water.level.lock().unwrap();
        let rises = |level: &mut Level| level.held_back < many;
        let (level, _) = self.water.changed.wait_timeout_while(level, PATIENCE, rises).unwrap();
        assert_eq!(level.held_back, many);
    }

    fn open(&self) {
        self.water.level.lock().unwrap().open = true;
        self.water.changed.notify_all();
    }
}

impl Water {
    /// Waits until the dam is opened.
    fn hold_back(&self) {
        let mut level = self.level.lock().unwrap();
        level.held_back += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(level, |level| !level.open).unwrap());
    }
}

/// Passes bytes on until either side closes; what is held back, half of an answer first.
fn pass_on(mut from: TcpStream, mut to: TcpStream, mut water: Option<&Water>) {
    let (mut passed, mut piece) = (0, vec![0; 4096]);
    while let Ok(length @ 1..) = from.read(&mut piece) {
        if let Some(water) = water.take_if(|_| passed + length > HALF) {
            water.hold_back();
        }
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
        passed += length;
    }
    // Either side may have gone already.
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

/// The serial number of the certificate that the next handshake shows.
fn serial(house: &House, server: &Server) -> String {
    let shown = house.otary(&format!("cert show {}", server.https)).printed();
    let serial = shown.lines().find_map(|line| line.trim().strip_prefix("serial "));
    serial.unwrap_or_else(|| panic!("no serial number in\n{shown}")).trim().to_owned()
}

/// Switches a board on until it has nothing to update; gives what its polls came to and what it runs.
fn update(house: &House, number: u8, firmware: &[u8], dam: SocketAddr) -> (Vec<Poll>, Option<String>) {
    let (mut board, mut sketch) = house.board(number, firmware, dam);
    // A device waits for 42 minutes, this one for as long as the test does.
    sketch.link.timeouts.stall = PATIENCE;
    let pace = Pace::scaled(0.0, Stop::default());
    let polls =
        board.run_until(&sketch, &pace, &mut Console::new(std::io::sink()), Until::NoUpdate { at_most: 2 });
    (polls.unwrap(), board.version().map(str::to_owned))
}

#[test]
fn fifty_boards_are_half_way_when_the_certificates_are_renewed_and_all_arrive() {
    let house = House::new();
    let server = house.serve("");
    let old = house.sample_of(SIZE, "old.bin", "0.1");
    house.sample_of(SIZE, "new.bin", "0.2");
    house.otary("push new.bin --product lamp --version 0.2 --data x").printed();
    // Each board asks once for the update and once, restarted, whether there is another.
    let dam = Dam::before(server.https, 2 * BOARDS);
    let before = serial(&house, &server);

    thread::scope(|scope| {
        let (house, old, address) = (&house, &old, dam.address);
        let numbers = (1..).take(BOARDS);
        let boards: Vec<_> = numbers.map(|n| scope.spawn(move || update(house, n, old, address))).collect();
        dam.wait_for(BOARDS);
        house.otary("trust renew --data x").printed();
        assert!(boards.iter().all(|board| !board.is_finished()), "none has more than half of it");
        let renewed = serial(house, &server);
        assert_ne!(renewed, before, "the next handshake shows the new certificate");
        dam.open();
        for board in boards {
            let (polls, version) = board.join().unwrap();
            assert!(matches!(polls[..], [Poll::Updated { .. }, Poll::NoUpdate { .. }]), "{polls:?}");
            assert_eq!(version.as_deref(), Some("0.2"));
        }
        assert_eq!(serial(house, &server), renewed);
    });
    assert!(server.terminate().success());
}
