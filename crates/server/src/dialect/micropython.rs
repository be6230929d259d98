//! MicroPython's `micropython-esp32-ota`: `/micropython/PRODUCT.json`, and `.../PRODUCT/CHIP.json`.
//!
//! `{"firmware": URL, "sha": SHA-256 of the file, "length": bytes}`, with the version beside it, which is otary's. The module
//! installs whatever it is told of; comparing is left to the program that calls it. So *wait* names what the device should
//! keep, as far as that is known, and else no firmware, which the module refuses.
//!
//! The module wants a URL that ends in `.json`: a query goes before that, as in `?version=0.3&.json`.

use otary_fleet::{Dialect, Sha256};
use serde::Serialize;

use super::answered::Said;
use super::asked::{Asked, Form, parts};
use super::{Answer, Placed, json};

/// The client.
pub(super) struct MicroPython;

#[derive(Serialize)]
struct Told<'a> {
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    firmware: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<Sha256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
}

impl Placed for MicroPython {
    fn dialect(&self) -> Dialect {
        Dialect::MicroPython
    }

    fn find(&self, path: &str) -> Option<Asked> {
        match parts(path.strip_suffix(".json")?, "/micropython/")? {
            (product, None) => Asked::of(product, Form::Manifest),
            (product, Some(chip)) => Asked::for_part(product, chip, Form::Manifest),
        }
    }

    fn answer(&self, said: &Said<'_>) -> Answer {
        if let Some(refused) = said.refused() {
            return refused;
        }
        let Some(meant) = said.decision().and_then(|decision| said.meant(decision)) else {
            return Answer::NotFound;
        };
        let artifact = meant.artifact;
        json(&Told {
            version: meant.version,
            firmware: artifact.map(|artifact| said.base.url(artifact, Dialect::MicroPython)),
            sha: artifact.map(|artifact| artifact.id),
            length: artifact.map(|artifact| artifact.size),
        })
    }
}
