//! Firmware: what is built, what is inside it, and what of it is published.

use std::collections::HashMap;

use otary_fleet::{
    Anchor, Artifact, Build, Catalogue, Embedded, FoundCertificate, Kind, Md5, Product, ProductName, Release,
    ReleaseId, Sha256, Time,
};

use super::chain::Held;
use super::stack::Stack;

/// A product: firmware that is built in the same way.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name.
    pub name: ProductName,
    /// What its firmware is built with.
    pub stack: Stack,
    /// The host name in its URL; none is an address.
    pub asks: Option<String>,
    /// Whether its firmware is built with the current root alone as long as that one has years to live.
    pub current_alone: bool,
    /// Whether its sketch sends a version text.
    pub says_version: bool,
    /// Whether its certificates can be recognised inside its images.
    pub recognisable: bool,
    /// The version of its newest release.
    pub version: u32,
    /// Its newest firmware.
    pub newest: usize,
    /// When that was published.
    pub published: Time,
}

/// One firmware.
#[derive(Debug, Clone)]
pub struct Firmware {
    /// What a device reports that runs it.
    pub build: Build,
    /// What it says that its version is.
    pub version: Option<String>,
    /// The roots that it trusts, whether or not anybody can see them in its image.
    pub held: Held,
    /// The host name in its URL.
    pub asks: Option<String>,
}

/// All firmware there is, and the server's catalogue.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The products.
    pub lines: Vec<Line>,
    /// What the server offers.
    pub catalogue: Catalogue,
    firmware: Vec<Firmware>,
    by_artifact: HashMap<Sha256, usize>,
    products: Vec<Product>,
    releases: Vec<Release>,
    artifacts: Vec<Artifact>,
}

impl Shelf {
    /// The products of a run, with nothing published.
    pub fn stocked(now: Time) -> Self {
        let mut shelf = Self::default();
        for (name, stack, asks, current_alone, says_version, recognisable) in [
            ("lamp", Stack::Arduino3, Some("ota.lan"), false, true, true),
            ("relay", Stack::Arduino2, None, true, true, true),
            ("plug", Stack::Esp8266, Some("plug.lan"), false, true, true),
            ("heater", Stack::Esp8266, None, true, true, true),
            ("gate", Stack::EspIdf, Some("ota.lan"), true, false, true),
            ("meter", Stack::EspIdfDates, None, false, true, true),
            ("probe", Stack::MicroPython, Some("ota.lan"), true, true, true),
            ("camera", Stack::Arduino3, Some("ota.lan"), false, true, false),
        ] {
            let Ok(name) = name.parse::<ProductName>() else { continue };
            shelf.products.push(Product::new(name.clone(), now));
            let asks = asks.map(str::to_owned);
            let (version, newest, published) = (0, 0, now);
            shelf.lines.push(Line {
                name,
                stack,
                asks,
                current_alone,
                says_version,
                recognisable,
                version,
                newest,
                published,
            });
        }
        shelf
    }

    /// A firmware by its place.
    pub fn firmware(&self, place: usize) -> Option<&Firmware> {
        self.firmware.get(place)
    }

    /// The firmware that an artifact is.
    pub fn delivered(&self, artifact: &Sha256) -> Option<usize> {
        self.by_artifact.get(artifact).copied()
    }

    /// Builds firmware of a line that trusts `held`, under a version of its own; gives its place.
    pub fn build(&mut self, line: usize, version: &str, held: Held) -> Option<usize> {
        let line = self.lines.get(line)?;
        let name = format!("{}-{version}-{}", line.name, self.firmware.len());
        let build = Build { md5: Some(Md5::of(name.as_bytes())), sha256: Some(Sha256::of(name.as_bytes())) };
        let version = line.says_version.then(|| version.to_owned());
        self.firmware.push(Firmware { build, version, held, asks: line.asks.clone() });
        Some(self.firmware.len() - 1)
    }

    /// Builds the next release of a line with these anchors inside, and publishes it.
    pub fn publish(&mut self, line: usize, held: Held, anchors: &[Anchor], now: Time) -> Option<()> {
        let version = format!("{}.0", self.lines.get(line)?.version + 1);
        let place = self.build(line, &version, held)?;
        let firmware = self.firmware.get(place)?.clone();
        let artifact = self.artifact(line, &firmware, anchors, now)?;
        let line = self.lines.get_mut(line)?;
        line.version += 1;
        line.newest = place;
        line.published = now;
        self.by_artifact.insert(artifact.id, place);
        self.releases.push(Release {
            id: ReleaseId { product: line.name.clone(), version },
            channel: "stable".parse().ok()?,
            artifacts: vec![artifact.id],
            notes: String::new(),
            published: now,
            withdrawn: None,
            pinned: false,
        });
        self.artifacts.push(artifact);
        self.catalogue = Catalogue::new(self.products.clone(), self.releases.clone(), self.artifacts.clone());
        Some(())
    }

    /// What is known of an image at upload.
    fn artifact(&self, line: usize, firmware: &Firmware, anchors: &[Anchor], now: Time) -> Option<Artifact> {
        let line = self.lines.get(line)?;
        let (md5, sha256) = (firmware.build.md5?, firmware.build.sha256?);
        let found = |anchor: &Anchor| FoundCertificate { offset: 0, pem: true, anchor: anchor.clone() };
        let certificates = anchors.iter().filter(|_| line.recognisable).map(found).collect();
        let hosts = firmware.asks.iter().cloned().collect();
        Some(Artifact {
            id: sha256,
            size: 900_000,
            md5,
            kind: Kind::App,
            chip: Some(line.stack.chip()),
            gzip: false,
            md5s: vec![md5],
            digests: vec![sha256],
            file_name: format!("{}.bin", line.name),
            proposed_version: None,
            project: None,
            sdk: None,
            embedded: Embedded { certificates, hosts, ..Embedded::default() },
            added: now,
        })
    }
}
