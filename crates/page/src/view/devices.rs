//! *Devices*: a table of a fleet of any size, sorted, found by a query and turned page by page by the server.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use otary_fleet::{Query as Wanted, Verdict};
use otary_server::operator::{DeviceLine, DevicePage};
use serde::Deserialize;

use crate::access::Person;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};
use crate::words::{self, Ago, number, segment};

/// Devices on a page: as many as are looked through.
const PAGE: usize = 50;

/// The columns by which the table is sorted, with their names in the API.
const COLUMNS: [(&str, &str); 5] = [
    ("mac", "Device"),
    ("product", "Product"),
    ("version", "Runs"),
    ("state", "Answer"),
    ("last-seen", "Last seen"),
];

#[derive(Template)]
#[template(path = "devices.html")]
struct Page {
    frame: Frame,
    query: String,
    fault: Option<Fault>,
    columns: Vec<Column>,
    rows: Vec<Row>,
    counting: bool,
    found: String,
    next: Option<String>,
    first: Option<String>,
    words: Vec<&'static str>,
    nobody: bool,
}

/// Why a query was not understood, with a mark under the place.
struct Fault {
    detail: String,
    place: String,
}

struct Column {
    name: &'static str,
    path: String,
    sorted: Option<&'static str>,
}

/// A device on a line of the table.
pub(crate) struct Row {
    pub(crate) mac: String,
    pub(crate) product: String,
    pub(crate) chip: String,
    pub(crate) runs: String,
    pub(crate) verdict: &'static str,
    pub(crate) class: &'static str,
    pub(crate) because: String,
    pub(crate) seen: Ago,
    pub(crate) flags: Vec<&'static str>,
}

/// Which devices, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    r#where: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    order: String,
    after: Option<String>,
}

pub(crate) async fn list(person: Person, Query(which): Query<Which>) -> Result<Response, Failure> {
    let query = which.r#where.trim().to_owned();
    let fault = (!query.is_empty()).then(|| Wanted::parse(&query).err()).flatten();
    let page: DevicePage = if fault.is_some() {
        DevicePage::default()
    } else {
        person.api.get(&format!("/devices?{}", which.asked(which.after.as_deref(), Some(PAGE)))).await?
    };
    let page = Page {
        frame: person.frame(View::Devices, "Devices"),
        columns: COLUMNS.into_iter().map(|(key, name)| which.column(key, name)).collect(),
        rows: page.devices.iter().map(|line| Row::of(line, person.now)).collect(),
        counting: page.counting,
        found: found(&page),
        next: page.next.as_deref().map(|next| format!("/devices?{}", which.asked(Some(next), None))),
        first: which.after.as_ref().map(|_| format!("/devices?{}", which.asked(None, None))),
        words: words(),
        nobody: page.devices.is_empty() && query.is_empty() && which.after.is_none() && !page.counting,
        fault: fault.map(|fault| Fault { place: fault.render(&query), detail: fault.to_string() }),
        query,
    };
    Ok(html(&page))
}

impl Which {
    /// The query of an address: of the API's with a limit, of the page's without.
    fn asked(&self, after: Option<&str>, limit: Option<usize>) -> String {
        self.sorted(&self.sort, &self.order, after, limit)
    }

    fn sorted(&self, sort: &str, order: &str, after: Option<&str>, limit: Option<usize>) -> String {
        let limit = limit.map(|limit| limit.to_string()).unwrap_or_default();
        let pairs = [
            ("where", self.r#where.trim()),
            ("sort", sort),
            ("order", order),
            ("after", after.unwrap_or_default()),
            ("limit", &limit),
        ];
        let said = pairs.iter().filter(|(_, value)| !value.is_empty());
        said.map(|(name, value)| format!("{name}={}", segment(value))).collect::<Vec<_>>().join("&")
    }

    fn column(&self, key: &'static str, name: &'static str) -> Column {
        let by_this = self.sort == key || self.sort.is_empty() && key == "mac";
        let descending = by_this && self.order == "desc";
        let turned = if by_this && !descending { "desc" } else { "asc" };
        Column {
            name,
            path: format!("/devices?{}", self.sorted(key, turned, None, None)),
            sorted: by_this.then_some(if descending { "descending" } else { "ascending" }),
        }
    }
}

impl Row {
    pub(crate) fn of(line: &DeviceLine, now: otary_fleet::Time) -> Self {
        let runs = line.runs.as_ref().map(|runs| match (&runs.release, &runs.says) {
            (Some(release), _) => release.version.to_string(),
            (None, Some(says)) => format!("{says} (unknown build)"),
            (None, None) => "unknown build".to_owned(),
        });
        let (verdict, class) = match line.answer.as_ref().map(|answer| answer.verdict) {
            Some(Verdict::Offer) => ("offer", "news"),
            Some(Verdict::Hold) => ("hold", "bad"),
            Some(Verdict::Wait) => ("wait", "good"),
            None => ("never asked", ""),
        };
        let flags = [
            (line.held, "on hold"),
            (line.pin.is_some(), "pinned"),
            (line.forced.is_some(), "forced"),
            (line.contested.is_some(), "contested"),
        ];
        Self {
            mac: line.mac.to_string(),
            product: line.product.as_ref().map(ToString::to_string).unwrap_or_default(),
            chip: line.chip.map(|chip| chip.name().to_owned()).unwrap_or_default(),
            runs: runs.unwrap_or_default(),
            verdict,
            class,
            because: line.answer.as_ref().map(|answer| answer.because.clone()).unwrap_or_default(),
            seen: Ago::new(line.last_seen, now),
            flags: flags.into_iter().filter_map(|(is, flag)| is.then_some(flag)).collect(),
        }
    }
}

fn found(page: &DevicePage) -> String {
    match (page.matching, page.total) {
        (Some(matching), Some(total)) if matching != total => {
            format!("{} of {} devices", number(matching), number(total))
        }
        (_, Some(total)) => words::count(total, "device"),
        _ => String::new(),
    }
}

/// What a query may begin with.
fn words() -> Vec<&'static str> {
    let mut words: Vec<_> = Wanted::fields().collect();
    words.extend(["and", "or", "not", "in", "is known", "is unknown"]);
    words
}
