//! JSON schemas of what is kept and shown, where a type cannot say it of itself: `image` has no allocator to make one with.

use std::borrow::Cow;

use otary_image::Chip;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// What a [name](crate::ProductName) looks like.
pub(crate) const NAME: &str = "^[a-z0-9][a-z0-9._-]{0,63}$";

/// What an [address](crate::Mac) looks like, bare or in pairs; zeros alone name nobody.
pub(crate) const MAC: &str = "^(?![0:-]*$)([0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5})$";

/// What so many bytes look like in hex digits.
pub(crate) fn hex(bytes: usize) -> String {
    format!("^[0-9A-Fa-f]{{{}}}$", 2 * bytes)
}

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
