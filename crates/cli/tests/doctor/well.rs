//! Set-ups that hold: every stack before a server of otary's, and nothing of it on the server's records.

use otary_fleet::{Chip, Sha256};
use otary_sim::sample;

use crate::clinic::Clinic;
use crate::server::{Authority, Leaf, NOTHING_NEW, Server};

#[test]
fn every_stack_gets_all_the_way_to_a_server_of_otarys() {
    let clinic = Clinic::new();
    let server = clinic.serve("");
    let image = sample::app(Chip::Esp32, "0.2", 60_000).unwrap();
    clinic.write("lamp.bin", &image);
    assert_eq!(clinic.otary("push lamp.bin --product lamp --version 0.2 --data x").status, Some(0));
    let port = server.address.port();
    let artifact = format!("artifact/{}", Sha256::of(&image));
    for (stack, path, answered) in [
        ("arduino-2", "update/lamp?chip=esp32", "answered 304 Not Modified"),
        ("arduino-3", "update/lamp?chip=esp32", "answered 304 Not Modified"),
        ("esp8266", "update/lamp", "answered 304 Not Modified"),
        ("esp-idf", &artifact, "answered 200 OK"),
        ("micropython", &artifact, "answered 200 OK"),
        ("rust", &artifact, "answered 200 OK"),
    ] {
        let done = clinic.doctor(&format!("https://ota.lan:{port}/{path} --stack {stack} --data x"));
        assert_eq!((done.status, &*done.err), (Some(0), ""), "{done:#?}");
        assert!(done.out.contains(": ota.lan has A 127.0.0.1, no AAAA\n"), "{done:#?}");
        assert!(done.out.contains(answered) && !done.out.contains("FAIL"), "{done:#?}");
        assert!(done.out.lines().last().unwrap().starts_with("All "), "{done:#?}");
    }
}

#[test]
fn an_examination_is_no_devices_check_in() {
    let clinic = Clinic::new();
    let server = clinic.serve("");
    clinic.write("lamp.bin", sample::app(Chip::Esp32, "0.2", 60_000).unwrap());
    assert_eq!(clinic.otary("push lamp.bin --product lamp --version 0.2 --data x").status, Some(0));
    let url = format!("https://ota.lan:{}/update/lamp?chip=esp32", server.address.port());
    for more in ["", "--version 0.1"] {
        assert_eq!(clinic.doctor(&format!("{url} --data x {more}")).status, Some(0));
    }
    let listed = clinic.otary("device list --data x --json");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&listed.out).unwrap(), serde_json::json!([]));
}

#[test]
fn without_trust_the_chain_is_shown_and_the_name_judged_all_the_same() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    let server = Server::tls(authority.serve(&Leaf::named("ota.lan")), NOTHING_NEW);
    let port = server.address.port();
    for stack in ["arduino-3", "esp8266"] {
        let done = clinic.doctor(&format!("https://ota.lan:{port}/ --stack {stack}"));
        assert_eq!(done.status, Some(0), "{done:#?}");
        assert!(done.out.contains("whether the device trusts that was not checked"), "{done:#?}");
        let cause = clinic.cause(&format!("https://127.0.0.1:{port}/ --stack {stack}"));
        assert_eq!(cause, "the server's certificate is for ota.lan, not for 127.0.0.1", "{stack}");
    }
}

#[test]
fn a_server_with_a_wrong_clock_is_noted_and_hinders_no_device() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    let answer = "HTTP/1.1 304 Not Modified\r\nDate: Mon, 01 Jan 2001 00:00:00 GMT\r\n\r\n";
    let server = Server::tls(authority.serve(&Leaf::named("ota.lan")), answer);
    clinic.write("ca.pem", &authority.pem);
    let done = clinic.doctor(&format!("https://ota.lan:{}/ --ca ca.pem", server.address.port()));
    assert_eq!(done.status, Some(0), "{done:#?}");
    assert!(done.out.contains("the server's clock says 2001-01-01 00:00, this machine's "), "{done:#?}");
    assert!(done.out.contains("by its own clock the server's certificate is not valid"), "{done:#?}");
}

#[test]
fn a_program_reads_the_steps_in_their_order() {
    let clinic = Clinic::new();
    let done = clinic.doctor("https://otta.lan:3443/update --json --stack esp8266");
    assert_eq!(done.status, Some(1), "{done:#?}");
    let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((&report["well"], &report["stack"]), (&false.into(), &"esp8266".into()));
    assert_eq!(report["cause"], report["steps"][0]["cause"]);
    assert_eq!(report["device_prints"], "(-1): HTTP error: connection failed");
    let steps: Vec<_> = report["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
    assert_eq!(steps, ["name", "tcp", "tls", "chain", "clock", "check-in", "records", "heap"]);
    assert_eq!(report["steps"][1]["state"], "skipped");
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let clinic = Clinic::new();
    assert_eq!(clinic.doctor("https://ota.lan/ --clock yesterday").status, Some(2));
    assert_eq!(clinic.doctor("https://ota.lan/ --buffer 100").status, Some(2));
    let refused = clinic.doctor("ota.lan/update");
    assert_eq!(refused.status, Some(1));
    assert!(refused.err.starts_with("error: ") && refused.err.contains("\nhelp: "), "{refused:#?}");
    let missing = clinic.doctor("https://ota.lan/ --ca missing.pem");
    assert!(missing.err.starts_with("error: reading missing.pem: "), "{missing:#?}");
}

#[test]
fn a_server_that_grants_shorter_records_suits_a_small_buffer() {
    let (clinic, authority) = (Clinic::new(), Authority::new("test root"));
    clinic.write("ca.pem", &authority.pem);
    let Some(server) = clinic.serve_by_openssl(&authority, &Leaf::named("ota.lan")) else {
        println!("skipped: openssl is not installed");
        return;
    };
    let url = format!("https://ota.lan:{}/image.bin --ca ca.pem --json", server.address.port());
    let state = |options: &str| {
        let report: serde_json::Value =
            serde_json::from_str(&clinic.doctor(&format!("{url} {options}")).out).unwrap();
        let steps = report["steps"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == "records").unwrap()["state"].clone()
    };
    assert_eq!(state("--stack esp8266 --buffer 1024"), "ok", "BearSSL asks for it");
    assert_eq!(state("--stack arduino-3 --buffer 1024"), "failed", "Mbed TLS does not");
}
