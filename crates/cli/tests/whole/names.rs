//! What a server tells its network of itself: nothing on loopback, and the time where it is told to.

use std::net::UdpSocket;
use std::thread;
use std::time::{Duration, Instant};

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
    let server =
        house.serve("--set sntp.listen=127.0.0.1:0 --set sntp.trust_local_clock=true --log-format json");
    let begin = Instant::now();
    let address = loop {
        let log = house.text("log");
        if let Some((_, rest)) = log.split_once("the time is told at ") {
            break rest.split('"').next().unwrap().to_owned();
        }
        assert!(begin.elapsed() < Duration::from_secs(10), "{log}");
        thread::sleep(Duration::from_millis(20));
    };
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket.send_to(&[&[0x23][..], &[0; 47]].concat(), address).unwrap();
    let mut answer = [0; 512];
    assert_eq!(socket.recv_from(&mut answer).unwrap().0, 48);
    assert_eq!(answer[0], 0x24, "version 4, a server's");
    assert!(server.terminate().success());
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
