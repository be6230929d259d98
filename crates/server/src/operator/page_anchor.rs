//! The certificate of the page's authority, for whoever imports it. It is no secret: its fingerprint is what has to be compared.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use super::problem::Problem;
use super::site::Operator;

/// As PEM text, for the command line.
pub(super) async fn pem(State(operator): State<Arc<Operator>>) -> Result<Response, Problem> {
    let pem = operator.page_root(|root| root.pem().to_owned())?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response())
}

/// As DER, which browsers and phones offer to import.
pub(super) async fn der(State(operator): State<Arc<Operator>>) -> Result<Response, Problem> {
    let der = operator.page_root(|root| root.der().to_vec())?;
    Ok(([(header::CONTENT_TYPE, "application/x-x509-ca-cert")], der).into_response())
}

impl Operator {
    fn page_root<T>(&self, read: impl FnOnce(&otary_trust::Certificate) -> T) -> Result<T, Problem> {
        let custody = self.custody.as_ref();
        let found =
            custody.and_then(|custody| custody.look(|held| held.page.as_ref().map(|page| read(page.root()))));
        found.ok_or_else(|| {
            Problem::not_found("no-page-authority", "the page has no authority of its own yet")
        })
    }
}
