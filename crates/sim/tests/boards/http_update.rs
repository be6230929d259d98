//! What the stock client makes of every answer: the tables of results and checks, a row at a time, against a server
//! that sends raw bytes.

use std::time::Duration;

use crate::raw_server::{RawServer, Step, offer, respond};
use otary_fleet::{Md5, Sha256};
use otary_image::Chip;
use otary_sim::tls::Trust;
use otary_sim::{
    Board, Code, Console, Core, FOUR_MEGABYTES, Flash as _, Identity, Layout, Nor, Pace, Poll, Sketch, Stop,
    Timeouts, Until, sample,
};

fn board() -> Board<Nor> {
    let mut board = Board::new(
        Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap()),
        Nor::erased(FOUR_MEGABYTES).unwrap(),
    );
    board.flash_factory(&firmware(Chip::Esp32, "0.1"), None).unwrap();
    board
}

fn firmware(chip: Chip, version: &str) -> Vec<u8> {
    sample::app(chip, version, 70_000).unwrap()
}

fn sketch(server: &RawServer) -> Sketch {
    let mut sketch = Sketch::new(&format!("http://{}/update", server.address), Trust::Unset);
    sketch.link.timeouts = Timeouts {
        response: Duration::from_millis(300),
        stall: Duration::from_millis(10),
        stall_tries: 30,
        ..Timeouts::default()
    };
    sketch
}

fn run(board: &mut Board<Nor>, sketch: &Sketch, polls: u32) -> Vec<Poll> {
    let pace = Pace::scaled(0.0, Stop::default());
    board.run_until(sketch, &pace, &mut Console::new(std::io::sink()), Until::Polls(polls)).unwrap()
}

/// The number that a fresh board fails with.
fn failure(script: Vec<Step>) -> Code {
    failure_on(Core::V3, script)
}

fn failure_on(core: Core, script: Vec<Step>) -> Code {
    let server = RawServer::plain(vec![script]);
    let mut board = board();
    match run(&mut board, &sketch(&server).with_core(core), 1).pop() {
        Some(Poll::Failed { code, cause: None }) => code,
        other => panic!("expected a failure, found {other:?}"),
    }
}

/// Whether a fresh board takes the answer and then runs 0.2.
fn installs(script: Vec<Step>) -> bool {
    let server = RawServer::plain(vec![script, respond("HTTP/1.0 304 Not Modified", b"")]);
    let mut board = board();
    let polls = run(&mut board, &sketch(&server), 2);
    matches!(polls.as_slice(), [Poll::Updated { .. }, Poll::NoUpdate { .. }])
        && board.version() == Some("0.2")
}

fn md5_header(body: &[u8]) -> String {
    format!("x-MD5: {}", Md5::of(body))
}

#[test]
fn every_status_has_its_result() {
    for (status, code) in [
        (204, Code::SERVER_WRONG_HTTP_CODE),
        (206, Code::SERVER_WRONG_HTTP_CODE),
        (301, Code::SERVER_WRONG_HTTP_CODE),
        (308, Code::SERVER_WRONG_HTTP_CODE),
        (401, Code::SERVER_WRONG_HTTP_CODE),
        (403, Code::SERVER_FORBIDDEN),
        (404, Code::SERVER_FILE_NOT_FOUND),
        (429, Code::SERVER_WRONG_HTTP_CODE),
        (500, Code::SERVER_WRONG_HTTP_CODE),
    ] {
        assert_eq!(failure(respond(&format!("HTTP/1.1 {status} X"), b"")), code, "{status}");
    }
}

#[test]
fn not_modified_is_no_update() {
    let server = RawServer::plain(vec![respond("HTTP/1.1 304 Not Modified", b"")]);
    let polls = run(&mut board(), &sketch(&server), 1);
    assert!(matches!(&polls[0], Poll::NoUpdate { version: Some(version) } if version == "0.1"));
}

#[test]
fn an_offer_is_installed_and_started() {
    let new = firmware(Chip::Esp32, "0.2");
    let md5 = md5_header(&new);
    assert!(installs(offer(&new, &[&md5])));
    assert!(installs(offer(&new, &[&md5.to_uppercase().replace("X-MD5", "x-MD5")])), "MD5 in upper case");
    assert!(installs(offer(&new, &[])), "without MD5");
    assert!(installs(offer(&new, &["x-MD5: 0", &md5])), "the last of two headers counts");
    assert!(installs(offer(&new, &["Transfer-Encoding: identity"])));
    assert!(installs(respond(&format!("HTTP/1.1 200 OK\r\ncontent-LENGTH:{}", new.len()), &new)));
    let longer = [&*new, b"more than was announced"].concat();
    assert!(installs(respond(&format!("HTTP/1.0 200 OK\r\nContent-Length: {}", new.len()), &longer)));
}

#[test]
fn a_core_2_board_compares_the_md5_as_it_is_given() {
    let new = firmware(Chip::Esp32, "0.2");
    let upper = format!("x-MD5: {}", Md5::of(&new).to_string().to_uppercase());
    assert_eq!(failure_on(Core::V2, offer(&new, &[&upper])), Code::UPDATE_MD5);
}

#[test]
fn a_body_without_a_length_is_refused() {
    let new = firmware(Chip::Esp32, "0.2");
    assert_eq!(failure(respond("HTTP/1.0 200 OK", &new)), Code::SERVER_NOT_REPORT_SIZE);
    for length in ["0", "-5", "many"] {
        let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {length}");
        assert_eq!(failure(respond(&head, &new)), Code::SERVER_NOT_REPORT_SIZE, "{length}");
    }
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked";
    assert_eq!(failure(respond(chunked, b"10000\r\n")), Code::SERVER_NOT_REPORT_SIZE);
}

#[test]
fn encodings_are_not_decoded() {
    let new = firmware(Chip::Esp32, "0.2");
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: {}", new.len());
    let body = [b"10000\r\n", &*new].concat();
    assert_eq!(failure(respond(&chunked, &body)), Code::BIN_VERIFY_HEADER_FAILED);
    assert_eq!(failure(offer(&new, &["Transfer-Encoding: gzip"])), Code::ENCODING);
    assert_eq!(failure(offer(&[0x1F, 0x8B, 8, 0], &[])), Code::BIN_VERIFY_HEADER_FAILED);
}

#[test]
fn what_is_larger_than_the_slot_is_refused_before_a_byte_is_taken() {
    let size = Layout::Default.slot_size() + 1;
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {size}");
    assert_eq!(failure(respond(&head, b"\xE9")), Code::TOO_LESS_SPACE);
}

#[test]
fn the_first_byte_must_come_with_the_head_on_plain_tcp() {
    let new = firmware(Chip::Esp32, "0.2");
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", new.len());
    let late = vec![
        Step::Send(head.into_bytes()),
        Step::Pause(Duration::from_millis(600)),
        Step::Send(new),
        Step::Hold,
    ];
    assert_eq!(failure(late), Code::BIN_VERIFY_HEADER_FAILED);
}

#[test]
fn a_slow_body_is_taken() {
    let new = firmware(Chip::Esp32, "0.2");
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n", new.len()).into_bytes();
    let mut script = vec![Step::Send(head)];
    for part in new.chunks(20_000) {
        script.extend([Step::Send(part.to_vec()), Step::Pause(Duration::from_millis(100))]);
    }
    assert!(installs(script));
}

#[test]
fn a_malformed_md5_blocks_the_board_until_it_restarts() {
    let new = firmware(Chip::Esp32, "0.2");
    let quoted = format!("x-MD5: \"{}\"", Md5::of(&new));
    let server = RawServer::plain(vec![offer(&new, &[&quoted]), offer(&new, &[&md5_header(&new)])]);
    let mut board = board();
    let polls = run(&mut board, &sketch(&server), 3);
    let codes: Vec<_> = polls
        .iter()
        .map(|poll| match poll {
            Poll::Failed { code, .. } => *code,
            other => panic!("expected a failure, found {other:?}"),
        })
        .collect();
    assert_eq!(codes, [Code::SERVER_FAULTY_MD5, Code::NONE, Code::NONE]);
    assert!(matches!(run(&mut board, &sketch(&server), 1)[0], Poll::Updated { .. }), "after a restart");
}

#[test]
fn a_wrong_md5_is_found_after_the_whole_body_and_the_slot_does_not_start() {
    let new = firmware(Chip::Esp32, "0.2");
    let server = RawServer::plain(vec![offer(&new, &[&md5_header(b"another file")])]);
    let mut board = board();
    let polls = run(&mut board, &sketch(&server), 1);
    assert!(matches!(polls[0], Poll::Failed { code: Code::UPDATE_MD5, .. }), "{polls:?}");
    let slot = board.slots().unwrap().next().unwrap();
    let held_back = board.flash().bytes(slot.offset, 17).unwrap();
    assert_eq!(held_back[..16], [0xFF; 16], "the first bytes are held back");
    assert_eq!(held_back[16], new[16]);
}

#[test]
fn a_corrupt_image_without_md5_is_found_at_the_end() {
    let mut new = firmware(Chip::Esp32, "0.2");
    let middle = new.len() / 2;
    new[middle] ^= 1;
    assert_eq!(failure(offer(&new, &[])), Code::UPDATE_ACTIVATE);
}

#[test]
fn another_chips_image_is_found_at_the_end() {
    let new = firmware(Chip::Esp32C3, "0.2");
    assert_eq!(failure(offer(&new, &[&md5_header(&new)])), Code::UPDATE_ACTIVATE);
}

#[test]
fn a_body_that_is_cut_off_or_stalls_is_given_up() {
    let new = firmware(Chip::Esp32, "0.2");
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}", new.len());
    let cut = respond(&head, &new[..30_000]);
    let stalled = [cut.clone(), vec![Step::Hold]].concat();
    assert_eq!(failure(cut), Code::UPDATE_STREAM);
    assert_eq!(failure(stalled), Code::UPDATE_STREAM);
}

#[test]
fn what_is_no_answer() {
    assert_eq!(failure(vec![Step::Hold]), Code::READ_TIMEOUT);
    assert_eq!(failure(vec![]), Code::CONNECTION_LOST);
    assert_eq!(failure(vec![Step::Send(b"HTTP/1.0 200 OK\r\nContent-Le".to_vec())]), Code::CONNECTION_LOST);
    assert_eq!(failure(respond("SSH-2.0-OpenSSH_9.2", b"")), Code::NO_HTTP_SERVER);
    let endless = format!("HTTP/1.0 200 OK\r\nx: {}", "y".repeat(200_000));
    assert_eq!(failure(respond(&endless, b"")), Code::TOO_LESS_RAM);
}

#[test]
fn nobody_there() {
    let server = RawServer::plain(vec![]);
    let mut sketch = sketch(&server);
    sketch.url = "http://127.0.0.1:1/update".to_owned();
    let poll = run(&mut board(), &sketch, 1).pop();
    assert!(
        matches!(poll, Some(Poll::Failed { code: Code::CONNECTION_REFUSED, cause: Some(_) })),
        "{poll:?}"
    );
    sketch.url = "ftp://127.0.0.1/update".to_owned();
    let poll = run(&mut board(), &sketch, 1).pop();
    assert!(
        matches!(poll, Some(Poll::Failed { code: Code::NONE, cause: None })),
        "last error unchanged: {poll:?}"
    );
}

#[test]
fn a_board_that_is_turned_off_in_a_download_keeps_its_firmware() {
    let new = firmware(Chip::Esp32, "0.2");
    let head = format!("HTTP/1.0 200 OK\r\nContent-Length: {}", new.len());
    let stalled = [respond(&head, &new[..30_000]), vec![Step::Hold]].concat();
    let server = RawServer::plain(vec![stalled, respond("HTTP/1.0 304 Not Modified", b"")]);
    let mut sketch = sketch(&server);
    sketch.link.timeouts = Timeouts::DEVICE;
    let (mut board, stop) = (board(), Stop::default());
    let pace = Pace::scaled(0.0, stop.clone());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while server.requests().is_empty() {
                std::thread::sleep(Duration::from_millis(10));
            }
            std::thread::sleep(Duration::from_millis(300));
            stop.stop();
        });
        sketch.link.timeouts.stall = Duration::from_millis(50);
        board.run(&sketch, &pace, &mut Console::new(std::io::sink()), |_| std::ops::ControlFlow::Continue(()))
    })
    .unwrap();
    let polls = run(&mut board, &sketch, 1);
    assert!(matches!(&polls[0], Poll::NoUpdate { version: Some(version) } if version == "0.1"), "{polls:?}");
}

#[test]
fn a_request_reports_what_runs() {
    let old = firmware(Chip::Esp32, "0.1");
    let server = RawServer::plain(vec![respond("HTTP/1.0 304 Not Modified", b"")]);
    run(&mut board(), &sketch(&server), 1);
    let request = server.requests().pop().unwrap();
    let appended = Sha256(old[old.len() - 32..].try_into().unwrap());
    for line in [
        "GET /update HTTP/1.0".to_owned(),
        "x-ESP32-STA-MAC: 24:6F:28:AA:BB:CC".to_owned(),
        format!("x-ESP32-free-space: {}", Layout::Default.slot_size()),
        format!("x-ESP32-sketch-size: {}", old.len()),
        format!("x-ESP32-sketch-md5: {}", Md5::of(&old)),
        format!("x-ESP32-sketch-sha256: {}", appended.to_string().to_uppercase()),
        "x-ESP32-chip-size: 4194304".to_owned(),
        "x-ESP32-version: 0.1".to_owned(),
    ] {
        assert!(request.contains(&format!("{line}\r\n")), "{line}\n{request}");
    }
}
