//! Who is told of what happens: webhooks and mail, on *Settings*; and for each of them a log of what went out, where it is tried,
//! and where a webhook is taken away.

use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::Method;
use otary_fleet::Scope;
use otary_fleet::notice::{Dispatch, Progress, Subject};
use otary_server::mirror::Reaching;
use otary_server::operator::{CreatedWebhook, MailView, NewWebhook, WebhookView};
use serde_json::json;

use super::made::Made;
use crate::access::Person;
use crate::failure::Failure;
use crate::form::{Form, done, no_action};
use crate::frame::{Frame, View, html};
use crate::view::campaigns::Mark;
use crate::words::{Ago, segment};

/// What *Settings* shows of them.
pub(super) struct Notices {
    pub(super) webhooks: Vec<Hook>,
    pub(super) mail: Option<Letters>,
    pub(super) kinds: [&'static str; Subject::NAMES.len()],
    pub(super) may: bool,
}

/// A webhook on a line.
pub(super) struct Hook {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) server: String,
    pub(super) about: String,
    pub(super) gone: Option<Ago>,
    pub(super) last: Option<Sent>,
}

/// How mail is set up.
pub(super) struct Letters {
    pub(super) server: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) last: Option<Sent>,
}

/// A notice on its way, or at its end.
pub(super) struct Sent {
    pub(super) made: Ago,
    pub(super) kind: &'static str,
    pub(super) text: String,
    pub(super) state: Mark,
    pub(super) at: Ago,
    pub(super) attempts: u32,
    pub(super) said: String,
}

/// What went to one receiver.
#[derive(Template)]
#[template(path = "deliveries.html")]
struct Log {
    frame: Frame,
    facts: Vec<(&'static str, String)>,
    gone: Option<Ago>,
    sent: Vec<Sent>,
    test: String,
    /// The webhook's name and where it is removed; nothing for mail, which the server's configuration has.
    remove: Option<(String, String)>,
    may: bool,
}

impl Notices {
    /// Those that the person may see.
    pub(super) async fn of(person: &Person) -> Result<Option<Self>, Failure> {
        let webhooks: Option<Vec<WebhookView>> = Failure::left_out(person.api.get("/webhooks").await)?;
        let Some(webhooks) = webhooks else { return Ok(None) };
        Ok(Some(Self {
            webhooks: webhooks.into_iter().map(|webhook| Hook::of(webhook, person)).collect(),
            mail: mail(person).await?.map(|view| Letters::of(view, person)),
            kinds: Subject::NAMES,
            may: person.may(Scope::Own, None),
        }))
    }
}

impl Hook {
    fn of(webhook: WebhookView, person: &Person) -> Self {
        Self {
            path: path(&webhook.name),
            about: about(&webhook),
            name: webhook.name,
            server: webhook.server,
            gone: webhook.gone.map(|then| Ago::new(then, person.now)),
            last: webhook.last.map(|dispatch| Sent::of(dispatch, person)),
        }
    }
}

impl Letters {
    fn of(view: MailView, person: &Person) -> Self {
        let newest = view.deliveries.into_iter().next();
        Self {
            server: view.server,
            from: view.from,
            to: view.to.join(", "),
            last: newest.map(|dispatch| Sent::of(dispatch, person)),
        }
    }
}

impl Sent {
    fn of(dispatch: Dispatch, person: &Person) -> Self {
        let (class, word, at) = match dispatch.state {
            Progress::Waiting { next } if dispatch.attempts == 0 => ("news", "to be sent", next),
            Progress::Waiting { next } => ("warn", "tried again", next),
            Progress::Delivered { delivered } => ("good", "delivered", delivered),
            Progress::GivenUp { given_up } => ("bad", "given up", given_up),
        };
        Self {
            made: Ago::new(dispatch.notice.at, person.now),
            kind: dispatch.notice.subject.name(),
            text: dispatch.notice.subject.to_string(),
            state: Mark { class, word },
            at: Ago::new(at, person.now),
            attempts: dispatch.attempts,
            said: dispatch.said.unwrap_or_default(),
        }
    }
}

/// How mail is set up, if it is.
async fn mail(person: &Person) -> Result<Option<MailView>, Failure> {
    match person.api.get("/mail").await {
        Err(failure) if failure.code() == "no-mail" => Ok(None),
        answer => answer.map(Some),
    }
}

/// The kinds of notices that a webhook is for, in words.
fn about(webhook: &WebhookView) -> String {
    let kinds: Vec<&str> = webhook.about.iter().map(String::as_str).collect();
    if kinds.is_empty() { "everything".to_owned() } else { kinds.join(", ") }
}

/// Where a webhook leads, and for what.
fn facts(webhook: &WebhookView) -> Vec<(&'static str, String)> {
    let hosts: Vec<&str> = webhook.reach.hosts.iter().map(String::as_str).collect();
    let hosts = (!hosts.is_empty()).then(|| ("may reach", hosts.join(", ")));
    let plain = webhook.reach.plain_http.then(|| ("plain HTTP", "allowed".to_owned()));
    let always =
        [("leads to", webhook.server.clone()), ("about", about(webhook)), ("made by", webhook.by.clone())];
    always.into_iter().chain(hosts).chain(plain).collect()
}

/// Where the log of a webhook is, on the page.
fn path(name: &str) -> String {
    format!("/settings/webhooks/{}", segment(name))
}

/// What went to a webhook.
pub(crate) async fn webhook(person: Person, Path(name): Path<String>) -> Result<Response, Failure> {
    let webhooks: Vec<WebhookView> = person.api.get("/webhooks").await?;
    let log: Vec<Dispatch> = person.api.get(&format!("/webhooks/{}/deliveries", segment(&name))).await?;
    let found = webhooks.into_iter().find(|webhook| webhook.name == name);
    Ok(html(&Log {
        frame: person.frame(View::Settings, format!("Webhook {name}")),
        facts: found.as_ref().map(facts).unwrap_or_default(),
        gone: found.and_then(|webhook| webhook.gone).map(|then| Ago::new(then, person.now)),
        sent: log.into_iter().map(|dispatch| Sent::of(dispatch, &person)).collect(),
        test: format!("{}/test", path(&name)),
        remove: Some((name.clone(), format!("{}/remove", path(&name)))),
        may: person.may(Scope::Own, None),
    }))
}

/// What went out by mail.
pub(crate) async fn letters(person: Person) -> Result<Response, Failure> {
    let view: MailView = person.api.get("/mail").await?;
    Ok(html(&Log {
        frame: person.frame(View::Settings, "Mail"),
        facts: vec![("mail server", view.server), ("from", view.from), ("to", view.to.join(", "))],
        gone: None,
        sent: view.deliveries.into_iter().map(|dispatch| Sent::of(dispatch, &person)).collect(),
        test: "/settings/mail/test".to_owned(),
        remove: None,
        may: person.may(Scope::Own, None),
    }))
}

/// Adds a webhook. Its secret is on the page that answers.
pub(crate) async fn add(form: Form) -> Result<Response, Failure> {
    let hosts = form.text("hosts").split([',', ' ']).filter(|host| !host.is_empty());
    let new = NewWebhook {
        name: form.read("name", "a name, as desk or chat")?,
        url: form.text("url").to_owned(),
        about: form.all("about").map(str::to_owned).collect(),
        reach: Reaching {
            plain_http: form.given("plain-http").is_some(),
            hosts: hosts.map(str::to_ascii_lowercase).collect(),
        },
    };
    let created: CreatedWebhook = form.api().post("/webhooks", &new).await?.read()?;
    let webhook = created.webhook;
    Ok(html(&Made {
        frame: form.person.frame(View::Settings, "A new webhook"),
        said: format!("is told of {} at {}", about(&webhook), webhook.server),
        use_of_it: "Give it to the receiver: each request is signed with it by the scheme of Standard Webhooks",
        next: ("Try it", path(&webhook.name)),
        name: webhook.name,
        secret: created.secret,
    }))
}

/// Tries a webhook, or removes it.
pub(crate) async fn act(
    Path((name, action)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Failure> {
    let at = format!("/webhooks/{}", segment(&name));
    match action.as_str() {
        "test" => {
            form.api().post(&format!("{at}/test"), &json!({})).await?;
            Ok(done(&path(&name), "tried").into_response())
        }
        "remove" => {
            form.check_typed(&name)?;
            form.api().send(Method::DELETE, &at, Body::empty()).await?;
            Ok(done("/settings", "removed").into_response())
        }
        _ => Err(no_action()),
    }
}

/// Sends a mail that says that it is a test.
pub(crate) async fn test_mail(form: Form) -> Result<Response, Failure> {
    form.api().post("/mail/test", &json!({})).await?;
    Ok(done("/settings/mail", "tried").into_response())
}
