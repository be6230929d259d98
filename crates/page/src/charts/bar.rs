//! Bars of one line: parts of a whole. What is there at all is seen.

use std::fmt::Write as _;

use super::{Svg, escape};

/// The width of a bar in its own units.
const WIDTH: u64 = 1000;
/// The least that a part is wide that is there at all.
const LEAST: u64 = 6;

/// A part of a bar: how many, and the class of its colour.
pub(crate) type Part = (u64, &'static str);

/// A bar of `whole` with its parts, from the left. `label` says the same in words.
pub(crate) fn bar(parts: &[Part], whole: u64, label: &str) -> Svg {
    let mut svg = format!(
        "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 10\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">",
        escape(label)
    );
    let mut x = 0;
    for (count, class) in parts.iter().filter(|(count, _)| *count > 0) {
        let width = (count.saturating_mul(WIDTH) / whole.max(1)).max(LEAST).min(WIDTH.saturating_sub(x));
        // Writing to a String succeeds.
        let _ = write!(svg, "<rect class=\"{class}\" x=\"{x}\" width=\"{width}\" height=\"10\"/>");
        x += width;
    }
    svg.push_str("</svg>");
    Svg(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_hundred_thousand_is_seen_and_nothing_is_wider_than_the_bar() {
        let Svg(drawn) = bar(&[(99_999, "fill-good"), (1, "fill-bad")], 100_000, "1 failed");
        assert!(drawn.contains("class=\"fill-bad\" x=\"999\" width=\"1\""), "{drawn}");
        let Svg(drawn) = bar(&[(1, "fill-bad")], 100_000, "1 <failed>");
        assert!(drawn.contains("width=\"6\"") && drawn.contains("1 &lt;failed&gt;"), "{drawn}");
    }
}
