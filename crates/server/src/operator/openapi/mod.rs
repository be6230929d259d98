//! The description of the API in the terms of `OpenAPI` 3.1, made from the table of [routes](super::routes): paths, scopes and what each is
//! for come from its lines, parameters, bodies and answers from the types of the handlers, the codes of refusals from
//! [`codes`](super::codes). What the document says of a route cannot be something else than what the route does.

mod described;
mod operation;

use std::sync::LazyLock;

use axum::Json;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::ProblemDocument;
use super::routes::{Route, RouteLine, routes};

pub(super) use described::Described;
pub(super) use operation::Operation;

/// The document, made once.
static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi);

/// Gives the document. It says nothing that is not in the sources, so nobody is asked who they are.
pub(super) async fn document() -> Json<Value> {
    Json(DOCUMENT.clone())
}

/// The description of the API, without what follows from the version of otary alone.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let problem = schemas.subschema_for::<ProblemDocument>().to_value();
    let mut paths = Map::new();
    for Route { line, describe, .. } in routes().into_iter().filter(|route| !route.line.base.is_empty()) {
        let operation = described(&line, describe, &mut schemas);
        let path = paths.entry(line.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(line.method.as_str().to_lowercase(), operation);
        }
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "otary",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Updates over the air for ESP fleets, by the operators' interface",
            "description": ABOUT,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/api/v1" }],
        "security": security(),
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "responses": { "Problem": refused(&problem) },
            "securitySchemes": schemes(),
        },
    });
    plain_links(&mut document);
    bounded(&mut document);
    document
}

const ABOUT: &str = "Every refusal is a problem document (RFC 9457) with a stable `code`. A scope (read, push, operate, own) is \
    given on everything or on single products; what somebody may not see is answered as what is not there. Times are \
    milliseconds since 1970. docs/API.md shows how it is used.";

/// One operation of a path.
fn described(
    line: &RouteLine,
    describe: fn(&mut Operation, &mut SchemaGenerator),
    schemas: &mut SchemaGenerator,
) -> Value {
    let mut operation = Operation::of(line);
    describe(&mut operation, schemas);
    operation.finish(line)
}

fn refused(problem: &Value) -> Value {
    json!({
        "description": "Not carried out; nothing is half done",
        "content": { "application/problem+json": { "schema": problem } },
    })
}

/// By a token, or by a session, which for a change takes the header as well.
fn security() -> Value {
    json!([{ "token": [] }, { "session": [] }, { "session": [], "csrf": [] }])
}

fn schemes() -> Value {
    json!({
        "token": { "type": "http", "scheme": "bearer", "description": "otary token create NAME" },
        "session": { "type": "apiKey", "in": "cookie", "name": "__Host-otary", "description": "Set by POST /session" },
        "csrf": {
            "type": "apiKey", "in": "header", "name": "X-Otary-Csrf",
            "description": "With a session, for whatever is not a GET: `csrf` of GET /access",
        },
    })
}

/// Descriptions come from the sources' documentation, where words are links: `` [`Self::MAX`] `` is read as `` `MAX` ``.
fn plain_links(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(plain_links),
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text) if key == "description" => *text = without_links(text),
                    member => plain_links(member),
                }
            }
        }
        _ => {}
    }
}

/// Says of every number how far it goes, which `format` alone does not tell whoever goes by the schema.
fn bounded(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(bounded),
        Value::Object(members) => {
            let most = match members.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(u32::MAX)),
                Some("uint64" | "uint") => Some(u64::MAX),
                _ => None,
            };
            if let Some(most) = most {
                members.entry("maximum").or_insert_with(|| most.into());
            }
            members.values_mut().for_each(bounded);
        }
        _ => {}
    }
}

fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, behind)) = after.split_once("`]") else { break };
        plain.push_str(before);
        plain.push('`');
        plain.push_str(name.rsplit("::").next().unwrap_or(name));
        plain.push('`');
        // The place that a link leads to.
        rest = match behind.strip_prefix('(').and_then(|place| place.split_once(')')) {
            Some((_, behind)) => behind,
            None => behind,
        };
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_the_sources_are_words() {
        assert_eq!(without_links("at most [`Self::MAX_NAME`] bytes"), "at most `MAX_NAME` bytes");
        assert_eq!(without_links("a [`Query`](otary_fleet::Query), see [`x"), "a `Query`, see [`x");
    }
}
