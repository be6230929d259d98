//! Mail: whether it is set up, whether it goes out, and what went.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use otary_fleet::notice::Dispatch;
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::problem::Problem;
use super::site::{Operator, carry_out};
use crate::notify::Mailer;

/// Mails that are shown.
const SHOWN: usize = 50;

/// How mail is set up, and what went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MailView {
    /// The mail server.
    pub server: String,
    /// Who writes.
    pub from: String,
    /// Who reads.
    pub to: Vec<String>,
    /// What went out or is to go, the newest first.
    pub deliveries: Vec<Dispatch>,
}

pub(super) async fn show(State(operator): State<Arc<Operator>>) -> Result<Json<MailView>, Problem> {
    let view = carry_out(operator, |operator| {
        let rules = operator.mailer()?.rules();
        Ok(MailView {
            server: rules.host.clone(),
            from: rules.from.clone(),
            to: rules.to.clone(),
            deliveries: operator.store.dispatches(Dispatch::MAIL, SHOWN)?,
        })
    });
    view.await.map(Json)
}

/// Sends a mail that says that it is a test, and gives what came of it.
pub(super) async fn test(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
) -> Result<Json<Dispatch>, Problem> {
    carry_out(Arc::clone(&operator), move |operator| {
        operator.mailer()?;
        operator.log(&actor, None, "tried the mail".into())
    })
    .await?;
    operator.send_test(Dispatch::MAIL).await.map(Json)
}

impl Operator {
    pub(super) fn mailer(&self) -> Result<&Mailer, Problem> {
        self.mailer.as_ref().ok_or_else(|| {
            Problem::new(StatusCode::NOT_FOUND, "no-mail", "no mail server is set")
                .help("set mail.server, mail.from and mail.to in the settings: docs/SIGNALS.md")
        })
    }
}
