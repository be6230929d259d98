//! Firmware: what is built, what is inside it, and what of it is published.

use std::collections::HashMap;

use otary_fleet::{
    Anchor, Artifact, Build, Catalogue, Embedded, FoundCertificate, Kind, Md5, Product, ProductName, Release,
    ReleaseId, Sha256, Time, Version,
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
    /// Its product, by its place.
    pub line: usize,
    /// What a device reports that runs it.
    pub build: Build,
    /// What it says that its version is.
    pub version: Option<Version>,
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
    by_digest: HashMap<Sha256, usize>,
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

    /// The firmware with this digest, published or not.
    pub fn find(&self, digest: &Sha256) -> Option<usize> {
        self.by_digest.get(digest).copied()
    }

    /// Builds firmware of a line that trusts `held`, under a version of its own; gives its place.
    pub fn build(&mut self, line: usize, version: &str, held: Held) -> Option<usize> {
        let of = self.lines.get(line)?;
        let name = format!("{}-{version}-{}", of.name, self.firmware.len());
        let (md5, digest) = (Md5::of(name.as_bytes()), Sha256::of(name.as_bytes()));
        let build = Build { md5: Some(md5), sha256: Some(digest) };
        let version = of.says_version.then(|| version.into());
        self.firmware.push(Firmware { line, build, version, held, asks: of.asks.clone() });
        self.by_digest.insert(digest, self.firmware.len() - 1);
        Some(self.firmware.len() - 1)
    }

    /// Builds the next release of a line with these anchors inside, and publishes it.
    pub fn publish(&mut self, line: usize, held: Held, anchors: &[Anchor], now: Time) -> Option<()> {
        let version = format!("{}.0", self.lines.get(line)?.version + 1);
        let place = self.build(line, &version, held)?;
        let artifact = self.artifact(self.firmware.get(place)?, anchors, now)?;
        let line = self.lines.get_mut(line)?;
        line.version += 1;
        line.newest = place;
        line.published = now;
        self.releases.push(Release {
            id: ReleaseId { product: line.name.clone(), version: version.into() },
            channel: "stable".parse().ok()?,
            artifacts: vec![artifact.id],
            order: otary_fleet::Sequence::default(),
            via: None,
            manifests: Vec::new(),
            notes: String::new(),
            published: now,
            withdrawn: None,
            pinned: false,
        });
        self.artifacts.push(artifact);
        self.recatalogue();
        Some(())
    }

    /// Adds a firmware to the artifacts without a release, so that what is inside is known. False if it is there.
    pub fn add(&mut self, firmware: usize, anchors: &[Anchor], now: Time) -> bool {
        let Some(firmware) = self.firmware.get(firmware) else { return false };
        let known = self.catalogue.running(&firmware.build).is_some();
        let Some(artifact) = self.artifact(firmware, anchors, now).filter(|_| !known) else { return false };
        self.artifacts.push(artifact);
        self.recatalogue();
        true
    }

    fn recatalogue(&mut self) {
        let (products, releases) = (self.products.clone(), self.releases.clone());
        self.catalogue = Catalogue::new(products, releases, self.artifacts.clone());
    }

    /// What is known of an image at upload.
    fn artifact(&self, firmware: &Firmware, anchors: &[Anchor], now: Time) -> Option<Artifact> {
        let line = self.lines.get(firmware.line)?;
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
            variant: otary_fleet::Variant::Whole,
            filesystem: None,
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
