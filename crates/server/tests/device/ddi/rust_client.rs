//! The `hawkbit` crate as a client: poll, configuration, deployment, download, progress, result, cancellation, confirmation.

use hawkbit::ddi::{Client, ClientAuthorization, Execution, Finished, Mode, Type};
use otary_fleet::ActionState;
use serde::Serialize;
use tempfile::TempDir;

use super::controller::{Controller, TARGET, site};
use crate::site::Site;

fn client(site: &Site, name: &str) -> Client {
    let trust = site.folder.path().join("otary.crt");
    std::fs::write(&trust, site.authority.anchors_pem()).unwrap();
    let url = format!("https://localhost:{}", site.addresses.https.port());
    let token = ClientAuthorization::TargetToken(TARGET.to_owned());
    Client::new(&url, "DEFAULT", name, token, trust.to_str(), None, None).unwrap()
}

#[derive(Serialize)]
struct Configuration {
    serial: String,
}

#[derive(Serialize)]
struct Progress {
    cnt: u32,
    of: u32,
}

#[tokio::test]
async fn it_is_configured_and_updated() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-70");
    let client = client(&site, "gateway-70");
    let polled = client.poll().await.unwrap();
    assert_eq!(polled.polling_sleep().unwrap().as_secs(), 900);
    let asked = polled.config_data_request().unwrap();
    let own = Configuration { serial: "7".into() };
    asked.upload(Execution::Closed, Finished::Success, Some(Mode::Merge), own, vec![]).await.unwrap();
    assert_eq!(device.record().controller.unwrap().attributes["serial"], "7");
    assert!(client.poll().await.unwrap().config_data_request().is_none());

    let update = client.poll().await.unwrap().update().unwrap().fetch().await.unwrap();
    assert_eq!((update.download_type(), update.update_type()), (Type::Attempt, Type::Attempt));
    update.send_feedback(Execution::Proceeding, Finished::None, vec!["downloading"]).await.unwrap();
    let folder = TempDir::new().unwrap();
    let files = update.download(folder.path()).await.unwrap();
    assert_eq!(std::fs::read(files[0].file()).unwrap(), b"package 1.0");
    let progress = Progress { cnt: 1, of: 2 };
    update
        .send_feedback_with_progress(Execution::Proceeding, Finished::None, progress, vec![])
        .await
        .unwrap();
    assert_eq!(device.action().progress, Some((1, 2)));
    update.send_feedback(Execution::Closed, Finished::Success, vec!["installed"]).await.unwrap();
    assert!(matches!(device.action().state, ActionState::Finished { .. }));
    assert!(client.poll().await.unwrap().update().is_none());
}

#[tokio::test]
async fn it_reports_a_failure() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-71");
    let client = client(&site, "gateway-71");
    let update = client.poll().await.unwrap().update().unwrap().fetch().await.unwrap();
    update.send_feedback(Execution::Closed, Finished::Failure, vec!["broken"]).await.unwrap();
    assert!(matches!(device.action().state, ActionState::Failed { .. }));
    assert!(client.poll().await.unwrap().update().is_none());
}

#[tokio::test]
async fn it_gives_up_what_is_cancelled() {
    let site = site();
    let device = Controller::enrolled(&site, "gateway-72");
    let client = client(&site, "gateway-72");
    let update = client.poll().await.unwrap().update().unwrap().fetch().await.unwrap();
    site.withdraw("gateway", "1.0");
    let polled = client.poll().await.unwrap();
    assert!(polled.update().is_none());
    let cancel = polled.cancel_action().unwrap();
    assert_eq!(cancel.id().await.unwrap(), update.action_id());
    cancel.send_feedback(Execution::Closed, Finished::Success, vec![]).await.unwrap();
    assert!(matches!(device.action().state, ActionState::Cancelled { .. }));
    assert!(client.poll().await.unwrap().cancel_action().is_none());
}

#[tokio::test]
async fn it_agrees_first_where_it_is_asked() {
    let site = site();
    site.product("gateway", |product| product.asks_first = true);
    Controller::enrolled(&site, "gateway-73");
    let client = client(&site, "gateway-73");
    let polled = client.poll().await.unwrap();
    assert!(polled.update().is_none());
    polled.confirmation_base().unwrap().decline().await.unwrap();
    let asked = client.poll().await.unwrap().confirmation_base().unwrap();
    assert!(!asked.update_info().await.unwrap().action_id().is_empty());
    asked.confirm().await.unwrap();
    assert!(client.poll().await.unwrap().update().is_some());
}
