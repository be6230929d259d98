//! The proof notices mistakes: an agent that leaves out one kind of write is caught.
//!
//! A write is known by its place, and a mark of the journal by its first byte.

use otary_image::Rollback;
use otary_sim::powercut::{Case, SCENARIOS, Tally, cut_once};
use otary_sim::{LeftOut, Operation, SECTOR};

const OTADATA: std::ops::Range<u32> = 0xE000..0x1_0000;
const STORE: u32 = 0x3_0000;
const STATE: std::ops::Range<u32> = STORE..STORE + 2 * SECTOR;
const JOURNAL: std::ops::Range<u32> = STORE + 2 * SECTOR..STORE + 4 * SECTOR;

const TRUST: std::ops::Range<u32> = STORE + 4 * SECTOR..STORE + 6 * SECTOR;
const BOTH: [Rollback; 2] = [Rollback::Enabled, Rollback::Disabled];

fn case(scenario: usize, rollback: Rollback) -> Case {
    Case::new(SCENARIOS[scenario], rollback, 16 * 1024, 4096).unwrap()
}

/// Whether the operation writes a mark of this kind.
fn is_mark(operation: &Operation, kind: u8) -> bool {
    let Operation::Program { at, bytes } = operation else { return false };
    JOURNAL.contains(at) && at % SECTOR != 0 && bytes.first() == Some(&kind)
}

/// The first case that notices it, and what it tells.
fn caught(left_out: LeftOut) -> Option<(String, Tally)> {
    let cases = (0..SCENARIOS.len()).flat_map(|index| BOTH.map(|rollback| (index, rollback)));
    cases
        .map(|(index, rollback)| {
            let case = case(index, rollback).leaving_out(left_out);
            let name = format!("{}, rollback {rollback:?}", SCENARIOS[index].name);
            (name, cut_once(&case, &[1], true))
        })
        .find(|(_, tally)| !tally.holds())
}

#[test]
fn the_places_are_those_of_the_layout() {
    let case = case(0, Rollback::Enabled);
    let layout = case.layout();
    assert_eq!((layout.store.offset, layout.otadata.offset), (STORE, OTADATA.start));
}

#[test]
fn every_write_that_is_left_out_is_noticed() {
    let table: [(&str, LeftOut); 12] = [
        ("switch of the slot", |operation| OTADATA.contains(&operation.at())),
        ("entry of otadata", |operation| {
            OTADATA.contains(&operation.at()) && matches!(operation, Operation::Program { .. })
        }),
        ("head of the journal", |operation| {
            JOURNAL.contains(&operation.at()) && operation.at() % SECTOR == 0
        }),
        ("mark of progress", |operation| is_mark(operation, 1)),
        ("mark of a whole payload", |operation| is_mark(operation, 2)),
        ("mark of a selection", |operation| is_mark(operation, 3)),
        ("counter of the trial", |operation| is_mark(operation, 4)),
        ("mark of the confirmation", |operation| is_mark(operation, 5)),
        ("mark of the end", |operation| is_mark(operation, 6)),
        ("mark of the report", |operation| is_mark(operation, 7)),
        ("state", |operation| STATE.contains(&operation.at())),
        ("trust set", |operation| TRUST.contains(&operation.at())),
    ];
    for (what, left_out) in table {
        let caught = caught(left_out);
        assert!(caught.is_some(), "an agent that does not write the {what} passes");
        let (case, tally) = caught.unwrap();
        let told = tally.told.first().unwrap();
        println!("without the {what}, {case}: {told}");
    }
}
