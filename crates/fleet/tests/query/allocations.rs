//! Matching allocates nothing: groups are asked on every check-in.

#![allow(unsafe_code, reason = "an allocator that counts is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use otary_fleet::Query;

use crate::fleet::{Fleet, brief};

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_query_over_every_field_allocates_nothing() {
    let query: Query = "mac ~ bb:03 or product = cam and channel ~ x or group = small and group = friends or name ~ hall
        or chip = esp32c6 or dialect = agent or build ~ 7 or release = lamp@7 or sdk ~ 9 or seen > 99w or first-seen > 99w
        or polls > 99 or free > 9GB or flash > 9GB or network = 2001:db8::/32 or proof > product-secret or anchor = abcd
        or answer = offer and rule = looping or pin is known or hold or stranger and contested"
        .parse()
        .unwrap();
    let fleet = Fleet::new();
    let before = ALLOCATIONS.get();
    let found = fleet.devices.iter().filter(|(_, device)| query.matches(&fleet.facts(device))).count();
    assert_eq!(ALLOCATIONS.get() - before, 0);
    assert!((1..5).contains(&found), "{found}");
}

#[test]
fn a_brief_is_asked_and_kept_without_an_allocation() {
    let query: Query =
        "build < 9 and (group = small or not contested) and network = 10.0.0.0/8".parse().unwrap();
    let fleet = Fleet::new();
    for (name, device) in &fleet.devices {
        let mut brief = brief(device);
        let (facts, before) = (brief.clone(), ALLOCATIONS.get());
        query.finds_brief(&fleet.brief_facts(&facts));
        assert!(brief.follow(device), "{name}");
        assert_eq!(ALLOCATIONS.get() - before, 0, "{name}");
    }
}
