//! A board from the factory to its second update, as the person at the serial monitor sees it.

use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use otary_fleet::{Md5, Sha256, Time};
use otary_image::{Chip, Otadata, State};
use otary_sim::dns::{Resolver, Responder};
use otary_sim::tls::{Anchors, Trust};
use otary_sim::{
    Board, Code, ConnectError, Console, FOUR_MEGABYTES, Flash as _, Identity, Nor, Ntp, Pace, Poll, Sketch,
    Stop, Until, sample,
};

use crate::raw_server::{RawServer, offer, respond};
use crate::tls::Authority;

/// A serial monitor that remembers.
#[derive(Clone, Default)]
struct Monitor(Arc<Mutex<Vec<u8>>>);

impl Monitor {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Monitor {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn firmware(version: &str) -> Vec<u8> {
    sample::app(Chip::Esp32, version, 200_000).unwrap()
}

fn blank() -> Board<Nor> {
    let identity = Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap());
    Board::new(identity, Nor::erased(FOUR_MEGABYTES).unwrap())
}

fn pace() -> Pace {
    Pace::scaled(0.0, Stop::default())
}

/// 2021-09-30 13:16:54, when the tutorial was written.
const THEN: Ntp = Ntp::Fixed(Time::from_secs(1_633_007_814));

const TO_THE_RESTART: &str = "\
ets Jun  8 2016 00:22:57

rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)
configsip: 0, SPIWP:0xee
clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00
mode:DIO, clock div:1
load:0x3fff0018,len:4
load:0x3fff001c,len:1216
load:0x40078000,len:10944
load:0x40080400,len:6388
entry 0x400806b4



[SETUP] WAIT 4...
[SETUP] WAIT 3...
[SETUP] WAIT 2...
[SETUP] WAIT 1...
Firmware version 0.1
Waiting for NTP time sync: .
Current time: Thu Sep 30 13:16:54 2021
Update start now!
HTTP_UPDATE_OK
";

#[test]
fn an_update_over_tls_by_name_restarts_into_the_new_firmware() {
    let authority = Authority::new("otary test root");
    let new = firmware("0.2");
    let md5 = format!("x-MD5: {}", Md5::of(&new));
    let config = authority.serve(&["ota.lan"]);
    let server =
        RawServer::tls(config, vec![offer(&new, &[&md5]), respond("HTTP/1.0 304 Not Modified", b"")]);
    let names = Responder::start([("ota.lan", Ipv4Addr::LOCALHOST.into())]).unwrap();

    let trust = Trust::Anchors(Anchors::from_pem(authority.pem().as_bytes()).unwrap());
    let mut sketch = Sketch::new(&format!("https://ota.lan:{}/update", server.address.port()), trust);
    sketch.link.resolver = Resolver::Server(names.address());
    sketch.ntp = THEN;
    let mut board = blank();
    assert!(board.is_blank().unwrap());
    board.flash_factory(&firmware("0.1"), None).unwrap();
    assert!(!board.is_blank().unwrap());

    let monitor = Monitor::default();
    let mut console = Console::new(monitor.clone());
    let polls = board.run_until(&sketch, &pace(), &mut console, Until::NoUpdate { at_most: 5 }).unwrap();
    let [Poll::Updated { from: Some(from) }, Poll::NoUpdate { version: Some(to) }] = polls.as_slice() else {
        panic!("{polls:?}");
    };
    assert_eq!((from.as_str(), to.as_str(), board.version()), ("0.1", "0.2", Some("0.2")));

    let text = monitor.text();
    let after = text.strip_prefix(TO_THE_RESTART).unwrap_or_else(|| panic!("{text}"));
    assert!(after.starts_with("ets Jun  8 2016 00:22:57\n\nrst:0xc (SW_CPU_RESET)"), "{after}");
    assert!(
        after.contains("Firmware version 0.2\nWaiting for NTP time sync:\nCurrent time: Thu Sep 30"),
        "{after}"
    );
    assert!(after.ends_with("Update start now!\nHTTP_UPDATE_NO_UPDATES\n"), "{after}");

    let slot = board.slots().unwrap().running();
    assert_eq!(slot.name(), "app1");
    assert_eq!(board.flash().bytes(slot.offset, u32::try_from(new.len()).unwrap()).unwrap(), new);
    let otadata = Otadata::parse(&board.flash().bytes(0xE000, 0x2000).unwrap()).unwrap();
    assert_eq!(otadata.second.state, State::Valid, "the core confirms what it starts");
    let requests = server.requests();
    assert!(
        requests[0].contains("x-ESP32-version: 0.1\r\n") && requests[1].contains("x-ESP32-version: 0.2\r\n")
    );
}

#[test]
fn updates_go_back_and_forth_between_the_slots() {
    let versions = ["0.2", "0.3", "0.4"];
    let mut scripts: Vec<_> = versions.iter().map(|version| offer(&firmware(version), &[])).collect();
    scripts.push(respond("HTTP/1.0 304 Not Modified", b""));
    let server = RawServer::plain(scripts);
    let mut board = blank();
    board.flash_factory(&firmware("0.1"), None).unwrap();
    let sketch = Sketch::new(&format!("http://{}/update", server.address), Trust::Unset);
    let mut console = Console::new(std::io::sink());
    let polls = board.run_until(&sketch, &pace(), &mut console, Until::NoUpdate { at_most: 9 }).unwrap();
    assert_eq!((polls.len(), board.version()), (4, Some("0.4")));
    assert_eq!(board.slots().unwrap().running().name(), "app1");
}

#[test]
fn a_wrong_name_is_refused_to_the_board_and_told_to_the_person() {
    let names = Responder::start([("ota.lan", Ipv4Addr::LOCALHOST.into())]).unwrap();
    let mut sketch = Sketch::new("https://otta.lan:3443/update", Trust::Insecure);
    sketch.link.resolver = Resolver::Server(names.address());
    let mut board = blank();
    board.flash_factory(&firmware("0.1"), None).unwrap();
    let monitor = Monitor::default();
    let mut console = Console::new(monitor.clone()).with_name("lamp-1").with_notes();
    let polls = board.run_until(&sketch, &pace(), &mut console, Until::Polls(1)).unwrap();
    let [Poll::Failed { code: Code::CONNECTION_REFUSED, cause: Some(ConnectError::Lookup { .. }) }] = &*polls
    else {
        panic!("{polls:?}");
    };
    let expected = "\
lamp-1 | HTTP_UPDATE_FAILD Error (-1): HTTP error: connection refused
lamp-1 | # name lookup of otta.lan: there is no name otta.lan
lamp-1 | Retry in 10secs!
";
    assert!(monitor.text().ends_with(expected), "{}", monitor.text());
}

#[test]
fn without_a_time_server_the_sketch_never_asks_for_an_update() {
    let mut sketch = Sketch::new("http://127.0.0.1:1/update", Trust::Unset);
    sketch.ntp = Ntp::Unreachable;
    let mut board = blank();
    board.flash_factory(&firmware("0.1"), None).unwrap();
    let monitor = Monitor::default();
    let mut console = Console::new(monitor.clone()).with_notes();
    let polls = board.run_until(&sketch, &pace(), &mut console, Until::Polls(1)).unwrap();
    assert!(matches!(&*polls, [Poll::NoTime]), "{polls:?}");
    let expected = format!(
        "Firmware version 0.1\nWaiting for NTP time sync: {}\n# no time server answers: the sketch waits here for ever\n",
        ".".repeat(20)
    );
    assert!(monitor.text().ends_with(&expected), "{}", monitor.text());
}

#[test]
fn a_foreign_image_has_the_version_that_one_is_told_or_that_the_server_gives() {
    // An image whose sketch keeps its version where nobody finds it.
    let foreign = |version: &str| {
        let segments = [otary_image::emit::AppSegment { address: 0x3F40_0020, data: version.as_bytes() }];
        let descriptor = Some(otary_image::emit::AppDescriptor::default());
        let image = otary_image::emit::AppImage {
            segments: &segments,
            descriptor,
            ..otary_image::emit::AppImage::new(Chip::Esp32)
        };
        let mut bytes = vec![0; image.image_len().unwrap() as usize];
        image.write(&mut bytes).unwrap();
        bytes
    };
    let (old, new, last) = (foreign("a"), foreign("b"), foreign("c"));
    let server = RawServer::plain(vec![
        offer(&new, &["x-version: 0.2"]),
        offer(&last, &["x-version: server says 0.3"]),
        respond("HTTP/1.0 304 Not Modified", b""),
    ]);
    let mut board = blank();
    board.flash_factory(&old, Some("0.1")).unwrap();
    board.name_version(Sha256::of(&last), "0.3");
    let sketch = Sketch::new(&format!("http://{}/update", server.address), Trust::Unset);
    let mut console = Console::new(std::io::sink());
    board.run_until(&sketch, &pace(), &mut console, Until::NoUpdate { at_most: 3 }).unwrap();
    let version = |request: &String| {
        request.lines().find_map(|line| line.strip_prefix("x-ESP32-version: ")).map(str::to_owned)
    };
    let versions: Vec<_> = server.requests().iter().map(version).collect();
    assert_eq!(versions, ["0.1", "0.2", "0.3"].map(|version| Some(version.to_owned())));

    let mut unknown = blank();
    unknown.flash_factory(&old, None).unwrap();
    unknown.run_until(&sketch, &pace(), &mut console, Until::Polls(1)).unwrap();
    assert_eq!(version(server.requests().last().unwrap()), None);
}

#[test]
fn a_flash_file_is_a_board_that_can_be_switched_on_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("board.bin");
    let server =
        RawServer::plain(vec![offer(&firmware("0.2"), &[]), respond("HTTP/1.0 304 Not Modified", b"")]);
    let sketch = Sketch::new(&format!("http://{}/update", server.address), Trust::Unset);
    let identity = Identity::new(Chip::Esp32, "24:6F:28:AA:BB:CC".parse().unwrap());
    let mut console = Console::new(std::io::sink());

    let mut board = Board::new(identity, Nor::open(&path, FOUR_MEGABYTES).unwrap());
    board.flash_factory(&firmware("0.1"), None).unwrap();
    board.run_until(&sketch, &pace(), &mut console, Until::Polls(1)).unwrap();
    assert_eq!(board.version(), Some("0.1"), "turned off before it restarted");
    drop(board);

    let mut again = Board::new(identity, Nor::open(&path, FOUR_MEGABYTES).unwrap());
    again.run_until(&sketch, &pace(), &mut console, Until::Polls(1)).unwrap();
    assert_eq!(again.version(), Some("0.2"));
}

/// Real firmware of other projects, from the file that its users flash.
#[test]
fn a_real_firmware_updates_to_its_next_release() {
    let Some(folder) =
        std::env::var_os("OTARY_FIRMWARE").map(std::path::PathBuf::from).filter(|f| f.is_dir())
    else {
        eprintln!("skipped: OTARY_FIRMWARE names no folder of images");
        return;
    };
    for (chip, from, to) in [
        (Chip::Esp32, "wled-0.14.3-esp32.bin", "wled-0.14.4-esp32.bin"),
        (Chip::Esp32C3, "wled-0.14.4-esp32c3.bin", "wled-0.15.0-esp32c3.bin"),
        (Chip::Esp32S3, "espsomfy-2.4.6-20240714-esp32s3.bin", "espsomfy-2.4.7-20240727-esp32s3.bin"),
    ] {
        let [old, new] = [from, to].map(|file| std::fs::read(folder.join(file)).unwrap());
        let server = RawServer::plain(vec![
            offer(&new, &["x-version: new", &format!("x-MD5: {}", Md5::of(&new))]),
            respond("HTTP/1.0 304 Not Modified", b""),
        ]);
        let identity = Identity::new(chip, "24:6F:28:AA:BB:CC".parse().unwrap());
        let mut board = Board::new(identity, Nor::erased(FOUR_MEGABYTES).unwrap());
        board.flash_factory(&old, Some("old")).unwrap();
        let sketch = Sketch::new(&format!("http://{}/update", server.address), Trust::Unset);
        let mut console = Console::new(std::io::sink());
        board.run_until(&sketch, &pace(), &mut console, Until::NoUpdate { at_most: 3 }).unwrap();
        assert_eq!(board.version(), Some("new"), "{to}");
        let md5 = format!("x-ESP32-sketch-md5: {}\r\n", Md5::of(&new));
        assert!(server.requests().last().unwrap().contains(&md5), "{to}");
    }

    let merged = std::fs::read(folder.join("espgeiger-0.8.0-esp32-merged0x1000.bin")).unwrap();
    let mut board = blank();
    board.flash_factory(&merged, Some("0.8.0")).unwrap();
    let server = RawServer::plain(vec![respond("HTTP/1.0 304 Not Modified", b"")]);
    let sketch = Sketch::new(&format!("http://{}/update", server.address), Trust::Unset);
    let monitor = Monitor::default();
    board.run_until(&sketch, &pace(), &mut Console::new(monitor.clone()), Until::Polls(1)).unwrap();
    assert!(monitor.text().contains("Firmware version 0.8.0\n"), "{}", monitor.text());
}
