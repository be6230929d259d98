//! The link is cut, stalls and falsifies at every place, and a device that loses it often downloads hardly more.

use otary_image::Rollback;
use otary_sim::powercut::{Case, Scenario, lose_link, trouble_in_answers, trouble_in_payloads};

const KIB: u32 = 1024;

fn case(size: u32) -> Case {
    Case::new(Scenario::named("update").unwrap(), Rollback::Enabled, size, 1460).unwrap()
}

#[test]
fn trouble_at_any_kilobyte_of_a_download_costs_nothing_but_time() {
    let tally = trouble_in_payloads(&case(1024 * KIB), KIB);
    println!("counted: link, every KiB of 1 MiB, cut, stalled and falsified: {tally}");
    assert!(tally.holds(), "{tally}");
    assert_eq!(tally.tried, 3 * 1024);
}

#[test]
fn trouble_at_any_byte_of_an_answer_is_survived() {
    let tally = trouble_in_answers(&case(16 * KIB), 1);
    println!("counted: link, every byte of an answer, cut, stalled and falsified: {tally}");
    assert!(tally.holds(), "{tally}");
    assert!(tally.tried > 3 * 300, "{tally}");
}

#[test]
fn a_board_that_loses_its_link_twenty_times_fetches_at_most_a_twentieth_more_than_the_image() {
    let lost = lose_link(&case(1024 * KIB), 20).unwrap();
    println!("counted: {lost}");
    assert_eq!(lost.losses, 20);
    assert!(lost.fetched * 100 <= lost.image * 105, "{lost}");
}
