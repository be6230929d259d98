//! What watches a running server, over real sockets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use otary_sim::{Console, Pace, Stop, Until};

use crate::house::House;

/// What a listener answers to `GET path`: status and body.
fn get(address: SocketAddr, path: &str) -> (u16, String) {
    get_as(address, "localhost", path)
}

/// As who calls the server by this name.
fn get_as(address: SocketAddr, host: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
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
fn dns_rebinding_no_page_elsewhere_reads_the_metrics() {
    let house = House::new();
    let _server = house.serve("--metrics 127.0.0.1:0 --set operator.hosts=otary-container");
    let address = metrics(&house);
    for host in ["evil.example", "10.0.0.5.evil.example", "[::1].evil.example"] {
        assert_eq!(get_as(address, host, "/metrics").0, 421, "{host}");
        assert_eq!(get_as(address, host, "/health").0, 200, "{host}: whoever restarts it asks by any name");
    }
    for host in ["10.0.0.5:3445", "[fd00::7]:3445", "otary-container:3445"] {
        assert_eq!(get_as(address, host, "/metrics").0, 200, "{host}");
    }
}

#[test]
fn without_a_word_nobody_listens_for_prometheus() {
    let house = House::new();
    let _server = house.serve("");
    assert!(!house.text("banner").contains("Prometheus"));
}

/// Takes one request and answers it with this status; gives what was asked.
fn receive_one(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    let (mut text, mut piece) = (String::new(), [0; 4096]);
    while !text.contains("\"audit\":") {
        let length = stream.read(&mut piece).unwrap();
        text.push_str(std::str::from_utf8(&piece[..length]).unwrap());
    }
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    text
}

#[test]
fn a_webhook_is_added_tried_shown_and_removed_with_and_without_a_server() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let server = house.serve("");
    let added = house
        .otary(&format!("webhook add desk {url} --allow-http --allow-host 127.0.0.1 --about test --data x"))
        .printed();
    assert!(added.starts_with("whsec_") && added.lines().count() == 1, "{added}");
    let receiver = std::thread::spawn(move || (receive_one(&listener, "200 OK"), listener));
    let told = house.otary("webhook test desk --data x").printed();
    assert_eq!(told, "It arrived: 200 OK\n");
    let (request, listener) = receiver.join().unwrap();
    assert!(request.starts_with("POST /hook HTTP/1.1\r\n") && request.contains("\r\nwebhook-signature: v1,"));
    server.terminate();

    let receiver = std::thread::spawn(move || receive_one(&listener, "500 Oh"));
    let failed = house.otary("webhook test desk --data x").refused();
    assert!(failed.contains("the test did not arrive: 500"), "{failed}");
    receiver.join().unwrap();
    let listed = house.otary("webhook list --data x").printed();
    assert!(listed.contains("given up") && !listed.contains("/hook"), "{listed}");
    let log = house.otary("webhook deliveries desk --data x").printed();
    assert!(log.lines().nth(1).unwrap().contains("given up"), "{log}");
    assert!(log.lines().nth(2).unwrap().contains("delivered"), "{log}");
    house.otary("webhook remove desk --data x").printed();
    assert!(house.otary("webhook list --data x").printed().starts_with("No webhooks"));
}

#[test]
fn settings_of_mail_that_cannot_work_keep_a_server_from_starting() {
    let house = House::new();
    std::fs::create_dir(house.data()).unwrap();
    house.write("password", "s3cret\n");
    for (settings, said) in [
        ("server = \"mail.lan\"\n", "mail.server is set and mail.from is not"),
        ("server = \"mail.lan\"\nfrom = \"nobody\"\nto = [\"a@b.c\"]\n", "is no address of mail"),
        (
            "server = \"mail.lan\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]\nuser = \"a\"\npassword_file = \"../password\"\n",
            "others may read the password",
        ),
    ] {
        house.write("x/otary.toml", format!("[mail]\n{settings}"));
        let refused = house.otary("serve --data x --https 127.0.0.1:0 --http off --operator 127.0.0.1:0");
        assert_eq!(refused.status.code(), Some(1), "{refused:#?}");
        assert!(refused.err.contains(said), "{refused:#?}");
    }
}

/// Takes requests, each on a connection of its own, and answers them with 200; gives their first lines and bodies.
fn collect(listener: TcpListener) -> Receiver<(String, Vec<u8>)> {
    let (told, taken) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let (mut line, mut length) = (String::new(), 0);
            reader.read_line(&mut line).unwrap();
            loop {
                let mut field = String::new();
                reader.read_line(&mut field).unwrap();
                let field = field.trim_end().to_ascii_lowercase();
                if field.is_empty() {
                    break;
                }
                if let Some(value) = field.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            // Before the answer: whoever gets that may end at once.
            if told.send((line, body)).is_err() {
                return;
            }
            reader
                .get_mut()
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
        }
    });
    taken
}

#[test]
fn a_collector_is_sent_a_span_for_each_check_in_request_and_look() {
    let house = House::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let spans = collect(listener);
    let server = house.serve(&format!("--set otel.endpoint={endpoint} --set otel.service=house"));
    let firmware = house.sample("lamp.bin", "0.1");
    let (mut board, sketch) = house.board(1, &firmware, server.https);
    let pace = Pace::scaled(0.0, Stop::default());
    board.run_until(&sketch, &pace, &mut Console::new(std::io::sink()), Until::Polls(1)).unwrap();
    house.otary("status --data x").printed();
    server.terminate();
    let mut sent = Vec::new();
    while let Ok((line, body)) = spans.try_recv() {
        assert_eq!(line, "POST /v1/traces HTTP/1.1\r\n");
        sent.extend(body);
    }
    let has = |text: &str| sent.windows(text.len()).any(|window| window == text.as_bytes());
    for text in
        ["house", "check-in", "arduino-esp32", "no-product", "operator-request", "/api/v1/status", "look"]
    {
        assert!(has(text), "no {text} in {} bytes", sent.len());
    }
    assert!(!house.text("log").contains("operator-request"), "a span is no line of the log");
}
