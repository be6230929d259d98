//! The authority's backup: when it was made is on record.

use axum::body::Body;
use http::Method;
use otary_server::operator::Status;

use crate::desk::{Caller, Desk};

#[tokio::test]
async fn a_backup_is_on_record_from_the_moment_that_it_is_noted() {
    let desk = Desk::new();
    assert_eq!(desk.get::<Status>("/status").await.backed_up, None);

    let noted = desk.request(Caller::Here, Method::POST, "/authority/backed-up", Body::empty()).await;
    assert_eq!(noted.read::<Status>().backed_up, Some(desk.clock.now()));
    assert_eq!(desk.get::<Status>("/status").await.backed_up, Some(desk.clock.now()));
}
