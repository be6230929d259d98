//! Who may do what, with the built binary and real TLS: the page's own authority, the names that it answers for, and logins.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use otary_server::operator::{Announcement, TrustView};
use otary_trust::Certificate;

use crate::api::{get, get_as};
use crate::house::House;

const PASSWORD: &str = "correct horse battery\n";

fn url(house: &House) -> String {
    Announcement::read(&house.data()).unwrap().unwrap().url
}

/// A fingerprint as it stands on two lines.
fn halves(fingerprint: &str) -> [String; 2] {
    let (first, second) = fingerprint.split_at(fingerprint.len() / 2 + 1);
    [first, second].map(str::to_owned)
}

#[test]
fn the_operator_listener_shows_its_own_authority_and_devices_another() {
    let house = House::new();
    let _server = house.serve("");
    let page = Certificate::from_pem(house.text("x/trust/page/root.crt").as_bytes()).unwrap();
    let banner = house.text("banner").replace("\n  ", "");
    assert!(banner.contains(&page.fingerprint().to_string()), "{banner}");
    let shown = house.otary("trust show --data x").printed();
    let [first, second] = halves(&page.fingerprint().to_string());
    assert!(shown.contains(&first) && shown.contains(&second) && shown.contains("people import"), "{shown}");
    let view: TrustView = serde_json::from_str(&house.otary("trust show --json --data x").printed()).unwrap();
    assert_eq!(view.page.unwrap().sha256, page.fingerprint().to_string());
    let url = url(&house);
    let token = house.otary("token create read --scope read --data x").printed();
    house.write_secret("token", token);
    let status = |ca: &str| house.otary(&format!("status --server {url} --token-file token --ca {ca}"));
    status("x/trust/page/root.crt").printed();
    let refused = status("x/trust/root.crt").refused();
    assert!(refused.contains("no trusted connection"), "{refused}");
}

#[test]
fn dns_rebinding_under_another_name_nothing_is_answered() {
    let house = House::new();
    let _server = house.serve("--set operator.hosts=proxy.example");
    let port = url(&house).rsplit_once(':').unwrap().1.to_owned();
    for host in ["evil.example", "evil.example:3444", "127.0.0.1.evil.example", ""] {
        for path in ["/api/v1/access", "/", "/health", "/page-ca.pem"] {
            let answer = get_as(&house, host, path);
            assert_eq!(
                (answer.status, answer.body["code"].as_str()),
                (421, Some("unknown-host")),
                "{host} {path}"
            );
        }
    }
    for host in
        [format!("127.0.0.1:{port}"), format!("localhost:{port}"), "proxy.example".into(), "[::1]:1".into()]
    {
        assert_eq!(get_as(&house, &host, "/api/v1/access").status, 200, "{host}");
    }
    let two = format!("127.0.0.1:{port}\r\nHost: evil.example");
    assert_eq!(get_as(&house, &two, "/api/v1/access").status, 421, "two names are none");
}

#[test]
fn path_traversal_no_path_leads_to_a_file_that_was_not_published() {
    let house = House::new();
    let _server = house.serve("");
    house.write("x/secret", "a file of the data directory");
    house.write("secret", "a file beside it");
    for step in ["..", "%2e%2e", "..%2f..", "..%5c..", "%2e%2e%2f%2e%2e", "....//..", "%2fetc"] {
        for root in
            ["", "/assets", "/api/v1", "/api/v1/artifacts", "/api/v1/products", "/releases/lamp", "/devices"]
        {
            for file in ["secret", "otary.db", "trust/root.key", "trust%2froot.key", "etc/passwd"] {
                let path = format!("{root}/{step}/{file}");
                let answer = get(&house, &path);
                assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
                let body = answer.body.to_string();
                for told in ["a file ", "SQLite format", "PRIVATE KEY", "root:x:0"] {
                    assert!(!body.contains(told), "{path}: {body}");
                }
            }
        }
    }
}

#[test]
fn a_login_is_kept_for_its_owner_alone_and_ends_with_a_logout() {
    let house = House::new();
    let _server = house.serve("");
    let url = url(&house);
    house.write_secret("word", PASSWORD);
    house.otary("people add lena --role operator --password-file word --data x").printed();
    let people = house.otary("people list --data x").printed();
    assert!(people.contains("ROLE") && people.contains("lena") && people.contains("operator"), "{people}");

    house.otary(&format!("status --server {url} --ca x/trust/page/root.crt")).refused();
    let said = house
        .otary(&format!("login lena --password-file word --server {url} --ca x/trust/page/root.crt"))
        .printed();
    assert!(said.starts_with(&format!("Logged in to {url} as login-lena-")), "{said}");
    let folder = house.path(".config/otary/servers");
    let kept = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(!fs::read_to_string(&kept).unwrap().contains(PASSWORD.trim()));

    house.otary(&format!("status --server {url}")).printed();
    let refused = house.otary(&format!("people list --server {url}")).refused();
    assert!(refused.contains("this takes own"), "{refused}");
    house.otary(&format!("logout --server {url}")).printed();
    assert!(!kept.exists());
    let tokens = house.otary("token list --data x").printed();
    assert!(!tokens.contains("login-lena"), "{tokens}");
    for secret in [PASSWORD.trim(), "otary_"] {
        assert!(!house.text("log").contains(secret), "no secret is in the log");
    }
}

#[test]
fn a_setup_code_is_printed_for_whoever_owns_the_data_directory() {
    let house = House::new();
    let server = house.serve("");
    let code = house.otary("setup-code --data x").printed();
    assert_eq!(code.trim().split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5, 5, 6]);
    assert!(!house.text("log").contains(code.trim()));
    server.terminate();
    house.otary("setup-code --data x").printed();
}
