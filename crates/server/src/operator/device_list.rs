//! The list of devices: sorted, page by page, all or those that a query finds. A server's census tells which devices are on the
//! page, so the records of those alone are read. Without a census (no server runs, or it has just begun) the list by address
//! is read from the records as far as a page takes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{Device, Facts, Query, Scope};
use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::devices::{DeviceLine, line, query};
use super::pages::{self, Direction};
use super::problem::Problem;
use super::request::Options;
use super::site::{Operator, carry_out};
use crate::census::{Cursor, Found, Sort, Wanted};

/// Without a census that many times a page's devices are looked at for those that a query finds. The page is shorter then, and
/// `next` says where to go on.
const LOOKS: usize = 20;

/// A page of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct DevicePage {
    /// Devices as they are sorted.
    pub devices: Vec<DeviceLine>,
    /// Where the next page begins: `?after=`. None on the last one. A page may be shorter than asked.
    pub next: Option<String>,
    /// Devices that there are; none if nobody counted.
    #[serde(default)]
    pub total: Option<u64>,
    /// Of those, devices that the query finds; none if nobody counted.
    #[serde(default)]
    pub matching: Option<u64>,
    /// Whether a server that began a moment ago still reads its records: devices may be missing.
    #[serde(default)]
    pub counting: bool,
}

/// Which devices are listed.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    sort: Sort,
    #[serde(default)]
    order: Direction,
    after: Option<String>,
    limit: Option<usize>,
    /// A [`Query`].
    r#where: Option<String>,
}

/// A request, read.
struct Page {
    sort: Sort,
    order: Direction,
    after: Option<Cursor>,
    limit: usize,
    query: Option<Query>,
}

pub(super) async fn list(
    State(operator): State<Arc<Operator>>,
    actor: Actor,
    Options(which): Options<Which>,
) -> Result<Json<DevicePage>, Problem> {
    carry_out(operator, move |operator| operator.list_devices(&which, &actor)).await.map(Json)
}

impl TryFrom<&Which> for Page {
    type Error = Problem;

    fn try_from(which: &Which) -> Result<Self, Problem> {
        let after = which.after.as_deref().map(|text| cursor(text, which.sort)).transpose()?;
        let query = which.r#where.as_deref().map(query).transpose()?;
        let limit = pages::limit(which.limit);
        Ok(Self { sort: which.sort, order: which.order, after, limit, query })
    }
}

fn cursor(text: &str, sort: Sort) -> Result<Cursor, Problem> {
    let cursor = text.parse().ok().filter(|cursor: &Cursor| cursor.is_of(sort));
    cursor.ok_or_else(pages::bad_cursor)
}

impl Operator {
    fn list_devices(&self, which: &Which, actor: &Actor) -> Result<DevicePage, Problem> {
        let page = Page::try_from(which)?;
        let census = &self.engine.census;
        let by_address = page.sort == Sort::Mac && page.order == Direction::Asc;
        if by_address && (!census.is_kept() || census.is_counting()) {
            return self.walk(&page, actor);
        }
        self.look_up(&page, actor)
    }

    /// The page by the census.
    fn look_up(&self, page: &Page, actor: &Actor) -> Result<DevicePage, Problem> {
        let (catalogue, census) = (self.store.catalogue(), &self.engine.census);
        let sees = |product: Option<&_>| actor.may(Scope::Read, product);
        let wanted = Wanted {
            sort: page.sort,
            descending: page.order == Direction::Desc,
            after: page.after.as_ref(),
            limit: page.limit,
            query: page.query.as_ref(),
            sees: &sees,
            catalogue: &catalogue,
        };
        let (found, counting) = census.with(|look| (wanted.find(look), look.counting))?;
        let Found { macs, next, total, matching } = found;
        let mut devices = Vec::with_capacity(macs.len());
        for mac in macs {
            match self.store.device(mac)? {
                Some(device) => devices.push(line(&device, &catalogue)),
                // The store let go of it since.
                None => census.forget(mac),
            }
        }
        let next = next.map(|cursor| cursor.to_string());
        Ok(DevicePage { devices, next, total: Some(total), matching: Some(matching), counting })
    }

    /// The page by the records, in the order of the addresses.
    fn walk(&self, page: &Page, actor: &Actor) -> Result<DevicePage, Problem> {
        let (catalogue, now, limit) = (self.store.catalogue(), self.now(), page.limit);
        let meant = |device: &&Device| {
            let facts = Facts { device, catalogue: &catalogue, now };
            actor.may(Scope::Read, device.belongs_to())
                && page.query.as_ref().is_none_or(|query| query.matches(&facts))
        };
        let (mut lines, mut next) = (Vec::new(), None);
        let mut after = page.after.as_ref().map(Cursor::mac);
        for _ in 0..LOOKS {
            let devices = self.store.devices(after, limit)?;
            after = devices.last().filter(|_| devices.len() == limit).map(|device| device.mac);
            let mut found = devices.iter().filter(meant);
            lines.extend(found.by_ref().take(limit - lines.len()).map(|device| line(device, &catalogue)));
            next = if found.next().is_some() { lines.last().map(|line| line.mac) } else { after };
            if next.is_none() || lines.len() == limit {
                break;
            }
        }
        let next = next.map(|mac| mac.to_string());
        Ok(DevicePage { devices: lines, next, ..DevicePage::default() })
    }
}
