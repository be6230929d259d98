//! What went on lately: check-ins as an area, and what was installed or went wrong as marks above it.

use otary_fleet::Time;
use otary_server::Period;
use otary_server::operator::ActivityView;
use plotters::prelude::*;

use super::Svg;
use crate::failure::Failure;
use crate::words::{clock, number};

const SIZE: (u32, u32) = (960, 190);

/// Colours that stand for classes of the style sheet until the drawing is done.
const CLASSES: [(RGBColor, &str); 5] = [
    (RGBColor(1, 1, 1), "fill-wash"),
    (RGBColor(1, 1, 2), "fill-label"),
    (RGBColor(1, 1, 3), "fill-good"),
    (RGBColor(1, 1, 4), "fill-bad"),
    (RGBColor(1, 1, 5), "stroke-line"),
];
const WASH: RGBColor = CLASSES[0].0;
const LABEL: RGBColor = CLASSES[1].0;
const GOOD: RGBColor = CLASSES[2].0;
const BAD: RGBColor = CLASSES[3].0;
const LINE: RGBColor = CLASSES[4].0;

/// The drawing, or nothing where nothing went on.
pub(crate) fn timeline(activity: &ActivityView) -> Result<Option<Svg>, Failure> {
    let most = activity.periods.iter().map(|period| period.check_ins).max().unwrap_or(0);
    if most == 0 {
        return Ok(None);
    }
    let mut svg = String::new();
    draw(activity, most, &mut svg).map_err(Failure::internal)?;
    Ok(Some(Svg(classed(svg, &said(activity)))))
}

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

fn draw(activity: &ActivityView, most: u32, svg: &mut String) -> Drawn {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let (from, to) = (activity.from.secs(), activity.to.secs().max(activity.from.secs() + 1));
    let mut chart = ChartBuilder::on(&area)
        .margin(4)
        .x_label_area_size(22)
        .y_label_area_size(46)
        .build_cartesian_2d(from..to, 0..most + most.div_ceil(4))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .bold_line_style(LINE)
        .light_line_style(TRANSPARENT)
        .axis_style(LINE)
        .label_style(("sans-serif", 12).into_font().color(&LABEL))
        .x_labels(6)
        .y_labels(4)
        .x_label_formatter(&|seconds| {
            clock(Time::from_secs(*seconds)).get(5..16).unwrap_or_default().to_owned()
        })
        .y_label_formatter(&|count| number((*count).into()))
        .draw()?;
    let seconds = activity.period_seconds.max(1);
    chart.draw_series(AreaSeries::new(steps(activity, seconds), 0, WASH))?;
    let middle = |period: &Period| period.at.secs() + seconds / 2;
    let top = most + most.div_ceil(8);
    let marks = |count: fn(&Period) -> u32, colour: RGBColor, y: u32| {
        let there = activity.periods.iter().filter(move |period| count(period) > 0);
        there.map(move |period| Circle::new((middle(period), y), radius(count(period)), colour.filled()))
    };
    chart.draw_series(marks(|period| period.installs, GOOD, top))?;
    chart.draw_series(marks(|period| period.failures, BAD, most))?;
    area.present()
}

/// Check-ins of every period, also of those in which there were none.
fn steps(activity: &ActivityView, seconds: u64) -> Vec<(u64, u32)> {
    let mut steps = Vec::new();
    let mut at = activity.from.secs();
    let mut there = activity.periods.iter().peekable();
    while at < activity.to.secs() {
        while there.next_if(|period| period.at.secs() < at).is_some() {}
        let count =
            there.next_if(|period| period.at.secs() < at + seconds).map_or(0, |period| period.check_ins);
        steps.extend([(at, count), (at + seconds - 1, count)]);
        at += seconds;
    }
    steps
}

/// A mark's size by how many it stands for.
fn radius(count: u32) -> i32 {
    match count {
        0..=1 => 3,
        2..=9 => 4,
        10..=99 => 5,
        _ => 7,
    }
}

/// The drawing with classes in the place of colours, as wide as there is room, and with a text that says the same.
fn classed(mut svg: String, said: &str) -> String {
    for (RGBColor(red, green, blue), class) in CLASSES {
        for attribute in ["fill", "stroke"] {
            let colour = format!("{attribute}=\"#{red:02X}{green:02X}{blue:02X}\"");
            svg = svg.replace(&colour, &format!("class=\"{class}\""));
        }
    }
    let (width, height) = SIZE;
    let size = format!("width=\"{width}\" height=\"{height}\"");
    svg.replacen(&size, &format!("role=\"img\" aria-label=\"{said}\""), 1)
}

fn said(activity: &ActivityView) -> String {
    let sum =
        |count: fn(&Period) -> u32| activity.periods.iter().map(|period| u64::from(count(period))).sum();
    format!(
        "{} check-ins, {} installs, {} failures",
        number(sum(|period| period.check_ins)),
        number(sum(|period| period.installs)),
        number(sum(|period| period.failures))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_has_no_colour_and_no_style_of_its_own() {
        let period = |number: u64, check_ins, installs, failures| Period {
            at: Time::from_secs(number * 600),
            check_ins,
            offers: 0,
            whole: 0,
            cut_off: 0,
            installs,
            failures,
            handshakes: 0,
        };
        let activity = ActivityView {
            period_seconds: 600,
            from: Time::from_secs(600_000),
            to: Time::from_secs(600_000 + 86_400),
            periods: vec![period(1001, 400, 0, 0), period(1050, 380, 12, 1)],
        };
        let Some(Svg(drawn)) = timeline(&activity).unwrap() else { panic!("nothing was drawn") };
        assert!(!drawn.contains("#0") && !drawn.contains("style="), "{drawn}");
        assert!(drawn.contains("aria-label=\"780 check-ins, 12 installs, 1 failures\""));
        assert!(drawn.len() < 20_000, "{} bytes", drawn.len());
    }

    #[test]
    fn nothing_is_drawn_where_nothing_went_on() {
        let activity = ActivityView { period_seconds: 600, from: Time(0), to: Time(1), periods: Vec::new() };
        assert!(timeline(&activity).unwrap().is_none());
    }
}
