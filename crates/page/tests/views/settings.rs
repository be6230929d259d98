//! *Settings*: people, tokens, who is told of what happens.

use http::StatusCode;

use crate::check_views;
use crate::house::{House, told_once};

const PASSWORD: &str = "a lamp in every window";

#[tokio::test]
async fn a_secret_is_on_the_page_that_answers_the_form_and_on_no_other() {
    let house = House::new();
    let made = house.send("/settings/token", &[("name", "ci"), ("everywhere", "push"), ("days", "30")]).await;
    assert_eq!((made.status, made.location.as_str()), (StatusCode::OK, ""), "{}", made.text);
    let secret = told_once(&made.text);
    let settings = house.get("/settings").await;
    assert!(settings.text.contains(">ci<") && !settings.text.contains(secret), "{}", settings.text);
}

#[tokio::test]
async fn people_have_roles_and_tokens_have_scopes() {
    let house = House::new();
    let person = [("name", "lena"), ("everywhere", "own"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(house.send("/settings/add-person", &person).await.location, "/settings?done=added");
    house.send("/settings/token", &[("name", "ci"), ("everywhere", "push"), ("days", "30")]).await;
    let settings = house.get("/settings").await.text;
    assert!(settings.contains("<td>lena</td><td>owner</td>"), "{settings}");
    assert!(settings.contains("<td>ci</td><td>push</td>"), "{settings}");
}

#[tokio::test]
async fn a_webhook_is_added_shown_without_its_secrets_and_removed_by_its_name() {
    let house = House::new();
    let url = "https://example.org/hooks/Zm9yLW9uZS1yb29t";
    let new = [("name", "desk"), ("url", url), ("about", "campaign.stopped"), ("about", "trust.due")];
    let made = house.send("/settings/webhooks", &new).await;
    assert_eq!((made.status, made.location.as_str()), (StatusCode::OK, ""), "{}", made.text);
    let secret = told_once(&made.text);
    check_views(&house, &["/settings", "/settings/webhooks/desk"]).await;
    for view in ["/settings", "/settings/webhooks/desk"] {
        let shown = house.get(view).await.text;
        assert!(
            shown.contains("https://example.org") && shown.contains("campaign.stopped, trust.due"),
            "{shown}"
        );
        assert!(!shown.contains(secret) && !shown.contains("Zm9y"), "{shown}");
    }
    let mistyped = house.send("/settings/webhooks/desk/remove", &[("typed", "dusk")]).await;
    assert_eq!(mistyped.status, StatusCode::BAD_REQUEST);
    let removed = house.send("/settings/webhooks/desk/remove", &[("typed", "desk")]).await;
    assert_eq!(removed.location, "/settings?done=removed");
    assert_eq!(house.get("/settings/webhooks/desk").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_webhook_refuses_to_reach_is_told_with_a_way_out() {
    let house = House::new();
    let refused =
        house.send("/settings/webhooks", &[("name", "desk"), ("url", "http://example.org/x")]).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.text.contains("webhook-url"), "{}", refused.text);
}

#[tokio::test]
async fn a_test_that_does_not_arrive_is_in_the_log_of_its_webhook() {
    let house = House::new();
    house.send("/settings/webhooks", &[("name", "desk"), ("url", "https://example.org/x")]).await;
    let tried = house.send("/settings/webhooks/desk/test", &[]).await;
    assert_eq!(tried.location, "/settings/webhooks/desk?done=tried", "{}", tried.text);
    let log = house.get("/settings/webhooks/desk").await.text;
    assert!(log.contains("<code>test</code>") && log.contains("given up"), "{log}");
    assert!(house.get("/settings").await.text.contains("given up"));
}

#[tokio::test]
async fn who_is_told_is_shown_to_operators_and_changed_by_owners() {
    let house = House::new();
    house.send("/settings/webhooks", &[("name", "desk"), ("url", "https://example.org/x")]).await;
    let operator = house.as_one_who_may("operate").await;
    let settings = operator.get("/settings").await.text;
    assert!(
        settings.contains("/settings/webhooks/desk") && !settings.contains("Add a webhook"),
        "{settings}"
    );
    let log = operator.get("/settings/webhooks/desk").await.text;
    assert!(!log.contains("Send a test") && !log.contains("Remove it"), "{log}");
    let refused = operator.send("/settings/webhooks/desk/remove", &[("typed", "desk")]).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let viewer = house.as_one_who_may("read").await;
    assert!(!viewer.get("/settings").await.text.contains("Who is told"));
    assert_eq!(viewer.get("/settings/webhooks/desk").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn without_a_mail_server_the_settings_say_so() {
    let house = House::new();
    assert!(house.get("/settings").await.text.contains("mail.server"));
    assert_eq!(house.get("/settings/mail").await.status, StatusCode::NOT_FOUND);
}
