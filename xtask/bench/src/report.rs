//! The figures as tables that read as well in a terminal as in docs/BENCHMARKS.md.

use crate::case::{Case, IDLE_CONNECTION_GOAL, SLOW_DOWNLOAD_GOAL};
use crate::fleet::{self, Looked};
use crate::memory::{CONNECTIONS, Memory};
use crate::peer::Kind;
use crate::round::Cost;

/// Processor time of one case, one cost a server in the order of [`Kind::ALL`].
pub struct Measured {
    pub case: Case,
    pub costs: Vec<Cost>,
}

/// Processor time per request, the ratio to nginx and the goal.
pub fn processor_table(measured: &[Measured]) -> String {
    let mut head = vec!["processor time per request".to_owned()];
    head.extend(Kind::ALL.map(|kind| format!("{}, µs", kind.name())));
    head.extend(["otary / nginx".to_owned(), "goal".to_owned()]);
    let mut rows = vec![head];
    for Measured { case, costs } in measured {
        let mut row = vec![case.name.to_owned()];
        row.extend(costs.iter().map(cost));
        row.extend([ratio(costs), format!("{:.2}", case.goal)]);
        rows.push(row);
    }
    table(&rows)
}

/// Resident memory, one server a column.
pub fn memory_table(memory: &[Memory]) -> String {
    let mut head = vec!["resident memory".to_owned()];
    head.extend(Kind::ALL.map(|kind| kind.name().to_owned()));
    head.push("goal".to_owned());
    let row = |name: &str, goal: Option<f64>, figure: &dyn Fn(&Memory) -> String| {
        let mut row = vec![name.to_owned()];
        row.extend(memory.iter().map(figure));
        row.push(goal.map_or_else(String::new, |goal| format!("{goal:.0} KiB")));
        row
    };
    let kib = |bytes: f64| format!("{:.1} KiB", bytes / 1024.0);
    let idle = format!("per idle connection, of {CONNECTIONS}");
    let slow = format!("per slow download, of {CONNECTIONS}");
    table(&[
        head,
        row("doing nothing", None, &|memory| mib(memory.idle)),
        row(&idle, Some(IDLE_CONNECTION_GOAL), &|memory| kib(memory.per_idle_connection)),
        row(&slow, Some(SLOW_DOWNLOAD_GOAL), &|memory| kib(memory.per_slow_download)),
    ])
}

/// Processor time of looks at a large fleet.
pub fn fleet_table(looks: &[Looked]) -> String {
    let head = [format!("{} devices", fleet::DEVICES), "ms".into(), "answer".into(), "goal".into()];
    let mut rows = vec![head.to_vec()];
    for Looked { name, cost: spent, bytes } in looks {
        let kib = if *bytes > 0 { format!("{} KiB", bytes.div_ceil(1024)) } else { String::new() };
        let goal = if *bytes > 0 { format!("{:.0} ms", fleet::GOAL) } else { String::new() };
        rows.push(vec![(*name).to_owned(), cost(spent), kib, goal]);
    }
    table(&rows)
}

/// Megabytes to a tenth.
fn mib(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// The median, with the extremes behind it.
fn cost(cost: &Cost) -> String {
    let Cost { median, least, most } = cost;
    if *median < 100.0 {
        format!("{median:.1} ({least:.1}–{most:.1})")
    } else {
        format!("{median:.0} ({least:.0}–{most:.0})")
    }
}

fn ratio(costs: &[Cost]) -> String {
    let of = |kind| Kind::ALL.iter().position(|other| *other == kind).and_then(|index| costs.get(index));
    match (of(Kind::Otary), of(Kind::Nginx)) {
        (Some(otary), Some(nginx)) => format!("{:.2}", otary.median / nginx.median),
        _ => String::new(),
    }
}

/// A Markdown table whose columns are aligned. The first row is its head.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text += &line(row, &widths);
        if index == 0 {
            let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text += &line(&rule, &widths);
        }
    }
    text
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    format!("| {} |\n", cells.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::CASES;

    #[test]
    fn a_row_shows_medians_spread_ratio_and_goal() {
        let cost = |median| Cost { median, least: median - 1.0, most: median + 2.0 };
        let measured = Measured { case: CASES[0], costs: vec![cost(18.0), cost(20.0), cost(151.0)] };
        let table = processor_table(&[measured]);
        let row = table.lines().last().unwrap();
        for part in
            ["304, kept connection", "18.0 (17.0–20.0)", "151 (150–153)", "| 0.90          |", "| 0.90 |"]
        {
            assert!(row.contains(part), "{part} is missing in {row}");
        }
    }

    #[test]
    fn columns_line_up() {
        let memory = Memory { idle: 7_654_321, per_idle_connection: 17_000.0, per_slow_download: 30_000.5 };
        let table = memory_table(&[memory; 3]);
        let widths: Vec<usize> = table.lines().map(|line| line.chars().count()).collect();
        assert_eq!(widths.len(), 5);
        assert!(widths.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
        assert!(
            table.contains("7.2 MiB") && table.contains("16.6 KiB") && table.contains("29.3 KiB"),
            "{table}"
        );
    }
}
