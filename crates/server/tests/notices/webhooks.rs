//! Webhooks, from what happened to what a receiver reads.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use otary_fleet::notice::{Dispatch, Progress};
use otary_server::fetch::{Connecting, Network, Resolving};
use otary_server::operator::{ProblemDocument, WebhookView};
use otary_store::{Disk, DiskOptions, Memory, Store};
use serde_json::json;

use crate::office::Office;
use crate::receiver::Receiver;

#[tokio::test]
async fn a_stopped_campaign_is_told_once_signed_and_with_the_audit_logs_head() {
    let (office, receiver) = (Office::new(), Receiver::start());
    let hook = office.hook("desk", &receiver.url()).await;
    office.work().await;
    office.clock.advance(Duration::from_mins(1));
    office.stop_a_campaign("0.2");
    office.work().await;
    office.work().await;

    let told = receiver.told();
    assert_eq!(told.len(), 2, "the daily head of the audit log, and the stop: {told:#?}");
    let stop = &told[1];
    assert_eq!(stop.line, "POST /hooks/capability-4711?key=5 HTTP/1.1");
    assert_eq!(stop.headers["content-type"], "application/json");
    let body: serde_json::Value = serde_json::from_slice(&stop.body).unwrap();
    assert_eq!((&body["type"], &body["data"]["campaign"]), (&json!("campaign.stopped"), &json!(1)));
    assert_eq!((&body["data"]["failed"], &body["data"]["release"]["version"]), (&json!(15), &json!("0.2")));
    assert_eq!(body["audit"], office.store.audit_head().unwrap().to_string());
    // Its time is that of the test's clock, which the witness's window is not: so only the signature is looked at.
    let witness = standardwebhooks::Webhook::new(&hook.secret).unwrap();
    let field = |name: &str| stop.headers[name].to_str().unwrap();
    let at = field("webhook-timestamp").parse().unwrap();
    assert_eq!(witness.sign(field("webhook-id"), at, &stop.body).unwrap(), field("webhook-signature"));

    let log = office.deliveries("desk").await;
    assert_eq!(log.len(), 2);
    assert!(
        log.iter().all(|it| matches!(it.state, Progress::Delivered { .. }) && it.attempts == 1),
        "{log:#?}"
    );
}

#[tokio::test]
async fn a_receiver_that_was_away_gets_what_it_missed_also_from_a_server_that_was_started_again() {
    let (folder, receiver) = (tempfile::tempdir().unwrap(), Receiver::start());
    let open = || -> Arc<dyn Store> { Arc::new(Disk::open(folder.path(), DiskOptions::default()).unwrap()) };
    receiver.answers("503 Service Unavailable");
    let office = Office::over(open(), otary_server::fetch::System, None);
    office.hook("desk", &receiver.url()).await;
    office.work().await;
    office.work().await;
    assert_eq!(receiver.told().len(), 1, "it is not tried again at once");
    assert_eq!(office.deliveries("desk").await[0].said.as_deref(), Some("503 Service Unavailable"));
    drop(office);

    receiver.answers("204 No Content");
    let office = Office::over(open(), otary_server::fetch::System, None);
    office.clock.advance(Duration::from_secs(10));
    office.work().await;
    let told = receiver.told();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0].headers["webhook-id"], told[1].headers["webhook-id"], "so it is taken for the same");
    assert_eq!(told[0].body, told[1].body);
    assert_ne!(told[0].headers["webhook-timestamp"], told[1].headers["webhook-timestamp"]);
    assert_eq!(office.deliveries("desk").await[0].attempts, 2);
}

#[tokio::test]
async fn a_dead_receiver_holds_no_other_up() {
    let (office, alive) = (Office::new(), Receiver::start());
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = dead.local_addr().unwrap();
    drop(dead);
    office.hook("dead", &format!("http://{address}/")).await;
    office.hook("alive", &alive.url()).await;
    office.work().await;
    assert_eq!(alive.told().len(), 1);
    let said = office.deliveries("dead").await.remove(0).said.unwrap();
    assert!(said.contains("takes no connection"), "{said}");
}

#[tokio::test]
async fn a_receiver_that_says_that_it_is_gone_is_told_nothing_more() {
    let (office, receiver) = (Office::new(), Receiver::start());
    receiver.answers("410 Gone");
    office.hook("desk", &receiver.url()).await;
    office.work().await;
    office.clock.advance(Duration::from_hours(25));
    office.work().await;
    assert_eq!(receiver.told().len(), 1);
    let hooks: Vec<WebhookView> = office.read(Method::GET, "/webhooks", ()).await;
    assert!(hooks[0].gone.is_some());
}

#[tokio::test]
async fn a_webhook_is_tried_by_hand_and_only_for_what_it_is_about() {
    let (office, receiver) = (Office::new(), Receiver::start());
    let new = json!({ "name": "desk", "url": receiver.url(), "about": ["disk.nearly-full"],
        "reach": { "plain_http": true, "hosts": ["127.0.0.1"] } });
    let (status, said) = office.ask(Method::POST, "/webhooks", new).await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    office.work().await;
    assert!(receiver.told().is_empty(), "the audit log's head is none of its business");
    let tried: Dispatch = office.read(Method::POST, "/webhooks/desk/test", ()).await;
    assert!(matches!(tried.state, Progress::Delivered { .. }), "{tried:?}");
    receiver.answers("500 Oh");
    let tried: Dispatch = office.read(Method::POST, "/webhooks/desk/test", ()).await;
    assert!(matches!(tried.state, Progress::GivenUp { .. }), "{tried:?}");
    let counted = office.metrics().await;
    assert!(counted.contains("otary_notice_attempts_total{outcome=\"given_up\"} 1\n"), "{counted}");
    office.clock.advance(Duration::from_hours(1));
    office.work().await;
    assert_eq!(receiver.told().len(), 2, "a test is not tried again");
}

#[tokio::test]
async fn a_secret_is_told_once_and_what_a_url_hides_is_never_shown() {
    let (office, receiver) = (Office::new(), Receiver::start());
    let hook = office.hook("desk", &receiver.url()).await;
    receiver.answers("500 Oh");
    office.work().await;
    let mut shown = String::new();
    for path in ["/webhooks", "/webhooks/desk/deliveries", "/audit", "/status"] {
        shown += &office.ask(Method::GET, path, ()).await.1;
    }
    assert!(shown.contains(&receiver.address.to_string()), "its server is shown");
    for secret in [hook.secret.as_str(), "capability-4711", "key=5"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    let kept = format!("{:?}", office.store.webhooks().unwrap());
    assert!(!kept.contains(&hook.secret) && !kept.contains("capability"), "{kept}");
}

/// A network in which a name leads to where its owner pleases.
struct Deceit(SocketAddr);

impl Network for Deceit {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> Resolving<'a> {
        let inside =
            host.parse().map_or(SocketAddr::new([10, 0, 0, 1].into(), port), |ip| SocketAddr::new(ip, port));
        Box::pin(async move { Ok(vec![inside]) })
    }

    fn connect(&self, _: SocketAddr) -> Connecting<'_> {
        let address = self.0;
        Box::pin(async move {
            tokio::net::TcpStream::connect(address).await.map_err(|_| io::Error::from(io::ErrorKind::Other))
        })
    }
}

/// Whoever may add a webhook must not thereby speak to what only this machine can reach.
#[tokio::test]
async fn ssrf_a_webhook_reaches_nothing_but_the_public_internet_unless_its_host_was_named() {
    let receiver = Receiver::start();
    let office = Office::over(Arc::new(Memory::default()), Deceit(receiver.address), None);
    for (name, url) in [
        ("a", "http://127.0.0.1/"),
        ("b", "http://169.254.169.254/latest/meta-data/"),
        ("c", "http://[::1]:3444/api/v1/tokens"),
        ("d", "http://innocent.example.org/"),
        ("e", "http://0x7f.1/"),
    ] {
        let new = json!({ "name": name, "url": url, "reach": { "plain_http": true } });
        assert_eq!(office.ask(Method::POST, "/webhooks", new).await.0, StatusCode::CREATED, "{url}");
        let tried: Dispatch = office.read(Method::POST, &format!("/webhooks/{name}/test"), ()).await;
        assert!(matches!(tried.state, Progress::GivenUp { .. }), "{url}: {tried:?}");
    }
    assert!(receiver.told().is_empty(), "{:?}", receiver.told());
    for url in ["file:///etc/passwd", "http://user:password@example.org/", "http://example.org/", "nonsense"]
    {
        let (status, said) = office.ask(Method::POST, "/webhooks", json!({ "name": "f", "url": url })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{url}");
        let problem: ProblemDocument = serde_json::from_str(&said).unwrap();
        assert_eq!(problem.code, "webhook-url");
        assert!(!said.contains("password@"), "{said}");
    }
}

#[tokio::test]
async fn ssrf_no_redirect_is_followed() {
    let (office, receiver, other) = (Office::new(), Receiver::start(), Receiver::start());
    receiver.answers(&format!("307 Temporary Redirect\r\nLocation: http://{}/", other.address));
    office.hook("desk", &receiver.url()).await;
    office.work().await;
    assert_eq!((receiver.told().len(), other.told().len()), (1, 0));
    assert!(matches!(office.deliveries("desk").await[0].state, Progress::Waiting { .. }));
}
