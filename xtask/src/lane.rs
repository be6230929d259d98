//! Lanes: named checks, run one after the other, each whatever became of those before it.

use std::time::{Duration, Instant};

use crate::tally::Tally;
use crate::workspace::Workspace;

/// One thing that must hold.
pub struct Lane {
    pub name: &'static str,
    pub run: fn(&Workspace, &mut Notes) -> anyhow::Result<()>,
}

/// What a lane has to say besides whether it held.
#[derive(Default)]
pub struct Notes {
    /// Worth a look, no reason to fail.
    pub remarks: Vec<String>,
    /// Of a lane that runs tests.
    pub tally: Option<Tally>,
}

struct Finished {
    name: &'static str,
    took: Duration,
    held: bool,
}

/// Whether all lanes held. Ends with a table of their times and, if tests ran, their closing line.
pub fn run_all<'a>(workspace: &Workspace, lanes: impl IntoIterator<Item = &'a Lane>) -> bool {
    let mut notes = Notes::default();
    let finished: Vec<Finished> = lanes.into_iter().map(|lane| run(lane, workspace, &mut notes)).collect();
    print_remarks(&notes.remarks);
    print!("{}", time_table(&finished));
    if let Some(tally) = notes.tally {
        println!("\n{tally}");
    }
    finished.iter().all(|lane| lane.held)
}

fn run(lane: &Lane, workspace: &Workspace, notes: &mut Notes) -> Finished {
    println!("== {}", lane.name);
    let started = Instant::now();
    let result = (lane.run)(workspace, notes);
    if let Err(error) = &result {
        println!("{} failed: {error:#}", lane.name);
    }
    println!();
    Finished { name: lane.name, took: started.elapsed(), held: result.is_ok() }
}

fn print_remarks(remarks: &[String]) {
    if remarks.is_empty() {
        return;
    }
    println!("worth a look:");
    for remark in remarks {
        println!("  {remark}");
    }
    println!();
}

fn time_table(finished: &[Finished]) -> String {
    let width = finished.iter().map(|lane| lane.name.len()).max().unwrap_or(0);
    let mut table = format!("{:width$}  {:>8}  result\n", "lane", "time");
    for lane in finished {
        table += &row(width, lane.name, lane.took, if lane.held { "ok" } else { "FAILED" });
    }
    table + &row(width, "all", finished.iter().map(|lane| lane.took).sum(), "")
}

fn row(width: usize, name: &str, took: Duration, result: &str) -> String {
    let row = format!("{name:width$}  {:>6.1} s  {result}", took.as_secs_f64());
    format!("{}\n", row.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_what_failed_and_sums_the_times() {
        let lanes = [
            Finished { name: "format", took: Duration::from_millis(940), held: true },
            Finished { name: "clippy", took: Duration::from_secs(61), held: false },
        ];
        assert_eq!(
            time_table(&lanes),
            "lane        time  result\n\
             format     0.9 s  ok\n\
             clippy    61.0 s  FAILED\n\
             all       61.9 s\n"
        );
    }

    #[test]
    fn a_lane_that_fails_stops_no_other_and_fails_the_run() {
        fn fails(_: &Workspace, _: &mut Notes) -> anyhow::Result<()> {
            anyhow::bail!("on purpose")
        }
        fn counts(workspace: &Workspace, notes: &mut Notes) -> anyhow::Result<()> {
            notes.tally = Some(Tally { passed: 1, ..Tally::default() });
            anyhow::ensure!(workspace.root().is_dir());
            Ok(())
        }
        let lanes = [Lane { name: "first", run: fails }, Lane { name: "second", run: counts }];
        let workspace = Workspace::find().unwrap();
        let mut notes = Notes::default();
        let held: Vec<bool> = lanes.iter().map(|lane| run(lane, &workspace, &mut notes).held).collect();
        assert_eq!(held, [false, true]);
        assert_eq!(notes.tally.map(|tally| tally.passed), Some(1));
        assert!(!run_all(&workspace, &lanes));
    }
}
