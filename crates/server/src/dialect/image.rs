//! The newest image of a chip under a name of its own, with its checksums beside it: `/image/PRODUCT/CHIP.bin`,
//! `CHIP.bin.md5`, `CHIP.bin.sha256`, and the same for `filesystem.bin`.
//!
//! It is what ESPHome's `http_request` OTA takes (`md5_url` and `url`), when a person or an automation on the device says
//! so: nothing but 2xx is a success to it, so *wait* is 304 and leaves it as it is. The checksum is of the image that the
//! same request without the suffix would get.

use otary_fleet::Dialect;

use super::answered::Said;
use super::asked::{Asked, Form, parts};
use super::{Answer, Placed};

/// The client.
pub(super) struct NamedImage;

impl Placed for NamedImage {
    fn dialect(&self) -> Dialect {
        Dialect::EspHome
    }

    fn find(&self, path: &str) -> Option<Asked> {
        let (product, Some(name)) = parts(path, "/image/")? else { return None };
        let (name, form) = match name.rsplit_once('.')? {
            (name, "md5") => (name, Form::Md5),
            (name, "sha256") => (name, Form::Sha256),
            _ => (name, Form::Image),
        };
        Asked::for_part(product, name.strip_suffix(".bin")?, form)
    }

    fn answer(&self, said: &Said<'_>) -> Answer {
        said.refused().unwrap_or_else(|| super::bytes(said))
    }
}
