//! `otary audit show`: the log for people, an entry a line.

use otary_fleet::EventKind;
use otary_server::operator::{LogLine, LogPage};

use super::ShowArgs;
use crate::client::{Client, path};
use crate::clock;
use crate::command::device::happened;
use crate::say;
use crate::table::{Table, minute, or_dash};

/// Shows the entries that are asked for.
pub(super) fn show(which: &ShowArgs, client: &mut Client) -> anyhow::Result<()> {
    let since = which.since.map(|since| clock::now() - since.0);
    let mut options = since.map(|since| format!("&since={}", since.0)).unwrap_or_default();
    options.extend(which.device.map(|device| format!("&device={device}")));
    let (mut after, mut any) = (0, false);
    loop {
        let page: LogPage = client.get(&format!("{}?limit=1000&after={after}{options}", path(["audit"])))?;
        let meant = |line: &&LogLine| !which.operators || is_operators(line);
        let lines: Vec<&LogLine> = page.entries.iter().filter(meant).collect();
        any |= !lines.is_empty();
        print(&lines, which.json)?;
        let Some(next) = page.next else { break };
        after = next;
    }
    if any || which.json { Ok(()) } else { Ok(say!("Nothing of that is in the log.")?) }
}

/// A page: of a long log, a table each, so that it never has to be in memory as a whole.
fn print(lines: &[&LogLine], json: bool) -> anyhow::Result<()> {
    if json {
        return lines.iter().try_for_each(|line| Ok(say!("{}", serde_json::to_string(line)?)?));
    }
    if lines.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["ENTRY", "TIME", "DEVICE", "WHAT"]);
    for line in lines {
        table.row(cells(line));
    }
    Ok(say!("{table}")?)
}

fn is_operators(line: &LogLine) -> bool {
    line.event.as_ref().is_some_and(|event| matches!(event.kind, EventKind::Operator { .. }))
}

fn cells(line: &LogLine) -> [String; 4] {
    let device = line.event.as_ref().and_then(|event| event.device);
    let what = line.event.as_ref().map_or_else(|| "(forgotten)".to_owned(), happened);
    [line.entry.number.to_string(), minute(line.entry.at), or_dash(device), what]
}
