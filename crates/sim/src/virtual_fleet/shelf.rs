//! What the server has: the product, its releases with an image for each chip, and the campaigns, as the catalogue that `decide`
//! looks into.

use std::collections::BTreeSet;

use otary_fleet::{
    Artifact, Campaign, Catalogue, Channel, Chip, Embedded, Kind, ManifestBytes, Md5, Product, ProductName,
    Release, ReleaseId, Sequence, Sha256, SignedManifest, Time, Variant, Version,
};

use super::board::number;
use super::script::{Issue, Script};

/// The name of the only product.
pub(super) const PRODUCT: &str = "lamp";

/// The releases of a script, and which of them are published.
#[derive(Debug, Clone)]
pub(super) struct Shelf {
    product: ProductName,
    channel: Channel,
    releases: Vec<Release>,
    artifacts: Vec<Artifact>,
    published: BTreeSet<usize>,
}

/// The digests of a release's image for a chip.
pub(super) fn build_of(version: &Version, chip: Chip) -> (Md5, Sha256) {
    let image = format!("{version} for {chip}");
    (Md5::of(image.as_bytes()), Sha256::of(image.as_bytes()))
}

impl Shelf {
    /// The releases of a script, of which only the first is published, at `at`. None only if names cannot be made.
    pub(super) fn new(script: &Script, at: Time) -> Option<Self> {
        let product: ProductName = PRODUCT.parse().ok()?;
        let channel: Channel = Channel::STABLE.parse().ok()?;
        let chips: BTreeSet<Chip> = script.boards.iter().map(|boards| boards.chip).collect();
        let mut shelf = Self {
            product,
            channel,
            releases: Vec::new(),
            artifacts: Vec::new(),
            published: BTreeSet::new(),
        };
        for (place, issue) in script.releases.iter().enumerate() {
            let chips = chips.iter().copied().filter(|chip| issue.is_for(*chip));
            let artifacts: Vec<Artifact> = chips.map(|chip| artifact(issue, chip, at)).collect();
            shelf.releases.push(shelf.release(place, issue, &artifacts, at));
            shelf.artifacts.extend(artifacts);
        }
        shelf.published.insert(0);
        Some(shelf)
    }

    fn release(&self, place: usize, issue: &Issue, artifacts: &[Artifact], at: Time) -> Release {
        // An agent wants to see a signature. Nobody here looks at it.
        let signed = |artifact: &Artifact| {
            let bytes = ManifestBytes::try_from(&[0][..]).ok()?;
            Some(SignedManifest { artifact: artifact.id, number: number(place), bytes })
        };
        Release {
            id: self.id(&issue.version),
            channel: self.channel.clone(),
            artifacts: artifacts.iter().map(|artifact| artifact.id).collect(),
            order: Sequence::default(),
            via: issue.via.clone(),
            manifests: artifacts.iter().filter_map(signed).collect(),
            notes: String::new(),
            published: at,
            withdrawn: None,
            pinned: false,
        }
    }

    pub(super) fn id(&self, version: &Version) -> ReleaseId {
        ReleaseId { product: self.product.clone(), version: version.clone() }
    }

    pub(super) fn product(&self) -> &ProductName {
        &self.product
    }

    pub(super) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Publishes a release, unless it is.
    pub(super) fn publish(&mut self, release: usize, now: Time) {
        if self.published.insert(release)
            && let Some(release) = self.releases.get_mut(release)
        {
            release.published = now;
        }
    }

    /// Withdraws a release. False if it is not published, or withdrawn.
    pub(super) fn withdraw(&mut self, release: usize, now: Time) -> bool {
        let is_published = self.published.contains(&release);
        let live =
            self.releases.get_mut(release).filter(|release| is_published && release.withdrawn.is_none());
        live.is_some_and(|release| release.withdrawn.replace(now).is_none())
    }

    /// Bytes of an artifact.
    pub(super) fn size(&self, artifact: &Sha256) -> u64 {
        self.artifacts.iter().find(|known| known.id == *artifact).map_or(0, |artifact| artifact.size)
    }

    /// All of it, as it is looked into.
    pub(super) fn catalogue(&self, campaigns: &[Campaign]) -> Catalogue {
        let product = Product::new(self.product.clone(), Time::default());
        let published = |(place, _): &(usize, &Release)| self.published.contains(place);
        let releases = self.releases.iter().enumerate().filter(published).map(|(_, release)| release.clone());
        Catalogue::new([product], releases, self.artifacts.iter().cloned())
            .with_campaigns(campaigns.iter().cloned(), [])
    }
}

fn artifact(issue: &Issue, chip: Chip, added: Time) -> Artifact {
    let (md5, id) = build_of(&issue.version, chip);
    Artifact {
        id,
        size: issue.size,
        md5,
        kind: Kind::App,
        chip: Some(chip),
        variant: Variant::Whole,
        filesystem: None,
        gzip: false,
        md5s: vec![md5],
        digests: vec![id],
        file_name: format!("lamp-{}-{chip}.bin", issue.version),
        proposed_version: Some(issue.version.to_string()),
        project: None,
        sdk: None,
        embedded: Embedded::default(),
        added,
    }
}
