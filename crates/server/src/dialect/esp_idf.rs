//! ESP-IDF: `esp_https_ota`, and programs of their own on `esp_http_client`. `/idf/PRODUCT`, `/idf/PRODUCT/app.bin`.
//!
//! The URL is all that they say by themselves: a device is known by its link, or by what its program puts into the query.
//! *Wait* is 304, which `esp_https_ota` knows (`ESP_ERR_HTTP_NOT_MODIFIED`), also in answer to its `HEAD`. An image comes in
//! whatever parts are asked for, and the parts of one download are of one image, since this client sends no validator
//! with them.

use otary_fleet::Dialect;

use super::answered::Said;
use super::asked::{Asked, Form, parts};
use super::{Answer, Placed};

/// The client.
pub(super) struct EspIdf;

impl Placed for EspIdf {
    fn dialect(&self) -> Dialect {
        Dialect::EspIdf
    }

    fn find(&self, path: &str) -> Option<Asked> {
        match parts(path, "/idf/")? {
            (product, None | Some("app.bin")) => Asked::of(product, Form::Image),
            (product, Some(name)) => Asked::for_part(product, name.strip_suffix(".bin")?, Form::Image),
        }
    }

    fn answer(&self, said: &Said<'_>) -> Answer {
        said.refused().unwrap_or_else(|| super::bytes(said))
    }
}
