//! A clock that is known to be wrong makes nothing and stops nothing.

use otary_fleet::Time;
use otary_trust::{Authority, Cause, Clock, ClockFault, Error, Renewal};

use super::{DAY, Place, TODAY, clock, full_text, leaf, names};

const AT_BOOT: Time = Time::from_secs(11);

#[test]
fn a_first_start_in_1970_makes_nothing_and_names_both_times() {
    let place = Place::new();
    let error = place.start(AT_BOOT).unwrap_err();
    assert_eq!(
        full_text(&error),
        "no key or certificate is made: the clock cannot be trusted: \
         the clock shows 1970-01-01T00:00:11Z, but this program was built at 2026-10-24T00:00:00Z"
    );
    assert!(error.help().unwrap().contains("set the clock"));
    assert_eq!(std::fs::read_dir(place.dir.path()).unwrap().count(), 0, "not even a folder");

    assert!(place.start(TODAY).is_ok(), "once the network has set the clock");
}

#[test]
fn a_clock_behind_the_store_makes_nothing() {
    let place = Place::new();
    let stored = TODAY + DAY;
    let behind = Clock { newest: stored, ..clock(TODAY) };
    let error = Authority::open_or_create(&place.trust(), &place.names, &behind).unwrap_err();
    assert!(
        matches!(error, Error::Clock(ClockFault::BeforeStored { now: TODAY, stored: found }) if found == stored)
    );
}

#[test]
fn a_restart_in_1970_serves_on_with_what_there_is() {
    let place = Place::new();
    let before = leaf(&place.start(TODAY).unwrap()).clone();

    let mut authority = place.start(AT_BOOT).unwrap();
    assert_eq!(leaf(&authority), &before);
    assert!(matches!(authority.check_clock(&clock(AT_BOOT)), Err(ClockFault::BeforeBuild { .. })));

    let moved = names(&["serverota.local", "192.168.1.99"]);
    let renewal = authority.refresh(&moved, &clock(AT_BOOT)).unwrap();
    let Renewal::Postponed { cause, fault } = renewal else { panic!("{renewal:?}") };
    assert_eq!(cause, Cause::MissingName(moved[1].clone()));
    assert!(matches!(fault, ClockFault::BeforeBuild { .. }));
    assert_eq!(leaf(&authority), &before);

    assert!(matches!(authority.refresh(&moved, &clock(TODAY + DAY)), Ok(Renewal::Issued(_))));
}

#[test]
fn the_authoritys_own_certificates_are_a_memory_of_time() {
    let place = Place::new();
    let authority = place.start(TODAY).unwrap();
    let fault = authority.check_clock(&clock(TODAY - DAY)).unwrap_err();
    assert_eq!(fault, ClockFault::BeforeCertificate { now: TODAY - DAY, made: TODAY });
    assert!(authority.check_clock(&clock(TODAY)).is_ok());
}

#[test]
fn without_a_leaf_and_without_a_clock_the_start_fails_and_leaves_the_roots() {
    let place = Place::new();
    let root = place.start(TODAY).unwrap().root().clone();
    std::fs::remove_file(place.trust().join("leaf.crt")).unwrap();
    assert!(matches!(place.start(AT_BOOT), Err(Error::Clock(_))));
    assert_eq!(place.start(TODAY).unwrap().root(), &root);
}
