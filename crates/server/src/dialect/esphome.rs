//! One manifest for ESPHome's `http_request` update platform and for ESP Web Tools: `/manifest/PRODUCT.json`.
//!
//! Each takes the keys that it knows. ESPHome compares `version` with its own, byte for byte, and takes any difference for
//! an update; an empty text is none. So *wait* is the version that the device should keep, as far as that is known, and
//! else an empty one. Of ESP Web Tools there is nobody to wait: a browser gets what is published.
//!
//! The image's path is that of its bytes, so that the MD5 beside it is always of what comes. ESPHome takes every path with
//! `http` anywhere in it for a whole URL, so one that has it by chance is written as such.

use otary_fleet::{Chip, Decision, Dialect, Release};
use serde::Serialize;

use super::answered::{Meant, Said};
use super::asked::{Asked, Form};
use super::{Answer, Placed, json};

/// The client.
pub(super) struct EspHome;

/// The manifest.
#[derive(Serialize)]
struct Manifest<'a> {
    name: &'a str,
    version: &'a str,
    builds: Vec<Build<'a>>,
}

/// The image of one chip.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Build<'a> {
    chip_family: &'static str,
    /// What ESP Web Tools writes by cable.
    parts: Vec<Part>,
    /// What ESPHome takes over the air.
    ota: Ota<'a>,
}

#[derive(Serialize)]
struct Part {
    path: String,
    /// In bytes, from the beginning of the flash.
    offset: u32,
}

#[derive(Serialize)]
struct Ota<'a> {
    path: String,
    md5: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
}

impl Placed for EspHome {
    fn dialect(&self) -> Dialect {
        Dialect::EspHome
    }

    fn find(&self, path: &str) -> Option<Asked> {
        let product = path.strip_prefix("/manifest/")?.strip_suffix(".json")?;
        match product.split_once('/') {
            None => Asked::of(product, Form::Manifest),
            Some((product, chip)) => Asked::for_part(product, chip, Form::Manifest),
        }
    }

    fn tells_of_every_chip(&self) -> bool {
        true
    }

    fn answer(&self, said: &Said<'_>) -> Answer {
        if let Some(refused) = said.refused() {
            return refused;
        }
        let meant = said.decisions.iter().filter_map(|decision| Some((decision, said.meant(decision)?)));
        let meant: Vec<(&Decision, Meant<'_>)> = meant.collect();
        // A manifest has one version: that of the release that was published last, for the chips that it is for.
        let newest = meant.iter().max_by_key(|(_, meant)| meant.release.map(|release| release.published));
        let Some((_, Meant { version, .. })) = newest else { return Answer::NotFound };
        let of_it = meant.iter().filter(|(_, meant)| meant.version == *version);
        let builds = of_it.filter_map(|(decision, meant)| build(said, decision.chip?, *meant)).collect();
        json(&Manifest { name: said.asked.product.as_str(), version, builds })
    }
}

/// One chip's image; empty paths where there is none to be kept, since ESPHome wants them to be there.
fn build<'a>(said: &Said<'a>, chip: Chip, meant: Meant<'a>) -> Option<Build<'a>> {
    let chip_family = family(chip)?;
    let path = meant.artifact.map(|artifact| {
        let path = said.base.path(artifact, Dialect::EspHome);
        if path.contains("http") { said.base.url(artifact, Dialect::EspHome) } else { path }
    });
    let part = path.as_ref().map(|path| Part { path: path.clone(), offset: offset(chip) });
    Some(Build {
        chip_family,
        parts: part.into_iter().collect(),
        ota: Ota {
            path: path.unwrap_or_default(),
            md5: meant.artifact.map(|artifact| artifact.md5.to_string()).unwrap_or_default(),
            summary: meant.release.and_then(summary),
        },
    })
}

/// The chips that both know by name.
fn family(chip: Chip) -> Option<&'static str> {
    use Chip::{
        Esp32, Esp32C2, Esp32C3, Esp32C5, Esp32C6, Esp32C61, Esp32H2, Esp32P4, Esp32S2, Esp32S3, Esp8266,
    };
    let known =
        [Esp32, Esp32C2, Esp32C3, Esp32C5, Esp32C6, Esp32C61, Esp32H2, Esp32P4, Esp32S2, Esp32S3, Esp8266];
    known.contains(&chip).then(|| chip.family())
}

/// Where the first app slot begins in the partition tables that the cores come with.
fn offset(chip: Chip) -> u32 {
    if chip == Chip::Esp8266 { 0 } else { 0x1_0000 }
}

/// The first line of a release's notes, cut.
fn summary(release: &Release) -> Option<&str> {
    const LONGEST: usize = 255;
    let line = release.notes.lines().next().unwrap_or_default().trim();
    line.get(..line.floor_char_boundary(LONGEST)).filter(|line| !line.is_empty())
}
