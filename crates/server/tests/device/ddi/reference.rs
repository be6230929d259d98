//! Facts of the reference (`DdiRootController` and its clients), each by its own test.

use otary_fleet::{ActionState, Ending, Outcome, Proof};
use serde_json::json;

use super::controller::{Controller, body, publish, site, wait};
use crate::log;
use crate::site::options_with;

#[test]
fn a_poll_says_when_to_come_again_and_links_to_what_is_due() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-1");
    let poll = device.poll();
    assert_eq!(poll["config"]["polling"]["sleep"], "00:15:00");
    let href = poll["_links"]["deploymentBase"]["href"].as_str().unwrap();
    assert!(
        href.starts_with("https://serverota.local/DEFAULT/controller/v1/gateway-1/deploymentBase/"),
        "{href}"
    );
    assert!(href.contains("?c="), "{href}");
    assert!(poll["_links"]["configData"]["href"].as_str().unwrap().ends_with("/gateway-1/configData"));
    assert_eq!(device.record().name.as_deref(), Some("gateway-1"));
    assert_eq!(device.record().last.unwrap().proof, Proof::DeviceCredential);
}

#[test]
fn wait_is_a_poll_without_a_deployment() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-2");
    let (id, _) = device.deployment();
    assert_eq!(device.report("deploymentBase", &id, "closed", "success", &[]), 200);
    let poll = device.poll();
    assert!(poll["_links"].get("deploymentBase").is_none(), "{poll}");
    log::wait_for(&["check_in", &super::controller::mac("gateway-2"), "rule=\"up-to-date\""]);
}

#[test]
fn an_id_that_is_an_address_is_that_devices() {
    let site = site();
    let device = Controller::enrolled(&site, "24:6f:28:aa:bb:cc");
    device.poll();
    assert!(site.device("24:6F:28:AA:BB:CC").unwrap().polls == 1);
}

#[test]
fn attributes_are_asked_for_until_they_are_told_and_again_after_an_update() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-3");
    let told = |mode: &str, data| {
        let answer =
            device.put("/configData", &json!({ "mode": mode, "data": data, "id": "", "status": {} }));
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]));
        device.record().controller.unwrap().attributes.into_iter().collect::<Vec<_>>()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert!(device.link("configData").is_some());
    assert_eq!(told("merge", json!({"hw": "2"})), [pair("hw", "2")]);
    assert!(
        device.link("configData").is_none(),
        "SWUpdate sends them at every poll that asks, and installs nothing then"
    );
    assert_eq!(told("merge", json!({"serial": "7"})), [pair("hw", "2"), pair("serial", "7")]);
    assert_eq!(told("remove", json!({"hw": ""})), [pair("serial", "7")]);
    assert_eq!(told("replace", json!({"a": "b"})), [pair("a", "b")]);
    let (id, _) = device.deployment();
    device.report("deploymentBase", &id, "closed", "success", &[]);
    assert!(device.link("configData").is_some());
}

#[test]
fn attributes_are_bounded_as_hawkbit_bounds_them() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-4");
    device.poll();
    let long = "x".repeat(129);
    let many: serde_json::Map<_, _> = (0..101).map(|n| (n.to_string(), "x".into())).collect();
    for (data, status) in [
        (json!({ "a": long }), 400),
        (json!({ long.as_str(): "a" }), 400),
        (json!({ "": "a" }), 400),
        (many.into(), 403),
    ] {
        assert_eq!(device.put("/configData", &json!({ "data": data })).status, status);
    }
    assert!(device.record().controller.unwrap().attributes.is_empty());
}

#[test]
fn a_deployment_names_its_files_with_every_digest_that_clients_compare() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-5");
    let (id, deployment) = device.deployment();
    assert!(id.parse::<i32>().is_ok_and(|id| id > 0), "clients read a signed number: {id}");
    assert_eq!(
        (&deployment["deployment"]["download"], &deployment["deployment"]["update"]),
        (&json!("attempt"), &json!("attempt"))
    );
    let chunk = &deployment["deployment"]["chunks"][0];
    assert_eq!(
        (&chunk["part"], &chunk["version"], &chunk["name"]),
        (&json!("bApp"), &json!("1.0"), &json!("gateway"))
    );
    let file = &chunk["artifacts"][0];
    assert_eq!((&file["filename"], &file["size"]), (&json!("gateway-1.0.swu"), &json!(11)));
    // By sha1sum, md5sum and sha256sum.
    assert_eq!(file["hashes"]["sha1"], hex(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, b"package 1.0"));
    assert_eq!(file["hashes"]["md5"], otary_fleet::Md5::of(b"package 1.0").to_string());
    assert_eq!(file["hashes"]["sha256"], otary_fleet::Sha256::of(b"package 1.0").to_string());
    let end = format!("/softwaremodules/{id}/artifacts/gateway-1.0.swu");
    for (link, end) in [("download", end.clone()), ("md5sum", format!("{end}.MD5SUM"))] {
        assert!(file["_links"][link]["href"].as_str().unwrap().ends_with(&end), "{file}");
        assert!(file["_links"][&format!("{link}-http")].is_object(), "Zephyr's client looks for no other");
    }
}

fn hex(algorithm: &'static aws_lc_rs::digest::Algorithm, bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(algorithm, bytes);
    digest.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn files_come_whole_and_in_ranges_with_their_md5_as_md5sum_prints_it() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-6");
    let (id, _) = device.deployment();
    let file = format!("/softwaremodules/{id}/artifacts/gateway-1.0.swu");
    let whole = device.get(&file);
    assert_eq!((whole.status, whole.body.as_slice()), (200, &b"package 1.0"[..]));
    let part = device.ask("GET", &device.path(&file), "Range: bytes=8-\r\n", "");
    assert_eq!(
        (part.status, part.body.as_slice(), part.header("content-range")),
        (206, &b"1.0"[..], Some("bytes 8-10/11"))
    );
    assert_eq!(device.ask("HEAD", &device.path(&file), "", "").header("content-length"), Some("11"));
    let md5 = device.get(&format!("{file}.MD5SUM"));
    let expected = format!("{}  gateway-1.0.swu", otary_fleet::Md5::of(b"package 1.0"));
    assert_eq!((md5.status, md5.body.as_slice()), (200, expected.as_bytes()));
    assert_eq!(device.get(&format!("/softwaremodules/{id}/artifacts/other.swu")).status, 404);
    log::wait_for(&["download", &super::controller::mac("gateway-6"), "whole"]);
    wait(|| device.record().attempts[0].whole == 1);
    let files = body(&device.get(&format!("/softwaremodules/{id}/artifacts")));
    assert_eq!(files[0]["filename"], "gateway-1.0.swu");
}

#[test]
fn every_execution_is_noted_and_closed_ends_the_action() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-7");
    let (id, _) = device.deployment();
    for execution in ["scheduled", "download", "downloaded", "proceeding", "resumed", "rejected"] {
        assert_eq!(device.report("deploymentBase", &id, execution, "none", &[execution]), 200);
        assert_eq!(device.action().state, ActionState::Running, "{execution}");
        assert_eq!(device.action().messages[0], execution);
    }
    let step = json!({ "status": { "execution": "proceeding", "code": 7,
        "result": { "finished": "none", "progress": { "cnt": 2, "of": 5 } } } });
    assert_eq!(device.post(&format!("/deploymentBase/{id}/feedback"), &step).status, 200);
    assert_eq!(device.action().progress, Some((2, 5)));
    let history = body(&device.get(&format!("/deploymentBase/{id}?actionHistory=1")));
    assert_eq!(history["actionHistory"], json!({ "status": "RUNNING", "messages": ["status code 7"] }));
    assert_eq!(device.report("deploymentBase", &id, "closed", "success", &["done"]), 200);
    assert_eq!(device.report("deploymentBase", &id, "closed", "failure", &[]), 410, "it is over");
    assert_eq!(device.report("deploymentBase", "5", "closed", "success", &[]), 404);
}

#[test]
fn closed_with_success_is_an_outcome_that_was_reported() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-8");
    let (id, _) = device.deployment();
    device.report("deploymentBase", &id, "closed", "none", &[]);
    let record = device.record();
    assert!(matches!(device.action().state, ActionState::Finished { .. }), "hawkBit takes NONE for success");
    assert_eq!(record.reported[0].report.ending, Ending::Installed);
    assert!(record.installed.unwrap().reported);
    assert_eq!(record.attempts[0].outcome, Some(Outcome::Installed));
    let installed = device.link("installedBase").unwrap();
    assert_eq!(installed, format!("/installedBase/{id}"));
    assert_eq!(body(&device.get(&installed))["deployment"]["chunks"][0]["version"], "1.0");
    // What it runs is what it reported: the next release is newer than that.
    publish(&site, "1.1", b"package 1.1");
    assert!(device.link("deploymentBase").is_some());
    log::wait_for(&["check_in", &super::controller::mac("gateway-8"), "rule=\"older-release\""]);
}

#[test]
fn closed_with_failure_is_not_asked_for_again_until_the_operator_says_so() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-9");
    let (id, _) = device.deployment();
    assert_eq!(device.report("deploymentBase", &id, "closed", "failure", &["no space left"]), 200);
    assert!(device.link("deploymentBase").is_none());
    let record = device.record();
    assert_eq!(record.reported[0].report.ending, Ending::Refused);
    assert_eq!(
        record.standing.unwrap().decision.reason.to_string(),
        "reported that 1.0 failed: no space left"
    );
    site.operate(&super::controller::mac("gateway-9"), otary_fleet::Device::release_brakes);
    assert!(device.link("deploymentBase").is_some());
}

#[test]
fn what_is_withdrawn_is_cancelled_by_a_handshake() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-10");
    let (id, _) = device.deployment();
    site.withdraw("gateway", "1.0");
    let link = device.link("cancelAction").unwrap();
    assert_eq!(body(&device.get(&link)), json!({ "id": id, "cancelAction": { "stopId": id } }));
    assert_eq!(device.get(&format!("/deploymentBase/{id}")).status, 404, "it is no deployment any more");
    assert_eq!(device.get(&format!("/softwaremodules/{id}/artifacts/gateway-1.0.swu")).status, 410);
    assert_eq!(device.report("cancelAction", &id, "proceeding", "none", &[]), 200);
    assert!(device.link("cancelAction").is_some(), "only closed ends it");
    assert_eq!(device.report("cancelAction", &id, "closed", "success", &[]), 200);
    assert!(device.poll()["_links"].get("cancelAction").is_none());
    assert_eq!(device.get(&format!("/cancelAction/{id}")).status, 404);
    assert_eq!(device.report("cancelAction", &id, "closed", "success", &[]), 410);
}

#[test]
fn a_device_may_refuse_to_give_an_action_up() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-11");
    let (id, _) = device.deployment();
    publish(&site, "1.1", b"package 1.1");
    assert!(device.link("cancelAction").is_some(), "another release is meant for it");
    assert_eq!(device.report("cancelAction", &id, "rejected", "none", &["too late"]), 200);
    let poll = device.poll();
    assert!(poll["_links"].get("cancelAction").is_none() && poll["_links"].get("deploymentBase").is_none());
    assert_eq!(device.report("deploymentBase", &id, "closed", "success", &[]), 200, "it goes on to its end");
    let (next, _) = device.deployment();
    assert!(next.parse::<u32>().unwrap() > id.parse().unwrap());
}

#[test]
fn what_was_never_fetched_is_not_cancelled_but_gone() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-12");
    assert!(device.link("deploymentBase").is_some());
    site.withdraw("gateway", "1.0");
    assert!(device.poll()["_links"].get("cancelAction").is_none());
}

#[test]
fn cancelling_is_answered_only_where_it_is_asked_for() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-13");
    let (id, _) = device.deployment();
    assert_eq!(device.report("cancelAction", &id, "closed", "success", &[]), 405);
}

#[test]
fn a_product_may_ask_its_devices_first() {
    let site = site();
    site.product("gateway", |product| product.asks_first = true);
    let device = Controller::enrolled(&site, "gateway-14");
    let link = device.link("confirmationBase").unwrap();
    let asked = body(&device.get(&link));
    let id = asked["id"].as_str().unwrap().to_owned();
    assert_eq!(asked["confirmation"]["chunks"][0]["version"], "1.0");
    assert_eq!(device.get(&format!("/deploymentBase/{id}")).status, 404);
    assert_eq!(device.report("deploymentBase", &id, "closed", "success", &[]), 404);
    let say = |word| {
        device
            .post(
                &format!("/confirmationBase/{id}/feedback"),
                &json!({ "confirmation": word, "code": 1, "details": [] }),
            )
            .status
    };
    assert_eq!((say("maybe"), say("denied")), (400, 200));
    assert!(device.link("confirmationBase").is_some(), "it is asked again");
    assert_eq!(say("confirmed"), 200);
    assert_eq!(device.deployment().0, id);
    assert_eq!(say("confirmed"), 404, "nothing waits");
}

#[test]
fn a_device_may_agree_to_everything_beforehand() {
    let site = site();
    site.product("gateway", |product| product.asks_first = true);
    let device = Controller::enrolled(&site, "gateway-15");
    device.poll();
    let base = body(&device.get("/confirmationBase"));
    assert_eq!(base["autoConfirm"], json!({ "active": false }));
    assert!(
        base["_links"]["activateAutoConfirm"].is_object() && base["_links"]["confirmationBase"].is_object()
    );
    let agreed = json!({ "initiator": "user", "remark": "always" });
    assert_eq!(device.post("/confirmationBase/activateAutoConfirm", &agreed).status, 200);
    let base = body(&device.get("/confirmationBase"));
    assert_eq!(
        (&base["autoConfirm"]["active"], &base["autoConfirm"]["remark"]),
        (&json!(true), &json!("always"))
    );
    assert!(device.link("deploymentBase").is_some(), "what waited is agreed to as well");
    assert_eq!(device.send("POST", "/confirmationBase/deactivateAutoConfirm", "").status, 200);
    assert_eq!(body(&device.get("/confirmationBase"))["autoConfirm"]["active"], json!(false));
}

#[test]
fn json_is_called_as_the_client_calls_it() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-16");
    let typed = |accept: &str| {
        device.ask("GET", &device.path(""), accept, "").header("content-type").unwrap().to_owned()
    };
    assert_eq!(typed("Accept: application/hal+json\r\n"), "application/hal+json");
    assert_eq!(typed("Accept: application/json\r\n"), "application/json");
    assert_eq!(typed(""), "application/json");
}

#[test]
fn a_connection_goes_on_after_a_body_that_was_taken() {
    use std::io::Write as _;

    use crate::wire::{connect_tls, read_one};

    let site = site();
    let device = Controller::enrolled(&site, "gateway-17");
    device.poll();
    let mut stream = connect_tls(&site, super::controller::HOME);
    let shown = format!("Host: x\r\nAuthorization: {}\r\n", device.authorization);
    for _ in 0..3 {
        let body = r#"{"data":{"a":"b"}}"#;
        let put = format!(
            "PUT {} HTTP/1.1\r\n{shown}Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            device.path("/configData"),
            body.len()
        );
        stream.write_all(put.as_bytes()).unwrap();
        assert_eq!(read_one(&mut stream).status, 100);
        stream.write_all(body.as_bytes()).unwrap();
        assert_eq!(read_one(&mut stream).status, 200);
        stream.write_all(format!("GET {} HTTP/1.1\r\n{shown}\r\n", device.path("")).as_bytes()).unwrap();
        assert_eq!(read_one(&mut stream).status, 200);
    }
}

#[test]
fn the_pause_between_polls_is_the_operators() {
    let options = options_with(|options| options.limits.poll_after = std::time::Duration::from_secs(3905));
    let site = crate::site::Site::with(&options);
    site.product("gateway", |product| product.allow_raw = true);
    let device = Controller::enrolled(&site, "gateway-18");
    assert_eq!(device.poll()["config"]["polling"]["sleep"], "01:05:05");
}
