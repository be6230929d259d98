//! Who is answered: whoever shows a token of the device's own or of its product's, over HTTPS, and nobody else.

use serde_json::json;

use super::controller::{Controller, GATEWAY, TARGET, feedback, site};
use crate::wire::{ask_plain, request};

#[test]
fn whoever_shows_nothing_that_is_known_is_challenged_whether_there_is_such_a_device_or_not() {
    let site = site();
    Controller::enrolled(&site, "gateway-30");
    for name in ["gateway-30", "gateway-31"] {
        for shown in ["", "TargetToken wrong", "GatewayToken wrong", "Basic bGFtcDp3cm9uZw=="] {
            let stranger = Controller::showing(&site, name, shown);
            for below in ["", "/deploymentBase/1", "/cancelAction/1", "/softwaremodules/1/artifacts/x.swu"] {
                let answer = stranger.get(below);
                assert_eq!(answer.status, 401, "{name} {shown} {below}");
                let challenge = answer.header("www-authenticate").unwrap();
                assert!(
                    challenge.contains("TargetToken") && challenge.contains("GatewayToken"),
                    "{challenge}"
                );
            }
            assert_eq!(stranger.put("/configData", &json!({ "data": {} })).status, 401);
            assert_eq!(
                stranger.post("/deploymentBase/1/feedback", &feedback("closed", "success", &[])).status,
                401
            );
        }
    }
}

#[test]
fn the_gateway_token_is_the_secret_of_the_product_and_good_for_each_of_its_devices() {
    let site = site();
    let device = Controller::showing(&site, "gateway-32", &format!("GatewayToken {GATEWAY}"));
    let (id, _) = device.deployment();
    assert_eq!(device.report("deploymentBase", &id, "closed", "success", &[]), 200);
}

#[test]
fn the_tenant_may_be_the_product() {
    let site = site();
    site.product("other", |_| {});
    let device = Controller::showing(&site, "gateway-33", &format!("GatewayToken {GATEWAY}"));
    let polled =
        |tenant: &str| device.ask("GET", &format!("/{tenant}/controller/v1/gateway-33"), "", "").status;
    assert_eq!(polled("gateway"), 200);
    assert_eq!(polled("other"), 401, "it is no secret of that one's");
    assert_eq!(polled("nothing"), 401);
}

#[test]
fn a_token_is_good_for_its_own_device() {
    let site = site();
    let own = Controller::enrolled(&site, "gateway-34");
    own.poll();
    let other = Controller::showing(&site, "gateway-35", &format!("TargetToken {TARGET}"));
    assert_eq!(other.get("").status, 401);
}

#[test]
fn what_began_with_the_devices_own_token_is_not_ended_by_the_products() {
    let site = site();
    let own = Controller::enrolled(&site, "gateway-36");
    let (id, _) = own.deployment();
    let brother = Controller::showing(&site, "gateway-36", &format!("GatewayToken {GATEWAY}"));
    assert_eq!(brother.report("deploymentBase", &id, "closed", "failure", &[]), 403);
    assert_eq!(brother.get(&format!("/deploymentBase/{id}")).status, 404);
    assert_eq!(own.report("deploymentBase", &id, "closed", "success", &[]), 200);
}

#[test]
fn plain_http_has_none_of_it() {
    let site = site();
    Controller::enrolled(&site, "gateway-37");
    let headers = format!("Authorization: TargetToken {TARGET}\r\n");
    let polled = request("GET", "/DEFAULT/controller/v1/gateway-37", &headers);
    assert_eq!(ask_plain(&site, super::controller::HOME, &polled).status, 403);
}
