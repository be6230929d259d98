//! Trust on a time axis: from the first root's beginning to the end of the last one, with now, the certificates, the steps of a
//! rollover and what is due.

use std::fmt::Write as _;

use otary_fleet::Time;

use super::{Svg, escape};
use crate::words::day;

const WIDTH: u64 = 960;
/// Room for names.
const LEFT: u64 = 170;
const ROW: u64 = 30;
/// Room for the years above and for what is due below.
const HEAD: u64 = 26;
/// Years that are written at most.
const YEARS: u64 = 12;

/// Something that lasts.
pub(crate) struct Life {
    pub(crate) name: String,
    /// The class of its colour.
    pub(crate) class: &'static str,
    pub(crate) from: Time,
    pub(crate) to: Time,
}

/// A moment.
pub(crate) struct Moment {
    pub(crate) at: Time,
    pub(crate) what: String,
}

/// All of it, the lives one under the other.
pub(crate) fn axis(lives: &[Life], due: &[Moment], now: Time) -> Svg {
    let scale = Scale::over(lives, due, now);
    let rows = lives.len() as u64;
    let (foot, height) = (HEAD + rows * ROW, HEAD + rows * ROW + 20 * due.len() as u64 + 6);
    let said = escape(&said(lives, due));
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{said}\">");
    for (year, x) in scale.years() {
        // Writing to a String succeeds.
        let _ = write!(
            svg,
            "<path class=\"stroke-line\" d=\"M{x} 18V{foot}\"/><text class=\"fill-label\" x=\"{x}\" y=\"12\" text-anchor=\"middle\">{year}</text>"
        );
    }
    for (row, life) in (0..).zip(lives) {
        let (y, x) = (HEAD + row * ROW, scale.place(life.from));
        let width = scale.place(life.to).saturating_sub(x).max(3);
        let _ = write!(
            svg,
            "<text class=\"fill-label\" x=\"0\" y=\"{}\">{}</text><rect class=\"{}\" x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"12\" rx=\"3\"><title>{} to {}</title></rect>",
            y + 16,
            escape(&life.name),
            life.class,
            y + 6,
            day(life.from),
            day(life.to),
        );
    }
    let x = scale.place(now);
    let _ = write!(
        svg,
        "<path class=\"stroke-ink\" d=\"M{x} 18V{foot}\" stroke-width=\"2\"/><text class=\"fill-label\" x=\"{x}\" y=\"{}\" text-anchor=\"middle\">now</text>",
        foot + 12
    );
    for (row, moment) in (0..).zip(due) {
        svg.push_str(&drawn(moment, scale.place(moment.at), foot + 20 * row));
    }
    svg.push_str("</svg>");
    Svg(svg)
}

/// What is due: a mark down through all lives, and at its foot what it is, to the side where there is room.
fn drawn(moment: &Moment, x: u64, y: u64) -> String {
    let (from, anchor) = if x > WIDTH / 2 { (x - 6, "end") } else { (x + 6, "start") };
    format!(
        "<path class=\"stroke-bad\" d=\"M{x} {HEAD}V{}\" stroke-dasharray=\"4 3\"/><text class=\"fill-label\" x=\"{from}\" y=\"{}\" text-anchor=\"{anchor}\">{}, {}</text>",
        y + 18,
        y + 18,
        escape(&moment.what),
        day(moment.at)
    )
}

/// Where moments are drawn.
struct Scale {
    from: u64,
    to: u64,
}

impl Scale {
    fn over(lives: &[Life], due: &[Moment], now: Time) -> Self {
        let moments = lives.iter().flat_map(|life| [life.from, life.to]);
        let moments = moments.chain(due.iter().map(|moment| moment.at)).chain([now]);
        let seconds = moments.map(Time::secs);
        let (from, to) = (seconds.clone().min().unwrap_or(0), seconds.max().unwrap_or(0));
        Self { from, to: to.max(from + 1) }
    }

    fn place(&self, time: Time) -> u64 {
        let seconds = time.secs().clamp(self.from, self.to) - self.from;
        LEFT + seconds.saturating_mul(WIDTH - LEFT - 24) / (self.to - self.from)
    }

    /// Round years, few enough to be read.
    fn years(&self) -> impl Iterator<Item = (u64, u64)> {
        const YEAR: u64 = 31_556_952;
        let (first, last) = (1970 + self.from / YEAR + 1, 1970 + self.to / YEAR);
        let step = [1, 2, 5, 10, 25].into_iter().find(|step| (last.saturating_sub(first)) / step <= YEARS);
        let step = step.unwrap_or(50);
        let begins = |year: u64| Time::from_secs((year - 1970) * YEAR);
        (first.next_multiple_of(step)..=last)
            .step_by(usize::try_from(step).unwrap_or(1))
            .map(move |year| (year, self.place(begins(year))))
    }
}

fn said(lives: &[Life], due: &[Moment]) -> String {
    let lives = lives.iter().map(|life| format!("{} from {} to {}", life.name, day(life.from), day(life.to)));
    let due = due.iter().map(|moment| format!("by {} {}", day(moment.at), moment.what));
    lives.chain(due).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_goes_to_the_end_of_the_last_root_and_shows_what_is_short() {
        let day = |number: u64| Time::from_secs(1_795_000_000 + number * 86_400);
        let life =
            |name: &str, class, from, to| Life { name: name.into(), class, from: day(from), to: day(to) };
        let lives = [life("root 1", "fill-good", 0, 9_000), life("a <leaf>", "fill-news", 0, 1)];
        let due = [Moment { at: day(7_000), what: "begin the rollover".into() }];
        let Svg(drawn) = axis(&lives, &due, day(10));
        let end = WIDTH - 24;
        assert!(drawn.contains(&format!("x=\"{LEFT}\" y=\"32\" width=\"{}\"", end - LEFT)), "{drawn}");
        assert!(drawn.contains("a &lt;leaf&gt;") && drawn.contains("width=\"3\""), "{drawn}");
        assert!(drawn.contains(">2030<") && drawn.contains("begin the rollover"), "{drawn}");
        assert!(!drawn.contains("style="), "{drawn}");
    }
}
