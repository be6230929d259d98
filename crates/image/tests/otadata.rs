//! otadata: the bootloader's choice, state by state, and what an app writes to change it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use otary_image::{Boot, Candidate, Entry, Otadata, Rollback, Sector, Slots, State};
use proptest::prelude::*;

use Candidate::{Factory, Slot, Test};
use Rollback::{Disabled, Enabled};
use State::{Aborted, Invalid, New, PendingVerify, Undefined, Valid};

const TWO: Slots = Slots { count: 2, factory: false };
const TWO_AND_FACTORY: Slots = Slots { count: 2, factory: true };

fn both(first: (u32, State), second: (u32, State)) -> Otadata {
    Otadata { first: Entry::new(first.0, first.1), second: Entry::new(second.0, second.1) }
}

fn only(sequence: u32, state: State) -> Otadata {
    Otadata { first: Entry::new(sequence, state), second: Entry::ERASED }
}

fn torn(sequence: u32) -> Entry {
    Entry { crc: 0x1234_5678, ..Entry::new(sequence, Undefined) }
}

fn first_choice(boot: &Boot) -> Candidate {
    boot.candidates().next().unwrap()
}

/// States after the bootloader's writes.
fn states(before: Otadata, boot: &Boot) -> (State, State) {
    let after = boot.writes().fold(before, Otadata::with);
    (after.first.state, after.second.state)
}

#[test]
fn crc_is_that_of_the_vendor() {
    assert_eq!(Entry::new(1, Undefined).crc, 0x4743_989A);
    assert_eq!(Entry::new(2, Undefined).crc, 0x55F6_3774);
}

#[test]
fn the_larger_whole_sequence_wins() {
    for (otadata, slot) in [
        (only(1, Undefined), 0),
        (only(2, Undefined), 1),
        (both((1, Undefined), (2, Undefined)), 1),
        (both((3, Undefined), (2, Undefined)), 0),
        (both((7, Undefined), (8, Undefined)), 1),
        (both((5, Undefined), (5, Undefined)), 0),
        (Otadata { first: Entry::new(1, Undefined), second: torn(2) }, 0),
        (Otadata { first: torn(9), second: Entry::new(2, Undefined) }, 1),
        (both((1, State::Other(77)), (0, Undefined)), 0),
    ] {
        assert_eq!(first_choice(&otadata.boot(TWO, Disabled)), Slot(slot), "{otadata:?}");
        assert_eq!(first_choice(&otadata.boot(TWO, Enabled)), Slot(slot), "{otadata:?}");
    }
}

#[test]
fn states_decide_with_rollback() {
    for (otadata, chosen, after) in [
        (both((1, Valid), (2, New)), Slot(1), (Valid, PendingVerify)),
        (both((1, Valid), (2, PendingVerify)), Slot(0), (Valid, Aborted)),
        (both((1, Valid), (2, Valid)), Slot(1), (Valid, Valid)),
        (both((1, Valid), (2, Invalid)), Slot(0), (Valid, Invalid)),
        (both((1, Valid), (2, Aborted)), Slot(0), (Valid, Aborted)),
        (both((1, Valid), (2, Undefined)), Slot(1), (Valid, Undefined)),
        (both((3, New), (2, Valid)), Slot(0), (PendingVerify, Valid)),
        (both((3, New), (2, New)), Slot(0), (PendingVerify, New)),
        (both((3, New), (2, PendingVerify)), Slot(0), (PendingVerify, Aborted)),
        (both((3, PendingVerify), (2, New)), Slot(1), (Aborted, PendingVerify)),
        // Nothing is left of the entries: the first slot, unless there is a factory app.
        (both((1, PendingVerify), (2, PendingVerify)), Slot(0), (Aborted, Aborted)),
        (both((1, Aborted), (2, Invalid)), Slot(0), (Aborted, Invalid)),
    ] {
        let boot = otadata.boot(TWO, Enabled);
        assert_eq!(first_choice(&boot), chosen, "{otadata:?}");
        assert_eq!(states(otadata, &boot), after, "{otadata:?}");
    }
}

#[test]
fn without_rollback_no_state_is_written_but_ruled_out_entries_stay_so() {
    for (state, chosen) in [
        (New, Slot(1)),
        (PendingVerify, Slot(1)),
        (Valid, Slot(1)),
        (Undefined, Slot(1)),
        (Invalid, Slot(0)),
        (Aborted, Slot(0)),
    ] {
        let boot = both((1, Valid), (2, state)).boot(TWO, Disabled);
        assert_eq!(first_choice(&boot), chosen, "{state:?}");
        assert_eq!(boot.writes().count(), 0, "{state:?}");
    }
}

#[test]
fn an_unconfirmed_entry_is_given_up_even_when_its_crc_is_wrong() {
    let torn = Entry { state: PendingVerify, ..torn(2) };
    let otadata = Otadata { first: Entry::new(1, Valid), second: torn };
    assert_eq!(states(otadata, &otadata.boot(TWO, Enabled)), (Valid, Aborted));
}

#[test]
fn erased_otadata_starts_the_factory_app_or_the_first_slot_and_settles_it() {
    let boot = Otadata::ERASED.boot(TWO_AND_FACTORY, Enabled);
    assert_eq!(boot.candidates().collect::<Vec<_>>(), [Factory, Slot(0), Slot(1), Test]);
    assert_eq!(boot.settle(Slot(0)), None, "with a factory app nothing is settled");

    let boot = Otadata::ERASED.boot(TWO, Enabled);
    assert_eq!(boot.candidates().collect::<Vec<_>>(), [Slot(0), Slot(1), Test]);
    let settled = Otadata::ERASED.with(boot.settle(Slot(1)).unwrap());
    assert_eq!(settled, Otadata { first: Entry::new(2, Valid), second: Entry::ERASED });
}

#[test]
fn rolled_back_entries_are_not_settled_over() {
    let boot = both((1, Aborted), (2, Invalid)).boot(TWO, Enabled);
    assert_eq!(boot.settle(Slot(0)), None);
}

#[test]
fn torn_entries_try_every_slot_from_the_first() {
    let otadata = Otadata { first: torn(2), second: torn(3) };
    assert_eq!(
        otadata.boot(TWO_AND_FACTORY, Enabled).candidates().collect::<Vec<_>>(),
        [Factory, Slot(0), Slot(1), Test]
    );
    let boot = otadata.boot(TWO, Enabled);
    assert_eq!(boot.candidates().collect::<Vec<_>>(), [Slot(0), Slot(1), Test]);
    assert_eq!(boot.settle(Slot(0)), None);
}

#[test]
fn a_slot_that_does_not_start_falls_back_downwards_then_upwards() {
    let slots = Slots { count: 4, factory: true };
    let boot = only(3, Valid).boot(slots, Enabled);
    let tried: Vec<_> = boot.candidates().collect();
    assert_eq!(tried, [Slot(2), Slot(1), Slot(0), Factory, Slot(3), Test]);
    let none = Boot::without_otadata(slots);
    assert_eq!(first_choice(&none), Factory);
}

/// The file that the Arduino tools flash over otadata, seen at 0xE000 and 0xF000 of their merged images.
#[test]
fn boot_app0_starts_the_first_slot_although_its_second_sector_passes_for_an_entry() {
    let mut bytes = vec![0xFF; 0x2000];
    bytes[..4].copy_from_slice(&1u32.to_le_bytes());
    bytes[28..32].copy_from_slice(&0x4743_989A_u32.to_le_bytes());
    bytes[0x1000..0x1004].fill(0);
    let otadata = Otadata::parse(&bytes).unwrap();
    assert!(otadata.second.is_written());
    assert_eq!(otadata.active(), Some(Sector::First));
    assert_eq!(first_choice(&otadata.boot(TWO, Enabled)), Slot(0));

    let next = otadata.with(otadata.select(1, 2, Enabled).unwrap());
    assert_eq!(next.second, Entry::new(2, New));

    // Were the first entry rolled back, the zero sequence would name slot 0xFFFFFFFF mod 2.
    let rolled_back = Otadata { first: Entry { state: Invalid, ..otadata.first }, ..otadata };
    assert_eq!(first_choice(&rolled_back.boot(TWO, Enabled)), Slot(1));
}

#[test]
fn an_update_is_confirmed_or_rolled_back() {
    let installed = only(1, Valid);
    let updated = installed.with(installed.select(1, 2, Enabled).unwrap());
    let first_start = updated.boot(TWO, Enabled);
    assert_eq!(first_choice(&first_start), Slot(1));
    let running = first_start.writes().fold(updated, Otadata::with);
    assert_eq!(running.second.state, PendingVerify);

    let confirmed = running.with(running.confirm().unwrap());
    assert_eq!(first_choice(&confirmed.boot(TWO, Enabled)), Slot(1));
    assert_eq!(confirmed.confirm(), None);

    let second_start = running.boot(TWO, Enabled);
    assert_eq!(first_choice(&second_start), Slot(0), "unconfirmed");
}

#[test]
fn selecting_the_active_slot_again_only_freshens_its_state() {
    let write = both((1, Valid), (2, Valid)).select(1, 2, Enabled).unwrap();
    assert_eq!((write.sector, write.entry), (Sector::Second, Entry::new(2, New)));
}

#[test]
fn with_anti_rollback_an_entry_counts_only_if_its_image_is_not_too_old() {
    for (otadata, chosen) in [
        (both((1, Valid), (2, New)), Slot(0)),
        (both((1, Valid), (2, Valid)), Slot(0)),
        (both((1, Valid), (4, Undefined)), Slot(0)),
        (both((3, Invalid), (2, Valid)), Slot(0)),
        (both((1, Aborted), (3, Valid)), Slot(0)),
    ] {
        let boot = otadata.boot_guarded(TWO, Enabled, |slot| slot == 0);
        assert_eq!(first_choice(&boot), chosen, "{otadata:?}");
        assert_eq!(
            boot.writes().count(),
            0,
            "an entry that does not count does not become pending: {otadata:?}"
        );
    }
    let boot = both((1, Valid), (2, New)).boot_guarded(TWO, Enabled, |_| true);
    assert_eq!((first_choice(&boot), boot.confirmed()), (Slot(1), None), "tried, and the fuses are left");
    let boot = both((1, Valid), (2, Valid)).boot_guarded(TWO, Enabled, |_| true);
    assert_eq!((first_choice(&boot), boot.confirmed()), (Slot(1), Some(1)), "confirmed: the fuses follow");
}

#[test]
fn with_anti_rollback_entries_that_are_all_rolled_back_start_what_the_fuses_allow() {
    let otadata = both((1, Aborted), (2, Invalid));
    let boot = otadata.boot_guarded(TWO, Enabled, |_| true);
    assert_eq!(boot.candidates().collect::<Vec<_>>(), [Slot(0), Slot(1), Test]);
    assert_eq!(boot.settle(Slot(1)), None);
    let boot = Otadata::ERASED.boot_guarded(TWO, Enabled, |_| false);
    assert_eq!(boot.settle(Slot(1)).map(|write| write.entry), Some(Entry::new(2, Valid)));
}

#[test]
fn the_last_sequence_is_never_written() {
    let last = only(u32::MAX - 1, Valid);
    assert_eq!(last.first.slot(2), Some(1));
    let error = last.select(0, 2, Enabled).unwrap_err();
    assert_eq!(
        error.to_string(),
        "otadata entry 0 at offset 0x0: sequence is 0xfffffffe (expected 0x0 to 0xfffffffe)"
    );
}

#[test]
fn a_short_partition_is_refused_with_its_place() {
    let error = Otadata::parse(&[0xFF; 0x1010]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "otadata entry 1 at offset 0x1000: the file ends here (expected 0x20 bytes, found 0x10)"
    );
}

fn any_entry() -> impl Strategy<Value = Entry> {
    let sequence = prop_oneof![0u32..40, (u32::MAX - 3)..=u32::MAX, any::<u32>()];
    let state = prop_oneof![
        Just(New),
        Just(PendingVerify),
        Just(Valid),
        Just(Invalid),
        Just(Aborted),
        Just(Undefined)
    ];
    let whole = (sequence, state).prop_map(|(sequence, state)| Entry::new(sequence, state));
    prop_oneof![4 => whole, 1 => any::<[u8; 32]>().prop_map(Entry::read), 1 => Just(Entry::ERASED)]
}

proptest! {
    #[test]
    fn bytes_to_entry_and_back(bytes in any::<[u8; 32]>()) {
        prop_assert_eq!(Entry::read(bytes).to_bytes(), bytes);
    }

    #[test]
    fn what_is_selected_starts_next(
        first in any_entry(), second in any_entry(), count in 1u8..=16, slot in 0u8..16, enabled: bool,
    ) {
        let slot = slot % count;
        let rollback = if enabled { Enabled } else { Disabled };
        let otadata = Otadata { first, second };
        if let Ok(write) = otadata.select(slot, count, rollback) {
            let boot = otadata.with(write).boot(Slots { count, factory: false }, rollback);
            prop_assert_eq!(first_choice(&boot), Slot(slot));
        } else {
            let active = otadata.active().unwrap();
            prop_assert!(otadata.entry(active).sequence > u32::MAX - 1 - u32::from(count));
        }
    }

    /// A power cut between erasing and programming an entry must leave the running slot chosen.
    #[test]
    fn switching_slots_never_touches_the_entry_in_charge(first in any_entry(), second in any_entry(), slot in 0u8..2) {
        let otadata = Otadata { first, second };
        let Some(active) = otadata.active() else { return Ok(()) };
        let running = otadata.entry(active).slot(2).unwrap();
        prop_assume!(running != slot);
        if let Ok(write) = otadata.select(slot, 2, Enabled) {
            prop_assert_ne!(write.sector, active);
            let cut = otadata.with(otary_image::Write { entry: Entry::ERASED, ..write });
            prop_assert_eq!(cut.active(), Some(active));
        }
    }

    #[test]
    fn each_partition_is_tried_once(
        first in any_entry(), second in any_entry(), count in 0u8..=16, factory: bool, enabled: bool,
    ) {
        let rollback = if enabled { Enabled } else { Disabled };
        let boot = Otadata { first, second }.boot(Slots { count, factory }, rollback);
        let tried: Vec<_> = boot.candidates().collect();
        for slot in 0..count {
            prop_assert_eq!(tried.iter().filter(|c| **c == Slot(slot)).count(), 1);
        }
        prop_assert_eq!(tried.iter().filter(|c| **c == Factory).count(), usize::from(factory));
        prop_assert_eq!(tried.last(), Some(&Test));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..0x1040)) {
        let _ = Otadata::parse(&bytes);
    }
}
