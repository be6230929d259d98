//! What watches a running server, over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use otary_sim::{Console, Pace, Stop, Until};

use crate::house::House;

/// What a listener answers to `GET path`: status and body.
fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// The page, when it has all of these lines: what is counted when a connection ends comes a moment later.
fn page_with(address: SocketAddr, lines: &[&str]) -> String {
    let begin = Instant::now();
    loop {
        let (status, page) = get(address, "/metrics");
        assert_eq!(status, 200);
        match lines.iter().find(|line| !page.contains(**line)) {
            None => return page,
            Some(line) => assert!(begin.elapsed() < Duration::from_secs(20), "no {line} in\n{page}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Where Prometheus reads, as the banner says.
fn metrics(house: &House) -> SocketAddr {
    let banner = house.text("banner");
    let line = banner.lines().find_map(|line| line.strip_prefix("Prometheus reads at http://")).unwrap();
    line.strip_suffix("/metrics").unwrap().parse().unwrap()
}

#[test]
fn prometheus_reads_what_devices_did_and_who_watches_sees_that_it_lives() {
    let house = House::new();
    let server = house.serve("--metrics 127.0.0.1:0");
    let old = house.sample("lamp-0.1.bin", "0.1");
    house.sample("lamp-0.2.bin", "0.2");
    for version in ["0.1", "0.2"] {
        house
            .otary(&format!("push lamp-{version}.bin --product lamp --version {version} --data x"))
            .printed();
    }
    let (mut board, sketch) = house.board(1, &old, server.https);
    let pace = Pace::scaled(0.0, Stop::default());
    board
        .run_until(&sketch, &pace, &mut Console::new(std::io::sink()), Until::NoUpdate { at_most: 5 })
        .unwrap();
    let mut mistaken = TcpStream::connect(server.https).unwrap();
    mistaken.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    mistaken.read_to_string(&mut String::new()).unwrap();

    let address = metrics(&house);
    page_with(
        address,
        &[
            "otary_check_ins_total{dialect=\"arduino-esp32\",verdict=\"offer\"} 1\n",
            "otary_check_ins_total{dialect=\"arduino-esp32\",verdict=\"wait\"} 1\n",
            "otary_offers_total{by=\"channel\"} 1\n",
            "otary_downloads_total{outcome=\"whole\"} 1\n",
            "otary_downloads_under_way 0\n",
            "otary_handshake_failures_total{alert=\"plain_http\"} 1\n",
            "otary_store_devices 1\n",
            "otary_disk_free_bytes ",
        ],
    );
    assert_eq!(get(address, "/health"), (200, "alive\n".to_owned()));
    assert_eq!(get(address, "/ready").0, 200);
    assert_eq!(get(address, "/api/v1/status").0, 404, "nothing else is there");
}

#[test]
fn without_a_word_nobody_listens_for_prometheus() {
    let house = House::new();
    let _server = house.serve("");
    assert!(!house.text("banner").contains("Prometheus"));
}
