//! The operator's commands, with the built binary: on a data directory, on one that a server has open, and on a server
//! elsewhere.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agents;
mod asking;
mod bench;
mod campaigns;
mod events;
mod intents;
mod mirrors;
mod private;
mod schemathesis;

use std::fs;

use bench::Bench;
use otary_image::Chip;
use otary_image::emit::AppDescriptor;
use serde_json::json;

#[test]
fn a_push_prints_what_the_file_is_and_what_will_happen() {
    let bench = Bench::new();
    bench.firmware("lamp.bin", "lamp 0.3");
    let pushed = bench.otary("push lamp.bin --product lamp --version 0.3").succeeded();
    let lines: Vec<&str> = pushed.out.lines().collect();
    let image = fs::read(bench.path("lamp.bin")).unwrap();
    assert_eq!(lines[0], "lamp.bin");
    assert!(
        lines[1].starts_with(&format!("  what       app for the ESP32, {} bytes", image.len())),
        "{}",
        lines[1]
    );
    assert_eq!(lines[2], format!("  SHA-256    {}", otary_fleet::Sha256::of(&image)));
    assert_eq!(lines[3], format!("  MD5        {}", otary_fleet::Md5::of(&image)));
    let rest = &lines[4..];
    let expected = [
        "",
        "note: lamp.bin: no certificate found, not checked",
        "Published lamp 0.3 to stable. The product lamp is new.",
        "No device of this product has asked yet.",
    ];
    assert_eq!(rest, expected);

    let listed = bench.otary("release list").succeeded().out;
    assert!(listed.lines().nth(1).unwrap().starts_with("lamp     0.3      stable   esp32"), "{listed}");
    let json = bench.otary("release list lamp --json").json();
    assert_eq!(json[0]["version"], "0.3");
    assert_eq!(json[0]["files"][0]["file_name"], "lamp.bin");
}

#[test]
fn a_dry_run_keeps_nothing() {
    let bench = Bench::new();
    bench.firmware("lamp.bin", "lamp 0.3");
    let said = bench.otary("push lamp.bin --product lamp --version 0.3 --dry-run").succeeded().out;
    assert!(said.contains("Would publish lamp 0.3 to stable. The product lamp would be new."), "{said}");
    assert_eq!(bench.otary("release list --json").json(), json!([]));
    assert_eq!(bench.stored_files(), 0);
}

#[test]
fn what_is_refused_says_what_to_do_and_leaves_nothing() {
    let bench = Bench::new();
    bench.firmware("good.bin", "lamp 0.3");
    let image = fs::read(bench.path("good.bin")).unwrap();
    fs::write(bench.path("cut.bin"), &image[..image.len() - 100]).unwrap();
    let said = bench.otary("push good.bin cut.bin --product lamp --version 0.3").failed();
    assert!(said.starts_with("error: cut.bin cannot be released: "), "{said}");
    assert!(said.contains("\nhelp: build or download it again"), "{said}");
    assert_eq!(bench.stored_files(), 0, "the good one is gone as well");

    let said = bench.otary("push missing.bin --product lamp --version 0.3").failed();
    assert!(said.starts_with("error: reading missing.bin: "), "{said}");
}

#[test]
fn a_slip_of_the_pen_makes_no_product() {
    let bench = Bench::new();
    bench.firmware("a.bin", "a");
    bench.firmware("b.bin", "b");
    bench.otary("push a.bin --product lamp --version 0.1").succeeded();
    let said = bench.otary("push b.bin --product lmap --version 0.2").failed();
    assert_eq!(
        said,
        "error: there is no product lmap, only lamp\nhelp: if it is a new product, say --new-product\n"
    );
    assert_eq!(bench.stored_files(), 1);
    bench.otary("push b.bin --product lmap --version 0.2 --new-product").succeeded();
}

#[test]
fn the_version_comes_from_the_owner_or_the_file_name() {
    let bench = Bench::new();
    let descriptor = |version| Some(AppDescriptor { version, project: "lamp", ..AppDescriptor::default() });
    bench.image("lamp-0.3.bin", Chip::Esp32, "lamp 0.3", descriptor("7.1"));
    let said = bench.otary("push lamp-0.3.bin --product lamp").failed();
    assert_eq!(said, "error: which version is it?\nhelp: lamp-0.3.bin calls itself 7.1: --version 7.1\n");

    bench.image("lamp-0.4.bin", Chip::Esp32C3, "lamp 0.4", descriptor("7.1"));
    let pattern = r"--version-from lamp-(.+)\.bin --product lamp";
    let said = bench.otary(&format!("push lamp-0.3.bin lamp-0.4.bin {pattern}")).failed();
    assert_eq!(said, "error: lamp-0.3.bin is of 0.3 and lamp-0.4.bin of 0.4\n");
    let said = bench.otary("push lamp-0.3.bin --version-from cam --product lamp").failed();
    assert!(said.starts_with("error: lamp-0.3.bin does not match cam\nhelp: "), "{said}");
    let said = bench.otary(&format!("push lamp-0.3.bin {pattern}")).succeeded().out;
    assert!(said.contains("Published lamp 0.3 to stable."), "{said}");
    assert!(said.contains("note: lamp-0.3.bin calls itself 7.1; the release is 0.3, as you said"), "{said}");
}

#[test]
fn releases_are_withdrawn_pinned_and_deleted() {
    let bench = Bench::new();
    bench.firmware("a.bin", "a");
    bench.otary("push a.bin --product lamp --version 0.1").succeeded();
    let said = bench.otary("release withdraw lamp 0.1").succeeded().out;
    assert_eq!(said, "Withdrew lamp 0.1. Nobody is offered it any more; 0 devices keep it.\n");
    bench.otary("release pin lamp 0.1").succeeded();
    let said = bench.otary("release delete lamp 0.1").failed();
    assert_eq!(said, "error: lamp 0.1 is pinned\nhelp: otary release unpin lamp 0.1\n");
    let shown = bench.otary("release show lamp 0.1").succeeded().out;
    assert!(shown.contains("\n  withdrawn  ") && shown.contains("\n  pinned     "), "{shown}");
    bench.otary("release unpin lamp 0.1").succeeded();
    bench.otary("release delete lamp 0.1").succeeded();
    assert_eq!(bench.otary("release list --json").json(), json!([]));
}

#[test]
fn products_and_devices_are_set_from_the_command_line() {
    let bench = Bench::new();
    let said = bench.otary("product add lamp --chips esp32,esp32c3").succeeded().out;
    assert_eq!(said, "Added lamp: chips esp32, esp32c3, allows neither plain HTTP nor raw files\n");
    let said = bench.otary("product set lamp --allow-plain-http").succeeded().out;
    assert_eq!(said, "lamp: chips esp32, esp32c3, allows plain HTTP\n");
    bench.otary("product set lamp --chips any --allow-plain-http false").succeeded();
    let json = bench.otary("product list --json").json();
    assert_eq!((&json[0]["chips"], &json[0]["allow_plain_http"]), (&json!([]), &json!(false)));

    let said = bench.otary("device assign 246f28aabbcc lamp --chip esp32").succeeded().out;
    assert_eq!(said, "24:6F:28:AA:BB:CC is assigned to lamp.\nIt has not asked yet.\n");
    let listed = bench.otary("device list").succeeded().out;
    assert!(listed.contains("24:6F:28:AA:BB:CC  lamp     esp32  -     never  -"), "{listed}");
    let shown = bench.otary("device show 24:6F:28:AA:BB:CC").succeeded().out;
    assert!(shown.contains("local: assigned to lamp, chip esp32"), "{shown}");
    bench.otary("device forget 24:6F:28:AA:BB:CC").succeeded();
    let said = bench.otary("device show 24:6F:28:AA:BB:CC").failed();
    assert_eq!(said, "error: no device 24:6F:28:AA:BB:CC is on record\nhelp: otary device list\n");
}

#[test]
fn commands_work_alike_while_a_server_has_the_data_directory_open() {
    let bench = Bench::new();
    let server = bench.serve();
    bench.firmware("a.bin", "a");
    bench.otary("push a.bin --product lamp --version 0.1").succeeded();
    assert_eq!(bench.otary("release list --json").json()[0]["version"], "0.1");
    let status = bench.otary("status --json").json();
    assert_eq!(status["releases"], 1);
    assert!(status["open_files"].as_u64().unwrap() > 0, "it is the server that answers");
    assert!(status["fingerprint"].as_str().unwrap().len() > 60);

    // A server that was killed leaves its announcement; the directory is free all the same.
    server.kill();
    assert!(bench.data().join("server.json").exists());
    let status = bench.otary("status --json").json();
    assert_eq!((&status["releases"], &status["open_files"]), (&json!(1), &json!(null)));
}

#[cfg(unix)]
#[test]
fn what_a_server_tells_local_commands_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let _server = bench.serve();
    let mode = fs::metadata(bench.data().join("server.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_build_machine_pushes_with_a_token_and_the_pinned_authority() {
    let bench = Bench::new();
    let _server = bench.serve();
    let (token, ca, url) = (bench.token("ci", "push"), bench.ca(), bench.url());
    bench.firmware("a.bin", "a");
    let push = format!("push a.bin --product lamp --version 0.1 --server {url}");
    let pinned = format!("{push} --ca {}", ca.display());

    let said = bench.otary_with(&pinned, &[]).failed();
    assert!(said.starts_with("error: a server elsewhere takes a token\nhelp: "), "{said}");
    let text = fs::read_to_string(&token).unwrap();
    bench.otary_with(&pinned, &[("OTARY_TOKEN", &text)]).succeeded();
    assert_eq!(bench.otary("release list --json").json()[0]["version"], "0.1");

    bench.firmware("b.bin", "b");
    let with_file = format!(
        "{} --token-file {}",
        pinned.replace("a.bin", "b.bin").replace("0.1 ", "0.2 "),
        token.display()
    );
    bench.otary_with(&with_file, &[]).succeeded();
    let said = bench.otary_with(
        &format!("product list --server {url} --ca {} --json", ca.display()),
        &[("OTARY_TOKEN", &text)],
    );
    assert_eq!(said.json()[0]["newest"]["stable"], "0.2");

    bench.otary("token revoke ci").succeeded();
    let said = bench.otary_with(&with_file, &[]).failed();
    assert!(said.starts_with("error: this token is none of this server's, or was revoked\n"), "{said}");
}

#[test]
fn a_token_goes_nowhere_that_is_not_the_pinned_server() {
    let bench = Bench::new();
    let _server = bench.serve();
    let other = Bench::new();
    let _other_server = other.serve();
    let (token, url) = (bench.token("ci", "read"), bench.url());
    let status = |url: &str, ca: &std::path::Path| {
        let token = token.display();
        bench.otary_with(&format!("status --server {url} --ca {} --token-file {token}", ca.display()), &[])
    };
    status(&url, &bench.ca()).succeeded();
    let said = status(&url, &other.ca()).failed();
    assert!(said.contains("help: its certificate is by another authority than --ca"), "{said}");
    let said = status(&url.replace("127.0.0.1", "127.0.0.2"), &bench.ca()).failed();
    assert!(said.contains("127.0.0.2"), "{said}");
    let said = status(&url.replace("https", "http"), &bench.ca()).failed();
    assert!(said.starts_with("error: a token is never sent over plain HTTP\n"), "{said}");

    // A reading token is told so before a file is sent.
    bench.firmware("a.bin", "a");
    let push =
        format!("push a.bin --product lamp --version 0.1 --server {url} --ca {}", bench.ca().display());
    let said = bench.otary_with(&format!("{push} --token-file {}", token.display()), &[]).failed();
    assert!(said.starts_with("error: token ci may read, not push lamp\n"), "{said}");
}

#[test]
fn a_data_directory_that_is_not_there_is_not_made() {
    let bench = Bench::new();
    let nowhere = bench.path("y");
    let said = bench.otary_with(&format!("status --data {}", nowhere.display()), &[]).failed();
    assert!(said.contains("help: name it with --data"), "{said}");
    fs::create_dir(&nowhere).unwrap();
    let said = bench.otary_with(&format!("status --data {}", nowhere.display()), &[]).failed();
    assert!(said.contains("is no data directory of otary's"), "{said}");
    assert_eq!(fs::read_dir(nowhere).unwrap().count(), 0);
}

#[test]
fn a_token_is_printed_alone_and_once() {
    let bench = Bench::new();
    let made = bench.otary("token create ci --days 30").succeeded();
    assert!(made.out.starts_with("otary_") && made.out.lines().count() == 1, "{}", made.out);
    assert!(made.err.starts_with("The token ci may push and ends on "), "{}", made.err);
    let listed = bench.otary("token list --json").succeeded().out;
    assert!(!listed.contains(made.out.trim()), "{listed}");
    let said = bench.otary("token create ci").failed();
    assert!(said.starts_with("error: there is a token ci already\n"), "{said}");
}

#[test]
fn gc_says_what_it_freed() {
    let bench = Bench::new();
    assert_eq!(bench.otary("gc").succeeded().out, "Nothing to free.\n");
}

#[test]
fn commands_on_one_data_directory_take_turns() {
    let bench = Bench::new();
    bench.otary("product add lamp --chips esp32").succeeded();
    std::thread::scope(|scope| {
        for n in 0..6 {
            let bench = &bench;
            scope.spawn(move || {
                bench.firmware(&format!("{n}.bin"), &format!("lamp {n}"));
                bench.otary(&format!("push {n}.bin --product lamp --version 0.{n} --older")).succeeded();
            });
        }
    });
    assert_eq!(bench.otary("release list --json").json().as_array().unwrap().len(), 6);
}
