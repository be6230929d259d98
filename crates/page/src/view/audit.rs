//! *Audit*: what happened, the newest first, by whom and from where; and whether the log is still what was written.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use http::StatusCode;
use jiff::civil::Date;
use otary_fleet::{EventKind, Mac, Time};
use otary_server::operator::{Finding, LogLine, LogPage, Status, Verification};
use serde::Deserialize;

use super::fault::Fault;
use crate::access::Person;
use crate::failure::Failure;
use crate::frame::{Frame, View, html};
use crate::linked::Linked;
use crate::words::{Ago, number, segment};

/// Entries on a page.
const PAGE: usize = 100;
/// Entries that the API gives at once.
const BATCH: usize = 1000;
/// Batches that are looked through at most for somebody who may not see every entry: the page is shorter then.
const BATCHES: usize = 20;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    which: Which,
    fault: Option<String>,
    rows: Vec<Row>,
    older: Option<String>,
    newest: Option<String>,
    head: Option<String>,
    verdict: Option<Verdict>,
}

/// An entry on a line.
struct Row {
    number: u64,
    at: Ago,
    who: String,
    from: String,
    device: Option<String>,
    what: Linked,
}

/// What came of a verification.
struct Verdict {
    class: &'static str,
    said: String,
    looked: String,
}

/// Which entries, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    device: String,
    #[serde(default)]
    since: String,
    /// Entries before this number.
    before: Option<u64>,
    /// Whether the log is to be verified, and against which head.
    #[serde(default)]
    verify: String,
    #[serde(default)]
    head: String,
}

pub(crate) async fn show(person: Person, Query(which): Query<Which>) -> Result<Response, Failure> {
    let status: Option<Status> = Failure::left_out(person.api.get("/status").await)?;
    let (found, fault) = match which.filter() {
        Ok(filter) => (find(&person, &which, filter.as_deref()).await?, None),
        Err(fault) => (Found::default(), Some(fault)),
    };
    let (verdict, fault) = match verify(&person, &which).await? {
        Some(Ok(verdict)) => (Some(verdict), fault),
        Some(Err(refused)) => (None, Some(refused)),
        None => (None, fault),
    };
    let page = Page {
        frame: person.frame(View::Audit, "Audit"),
        fault,
        older: found.older.map(|older| which.page(Some(older))),
        newest: which.before.map(|_| which.page(None)),
        rows: found.lines.into_iter().map(|line| Row::of(line, person.now)).collect(),
        head: status.map(|status| status.audit.to_string()),
        verdict,
        which,
    };
    Ok(html(&page))
}

impl Which {
    /// What the API is to look for; none for everything.
    fn filter(&self) -> Result<Option<String>, String> {
        let mut asked = Vec::new();
        if !self.device.trim().is_empty() {
            let mac: Mac = self
                .device
                .trim()
                .parse()
                .map_err(|error| format!("a device is its address, as 24:6F:28:AA:BB:CC: {error}"))?;
            asked.push(format!("device={}", segment(&mac.to_string())));
        }
        if !self.since.trim().is_empty() {
            asked.push(format!("since={}", midnight(self.since.trim())?.0));
        }
        Ok((!asked.is_empty()).then(|| asked.join("&")))
    }

    fn page(&self, before: Option<u64>) -> String {
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        let pairs = [("device", self.device.trim()), ("since", self.since.trim()), ("before", &before)];
        let said = pairs.iter().filter(|(_, value)| !value.is_empty());
        let said: Vec<_> = said.map(|(name, value)| format!("{name}={}", segment(value))).collect();
        format!("/audit?{}", said.join("&"))
    }
}

/// When a day begins, in UTC.
fn midnight(day: &str) -> Result<Time, String> {
    let wrong = || format!("a day is a year, a month and a day, as 2026-11-29, not {day}");
    let date: Date = day.parse().map_err(|_| wrong())?;
    let at = date.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong())?;
    u64::try_from(at.timestamp().as_millisecond()).map(Time).map_err(|_| wrong())
}

/// A page of entries, newest first, and before which one the next page begins.
#[derive(Default)]
struct Found {
    lines: Vec<LogLine>,
    older: Option<u64>,
}

/// The newest entries before a number that a filter lets through and the person may see.
async fn find(person: &Person, which: &Which, filter: Option<&str>) -> Result<Found, Failure> {
    let filter = filter.map(|filter| format!("&{filter}")).unwrap_or_default();
    let mut found = Found { lines: Vec::new(), older: which.before };
    for batch in 0..BATCHES {
        let limit = if batch == 0 { PAGE } else { BATCH };
        let after = found.older.map(|older| format!("&after={older}")).unwrap_or_default();
        let page: LogPage =
            person.api.get(&format!("/audit?order=desc&limit={limit}{after}{filter}")).await?;
        (found.older, found.lines) = (page.next, [found.lines, page.entries].concat());
        if found.lines.len() > PAGE {
            found.lines.truncate(PAGE);
            found.older = found.lines.last().map(|line| line.entry.number);
        }
        if found.lines.len() == PAGE || found.older.is_none() {
            break;
        }
    }
    Ok(found)
}

/// Holds the log against itself, or against a head that somebody noted.
async fn verify(person: &Person, which: &Which) -> Result<Option<Result<Verdict, String>>, Failure> {
    if which.verify.is_empty() {
        return Ok(None);
    }
    let head = which.head.trim();
    let against = if head.is_empty() { String::new() } else { format!("?head={}", segment(head)) };
    match person.api.get::<Verification>(&format!("/audit/verification{against}")).await {
        Ok(verification) => Ok(Some(Ok(Verdict::of(&verification)))),
        Err(failure) => {
            let fault = Fault::of(failure)?;
            let is_persons = fault.status == StatusCode::BAD_REQUEST || fault.status == StatusCode::FORBIDDEN;
            if is_persons { Ok(Some(Err(fault.detail))) } else { Err(Failure::internal(fault.detail)) }
        }
    }
}

impl Verdict {
    fn of(verification: &Verification) -> Self {
        let class = match verification.finding {
            Finding::Confirmed { .. } => "good",
            Finding::Consistent => "news",
            _ => "bad",
        };
        let looked = format!(
            "{} entries were looked at, {} of them forgotten",
            number(verification.entries),
            number(verification.forgotten)
        );
        Self { class, said: verification.finding.to_string(), looked }
    }
}

impl Row {
    fn of(line: LogLine, now: Time) -> Self {
        let (number, at) = (line.entry.number, Ago::new(line.entry.at, now));
        let device = line.event.as_ref().and_then(|event| event.device).map(|mac| mac.to_string());
        let (who, from, what) = match line.event.map(|event| event.kind) {
            Some(EventKind::Operator { who, from, action }) => {
                (who, from.map(|from| from.to_string()).unwrap_or_default(), action)
            }
            Some(other) => (String::new(), String::new(), other.to_string()),
            None => (String::new(), String::new(), "forgotten, or not what was written".to_owned()),
        };
        Self { number, at, who, from, device, what: Linked::new(what) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_what_people_type_and_what_the_api_takes() {
        let which = |device: &str, since: &str| Which {
            device: device.into(),
            since: since.into(),
            ..Which::default()
        };
        assert_eq!(which("", " ").filter(), Ok(None));
        let both = which("24:6f:28:aa:bb:cc", "1970-01-02").filter();
        assert_eq!(both, Ok(Some("device=24%3A6F%3A28%3AAA%3ABB%3ACC&since=86400000".to_owned())));
        assert!(which("kitchen", "").filter().unwrap_err().starts_with("a device is its address"));
        assert!(which("", "yesterday").filter().is_err() && which("", "1969-01-01").filter().is_err());
    }

    #[test]
    fn pages_keep_the_filter() {
        let which = Which { device: "a b".into(), before: Some(7), ..Which::default() };
        assert_eq!(which.page(Some(3)), "/audit?device=a%20b&before=3");
        assert_eq!(which.page(None), "/audit?device=a%20b");
    }
}
