//! The catalogue: all that could be offered, and the way from a digest back to it.

mod by_digest;
mod shelf;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use by_digest::ByDigest;
use otary_image::Chip;
use shelf::Shelf;
use standing::Named;

use crate::query::{Chips, Known};
use crate::{
    Artifact, Build, Campaign, CampaignId, Channel, Group, GroupName, Kind, Mac, Md5, Order, Product,
    ProductName, Release, ReleaseId, Sha256, Version, Wanted, compare,
};

pub(crate) use standing::{Members, Speaking};

/// Products, releases and artifacts at one moment. Immutable: a change makes a new one.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    products: BTreeMap<ProductName, Product>,
    shelves: BTreeMap<ProductName, Shelf>,
    artifacts: ByDigest<Sha256, Artifact>,
    by_digest: ByDigest<Sha256, Sha256>,
    by_md5: ByDigest<Md5, Sha256>,
    /// For which products each artifact was released, and where the newest of the releases that hold it stands.
    owners: ByDigest<Sha256, BTreeMap<ProductName, usize>>,
    groups: BTreeMap<GroupName, Group>,
    named: Named,
}

/// What a device is meant to run.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The release.
    pub release: &'a Release,
    /// Its artifact for that device.
    pub artifact: &'a Artifact,
}

impl Catalogue {
    /// A catalogue of these records.
    pub fn new(
        products: impl IntoIterator<Item = Product>,
        releases: impl IntoIterator<Item = Release>,
        artifacts: impl IntoIterator<Item = Artifact>,
    ) -> Self {
        let mut catalogue = Self::default();
        catalogue.products.extend(products.into_iter().map(|p| (p.name.clone(), p)));
        for artifact in artifacts {
            let digests = artifact.digests.iter().chain([&artifact.id]);
            catalogue.by_digest.extend(digests.map(|digest| (*digest, artifact.id)));
            catalogue.by_md5.extend(artifact.md5s.iter().map(|md5| (*md5, artifact.id)));
            catalogue.artifacts.insert(artifact.id, artifact);
        }
        for release in releases {
            catalogue.shelves.entry(release.id.product.clone()).or_default().add(release);
        }
        for (product, shelf) in &mut catalogue.shelves {
            shelf.arrange(&catalogue.artifacts);
            for (place, release) in shelf.releases().iter().enumerate() {
                for artifact in &release.artifacts {
                    catalogue.owners.entry(*artifact).or_default().insert(product.clone(), place);
                }
            }
        }
        catalogue
    }

    /// The same with these campaigns and groups.
    #[must_use]
    pub fn with_campaigns(
        mut self,
        campaigns: impl IntoIterator<Item = Campaign>,
        groups: impl IntoIterator<Item = Group>,
    ) -> Self {
        for campaign in campaigns {
            self.shelves.entry(campaign.product.clone()).or_default().start(campaign);
        }
        self.groups.extend(groups.into_iter().map(|group| (group.name.clone(), group)));
        let mut named = Named::default();
        for shelf in self.shelves.values_mut() {
            shelf.arrange_campaigns(|campaign| named.members(campaign, &self.groups));
        }
        named.arrange();
        self.named = named;
        self
    }

    /// A product's campaigns, the newest first.
    pub fn campaigns(&self, product: &ProductName) -> &[Campaign] {
        self.shelves.get(product).map_or(&[], Shelf::campaigns)
    }

    /// Every campaign, by product and then by age, the newest first.
    pub fn all_campaigns(&self) -> impl Iterator<Item = &Campaign> {
        self.shelves.values().flat_map(Shelf::campaigns)
    }

    /// A product's campaigns that speak of a device of this channel that asks for one of these kinds, the newest first.
    pub(crate) fn speaking<'a>(
        &'a self,
        product: &ProductName,
        channel: Option<&Channel>,
        kinds: &'a [Kind],
        is_member: impl Fn(Members) -> bool + 'a,
    ) -> impl Iterator<Item = Speaking<'a>> {
        self.shelves.get(product).map(|shelf| shelf.speaking(channel, kinds, is_member)).into_iter().flatten()
    }

    /// The numbers ([`Members::Named`]) of the groups by hand that a device is in, where campaigns go by them.
    pub(crate) fn named_groups(&self, mac: Mac) -> &[(u64, u32)] {
        self.named.of(mac)
    }

    /// Whether the query of this number ([`Members::Described`]) finds a device of these chips.
    pub(crate) fn describes(&self, number: u32, chips: Chips, known: &Known<'_>) -> bool {
        self.named.describes(number, chips, known)
    }

    /// One campaign.
    pub fn campaign(&self, id: CampaignId) -> Option<&Campaign> {
        self.all_campaigns().find(|campaign| campaign.id == id)
    }

    /// Every group, by name.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// The group called `name`.
    pub fn group(&self, name: &GroupName) -> Option<&Group> {
        self.groups.get(name)
    }

    /// Every product, by name.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }

    /// The product called `name`.
    pub fn product(&self, name: &ProductName) -> Option<&Product> {
        self.products.get(name)
    }

    /// The only product, if there is exactly one.
    pub fn only_product(&self) -> Option<&Product> {
        let mut products = self.products.values();
        products.next().filter(|_| products.next().is_none())
    }

    /// A product's releases, oldest first.
    pub fn releases(&self, product: &ProductName) -> &[Release] {
        self.shelves.get(product).map_or(&[], Shelf::releases)
    }

    /// Every release, by product and then by age.
    pub fn all_releases(&self) -> impl Iterator<Item = &Release> {
        self.shelves.values().flat_map(Shelf::releases)
    }

    /// One release.
    pub fn release(&self, id: &ReleaseId) -> Option<&Release> {
        self.release_called(&id.product, &id.version)
    }

    /// A product's release of this version.
    pub fn release_called(&self, product: &ProductName, version: &Version) -> Option<&Release> {
        self.releases(product).iter().find(|release| release.id.version == *version)
    }

    /// What a campaign brings to devices of a chip: none if its release is gone, or has nothing for that chip.
    pub fn brought_by(&self, campaign: &Campaign, chip: Option<Chip>) -> Option<Target<'_>> {
        self.target_of(self.release(&campaign.release)?, chip, campaign.kind)
    }

    /// A release as the target of a device.
    pub(crate) fn target_of<'a>(
        &'a self,
        release: &'a Release,
        chip: Option<Chip>,
        wanted: impl Into<Wanted>,
    ) -> Option<Target<'a>> {
        let artifact = release.artifact_for(|id| self.artifact(id), chip, wanted)?;
        Some(Target { release, artifact })
    }

    /// Every artifact, in no order.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.artifacts.values()
    }

    /// One artifact.
    pub fn artifact(&self, id: &Sha256) -> Option<&Artifact> {
        self.artifacts.get(id)
    }

    /// The artifact that a device runs, if its digests say so. The SHA-256 decides over the MD5.
    pub fn running(&self, build: &Build) -> Option<&Artifact> {
        let by_digest = build.sha256.and_then(|digest| self.by_digest.get(&digest));
        let by_md5 = || build.md5.and_then(|md5| self.by_md5.get(&md5));
        self.artifact(by_digest.or_else(by_md5)?)
    }

    /// The newest of a product's releases that holds an artifact, withdrawn ones too.
    pub fn release_of(&self, product: &ProductName, artifact: &Sha256) -> Option<&Release> {
        self.releases(product).get(*self.owners.get(artifact)?.get(product)?)
    }

    /// The product that an artifact was released for, if it was released for exactly one.
    pub fn product_of(&self, artifact: &Sha256) -> Option<&Product> {
        let mut names = self.owners.get(artifact)?.keys();
        let name = names.next()?;
        if names.next().is_some() { None } else { self.product(name) }
    }

    /// Whether an artifact was released for private products alone, so that nobody else is to learn that it is here.
    pub fn is_private(&self, artifact: &Sha256) -> bool {
        let private = |name| self.product(name).is_some_and(|product| product.private);
        self.owners.get(artifact).is_some_and(|names| names.keys().all(private))
    }

    /// The chips that a product is made with: as the operator said, else as its releases show.
    pub fn chips(&self, product: &Product) -> BTreeSet<Chip> {
        if !product.chips.is_empty() {
            return product.chips.clone();
        }
        let artifacts = self.releases(&product.name).iter().flat_map(|release| &release.artifacts);
        artifacts.filter_map(|id| self.artifact(id)?.chip).collect()
    }

    /// Whether a product has a program for some chip, so that one has to know which chip asks.
    pub fn has_apps(&self, product: &ProductName) -> bool {
        let mut artifacts = self.releases(product).iter().flat_map(|release| &release.artifacts);
        artifacts.any(|id| self.artifact(id).is_some_and(|artifact| artifact.kind == Kind::App))
    }

    /// The only chip that a product is made with: as the operator said, else as its releases show.
    pub fn only_chip(&self, product: &Product) -> Option<Chip> {
        let mut said = product.chips.iter().copied();
        match said.next() {
            Some(chip) => said.next().is_none().then_some(chip),
            None => self.shelves.get(&product.name)?.only_chip(),
        }
    }

    /// What devices of a product, channel and chip are meant to run, campaigns apart: of the releases not withdrawn that have
    /// an artifact of what is wanted for that chip, the newest published that no campaign keeps back
    /// ([`Self::is_kept_back`]).
    pub fn target(
        &self,
        product: &ProductName,
        channel: Option<&Channel>,
        chip: Option<Chip>,
        wanted: impl Into<Wanted>,
    ) -> Option<Target<'_>> {
        let wanted = wanted.into();
        let live = |release: &&Release| release.withdrawn.is_none() && release.channel.is(channel);
        let at_large = self.shelves.get(product)?.at_large();
        at_large.filter(live).find_map(|release| self.target_of(release, chip, wanted))
    }

    /// Whether a release goes to members of its campaigns alone: those have not finished with all of its channel.
    pub fn is_kept_back(&self, release: &ReleaseId) -> bool {
        self.shelves.get(&release.product).is_some_and(|shelf| shelf.is_kept_back(&release.version))
    }

    /// How one release of a product stands to another: by version, and where versions say nothing, by age.
    pub fn order(a: &Release, b: &Release) -> Order {
        match compare(&a.id.version, &b.id.version) {
            Order::Different if a.published < b.published => Order::Older,
            Order::Different if a.published > b.published => Order::Newer,
            order => order,
        }
    }
}
