//! After any cut, or any two, the board starts an image that is whole, and completes.

use otary_sim::powercut::{Cuts, Row, daily};

fn hold(rows: impl Iterator<Item = Row>) {
    let mut fails = Vec::new();
    for row in rows {
        let tally = row.run().unwrap();
        println!("counted: {row}: {tally}");
        if !tally.holds() {
            fails.push(row.to_string());
        }
    }
    assert!(fails.is_empty(), "{fails:#?}");
}

fn is_large(row: &Row) -> bool {
    row.size >= 1 << 20
}

#[test]
fn one_cut_anywhere_in_an_update_of_a_megabyte() {
    hold(daily().into_iter().filter(is_large));
}

#[test]
fn one_cut_anywhere_in_every_phase() {
    hold(daily().into_iter().filter(|row| row.cuts == Cuts::One && !is_large(row)));
}

#[test]
fn two_cuts_anywhere_in_every_phase() {
    hold(daily().into_iter().filter(|row| row.cuts == Cuts::Two));
}
