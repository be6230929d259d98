//! A private product by the agent's dialect: whoever does not prove to be one of its devices is answered to the byte as
//! if there were no such product.

use otary_fleet::{Chip, Credential, CredentialKind, Sha256};
use otary_wire::Verdict;

use super::bench::{Agent, Keys, sign_release, signed_lamp};
use crate::log;
use crate::site::{Site, firmware};

const SECRET: &str = "correct-horse-battery";
const TOKEN: &str = "otary_token-of-the-lamp";

fn site(keys: &Keys, owner: &str) -> Site {
    let site = signed_lamp(keys, 2);
    site.product("secretlamp", |product| {
        product.private = true;
        product.secret = Some(Sha256::of(SECRET.as_bytes()));
    });
    for version in ["0.1", "0.3"] {
        let image = firmware(&format!("secret-{version}"));
        site.publish("secretlamp", version, &image, Some(Chip::Esp32));
        sign_release(&site, keys, "secretlamp", version, &image);
    }
    let (kind, issued) = (CredentialKind::Token(Sha256::of(TOKEN.as_bytes())), site.clock.now());
    site.operate(owner, |device| {
        device.product = "secretlamp".parse().ok();
        device.credentials = vec![Credential { kind, issued }];
    });
    site
}

/// What an agent is answered, but for the time of day.
fn answer(agent: &Agent, site: &Site) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut response = agent.ask(site);
    response.headers.retain(|(name, _)| name != "date");
    (response.status, response.headers, response.body)
}

#[test]
fn whoever_lacks_its_credential_is_answered_as_for_a_product_that_does_not_exist() {
    let keys = Keys::new();
    let owner = Agent::running(&firmware("secret-0.1")).device(0x20);
    let site = site(&keys, &owner.mac());
    for shown in ["", "Authorization: Bearer guess\r\n"] {
        for device in [0x20, 0x21] {
            for root in [1, 2] {
                for image in ["secret-0.1", "secret-0.3", "unknown"] {
                    let mut agent = Agent::running(&firmware(image)).device(device);
                    (agent.root, agent.lines) = (root, shown.into());
                    let [secret, none] = ["secretlamp", "nonexistent"].map(|product| {
                        agent.product = product;
                        answer(&agent, &site)
                    });
                    assert!(secret == none, "{image} {device:x} {root} {shown}");
                    assert_eq!(secret.0, 200);
                }
            }
        }
    }
    log::wait_for(&["check_in", "24:6F:28:0F:00:21", "not-proven"]);
    let waiting = Agent { root: 2, product: "secretlamp", ..owner };
    waiting.assert_waits(&keys.record(2), &waiting.ask(&site));
}

#[test]
fn its_devices_are_offered_its_releases() {
    let keys = Keys::new();
    let mut agent = Agent::running(&firmware("secret-0.1")).device(0x22);
    let site = site(&keys, &agent.mac());
    (agent.root, agent.product) = (2, "secretlamp");
    for shown in [SECRET, TOKEN] {
        agent.lines = format!("Authorization: Bearer {shown}\r\n");
        let response = agent.ask(&site);
        let Verdict::Install { manifest, .. } = agent.judge(&keys.record(2), &response).unwrap() else {
            panic!("no offer with {shown}")
        };
        assert_eq!((manifest.product, manifest.version), ("secretlamp", "0.3"));
        assert_eq!(agent.ask_plain(&site).status, 403, "never over plain HTTP");
    }
}
