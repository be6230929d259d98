//! Fetching from strangers' servers: what is followed, what is refused, and that a name which changes its mind gains
//! nothing by it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod world;

use std::net::IpAddr;
use std::time::Duration;

use otary_server::fetch::{FetchError, Reach};
use world::{Answer, World};

const FILE: &[u8] = b"\xE9firmware";

#[test]
fn a_file_is_fetched_over_https_from_a_server_whose_certificate_is_trusted() {
    let mut world = World::new();
    world.https("files.test", |_| Answer::file(FILE));
    world.name("files.test", &[&["1.1.1.1"]]);
    assert_eq!(world.fetch("https://files.test/lamp.bin").unwrap().bytes, FILE);
}

#[test]
fn a_server_whose_certificate_is_another_ones_is_refused() {
    let mut world = World::new();
    world.https("files.test", |_| Answer::file(FILE));
    world.name("other.test", &[&["1.1.1.1"]]);
    assert!(matches!(world.fetch("https://other.test/lamp.bin"), Err(FetchError::Tls { .. })));
}

#[test]
fn plain_http_is_refused_unless_it_was_allowed() {
    let mut world = World::new();
    world.http(|_| Answer::file(FILE));
    world.name("files.test", &[&["1.1.1.1"]]);
    assert!(matches!(world.fetch("http://files.test/lamp.bin"), Err(FetchError::PlainHttp { .. })));
    assert!(world.dialled().is_empty(), "nothing was connected");
    world.permission.plain_http = true;
    assert_eq!(world.fetch("http://files.test/lamp.bin").unwrap().bytes, FILE);
}

#[test]
fn https_does_not_redirect_to_plain_http() {
    let mut world = World::new();
    world.https("files.test", |_| Answer::redirect("http://files.test/lamp.bin"));
    world.name("files.test", &[&["1.1.1.1"]]);
    assert!(matches!(world.fetch("https://files.test/"), Err(FetchError::PlainHttp { .. })));
}

/// Every kind of address that the public Internet is not, by name, as a number in the URL, and behind a redirect.
#[test]
fn ssrf_each_class_of_address_that_is_not_public_is_refused_also_behind_a_redirect() {
    for (address, reach) in [
        ("127.0.0.1", Reach::Loopback),
        ("::1", Reach::Loopback),
        ("0.0.0.0", Reach::Unspecified),
        ("10.1.2.3", Reach::Private),
        ("172.16.0.1", Reach::Private),
        ("192.168.1.1", Reach::Private),
        ("fd00:ec2::254", Reach::Private),
        ("169.254.169.254", Reach::LinkLocal),
        ("fe80::1", Reach::LinkLocal),
        ("100.64.0.1", Reach::Shared),
        ("224.0.0.251", Reach::Multicast),
        ("192.0.2.1", Reach::Reserved),
        ("::ffff:127.0.0.1", Reach::Loopback),
        ("64:ff9b::a9fe:a9fe", Reach::LinkLocal),
    ] {
        let ip: IpAddr = address.parse().unwrap();
        let number = if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() };
        let mut world = World::new();
        world.permission.plain_http = true;
        world.name("inside.test", &[&[address]]);
        world.name("files.test", &[&["1.1.1.1"]]);
        let target = format!("http://{number}/secret");
        world.http(move |path| match path {
            "/by-number" => Answer::redirect(&target),
            _ => Answer::redirect("http://inside.test/secret"),
        });
        for url in [
            "http://inside.test/".to_owned(),
            format!("http://{number}/"),
            "http://files.test/by-name".to_owned(),
            "http://files.test/by-number".to_owned(),
        ] {
            match world.fetch(&url) {
                Err(FetchError::NotPublic { reach: found, .. }) => assert_eq!(found, reach, "{url}"),
                other => panic!("{url}: {other:?}"),
            }
        }
        assert!(world.dialled().iter().all(|dialled| dialled.to_string() == "1.1.1.1:80"), "{address}");
    }
}

#[test]
fn ssrf_a_name_that_resolves_to_something_else_the_second_time_is_asked_again_and_refused() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.http(|path| match path {
        "/first" => Answer::redirect("/second"),
        _ => Answer::file(b"the credentials of this machine"),
    });
    world.name("rebinding.test", &[&["1.1.1.1"], &["169.254.169.254"]]);
    let refused = world.fetch("http://rebinding.test/first");
    assert!(matches!(refused, Err(FetchError::NotPublic { reach: Reach::LinkLocal, .. })), "{refused:?}");
    assert_eq!(world.dialled().len(), 1, "one lookup, one connection, to the address that was looked at");
}

#[test]
fn ssrf_of_a_name_with_several_addresses_the_public_ones_alone_are_connected() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.http(|_| Answer::file(FILE));
    world.name("mixed.test", &[&["127.0.0.1", "10.0.0.1", "1.1.1.1"]]);
    assert_eq!(world.fetch("http://mixed.test/lamp.bin").unwrap().bytes, FILE);
    assert_eq!(world.dialled().iter().map(ToString::to_string).collect::<Vec<_>>(), ["1.1.1.1:80"]);
}

#[test]
fn ssrf_a_host_that_the_operator_named_may_be_in_the_own_network_and_no_other() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.permission.hosts.insert("nas.test".into());
    world.http(|path| match path {
        "/lamp.bin" => Answer::file(FILE),
        _ => Answer::redirect("http://router.test/"),
    });
    world.name("nas.test", &[&["192.168.1.5"]]);
    world.name("router.test", &[&["192.168.1.1"]]);
    assert_eq!(world.fetch("http://nas.test/lamp.bin").unwrap().bytes, FILE);
    assert!(matches!(world.fetch("http://nas.test/elsewhere"), Err(FetchError::NotPublic { .. })));
}

#[test]
fn a_token_goes_to_the_first_host_alone() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.permission.token = Some("s3cret".to_owned().into());
    world.http(|path| match path {
        "/elsewhere" => Answer::redirect("http://other.test/lamp.bin"),
        "/back" => Answer::redirect("http://files.test/lamp.bin"),
        "/lamp.bin" => Answer::file(FILE),
        _ => Answer::redirect("/lamp.bin"),
    });
    for name in ["files.test", "other.test"] {
        world.name(name, &[&["1.1.1.1"]]);
    }
    world.fetch("http://files.test/here").unwrap();
    assert_eq!(world.authorizations(), ["Bearer s3cret", "Bearer s3cret"]);
    world.fetch("http://files.test/elsewhere").unwrap();
    assert_eq!(world.authorizations(), ["Bearer s3cret", ""]);
}

#[test]
fn five_redirects_are_followed_and_not_a_sixth() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.http(|path| match path.trim_start_matches('/').parse::<u32>().unwrap() {
        0 => Answer::file(FILE),
        left => Answer::redirect(&format!("/{}", left - 1)),
    });
    world.name("files.test", &[&["1.1.1.1"]]);
    assert_eq!(world.fetch("http://files.test/5").unwrap().bytes, FILE);
    assert!(matches!(world.fetch("http://files.test/6"), Err(FetchError::TooManyRedirects { .. })));
}

#[test]
fn bytes_are_bounded_whether_or_not_their_number_is_announced() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.bounds.bytes = 1000;
    world.http(|path| match path {
        "/fits" => Answer::file(&[7; 1000]),
        "/announced" => Answer::file(&[7; 1001]),
        _ => Answer::endless(),
    });
    world.name("files.test", &[&["1.1.1.1"]]);
    assert_eq!(world.fetch("http://files.test/fits").unwrap().bytes.len(), 1000);
    for path in ["announced", "endless"] {
        let refused = world.fetch(&format!("http://files.test/{path}"));
        assert!(matches!(refused, Err(FetchError::TooLarge { bound: 1000, .. })), "{path}: {refused:?}");
    }
}

#[test]
fn time_is_bounded_over_all_together() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.bounds.time = Duration::from_millis(200);
    world.http(|_| Answer::silence());
    world.name("files.test", &[&["1.1.1.1"]]);
    assert!(matches!(world.fetch("http://files.test/"), Err(FetchError::TooSlow { .. })));
}

#[test]
fn a_file_that_breaks_off_is_no_file() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.http(|_| Answer::cut_off(FILE));
    world.name("files.test", &[&["1.1.1.1"]]);
    assert!(matches!(world.fetch("http://files.test/"), Err(FetchError::Http { .. })));
}

#[test]
fn what_is_no_url_of_a_file_is_refused_before_anything_is_looked_up() {
    let mut world = World::new();
    for url in [
        "",
        "lamp.bin",
        "file:///etc/passwd",
        "ftp://files.test/lamp.bin",
        "https://",
        "https://user:pass@files.test/lamp.bin",
        "https://user@files.test/lamp.bin",
        "gopher://files.test/",
        &format!("https://files.test/{}", "a".repeat(5000)),
    ] {
        let error = world.fetch(url).unwrap_err();
        assert!(!matches!(error, FetchError::NoAddress { .. }), "{url}: {error:?}");
    }
    for target in ["file:///etc/passwd", "https://user:pass@files.test/", "http://"] {
        let mut world = World::new();
        world.permission.plain_http = true;
        world.http(move |_| Answer::redirect(target));
        world.name("files.test", &[&["1.1.1.1"]]);
        let refused = world.fetch("http://files.test/");
        assert!(matches!(refused, Err(FetchError::RedirectsNowhere { .. })), "{target}: {refused:?}");
    }
}

#[test]
fn other_answers_than_a_file_are_told_with_their_status() {
    let mut world = World::new();
    world.permission.plain_http = true;
    world.http(|path| Answer::status(path.trim_start_matches('/')));
    world.name("files.test", &[&["1.1.1.1"]]);
    for status in ["404 Not Found", "500 Internal Server Error", "204 No Content", "304 Not Modified"] {
        let code = status.get(..3).unwrap();
        let refused = world.fetch(&format!("http://files.test/{code}"));
        assert!(matches!(&refused, Err(FetchError::Status { .. })), "{refused:?}");
    }
}
