//! A dynamic-DNS name, kept by the built binary at a provider on loopback.

use std::fs;
use std::time::{Duration, Instant};

use otary_server::create_private_file;

use crate::house::House;
use crate::provider::Provider;

/// The settings of a name at this provider, on an address of nobody.
fn settings(house: &House, provider: &Provider) {
    fs::create_dir_all(house.data()).unwrap();
    fs::set_permissions(house.data(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let settings = format!(
        "[ddns]\nserver = \"{}\"\nhostname = \"lamps.ddns.net\"\nuser = \"me@example.com\"\n\
         password_file = \"password\"\naddress = \"192.0.2.70\"\nca_file = \"../provider.crt\"\n",
        provider.url("")
    );
    house.write("x/otary.toml", settings);
    password(house, "a secret word");
}

fn password(house: &House, word: &str) {
    use std::io::Write;
    let path = house.path("x/password");
    let _ = fs::remove_file(&path);
    create_private_file(&path).unwrap().write_all(word.as_bytes()).unwrap();
}

fn set_up(answers: &[(u16, &str)]) -> (House, Provider) {
    let house = House::new();
    let provider = Provider::start(&house, answers);
    settings(&house, &provider);
    (house, provider)
}

#[test]
fn a_name_is_sent_once_and_not_again_while_nothing_changes() {
    let (house, provider) = set_up(&[(200, "good 192.0.2.70")]);
    let printed = house.otary("ddns --once --data x").printed();
    assert_eq!(
        printed,
        "lamps.ddns.net leads to 192.0.2.70\nThe provider answered good: the name has the address now.\n"
    );
    let asked = provider.asked();
    let head: Vec<&str> = asked[0].lines().collect();
    assert_eq!(head[0], "GET /nic/update?hostname=lamps.ddns.net&myip=192.0.2.70 HTTP/1.1");
    let header =
        |name: &str| head.iter().find_map(|line| line.to_lowercase().starts_with(name).then_some(*line));
    // printf 'me@example.com:a secret word' | base64
    assert_eq!(header("authorization").unwrap()[15..], *"Basic bWVAZXhhbXBsZS5jb206YSBzZWNyZXQgd29yZA==");
    assert!(header("user-agent").unwrap().ends_with(" me@example.com"), "whom to write to: {head:?}");

    for _ in 0..2 {
        let printed = house.otary("ddns --once --data x").printed();
        assert!(
            printed.starts_with("Nothing to send: lamps.ddns.net leads to 192.0.2.70 since 20"),
            "{printed}"
        );
    }
    assert_eq!(provider.asked().len(), 1);

    let printed = house.otary("ddns --once --data x --set ddns.address=192.0.2.71").printed();
    assert!(printed.starts_with("Nothing to send before 20"), "too soon after the last: {printed}");
    provider.answers(200, "nochg 192.0.2.70");
    let printed = house.otary("ddns --once --data x --set ddns.hostname=doors.ddns.net").printed();
    assert!(printed.contains("answered nochg"), "another name: {printed}");
    assert_eq!(provider.asked().len(), 2);
}

#[test]
fn after_a_refusal_nothing_is_sent_until_the_password_is_corrected() {
    for (status, word) in
        [(401, "badauth"), (200, "nohost"), (200, "abuse"), (200, "!donator"), (200, "badagent")]
    {
        let (house, provider) = set_up(&[(status, word)]);
        let refused = house.otary("ddns --once --data x").refused();
        assert!(refused.starts_with(&format!("error: the provider answered {word}: ")), "{refused}");
        assert!(refused.contains("\nhelp: ") && !refused.contains("secret"), "{refused}");
        let refused = house.otary("ddns --once --data x").refused();
        assert!(refused.starts_with("error: nothing is sent since the provider answered "), "{refused}");
        assert_eq!(provider.asked().len(), 1, "{word}");

        password(&house, "another word");
        provider.answers(200, "good 192.0.2.70");
        house.otary("ddns --once --data x").printed();
        assert_eq!(provider.asked().len(), 2, "{word}");
    }
}

#[test]
fn a_provider_in_trouble_is_left_alone() {
    for answer in [(200, "911"), (200, "dnserr"), (503, "<html>"), (200, "")] {
        let (house, provider) = set_up(&[answer]);
        let refused = house.otary("ddns --once --data x").refused();
        assert!(refused.contains("try again when the provider's rules allow it"), "{refused}");
        let printed = house.otary("ddns --once --data x").printed();
        assert!(printed.starts_with("Nothing to send before 20"), "{printed}");
        assert_eq!(provider.asked().len(), 1, "{answer:?}");
    }
}

#[test]
fn a_provider_that_is_not_the_one_is_told_nothing() {
    let (house, provider) = set_up(&[(200, "good")]);
    // The certificate of another authority.
    let other = House::new();
    let _stranger = Provider::start(&other, &[]);
    house.write("provider.crt", fs::read(other.path("provider.crt")).unwrap());
    let refused = house.otary("ddns --once --data x").refused();
    assert!(refused.contains("no trusted connection to 127.0.0.1:"), "{refused}");
    assert!(!refused.contains("secret") && provider.asked().is_empty(), "{refused}");
}

#[test]
fn a_dry_run_shows_what_would_be_sent_but_for_the_password_and_sends_nothing() {
    let (house, provider) = set_up(&[]);
    let printed = house.otary("ddns --dry-run --data x").printed();
    let url = provider.url("/nic/update?hostname=lamps.ddns.net&myip=192.0.2.70");
    assert!(printed.starts_with(&format!("GET {url}\nHost: 127.0.0.1:")), "{printed}");
    assert!(
        printed
            .contains("\nAuthorization: Basic (user me@example.com, and the password, which is not shown)\n")
    );
    assert!(!printed.contains("secret") && !printed.contains("YSBzZWNy"), "{printed}");
    let printed = house.otary("ddns --dry-run --data x --set ddns.address=public").printed();
    assert!(!printed.contains("myip"), "the provider is to see itself: {printed}");
    assert!(provider.asked().is_empty() && !house.path("x/ddns.json").exists());
}

#[test]
fn the_public_address_is_asked_for_where_the_settings_say() {
    let (house, provider) =
        set_up(&[(200, "<body>Current IP Address: 203.0.113.9</body>"), (200, "good 203.0.113.9")]);
    let url = provider.url("/ip");
    let words = format!("ddns --once --data x --set ddns.address=public --set ddns.check_url={url}");
    assert!(house.otary(&words).printed().starts_with("lamps.ddns.net leads to 203.0.113.9\n"));
    let asked = provider.asked();
    assert!(asked[0].starts_with("GET /ip HTTP/1.1") && !asked[0].to_lowercase().contains("authorization"));
    assert!(
        asked[1].starts_with("GET /nic/update?hostname=lamps.ddns.net&myip=203.0.113.9 "),
        "{}",
        asked[1]
    );
}

#[test]
fn a_server_keeps_the_name_by_itself_and_says_so() {
    let (house, provider) = set_up(&[(200, "good 192.0.2.70")]);
    let server = house.serve("");
    let begin = Instant::now();
    while !house.text("log").contains("lamps.ddns.net leads to 192.0.2.70 (good: ") {
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", house.text("log"));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(server.terminate().success());
    // After a restart there is nothing to say.
    assert!(house.serve("").terminate().success());
    assert_eq!(provider.asked().len(), 1);
    assert!(!house.text("log").contains("secret"));
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    let (house, provider) = set_up(&[]);
    fs::set_permissions(house.path("x/password"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    for words in ["ddns --once --data x", "serve --data x"] {
        let refused = house.otary(words).refused();
        assert!(
            refused.contains("others may read the password in ") && refused.contains("chmod 0600"),
            "{refused}"
        );
    }
    let refused = House::new().otary("ddns --once --data x").refused();
    assert!(
        refused.starts_with("error: there is no dynamic-DNS provider in the settings\nhelp: "),
        "{refused}"
    );
    assert!(refused.contains("https://dynupdate.no-ip.com/nic/update"), "{refused}");
    assert!(provider.asked().is_empty());
}
