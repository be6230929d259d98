//! One operation of the document while it is put together.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::operator::routes::RouteLine;

/// One operation: what its handler takes and answers.
#[derive(Debug, Default)]
pub(in crate::operator) struct Operation {
    /// The names in braces, in their order.
    names: Vec<String>,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
}

impl Operation {
    /// One of which nothing is known but its line.
    pub(super) fn of(line: &RouteLine) -> Self {
        let names = line.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        Self { names: names.map(str::to_owned).collect(), ..Self::default() }
    }

    /// It has the variable parts of the path as a `T`: one value, or a tuple of them.
    pub(super) fn takes_place<T: JsonSchema>(&mut self, schemas: &mut SchemaGenerator) {
        let schema = schemas.subschema_for::<T>().to_value();
        let parts = match schema.get("prefixItems").and_then(Value::as_array) {
            Some(parts) => parts.clone(),
            None => vec![schema],
        };
        for (name, schema) in self.names.iter().zip(parts) {
            self.parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
        }
    }

    /// It has what stands behind the `?` as a `T`.
    pub(super) fn takes_options<T: JsonSchema>(&mut self, schemas: &mut SchemaGenerator) {
        let schema = T::json_schema(schemas).to_value();
        let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_required = required.iter().any(|required| required == name);
            let schema = without_null(schema);
            self.parameters
                .push(json!({ "name": name, "in": "query", "required": is_required, "schema": schema }));
        }
    }

    /// It takes this header.
    pub(super) fn takes_header(&mut self, name: &str, what: &str) {
        let schema = json!({ "type": "string", "pattern": "^[!-~]{1,255}$" });
        self.parameters.push(json!({ "name": name, "in": "header", "description": what, "schema": schema }));
    }

    /// It takes a `T` as JSON.
    pub(super) fn takes_json<T: JsonSchema>(&mut self, schemas: &mut SchemaGenerator) {
        let schema = schemas.subschema_for::<T>();
        self.body =
            Some(json!({ "required": true, "content": { "application/json": { "schema": schema } } }));
    }

    /// It takes the bytes of a file.
    pub(super) fn takes_bytes(&mut self) {
        let content = json!({ "application/octet-stream": {} });
        self.body = Some(json!({ "required": true, "content": content }));
    }

    /// It answers a `T` as JSON.
    pub(super) fn answers_json<T: JsonSchema>(&mut self, status: u16, schemas: &mut SchemaGenerator) {
        self.answers(status, "application/json", &schemas.subschema_for::<T>());
    }

    /// It answers this.
    pub(super) fn answers(&mut self, status: u16, media: &str, schema: &Schema) {
        let mut content = Map::new();
        content.insert(media.to_owned(), json!({ "schema": schema }));
        let response = json!({ "description": "Done", "content": content });
        self.responses.insert(status.to_string(), response);
    }

    /// It answers that it is done, and no more.
    pub(super) fn answers_nothing(&mut self) {
        self.responses.insert("204".to_owned(), json!({ "description": "Done" }));
    }

    /// What stands in the document.
    pub(super) fn finish(mut self, line: &RouteLine) -> Value {
        self.takes_headers_of(line);
        self.responses.insert("default".into(), json!({ "$ref": "#/components/responses/Problem" }));
        let mut operation = json!({
            "operationId": operation_id(line),
            "summary": line.says,
            "tags": [tag(line)],
            "parameters": self.parameters,
            "responses": self.responses,
        });
        if let Some(members) = operation.as_object_mut() {
            match line.needs {
                Some(scope) => {
                    let on = line.on.words();
                    members.insert("description".into(), format!("Takes the scope {scope}{on}.").into());
                }
                None => {
                    members.insert("security".into(), json!([]));
                }
            }
            if let Some(body) = self.body {
                members.insert("requestBody".into(), body);
            }
        }
        operation
    }

    fn takes_headers_of(&mut self, line: &RouteLine) {
        if line.takes_key() {
            self.takes_header("Idempotency-Key", "Said again with the same body, it is carried out once");
        }
        if line.takes_match() {
            self.takes_header("If-Match", "Only if what is there is what this ETag was given of");
        }
    }
}

/// `get_products_product`.
fn operation_id(line: &RouteLine) -> String {
    let path = line.path.replace(['{', '}'], "").replace(['/', '-', '.'], "_");
    format!("{}{path}", line.method.as_str().to_lowercase())
}

/// The first word of the path.
fn tag(line: &RouteLine) -> &str {
    line.path.split('/').nth(1).unwrap_or_default()
}

/// What is optional is left out of a query, never said to be null.
fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        if let Some(Value::Array(types)) = members.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                members.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(any)) = members.get_mut("anyOf") {
            any.retain(|schema| schema.get("type").is_none_or(|kind| kind != "null"));
            if let [Value::Object(only)] = any.as_slice() {
                let only = only.clone();
                members.remove("anyOf");
                members.extend(only);
            }
        }
    }
    schema
}
