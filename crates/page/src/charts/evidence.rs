//! The stop rule drawn: for each test a scale from "speaks for the release" to the point at which the campaign is stopped, and where
//! the evidence stands on it.

use std::fmt::Write as _;

use otary_server::operator::TestView;

use super::{Svg, escape};

/// As wide as a phone's screen, so that its words are as large there as those around it.
const WIDTH: i64 = 400;
/// A test's name, and its scale below.
const ROW: i64 = 44;
/// What the ends of the scales mean.
const FOOT: i64 = 22;
/// Evidence for the release is drawn down to as much as stops it on the other side.
const SIDES: i64 = 2;

/// One scale under the other.
pub(crate) fn evidence(tests: &[TestView]) -> Svg {
    let height = ROW * i64::try_from(tests.len()).unwrap_or_default() + FOOT;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        escape(&said(tests))
    );
    let (zero, end) = (place(0, 1), place(1, 1));
    for (row, test) in (0_i64..).zip(tests) {
        let (y, at) = (row * ROW + 24, place(test.weight, test.stops_at));
        let (class, from, to) = if at >= zero { ("fill-bad", zero, at) } else { ("fill-good", at, zero) };
        // Writing to a String succeeds.
        let _ = write!(
            svg,
            "<text class=\"fill-label\" x=\"0\" y=\"{}\">{}</text>\
             <rect class=\"fill-line\" x=\"0\" y=\"{y}\" width=\"{}\" height=\"10\" rx=\"5\"/>\
             <rect class=\"{class}\" x=\"{from}\" y=\"{y}\" width=\"{}\" height=\"10\"/>\
             <path class=\"stroke-ink\" d=\"M{at} {}v18\" stroke-width=\"2\"/>",
            y - 10,
            escape(&test.name),
            end,
            (to - from).max(1),
            y - 4,
        );
    }
    let foot = height - 4;
    let _ = write!(
        svg,
        "<path class=\"stroke-line\" d=\"M{zero} 18V{}\" stroke-dasharray=\"2 3\"/><path class=\"stroke-bad\" d=\"M{end} 18V{}\" stroke-width=\"2\"/>\
         <text class=\"fill-label\" x=\"0\" y=\"{foot}\">for the release</text>\
         <text class=\"fill-label\" x=\"{end}\" y=\"{foot}\" text-anchor=\"end\">stops it</text></svg>",
        height - FOOT,
        height - FOOT,
    );
    Svg(svg)
}

/// Where a weight is drawn, if so much stops the campaign.
fn place(weight: i64, stops_at: i64) -> i64 {
    let (stops_at, width) = (stops_at.max(1), WIDTH - 4);
    let weight = weight.clamp(-stops_at, stops_at);
    (weight + stops_at).saturating_mul(width) / (stops_at * SIDES)
}

fn said(tests: &[TestView]) -> String {
    let one = |test: &TestView| {
        let percent = test.weight.saturating_mul(100) / test.stops_at.max(1);
        match percent {
            i64::MIN..=0 => format!("{}: speaks for the release", test.name),
            percent => format!("{}: {percent} % of the way to a stop", test.name),
        }
    };
    tests.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_at_the_stop_when_the_test_has_come_to_its_end_and_never_beyond() {
        assert_eq!(
            [place(-9_000, 5_298), place(0, 5_298), place(5_298, 5_298), place(50_000, 5_298)],
            [0, 198, 396, 396]
        );
    }
}
