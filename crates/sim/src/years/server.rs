//! The server: its roots, generations, leaves and bridges as dates, made by the rules of `trust` and by a clock that was
//! checked.

use std::collections::{BTreeMap, BTreeSet};

use otary_fleet::{
    Anchor, AnchorId, Beginning, GenerationId, Generations, Misstep, Presented, Sha256, Step, Time,
};
use otary_trust::{Clock, Life, TrustedTime};

use super::chain::{Bridge, Chain, Held};
use super::plan::Style;

/// The names that the server had from the start.
pub const NAMES: [&str; 2] = ["ota.lan", "plug.lan"];

/// A server's trust.
#[derive(Debug, Clone)]
pub struct Server {
    /// The rollover's state, by the real rules.
    pub generations: Generations,
    /// Whether the next root's key is still on the machine.
    pub next_key_here: bool,
    roots: Vec<Life>,
    made: Vec<Anchor>,
    numbers: BTreeMap<AnchorId, usize>,
    leaves: BTreeMap<GenerationId, Life>,
    bridges: BTreeMap<GenerationId, Bridge>,
    names: BTreeSet<String>,
    built: Time,
    newest: Time,
}

impl Server {
    /// A server whose authority was made at `installed`.
    pub fn new(installed: TrustedTime) -> Self {
        let now = installed.time();
        let root = anchor(0, Life::of_root(installed));
        let next = anchor(1, Life::of_next_root((&root).into(), installed));
        let mut server = Self {
            generations: Generations::first(root.clone(), next.clone(), now),
            next_key_here: false,
            roots: Vec::new(),
            made: Vec::new(),
            numbers: BTreeMap::new(),
            leaves: BTreeMap::new(),
            bridges: BTreeMap::new(),
            names: NAMES.map(str::to_owned).into(),
            built: now,
            newest: now,
        };
        server.enlist(&root);
        server.enlist(&next);
        server
    }

    /// The time, if the clock can be trusted; it is then the newest that is on record.
    pub fn trusted(&mut self, shown: Time) -> Option<TrustedTime> {
        let clock = Clock { now: shown, built: self.built, newest: self.newest };
        let now = clock.check().ok()?;
        self.newest = now.time();
        Some(now)
    }

    /// The dates of all roots, in the order in which they were made.
    pub fn roots(&self) -> &[Life] {
        &self.roots
    }

    /// The roots of which these are anchors.
    pub fn held<'a>(&self, anchors: impl IntoIterator<Item = &'a Anchor>) -> Held {
        anchors.into_iter().filter_map(|anchor| self.numbers.get(&anchor.id).copied()).collect()
    }

    /// These roots as anchors.
    pub fn anchors(&self, held: Held) -> Vec<Anchor> {
        let numbered = self.made.iter().enumerate();
        numbered.filter(|(number, _)| held.has(*number)).map(|(_, anchor)| anchor.clone()).collect()
    }

    /// What a client is shown that asks for `name`. None: there is no leaf to show.
    pub fn chain(&self, name: Option<&str>) -> Option<(Presented, Chain)> {
        let presented = self.generations.presented(name);
        let generation = self.generations.get(presented.generation)?;
        let root = *self.numbers.get(&generation.anchor.id)?;
        let leaf = *self.leaves.get(&generation.id)?;
        let bridge = self.bridges.get(&generation.id).copied().filter(|_| presented.bridged);
        Some((presented, Chain { leaf, root, bridge }))
    }

    /// Makes the leaves anew that are due at `shown`, by the server's clock and if it can be trusted. How many were made.
    pub fn refresh(&mut self, shown: Time) -> u32 {
        let mut made = 0;
        for (id, root) in self.due(shown) {
            let leaf = self.trusted(shown).and_then(|now| Life::of_leaf(root, now));
            made += u32::from(leaf.is_some());
            self.leaves.extend(leaf.map(|leaf| (id, leaf)));
        }
        made
    }

    /// The generations whose leaf is due at `now`, with the dates of their roots.
    pub fn due(&self, now: Time) -> Vec<(GenerationId, Life)> {
        let all = self.generations.shown.iter().map(|shown| (shown.id, Life::from(&shown.anchor)));
        let due = |(id, root): &(GenerationId, Life)| {
            self.leaves.get(id).is_none_or(|leaf| leaf.is_ageing(*root, now))
        };
        all.filter(due).collect()
    }

    /// Lets what has outlived its root go, as a server does that asks the rules at each time.
    pub(super) fn outlive(&mut self, now: Time) -> bool {
        let then = self.generations.at(now);
        let changed = then != self.generations;
        self.generations = then;
        changed
    }

    /// Begins a rollover; `own_name` becomes a name of the new generation's own.
    pub fn begin(&mut self, style: Style, own_name: Option<String>, now: TrustedTime) -> Result<(), Misstep> {
        let before = (&self.generations.next).into();
        let next = anchor(self.roots.len(), Life::of_next_root(before, now));
        let hosts: BTreeSet<String> = own_name.into_iter().collect();
        self.names.extend(hosts.iter().cloned());
        let server_hosts = self.names.clone();
        let beginning = Beginning { hosts, server_hosts, bridge: style.bridge, next: next.clone() };
        let then = self.generations.begin(beginning, now.time())?;
        self.enlist(&next);
        if let Some(rollover) = then.rollover.filter(|_| style.bridge) {
            self.build_bridge(&then, rollover.from, rollover.to, now);
        }
        self.generations = then;
        self.next_key_here = true;
        Ok(())
    }

    fn build_bridge(&mut self, then: &Generations, from: GenerationId, to: GenerationId, now: TrustedTime) {
        let Some((old, new)) = then.get(from).zip(then.get(to)) else { return };
        let Some(number) = self.numbers.get(&old.anchor.id).copied() else { return };
        let life = Life::of_bridge((&old.anchor).into(), (&new.anchor).into(), now);
        self.bridges.insert(to, Bridge { from: number, life });
    }

    /// Takes a step, whoever is cut off by it.
    pub fn step(&mut self, step: Step, now: Time) -> Result<(), Misstep> {
        self.generations = self.generations.after(step, now)?;
        Ok(())
    }

    /// Breaks with everything: a root that nobody was given in advance is in charge at once.
    pub fn start_over(&mut self, now: TrustedTime) -> Result<(), Misstep> {
        let before = (&self.generations.next).into();
        let root = anchor(self.roots.len(), Life::of_next_root(before, now));
        self.enlist(&root);
        self.generations.next = root;
        self.begin(Style { bridge: false, own_name: false }, None, now)?;
        self.step(Step::Switch, now.time())?;
        self.step(Step::Finish, now.time())
    }

    fn enlist(&mut self, anchor: &Anchor) {
        self.numbers.insert(anchor.id, self.roots.len());
        self.roots.push(anchor.into());
        self.made.push(anchor.clone());
    }
}

/// The root with this number.
fn anchor(number: usize, life: Life) -> Anchor {
    let name = format!("root {}", number + 1);
    let digest = Sha256::of(name.as_bytes());
    let Life { not_before, not_after } = life;
    Anchor { id: AnchorId(digest), fingerprint: digest, name, not_before, not_after, authority: true }
}
