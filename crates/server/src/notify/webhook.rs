//! One attempt to hand a notice to a webhook.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use otary_fleet::Time;
use otary_fleet::notice::{Attempt, Dispatch, Webhook};

use super::{SigningKey, payload};
use crate::fetch::{Fetcher, Permission, Place};

/// How long a receiver may take: the standard advises 15 to 30 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// Tries it. What came of it is in words that hold neither the secret nor the URL's path.
pub(crate) async fn deliver(fetcher: &Fetcher, webhook: &Webhook, dispatch: &Dispatch, now: Time) -> Attempt {
    let Ok(place) = webhook.url.expose().parse::<Place>() else {
        return Attempt::Refused("its URL cannot be read".to_owned());
    };
    let body = payload(dispatch);
    let Ok(key) = SigningKey::read(&webhook.secret) else {
        return Attempt::Refused("its secret cannot be read".to_owned());
    };
    let fields = fields(&dispatch.id, now, &key.sign(&dispatch.id, now, &body));
    let permission = Permission { plain_http: webhook.plain_http, hosts: webhook.hosts.clone(), token: None };
    match fetcher.post(&place, &permission, fields, Bytes::from(body), PATIENCE).await {
        Ok(reply) if reply.status.is_success() => Attempt::Taken(reply.status.to_string()),
        Ok(reply) if reply.status == StatusCode::GONE => Attempt::Gone(reply.status.to_string()),
        Ok(reply) => {
            Attempt::Failed(format!("{} {}", reply.status, printable(&reply.text)).trim().to_owned())
        }
        Err(error) => {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            // An error names a place by its path, in which a receiver may keep a secret.
            let text = format!("{error}{cause}").replace(&place.to_string(), place.host());
            Attempt::Failed(text)
        }
    }
}

/// The header fields of the standard.
fn fields(id: &str, now: Time, signature: &str) -> HeaderMap {
    let fields = [
        (HeaderName::from_static("webhook-id"), id.to_owned()),
        (HeaderName::from_static("webhook-timestamp"), now.secs().to_string()),
        (HeaderName::from_static("webhook-signature"), signature.to_owned()),
        (http::header::CONTENT_TYPE, "application/json".to_owned()),
    ];
    let value = |(name, value): (HeaderName, String)| Some((name, HeaderValue::try_from(value).ok()?));
    fields.into_iter().filter_map(value).collect()
}

/// What a receiver said, on one line.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
