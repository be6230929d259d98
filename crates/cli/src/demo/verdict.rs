//! The demo's verdict: what each board was, what it is, and how we know.

use anyhow::Result;
use otary_fleet::{Device, Ending, Sha256};
use otary_sim::Firmware;
use otary_store::{Disk, Store};

use super::board::{Outcome, Program};
use super::firmware::{Image, Version};
use super::release;
use super::screen::Screen;
use crate::table::{Table, or_dash};

/// Prints the table. Whether every board runs `to`.
pub fn print(outcomes: &[Outcome], to: &Version, store: &Disk, screen: &Screen) -> Result<bool> {
    screen.tell("What came of it.");
    let mut table = Table::new(["BOARD", "CHIP", "WAS", "IS", "HOW WE KNOW"]);
    let mut passed = true;
    for outcome in outcomes {
        let doubts = doubts(outcome, to, store)?;
        passed &= doubts.is_empty();
        let known = if doubts.is_empty() {
            match outcome.role.program {
                Program::Sketch(_) => format!("starts and reports the bytes of {}, then 304", to.name),
                Program::Agent => {
                    format!("starts and reports the bytes of {}, which its owner signed", to.name)
                }
            }
        } else {
            doubts.join("; ")
        };
        table.row([
            outcome.role.name.to_owned(),
            outcome.chip().to_string(),
            or_dash(outcome.was.as_ref()),
            or_dash(outcome.is.as_ref()),
            known,
        ]);
    }
    screen.print(&table.to_string());
    Ok(passed)
}

/// What speaks against a board running `to`: in its flash, in what it was answered, on the server's record.
fn doubts(outcome: &Outcome, to: &Version, store: &Disk) -> Result<Vec<&'static str>> {
    let image = to.image(outcome.chip())?;
    let wanted = Sha256::of(Firmware::read(&image.bytes)?.app().image());
    let device = store.device(outcome.role.mac()?)?;
    let installed = match outcome.role.program {
        // An agent says itself what became of an update.
        Program::Agent => device.is_some_and(|device| has_reported(&device, image)),
        Program::Sketch(_) => {
            let installed = device.and_then(|device| device.installed).map(|installed| installed.release);
            installed == Some(release(to)?)
        }
    };
    let doubts = [
        (outcome.image != Some(wanted), "its flash holds other bytes"),
        (outcome.is.as_deref() != Some(to.name), "it says another version"),
        (!outcome.no_update, "its last poll was not answered with \"no update\""),
        (!installed, "the server has not seen it run the release"),
    ];
    Ok(doubts.into_iter().filter_map(|(doubt, text)| doubt.then_some(text)).collect())
}

/// Whether the device's latest report is that it has installed this image.
fn has_reported(device: &Device, image: &Image) -> bool {
    let latest = device.reported.iter().max_by_key(|reported| reported.last).map(|reported| reported.report);
    latest.is_some_and(|report| {
        report.ending == Ending::Installed && report.payload == Some(Sha256::of(&image.bytes))
    })
}
