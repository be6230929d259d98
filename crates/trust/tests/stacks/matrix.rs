//! The rules against the real stacks: flag for flag and number for number, over every named case and over chains put
//! together at random.

use otary_trust::verdict::{Flag, Library, Rules, Verdict, judge};

use crate::cases::{Case, as_meetings, named};
use crate::random;
use crate::verifier::{PROGRAMS, Program};

/// What the programs print for a verdict.
fn line(verdict: &Verdict) -> String {
    let number = verdict.number.map_or("?".to_owned(), |number| number.to_string());
    format!("{} {number}", verdict.flags)
}

/// Where the rules and a program differ.
fn differences(program: &Program, cases: &[Case]) -> Vec<String> {
    as_meetings(cases, |meetings| {
        let said = program.ask(meetings);
        let answers = said.iter().zip(meetings).zip(cases);
        let compared = answers.filter_map(|((said, meeting), case)| {
            let verdict = judge(&program.rules(), meeting);
            let ruled = line(&verdict);
            (*said != ruled).then(|| {
                let Case { name, .. } = case;
                format!(
                    "{}, {name}: it says {said:?}, the rules {ruled:?} {:?}",
                    program.name, verdict.faults
                )
            })
        });
        compared.collect()
    })
}

fn assert_agreed(cases: &[Case]) {
    let differences: Vec<_> = PROGRAMS.iter().flat_map(|program| differences(program, cases)).collect();
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_rules_say_what_the_stacks_say_of_every_named_case() {
    let cases: Vec<_> = named().into_iter().flat_map(|(_, cases)| cases).collect();
    assert!(cases.len() > 100, "{} cases", cases.len());
    assert_agreed(&cases);
}

#[test]
fn the_rules_say_what_the_stacks_say_of_chains_put_together_at_random() {
    let (seed, cases) = random::cases(300);
    println!("seed {seed} ({}=... chooses it)", random::SEED);
    let kinds: std::collections::BTreeSet<_> =
        PROGRAMS.iter().flat_map(|program| as_meetings(&cases, |meetings| program.ask(meetings))).collect();
    assert!(PROGRAMS.is_empty() || kinds.len() > 15, "the chains are all alike: {kinds:?}");
    assert_agreed(&cases);
}

/// Debian builds 2.28 with dates only. Without them it finds the same, less what is about dates.
#[test]
fn a_build_without_dates_says_the_same_but_for_dates() {
    let cases: Vec<_> = named().into_iter().flat_map(|(_, cases)| cases).collect();
    for program in PROGRAMS.iter().filter(|program| program.dates && program.name == "mbedtls-2") {
        let without = Rules::of(program.library, false);
        as_meetings(&cases, |meetings| {
            for ((said, meeting), case) in program.ask(meetings).iter().zip(meetings).zip(&cases) {
                let words = said.split(' ').filter(|&word| word != "expired" && word != "future");
                let flags: Vec<_> =
                    words.filter(|word| word.parse::<i32>().is_err() && *word != "?").collect();
                let flags = if flags.is_empty() { "ok".to_owned() } else { flags.join(" ") };
                let verdict = judge(&without, meeting);
                assert!(!verdict.flags.contains(Flag::Expired) && !verdict.flags.contains(Flag::Future));
                assert_eq!(verdict.flags.to_string(), flags, "{}", case.name);
            }
        });
    }
}

/// Every flag comes with a fault that a person can read, and nothing is found wrong with what is believed.
#[test]
fn every_verdict_has_its_reasons() {
    let cases: Vec<_> = named().into_iter().flat_map(|(_, cases)| cases).collect();
    for program in PROGRAMS.iter() {
        as_meetings(&cases, |meetings| {
            for (meeting, case) in meetings.iter().zip(&cases) {
                let verdict = judge(&program.rules(), meeting);
                assert_eq!(verdict.is_ok(), verdict.faults.is_empty(), "{}", case.name);
                let known = verdict
                    .number
                    .is_none_or(|number| number == 0 || program.library.message(number).is_some());
                assert!(known, "{}: no text for {:?}", case.name, verdict.number);
            }
        });
    }
}

/// Nobody is believed whose certificate was changed anywhere, in what is signed or around it.
#[test]
fn no_certificate_with_a_changed_bit_is_believed() {
    let good = named().remove(0).1.remove(0);
    assert_eq!(good.name, "good");
    let changed = |(at, bit): (usize, usize)| {
        let mut case = good.clone();
        case.chain[0][at] ^= 1 << bit;
        Case { name: format!("bit {bit} of byte {at} changed"), ..case }
    };
    let len = good.chain[0].len();
    let cases: Vec<_> = (0..len).flat_map(|at| (0..8).map(move |bit| (at, bit))).map(changed).collect();
    assert_nobody_believed(&cases);
}

#[test]
fn no_certificate_that_was_cut_off_is_believed() {
    let good = named().remove(0).1.remove(0);
    let cases: Vec<_> = (1..good.chain[0].len())
        .map(|len| Case {
            name: format!("{len} bytes"),
            chain: vec![good.chain[0][..len].to_vec()],
            ..good.clone()
        })
        .collect();
    assert_nobody_believed(&cases);
}

fn assert_nobody_believed(cases: &[Case]) {
    as_meetings(cases, |meetings| {
        for library in Library::ALL {
            for (meeting, case) in meetings.iter().zip(cases) {
                assert!(!judge(&Rules::of(library, true), meeting).is_ok(), "{library:?}: {}", case.name);
            }
        }
        for program in PROGRAMS.iter() {
            for (said, case) in program.ask(meetings).iter().zip(cases) {
                assert!(!said.starts_with("ok"), "{}: {}", program.name, case.name);
            }
        }
    });
}
