//! What a server tells its network of itself: nothing on loopback, and the time where it is told to.

use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

use otary_server::Clock;

use crate::clock::record_from_the_future;
use crate::house::House;

#[test]
fn a_server_on_loopback_is_silent_on_multicast() {
    let house = House::new();
    assert!(house.serve("--name seal.local").terminate().success());
    assert!(!house.text("log").contains("mdns"), "{}", house.text("log"));
}

#[test]
fn a_server_tells_the_time_if_it_is_to() {
    let house = House::new();
    let server = house.serve(TELLING);
    let answer = ask(&house, Duration::from_secs(10)).unwrap();
    assert_eq!((answer.len(), answer[0]), (48, 0x24), "version 4, a server's");
    let since_1900 = u64::from(u32::from_be_bytes(*answer[40..].first_chunk().unwrap()));
    assert!(Clock::system().now().secs().abs_diff(since_1900 - 2_208_988_800) <= 5);
    assert!(server.terminate().success());
}

#[test]
fn a_time_that_its_own_records_contradict_is_not_told_and_the_log_says_why() {
    let house = House::new();
    house.serve("").terminate();
    record_from_the_future(&house, Duration::from_hours(1));
    let server = house.serve(TELLING);
    assert_eq!(ask(&house, Duration::from_secs(1)), None);
    let said = "somebody asks for the time and is not told: the clock shows ";
    wait_for(&house, said);
    assert!(server.terminate().success());
}

/// The time, told on loopback, by a clock that its owner vouches for.
const TELLING: &str = "--set sntp.listen=127.0.0.1:0 --set sntp.trust_local_clock=true --log-format json";

/// What a server answers to a question for the time within so long.
fn ask(house: &House, patience: Duration) -> Option<Vec<u8>> {
    let log = wait_for(house, "the time is told at ");
    let address = log.split('"').next().unwrap();
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.send_to(&[&[0x23][..], &[0; 47]].concat(), address).unwrap();
    let mut answer = vec![0; 512];
    let (length, _) = socket.recv_from(&mut answer).ok()?;
    answer.truncate(length);
    Some(answer)
}

/// What stands in the log behind this, as soon as it is there.
fn wait_for(house: &House, said: &str) -> String {
    let begin = Instant::now();
    loop {
        let log = house.text("log");
        if let Some((_, rest)) = log.split_once(said) {
            return rest.to_owned();
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{log}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_time_server_that_cannot_listen_is_refused_with_what_to_do() {
    let house = House::new();
    let taken = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let words = format!(
        "serve --data x --http off --https 127.0.0.1:0 --operator 127.0.0.1:0 --set sntp.listen={address}"
    );
    let refused = house.otary(&words).refused();
    assert!(
        refused.starts_with(&format!("error: telling the time at {address} (sntp.listen): ")),
        "{refused}"
    );
    assert!(refused.contains("help: another time server may run here"), "{refused}");
}
