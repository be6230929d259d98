//! Figures as people read them: ages, bytes, shares, moments.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use otary_fleet::{Span, Time};

/// In seconds; what is longer is told in years.
const TWO_YEARS: u64 = 63_072_000;

/// A moment as a `<time>` element: an age in words, the moment itself on a closer look.
pub(crate) struct Ago {
    then: Time,
    now: Time,
}

impl Ago {
    pub(crate) const fn new(then: Time, now: Time) -> Self {
        Self { then, now }
    }
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = if self.then > self.now {
            format!("in {}", span(self.then.since(self.now)))
        } else {
            match self.now.since(self.then) {
                age if age < Duration::from_secs(5) => "just now".to_owned(),
                age => format!("{} ago", span(age)),
            }
        };
        let moment = iso(self.then);
        write!(f, "<time datetime=\"{moment}\" title=\"{}\">{words}</time>", clock(self.then))
    }
}

/// What this crate drew or composed of fixed words and figures: no text of anybody else is in it.
impl askama::filters::HtmlSafe for Ago {}

/// A duration with one figure: `40 s`, `3 min`, `5 h`, `12 days`, and from two years on `3 years`.
pub(crate) fn span(time: Duration) -> String {
    match time.as_secs() {
        0..TWO_YEARS => Span(time).to_string(),
        seconds => format!("{} years", seconds / 31_557_600),
    }
}

/// A moment by RFC 3339, in UTC, to the second.
pub(crate) fn iso(time: Time) -> String {
    at(time).map_or_else(String::new, |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// `2026-11-29 14:05:09 UTC`.
pub(crate) fn clock(time: Time) -> String {
    at(time).map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// `2026-11-29`.
pub(crate) fn day(time: Time) -> String {
    at(time).map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string())
}

fn at(time: Time) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(time.0).ok()?).ok()
}

/// `1,234,567`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 device`, `3 devices`.
pub(crate) fn count(count: u64, singular: &str) -> String {
    if count == 1 { format!("1 {singular}") } else { format!("{} {singular}s", number(count)) }
}

/// `512 B`, `46.5 KB`, `1.2 MB`: powers of 1024, as the tools of the field write them.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    let (mut tenths, mut unit) = (bytes.saturating_mul(10), None);
    let mut units = UNITS.into_iter();
    while tenths >= 10_240 {
        let Some(next) = units.next() else { break };
        (tenths, unit) = (tenths / 1024, Some(next));
    }
    match unit {
        None => format!("{bytes} B"),
        Some(unit) if tenths >= 1000 => format!("{} {unit}", tenths / 10),
        Some(unit) => format!("{}.{} {unit}", tenths / 10, tenths % 10),
    }
}

/// `part` of `whole` in percent, rounded down but for what is there at all.
pub(crate) fn percent(part: u64, whole: u64) -> u64 {
    match part.saturating_mul(100).checked_div(whole) {
        Some(0) if part > 0 => 1,
        Some(percent) => percent.min(100),
        None => 0,
    }
}

/// A text as one part of a path or one value of a query.
pub(crate) use otary_server::operator::encode as segment;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_groups_of_three() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn bytes_have_one_decimal_where_it_tells() {
        assert_eq!(
            [0, 1023, 1024, 47_616, 1_258_291, 209_715_200].map(bytes),
            ["0 B", "1023 B", "1.0 KB", "46.5 KB", "1.1 MB", "200 MB"]
        );
    }

    #[test]
    fn what_is_there_is_never_no_percent() {
        assert_eq!([percent(0, 0), percent(1, 1000), percent(999, 1000), percent(5, 5)], [0, 1, 99, 100]);
    }

    #[test]
    fn a_name_cannot_leave_its_place_in_a_path() {
        assert_eq!(segment("1.0.0+a/../b?c"), "1.0.0%2Ba%2F..%2Fb%3Fc");
    }

    #[test]
    fn a_moment_is_an_age_and_a_date() {
        let now = Time::from_secs(1_795_000_000);
        let ago = Ago::new(now - Duration::from_mins(3), now).to_string();
        assert_eq!(
            ago,
            "<time datetime=\"2026-11-18T11:03:40Z\" title=\"2026-11-18 11:03:40 UTC\">3 min ago</time>"
        );
    }
}
