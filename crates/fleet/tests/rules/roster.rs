//! What a look at a campaign makes of silence, at sites of any size.

use std::time::Duration;

use otary_fleet::{Campaign, Device, Mac, Network, Proof, Roster, SeenNetwork, Sha256, Tally, Time, Trial};

use crate::world::{Board, World};

const EVERY: Duration = Duration::from_mins(10);
const HOUR: Duration = Duration::from_hours(1);

fn campaign() -> (Campaign, Time) {
    let mut world = World::lamp();
    world.campaign("0.3", &[]);
    world.pass(5 * HOUR);
    (world.campaigns.remove(0), world.now)
}

/// A board that asked every ten minutes and was last heard at a moment.
fn device(number: u32, site: u8, last: Time) -> Device {
    let [a, b, c, d] = number.to_be_bytes();
    let mut device = Device::new(Mac::new([0x24, 0x6F, a, b, c, d]).unwrap(), last - 20 * 24 * HOUR);
    (0..=12).rev().for_each(|polls| device.rhythm.note(Proof::None, last - EVERY * polls));
    (device.last_seen, device.polls) = (last, 13);
    device.networks.push(SeenNetwork { network: Network::of([10, 0, site, 1].into()), last });
    device
}

/// The same, with the release taken whole when it was last heard.
fn taken(campaign: &Campaign, device: &mut Device, site: u8) {
    let check_in = Board::running("lamp-0.1", "0.1").from(&format!("10.0.{site}.1")).check_in();
    let of = (campaign.id, false);
    let (release, artifact) = (campaign.release.clone(), Sha256::of(b"lamp-0.3"));
    let mut trial = Trial::begin(of, release, artifact, &check_in, &device.rhythm, device.last_seen);
    trial.offer(&check_in);
    trial.deliver(check_in.claimant(), 1_300_000, 1_300_000, device.last_seen);
    device.trials.push(trial);
}

/// One took the release three hours ago and is silent since. `there` others are at its site; of those, so many percent were last
/// heard then as well, the others a minute ago.
fn one_silent(there: u32, off_percent: u32) -> Tally {
    let (campaign, now) = campaign();
    let then = now - 3 * HOUR;
    let mut silent = device(0, 1, then);
    taken(&campaign, &mut silent, 1);
    let mut roster = Roster::default();
    roster.note(&campaign, &silent, true);
    for number in 1..=there {
        let is_off = number % 100 < off_percent;
        let last = if is_off { then } else { now - Duration::from_mins(1) };
        roster.note(&campaign, &device(number, 1, last), true);
    }
    roster.tally(&campaign, now)
}

#[test]
fn a_silence_counts_while_others_at_the_site_are_heard() {
    for there in [3, 300, 20_000] {
        let tally = one_silent(there, 0);
        assert_eq!((tally.silent, tally.excused), (1, 0), "{there} others: {tally}");
    }
}

#[test]
fn a_site_that_is_off_excuses_its_devices() {
    for there in [3, 300, 20_000] {
        let tally = one_silent(there, 100);
        assert_eq!((tally.silent, tally.excused), (0, 1), "{there} others: {tally}");
    }
}

#[test]
fn where_more_are_missed_than_heard_it_is_the_site() {
    for there in [300, 20_000] {
        let [quiet, awake] = [70, 30].map(|percent| one_silent(there, percent));
        assert_eq!((quiet.silent, quiet.excused), (0, 1), "{there} others: {quiet}");
        assert_eq!((awake.silent, awake.excused), (1, 0), "{there} others: {awake}");
        assert!(
            awake.weight.first < one_silent(there, 0).weight.first,
            "it says less where others are missed"
        );
    }
}

#[test]
fn one_alone_at_its_site_is_compared_with_all_others() {
    for others in [3, 300, 20_000] {
        for (off, silent) in [(0, 1), (70, 0)] {
            let (campaign, now) = campaign();
            let then = now - 3 * HOUR;
            let mut alone = device(0, 9, then);
            taken(&campaign, &mut alone, 9);
            let mut roster = Roster::default();
            roster.note(&campaign, &alone, true);
            for number in 1..=others {
                let last = if number % 100 < off { then } else { now - Duration::from_mins(1) };
                roster.note(&campaign, &device(number, (number % 5) as u8, last), true);
            }
            let tally = roster.tally(&campaign, now);
            assert_eq!(tally.silent, silent, "{others} others, {off} % missed: {tally}");
        }
    }
}

#[test]
fn devices_that_speak_against_the_release_are_named_by_address() {
    let (campaign, now) = campaign();
    let mut roster = Roster::default();
    for number in (0..20).rev() {
        let mut device = device(number, 1, now - 3 * HOUR);
        taken(&campaign, &mut device, 1);
        roster.note(&campaign, &device, true);
    }
    (100..200).for_each(|number| roster.note(&campaign, &device(number, 1, now), true));
    let named: Vec<_> = roster.tally(&campaign, now).against.into_iter().map(|(mac, _)| mac).collect();
    assert_eq!(named.len(), 20);
    assert!(named.is_sorted());
}
