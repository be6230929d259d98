//! What a handler takes and answers, read off its type.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::handler::Handler;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use schemars::{JsonSchema, SchemaGenerator};

use super::Operation;
use crate::operator::actor::Actor;
use crate::operator::auth::{Access, Asking};
use crate::operator::events::{Ends, Events};
use crate::operator::problem::Problem;
use crate::operator::request::{Body, Made, Options, Place};
use crate::operator::session::{SignedIn, SignedOut};
use crate::operator::site::Operator;

/// A handler that can be described.
pub(in crate::operator) trait Described<T>: Handler<T, Arc<Operator>> {
    /// Says what it takes and answers.
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator);
}

/// What a handler takes.
#[diagnostic::on_unimplemented(
    note = "derive `schemars::JsonSchema` for what a request carries; what comes from elsewhere joins `inward!`"
)]
pub(in crate::operator) trait Input {
    /// Says so.
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator);
}

/// What a handler answers.
#[diagnostic::on_unimplemented(note = "derive `schemars::JsonSchema` for what is answered")]
pub(in crate::operator) trait Output {
    /// Says so.
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator);
}

/// Takes nothing that a client says.
macro_rules! inward {
    ($($input:ty),*) => {
        $(impl Input for $input {
            fn describe(_: &mut Operation, _: &mut SchemaGenerator) {}
        })*
    };
}

inward!(State<Arc<Operator>>, Actor, Asking, HeaderMap, Ends);

impl<T: JsonSchema> Input for Body<T> {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation.takes_json::<T>(schemas);
    }
}

impl<T: JsonSchema> Input for Place<T> {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation.takes_place::<T>(schemas);
    }
}

impl<T: JsonSchema> Input for Options<T> {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation.takes_options::<T>(schemas);
    }
}

impl Input for axum::body::Body {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.takes_bytes();
    }
}

impl<T: JsonSchema> Output for Json<T> {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation.answers_json::<T>(200, schemas);
    }
}

/// What comes with a status was made.
impl<T: JsonSchema> Output for (StatusCode, Json<T>) {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation.answers_json::<T>(201, schemas);
    }
}

impl<T: JsonSchema> Output for Made<T> {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation.answers_json::<T>(200, schemas);
        operation.answers_json::<T>(201, schemas);
    }
}

/// A status alone says that it is done.
impl Output for StatusCode {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.answers_nothing();
    }
}

impl Output for &'static str {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        let text = schemas.subschema_for::<String>();
        operation.answers(200, "text/plain", &text);
    }
}

impl Output for Events {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation
            .takes_header("Last-Event-ID", "The last entry that is known, so that none after it is missed");
        let text = schemas.subschema_for::<String>();
        operation.answers(200, "text/event-stream", &text);
    }
}

impl Output for SignedIn {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        operation.answers_json::<Access>(201, schemas);
    }
}

impl Output for SignedOut {
    fn describe(operation: &mut Operation, _: &mut SchemaGenerator) {
        operation.answers_nothing();
    }
}

/// What a handler makes by itself is described with its line.
impl Output for Response {
    fn describe(_: &mut Operation, _: &mut SchemaGenerator) {}
}

/// Every route may refuse.
impl<T: Output> Output for Result<T, Problem> {
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        T::describe(operation, schemas);
    }
}

/// A function of so many arguments is described by each of them and by what it gives.
macro_rules! functions {
    ($(($($input:ident),*)),*) => {
        $(impl<F, Answer, Gives, M, $($input),*> Described<(M, $($input,)*)> for F
        where
            F: FnOnce($($input),*) -> Answer + Handler<(M, $($input,)*), Arc<Operator>>,
            Answer: Future<Output = Gives>,
            Gives: Output,
            $($input: Input,)*
        {
            fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
                $($input::describe(operation, schemas);)*
                Gives::describe(operation, schemas);
            }
        })*
    };
}

functions!((A), (A, B), (A, B, C), (A, B, C, D), (A, B, C, D, E));

/// One without arguments has no place in axum's tuple of them.
impl<F, Answer, Gives> Described<((),)> for F
where
    F: FnOnce() -> Answer + Handler<((),), Arc<Operator>>,
    Answer: Future<Output = Gives>,
    Gives: Output,
{
    fn describe(operation: &mut Operation, schemas: &mut SchemaGenerator) {
        Gives::describe(operation, schemas);
    }
}
