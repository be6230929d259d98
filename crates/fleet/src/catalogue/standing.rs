//! Campaigns as they are looked through at each poll: those alone that may speak of a device, with what they bring at hand.

use std::collections::BTreeMap;

use crate::query::{Chips, Field, Known};
use crate::{Campaign, Group, GroupName, Kind, Mac, Membership, Query, Release, State};

/// Which devices a campaign speaks of, its channel apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Members {
    /// All.
    Everybody,
    /// Those of the group of this number, named by hand.
    Named(u32),
    /// Those that the query of this number finds.
    Described(u32),
    /// None: its group is gone, or is of another product.
    Nobody,
}

/// A campaign that may speak of a device.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaking<'a> {
    pub(crate) campaign: &'a Campaign,
    /// What it brings, unless that is gone.
    pub(crate) release: Option<&'a Release>,
}

/// The place of such a campaign and of its release.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) campaign: usize,
    pub(super) release: Option<usize>,
    pub(super) members: Members,
    pub(super) kind: Kind,
    /// The number of its channel on its shelf.
    pub(super) channel: usize,
}

impl Standing {
    /// Whether a campaign may speak of a device. One that a person ended, or that has finished with the whole channel to
    /// which its release was published, speaks of none.
    pub(super) const fn speaks(campaign: &Campaign) -> bool {
        match campaign.state {
            State::Aborted { .. } => false,
            State::Finished { .. } => campaign.group.is_some() || campaign.rolls_back.is_some(),
            _ => true,
        }
    }
}

/// The groups that campaigns go by. Devices of those that are named by hand, by address: one search tells all the groups that a
/// device is in. Of those that are described, the queries.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    numbers: BTreeMap<GroupName, u32>,
    rows: Vec<(u64, u32)>,
    queries: Vec<(Chips, Query)>,
}

impl Named {
    /// Which devices a campaign to a group speaks of; the group's are noted.
    pub(super) fn members(&mut self, campaign: &Campaign, groups: &BTreeMap<GroupName, Group>) -> Members {
        let Some(name) = &campaign.group else { return Members::Everybody };
        let of_product = |group: &&Group| group.product.as_ref().is_none_or(|name| *name == campaign.product);
        let Some(group) = groups.get(name).filter(of_product) else { return Members::Nobody };
        match &group.by {
            Membership::Query(query) if query.asks_for(Field::Group) => Members::Nobody,
            Membership::Query(query) => {
                self.queries.push((query.chips(), query.clone()));
                Members::Described(u32::try_from(self.queries.len() - 1).unwrap_or(u32::MAX))
            }
            Membership::Hand(devices) => {
                let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                let number = *self.numbers.entry(name.clone()).or_insert(next);
                if number == next {
                    self.rows.extend(devices.iter().map(|mac| (mac.number(), number)));
                }
                Members::Named(number)
            }
        }
    }

    /// Makes it fit to be searched.
    pub(super) fn arrange(&mut self) {
        self.rows.sort_unstable();
    }

    /// Whether the query of this number finds a device. Most name a chip, and that is soon asked.
    pub(super) fn describes(&self, number: u32, of: Chips, known: &Known<'_>) -> bool {
        let query = self.queries.get(number as usize);
        query.is_some_and(|(chips, query)| chips.may_hold(of) && query.finds(known))
    }

    /// The numbers of the groups that a device is in.
    pub(super) fn of(&self, mac: Mac) -> &[(u64, u32)] {
        let number = mac.number();
        let begin = self.rows.partition_point(|(other, _)| *other < number);
        let rows = self.rows.get(begin..).unwrap_or_default();
        let length = rows.iter().take_while(|(other, _)| *other == number).count();
        rows.get(..length).unwrap_or_default()
    }
}
