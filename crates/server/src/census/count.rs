//! The fleet in numbers: how many devices are on what, what they are answered and why, and who is missed.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use otary_fleet::{Brief, Catalogue, Channel, Chip, Group, ProductName, Sha256, Time, Verdict, Version};
use serde::{Deserialize, Serialize};

use super::pass::{OfCohort, Pass};
use super::{Look, Sees};

const HOUR: Duration = Duration::from_hours(1);

/// The fleet in numbers. Each list has the largest number first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Count {
    /// Whether a server that began a moment ago still reads its records: every number is too small then.
    pub counting: bool,
    /// Devices.
    pub devices: u64,
    /// Of those, devices that have not asked for longer than their own rhythm lets expect.
    pub silent: u64,
    /// Devices that are held for taking the same image again and again.
    pub looping: u64,
    /// Devices that an operator holds.
    pub held: u64,
    /// Devices that an operator pinned to a release.
    pub pinned: u64,
    /// Devices that an operator wants to get a release once.
    pub forced: u64,
    /// Devices of which builds or networks were seen taking turns under their address.
    pub contested: u64,
    /// Devices that otary never updated and nobody spoke of.
    pub strangers: u64,
    /// Devices that were put on record and never asked.
    pub never_asked: u64,
    /// Devices that asked lately.
    pub seen: SeenWithin,
    /// By product.
    pub products: Vec<Products>,
    /// By what runs: releases, and unknown builds by the version that they say; of those at most [`Count::MAX_UNKNOWN`] a
    /// product are told apart.
    pub runs: Vec<Running>,
    /// By chip.
    pub chips: Vec<Chips>,
    /// By channel.
    pub channels: Vec<Channels>,
    /// By what they were answered last, and by which rule.
    pub answers: Vec<Answers>,
}

/// Devices that asked lately: each number includes those before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SeenWithin {
    /// Within an hour.
    pub hour: u64,
    /// Within a day.
    pub day: u64,
    /// Within a week.
    pub week: u64,
}

/// Devices of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Products {
    /// The product; none for those that belong to none.
    pub product: Option<ProductName>,
    /// How many.
    pub devices: u64,
}

/// Devices that run the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Running {
    /// Their product.
    pub product: Option<ProductName>,
    /// The version of the release that runs; none for an unknown build.
    pub release: Option<Version>,
    /// Of an unknown build, the version that it says.
    pub says: Option<Version>,
    /// How many.
    pub devices: u64,
}

/// Devices with the same chip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Chips {
    /// The chip; none for those of which nobody knows it.
    #[schemars(with = "Option<otary_fleet::ChipSchema>")]
    pub chip: Option<Chip>,
    /// How many.
    pub devices: u64,
}

/// Devices on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Channels {
    /// The channel; none: `stable`.
    pub channel: Option<Channel>,
    /// How many.
    pub devices: u64,
}

/// Devices that were answered the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Answers {
    /// Offer, wait or hold.
    pub verdict: Verdict,
    /// The rule's word.
    pub rule: String,
    /// What the rule says of every device.
    pub principle: String,
    /// How many.
    pub devices: u64,
}

impl Count {
    /// Unknown builds of a product that are told apart by the version that they say.
    pub const MAX_UNKNOWN: usize = 20;

    /// Counts what whoever asks may see.
    pub(crate) fn of(look: &Look<'_>, sees: Sees<'_>, catalogue: &Catalogue) -> Self {
        let mut pass = Pass::new(catalogue, sees, look.now);
        let mut by_cohort: Vec<u64> = Vec::new();
        let mut count = Self { counting: look.counting, ..Self::default() };
        look.table.each(|brief| {
            let Some(cohort) = pass.meet(brief) else { return };
            if by_cohort.len() <= cohort {
                by_cohort.resize(cohort + 1, 0);
            }
            if let Some(devices) = by_cohort.get_mut(cohort) {
                *devices += 1;
            }
            count.add(brief, look);
        });
        let mut tables = Tables::default();
        for (number, devices) in by_cohort.into_iter().enumerate() {
            if let Some(of) = pass.cohort(number).filter(|_| devices > 0) {
                count.add_cohort(of, devices);
                tables.add(of, devices);
            }
        }
        tables.fill(&mut count);
        count
    }

    fn add(&mut self, brief: &Brief, look: &Look<'_>) {
        self.devices += 1;
        self.silent += u64::from(look.deaf.misses(brief, look.now));
        self.contested += u64::from(brief.contested);
        if brief.polls == 0 {
            self.never_asked += 1;
        } else {
            self.seen.add(brief.last_seen, look.now);
        }
    }

    fn add_cohort(&mut self, of: &OfCohort<'_>, devices: u64) {
        let cohort = &of.cohort;
        let when = |it: bool| if it { devices } else { 0 };
        self.looping += when(cohort.answer().is_some_and(|answer| answer.rule == "looping"));
        self.held += when(cohort.is_held());
        self.pinned += when(cohort.pin().is_some());
        self.forced += when(cohort.forced().is_some());
        self.strangers += when(cohort.is_stranger());
    }

    /// Devices that were answered so last.
    pub fn answered(&self, verdict: Verdict) -> u64 {
        self.answers.iter().filter(|answers| answers.verdict == verdict).map(|answers| answers.devices).sum()
    }
}

impl SeenWithin {
    fn add(&mut self, seen: Time, now: Time) {
        let ago = now.since(seen);
        self.hour += u64::from(ago <= HOUR);
        self.day += u64::from(ago <= HOUR * 24);
        self.week += u64::from(ago <= HOUR * 24 * 7);
    }
}

/// What devices run: their product, the release, else the version that they say.
type Runs<'a> = (Option<&'a ProductName>, Option<&'a Version>, Option<&'a Version>);

/// The numbers by name.
#[derive(Default)]
struct Tables<'a> {
    products: BTreeMap<Option<&'a ProductName>, u64>,
    runs: BTreeMap<Runs<'a>, u64>,
    chips: BTreeMap<Option<Chip>, u64>,
    channels: BTreeMap<Option<&'a Channel>, u64>,
    answers: BTreeMap<(Verdict, &'static str), (&'static str, u64)>,
}

impl<'a> Tables<'a> {
    fn add(&mut self, of: &'a OfCohort<'_>, devices: u64) {
        let cohort = &of.cohort;
        let release = of.runs.release.map(|release| &release.id);
        let product = cohort.product().or(release.map(|id| &id.product));
        *self.products.entry(cohort.product()).or_default() += devices;
        *self.chips.entry(of.runs.chip(cohort)).or_default() += devices;
        *self.channels.entry(cohort.channel()).or_default() += devices;
        if cohort.build().is_some() {
            let version = release.map(|id| &id.version);
            let says = cohort.says().filter(|_| version.is_none());
            *self.runs.entry((product, version, says)).or_default() += devices;
        }
        if let Some(answer) = cohort.answer() {
            self.answers.entry((answer.verdict, answer.rule)).or_insert((answer.principle, 0)).1 += devices;
        }
    }

    fn fill(self, count: &mut Count) {
        count.products = largest_first(self.products, |product, devices| {
            (devices, Products { product: product.cloned(), devices })
        });
        count.chips = largest_first(self.chips, |chip, devices| (devices, Chips { chip, devices }));
        count.channels = largest_first(self.channels, |channel, devices| {
            (devices, Channels { channel: channel.cloned(), devices })
        });
        count.answers = largest_first(self.answers, |(verdict, rule), (principle, devices)| {
            let (rule, principle) = (rule.to_owned(), principle.to_owned());
            (devices, Answers { verdict, rule, principle, devices })
        });
        count.runs = bounded(largest_first(self.runs, |(product, release, says), devices| {
            let (product, release, says) = (product.cloned(), release.cloned(), says.cloned());
            (devices, Running { product, release, says, devices })
        }));
    }
}

/// How many devices run each artifact.
pub(super) fn running(look: &Look<'_>, catalogue: &Catalogue) -> HashMap<Sha256, u64> {
    let mut pass = Pass::new(catalogue, &|_| true, look.now);
    let mut running = HashMap::new();
    look.table.each(|brief| {
        let artifact = pass.meet(brief).and_then(|number| pass.cohort(number)?.runs.artifact);
        if let Some(artifact) = artifact {
            *running.entry(artifact.id).or_default() += 1;
        }
    });
    running
}

/// How many devices each of these groups has.
pub(super) fn members(look: &Look<'_>, groups: &[&Group], catalogue: &Catalogue) -> Vec<u64> {
    let mut pass = Pass::new(catalogue, &|_| true, look.now);
    let mut members = vec![0; groups.len()];
    look.table.each(|brief| {
        let Some(facts) = pass.meet(brief).and_then(|number| pass.facts(brief, number)) else { return };
        for (members, group) in members.iter_mut().zip(groups) {
            *members += u64::from(group.has_brief(&facts));
        }
    });
    members
}

fn largest_first<K, V, R>(counted: BTreeMap<K, V>, row: impl Fn(K, V) -> (u64, R)) -> Vec<R> {
    let mut rows: Vec<(u64, R)> = counted.into_iter().map(|(name, value)| row(name, value)).collect();
    rows.sort_by_key(|(devices, _)| std::cmp::Reverse(*devices));
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Of each product the largest few unknown builds stay; the others become one. Strangers can say what they like.
fn bounded(rows: Vec<Running>) -> Vec<Running> {
    let (mut kept, mut told_apart) = (Vec::new(), BTreeMap::<Option<ProductName>, usize>::new());
    let mut others = BTreeMap::<Option<ProductName>, u64>::new();
    for row in rows {
        let unknown = told_apart.entry(row.product.clone()).or_default();
        *unknown += usize::from(row.release.is_none() && row.says.is_some());
        if row.release.is_some() || (row.says.is_some() && *unknown <= Count::MAX_UNKNOWN) {
            kept.push(row);
        } else {
            *others.entry(row.product).or_default() += row.devices;
        }
    }
    let others =
        others.into_iter().map(|(product, devices)| Running { product, devices, release: None, says: None });
    kept.extend(others);
    kept.sort_by_key(|row| std::cmp::Reverse(row.devices));
    kept
}
