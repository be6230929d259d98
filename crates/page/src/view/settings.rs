//! *Settings*: tokens, people, one's own password, who is told, and what the server is reached by. A secret is shown once, on the page that
//! answers the form.

mod grants;
mod made;
pub(crate) mod notices;
mod people;

use askama::Template;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use otary_fleet::Time;
use otary_server::operator::{ActorKind, CreatedToken, NewToken, ProductView, StartView, Status, TokenView};
use serde_json::json;

use self::grants::{Choice, given};
use self::made::Made;
use self::notices::Notices;
use self::people::Person as Account;
use crate::access::Person;
use crate::failure::Failure;
use crate::form::{Form, done, no_action};
use crate::frame::{Frame, View, html};
use crate::words::{Ago, bytes, number, segment};

#[derive(Template)]
#[template(path = "settings.html")]
struct Page {
    frame: Frame,
    tokens: Option<Vec<Token>>,
    people: Option<Vec<Account>>,
    scopes: Vec<Choice>,
    products: Vec<String>,
    notices: Option<Notices>,
    days: u32,
    by_password: bool,
    facts: Vec<(&'static str, String)>,
    origins: Vec<String>,
}

/// A token on a line.
struct Token {
    name: String,
    scope: String,
    made_by: String,
    expires: Ago,
    expired: bool,
    used: Option<Ago>,
}

pub(crate) async fn show(person: Person) -> Result<Response, Failure> {
    let api = &person.api;
    let tokens: Option<Vec<TokenView>> = Failure::left_out(api.get("/tokens").await)?;
    let people = Failure::left_out(people::all(&person).await)?;
    let status: Option<Status> = Failure::left_out(api.get("/status").await)?;
    let start: Option<StartView> = Failure::left_out(api.get("/start").await)?;
    let products: Vec<ProductView> = api.get("/products").await?;
    let now = person.now;
    let page = Page {
        tokens: tokens.map(|tokens| tokens.into_iter().map(|token| Token::of(token, now)).collect()),
        people,
        scopes: Choice::up_to(person.grants()),
        products: products.iter().map(|view| view.product.name.to_string()).collect(),
        notices: Notices::of(&person).await?,
        days: NewToken::DAYS,
        by_password: person.kind() == Some(ActorKind::Session),
        facts: status.as_ref().map(facts).unwrap_or_default(),
        origins: start.map(|start| start.origins).unwrap_or_default(),
        frame: person.frame(View::Settings, "Settings"),
    };
    Ok(html(&page))
}

impl Token {
    fn of(view: TokenView, now: Time) -> Self {
        Self {
            scope: view.grants.to_string(),
            name: view.name,
            made_by: view.made_by,
            expires: Ago::new(view.expires, now),
            expired: view.expired,
            used: view.last_used.map(|then| Ago::new(then, now)),
        }
    }
}

fn facts(status: &Status) -> Vec<(&'static str, String)> {
    let room = format!("{} of {}", bytes(status.artifact_bytes), bytes(status.max_artifact_bytes));
    let mut facts = vec![
        ("otary", status.version.clone()),
        ("data directory", status.data.clone()),
        ("files of releases", room),
        ("strangers", format!("{} of {}", number(status.strangers), number(status.max_strangers))),
    ];
    if let Some(open) = status.open_files {
        facts.push(("open files at most", number(open)));
    }
    if let Some(fingerprint) = &status.fingerprint {
        facts.push(("authority, SHA-256", fingerprint.clone()));
    }
    facts
}

/// Makes and revokes tokens, looks after people, changes one's own password.
pub(crate) async fn act(Path(action): Path<String>, form: Form) -> Result<Response, Failure> {
    let api = form.api();
    let word = match action.as_str() {
        "token" => return make_token(&form).await,
        "revoke" => {
            api.send(Method::DELETE, &format!("/tokens/{}", segment(form.text("name"))), Body::empty())
                .await?;
            "revoked"
        }
        "password" => {
            let (old, new) = (form.secret("old"), form.secret("new"));
            check_twice(new, form.secret("again"))?;
            api.post("/session/password", &json!({ "old": old, "new": new })).await?;
            "saved"
        }
        "add-person" => {
            let (password, products) = (form.secret("password"), products(&form).await?);
            check_twice(password, form.secret("again"))?;
            let grants = given(&form, &products)?;
            let new = json!({ "name": form.text("name"), "password": password, "grants": grants });
            api.post("/people", &new).await?;
            "added"
        }
        "set-person" => {
            let change = json!({ "grants": given(&form, &products(&form).await?)? });
            api.change(Method::PATCH, &people::path(&form), &change).await?;
            "saved"
        }
        "disable-person" | "enable-person" => {
            let change = json!({ "disabled": action == "disable-person" });
            api.change(Method::PATCH, &people::path(&form), &change).await?;
            "saved"
        }
        "remove-person" => {
            form.check_typed(form.text("name"))?;
            api.send(Method::DELETE, &people::path(&form), Body::empty()).await?;
            "removed"
        }
        _ => return Err(no_action()),
    };
    Ok(done("/settings", word).into_response())
}

async fn make_token(form: &Form) -> Result<Response, Failure> {
    let new = NewToken {
        name: form.read("name", "a name, as ci or build-machine")?,
        grants: given(form, &products(form).await?)?,
        days: form.read_given("days", "a number of days")?.unwrap_or(NewToken::DAYS),
    };
    let created: CreatedToken = form.api().post("/tokens", &new).await?.read()?;
    let page = Made {
        frame: form.person.frame(View::Settings, "A new token"),
        said: format!("may {}", created.token.grants),
        name: created.token.name,
        secret: created.secret.expose().to_owned(),
        use_of_it: "It is shown in the header Authorization: Bearer, or given to the command line by --token-file or OTARY_TOKEN",
        next: ("To the settings", "/settings".to_owned()),
    };
    Ok(html(&page))
}

async fn products(form: &Form) -> Result<Vec<ProductView>, Failure> {
    form.api().get("/products").await
}

fn check_twice(password: &str, again: &str) -> Result<(), Failure> {
    if password == again {
        return Ok(());
    }
    Err(Failure::refused(StatusCode::BAD_REQUEST, "passwords-differ", "the two passwords differ"))
}
