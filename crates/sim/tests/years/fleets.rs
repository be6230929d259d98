//! Whole runs: the standard one, many by chance, and those with a rule taken out.

use std::time::Duration;

use otary_fleet::{Act, Step};
use otary_sim::years::{Counts, Haste, Options, Plan, Policy, Report, Style, Victim, What, run};

/// How many fleets by chance are tried.
const FLEETS: u64 = 200;
/// No board of a simulated fleet sleeps longer.
const LONGEST_NAP: Duration = Duration::from_hours(24 * 1_095);

fn options(devices: usize, seed: u64) -> Options {
    Options { years: 30, devices, seed, policy: Policy::Overlap, plan: Plan::standard() }
}

fn ran(options: &Options) -> Report {
    run(options, |_| {}).unwrap()
}

fn refused(report: &Report, refused: Step) -> bool {
    report.timeline.iter().any(|entry| matches!(&entry.what, What::Refused { step, .. } if *step == refused))
}

#[test]
fn nobody_is_cut_off_in_thirty_years_in_which_all_of_it_happens() {
    let report = ran(&options(500, 1));
    assert_eq!(report.victims, []);
    let Counts { planned, emergencies, switched, finished, .. } = report.counts;
    assert_eq!((planned, emergencies, switched, finished), (2, 1, 3, 3));
    let Counts { renewals, postponed, wrong_days, updates, spoofed, cables, made_known, .. } = report.counts;
    assert!(renewals > 40 && postponed > 0 && wrong_days > 100, "{:?}", report.counts);
    assert!(updates > 5_000 && spoofed > 100 && cables > 5 && made_known > 0, "{:?}", report.counts);
    assert!(report.counts.turned_away > 1_000, "clocks that start in 1970 are turned away, and come again");
    for step in [Step::Switch, Step::Finish] {
        assert!(refused(&report, step), "{} is refused while somebody would be lost by it", step.name());
    }
    let census = &report.census;
    assert_eq!(census.devices, census.reached + census.wrong_clock + census.cut_off);
    assert!(census.reached > 480 && census.asleep > 20, "{census:?}");
}

#[test]
fn the_same_options_give_the_same_thirty_years() {
    assert_eq!(ran(&options(60, 7)), ran(&options(60, 7)));
    assert_ne!(ran(&options(60, 7)).counts, ran(&options(60, 8)).counts);
}

#[test]
fn nobody_whom_otary_could_know_is_cut_off_in_many_fleets_by_chance() {
    let (mut bridged, mut refused, mut unheard) = (0, 0, 0);
    for seed in 0..FLEETS {
        let options = Options { plan: Plan::random(seed), ..options(100, seed) };
        let report = ran(&options);
        // No ledger has a device that never asked. It is lost if it sleeps through the switch to a root without a bridge,
        // which is made when a key was stolen and at no other time.
        let (never_asked, known): (Vec<_>, Vec<_>) =
            report.victims.iter().partition(|victim| victim.last_seen.is_none());
        assert!(known.is_empty(), "seed {seed}: {options:?}\n{known:?}\n{:#?}", report.timeline);
        let thefts = report.timeline.iter().filter(|entry| matches!(entry.what, What::Stolen { .. }));
        let stolen: Vec<_> = thefts.map(|entry| entry.at).collect();
        let slept_through_it =
            |victim: &&Victim| stolen.iter().any(|at| (*at..*at + LONGEST_NAP).contains(&victim.since));
        assert!(never_asked.iter().all(slept_through_it), "seed {seed}: {options:?}\n{never_asked:?}");
        unheard += never_asked.len();
        bridged += report.counts.bridged;
        refused += report.counts.refused;
    }
    println!(
        "{FLEETS} fleets, {bridged} check-ins over a bridge, {refused} steps refused, {unheard} never asked"
    );
    assert!(bridged > 0 && refused > 0);
}

#[test]
fn a_new_root_at_once_cuts_the_fleet_off_and_every_victim_has_a_name_and_a_reason() {
    let report = ran(&Options { policy: Policy::None, ..options(300, 1) });
    assert!(report.victims.len() > 270, "{}", report.victims.len());
    let told = |because: &str| because.starts_with("it holds root") && because.contains("is shown root");
    assert!(report.victims.iter().all(|victim| told(&victim.because)));
    assert_eq!(report.census.cut_off, report.victims.len());
}

#[test]
fn a_ledger_that_nobody_heeds_saves_nobody() {
    let report = ran(&Options { policy: Policy::Unheeded, ..options(300, 1) });
    assert!(report.victims.len() > 10, "{}", report.victims.len());
    let unheeded = |what: &What| matches!(what, What::Switched { unheeded, .. } if *unheeded > 10);
    assert!(report.timeline.iter().any(|entry| unheeded(&entry.what)), "the ledger named them before");
}

#[test]
fn with_neither_a_bridge_nor_a_name_of_its_own_the_switch_is_refused_until_all_have_moved() {
    let styles = vec![Style { bridge: false, own_name: false }];
    let plan = Plan { styles, theft: None, haste: Haste::AtOnce, ..Plan::standard() };
    let heeded = Options { plan, years: 12, ..options(300, 1) };
    let report = ran(&heeded);
    assert!(refused(&report, Step::Switch));
    assert_eq!((report.victims.len(), report.counts.switched), (0, 1));
    let unheeded = ran(&Options { policy: Policy::Unheeded, ..heeded });
    assert!(unheeded.victims.len() > 10, "{}", unheeded.victims.len());
}

#[test]
fn what_comes_too_late_is_said() {
    let report = ran(&options(500, 1));
    let late = |what: &What| matches!(what, What::Late { act: Act::Finish, .. });
    let late = report.timeline.iter().position(|entry| late(&entry.what)).unwrap();
    let finished = report.timeline.iter().position(|entry| matches!(entry.what, What::Finished { .. }));
    assert!(late < finished.unwrap(), "the finish was due while it was still refused");
}
