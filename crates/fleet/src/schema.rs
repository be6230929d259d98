//! JSON schemas of what is kept and shown, where a type cannot say it of itself: `image` has no allocator to make one with.

use std::borrow::Cow;

use otary_image::Chip;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Stands for a [`Chip`] in a schema: one of the chips' names.
pub enum ChipSchema {}

impl JsonSchema for ChipSchema {
    fn schema_name() -> Cow<'static, str> {
        "Chip".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = Chip::all().map(Chip::name).collect();
        json_schema!({ "description": "A chip of the ESP family.", "type": "string", "enum": names })
    }
}
