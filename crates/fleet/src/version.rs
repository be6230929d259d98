//! How version texts compare.

use std::cmp::Ordering;

/// How a version text stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The first is older than the second.
    Older,
    /// They are the same version.
    Same,
    /// The first is newer than the second.
    Newer,
    /// They differ and nothing orders them (`blue` and `green`).
    Different,
}

/// Compares `a` with `b`: by semver when both are (semver.org 2.0.0, section 11), else as dotted numbers
/// (0.10 is newer than 0.9), else only as same or different. Never as floating point.
///
/// A leading `v` and white space around are ignored. Beside a semver text, `1.2` is 1.2.0.
pub fn compare(a: &str, b: &str) -> Order {
    let [a, b] = [a, b].map(bare);
    if a == b {
        return Order::Same;
    }
    let by_numbers = || Some(numbers(a)?.cmp(&numbers(b)?));
    let by_semver = || Some(semver(a)?.cmp_precedence(&semver(b)?));
    let ordering = by_numbers().or_else(by_semver);
    match ordering {
        Some(Ordering::Less) => Order::Older,
        Some(Ordering::Equal) => Order::Same,
        Some(Ordering::Greater) => Order::Newer,
        None => Order::Different,
    }
}

fn bare(text: &str) -> &str {
    let text = text.trim();
    match text.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// A semver text, or up to three numbers taken for one.
fn semver(text: &str) -> Option<semver::Version> {
    let short = || match *numbers(text)?.as_slice() {
        [] => Some(semver::Version::new(0, 0, 0)),
        [major] => Some(semver::Version::new(major, 0, 0)),
        [major, minor] => Some(semver::Version::new(major, minor, 0)),
        [major, minor, patch] => Some(semver::Version::new(major, minor, patch)),
        _ => None,
    };
    semver::Version::parse(text).ok().or_else(short)
}

/// The numbers of `1.2.3`, without trailing zeros so that 1.0 is 1.
fn numbers(text: &str) -> Option<Vec<u64>> {
    let mut numbers: Vec<u64> = text
        .split('.')
        .map(|part| part.bytes().all(|c| c.is_ascii_digit()).then(|| part.parse().ok()).flatten())
        .collect::<Option<_>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_tenth_minor_version_is_newer_than_the_ninth() {
        assert_eq!(compare("0.10", "0.9"), Order::Newer);
        assert_eq!(compare("0.9", "0.10"), Order::Older);
        assert_eq!(compare("0.3", "0.30"), Order::Older);
    }

    #[test]
    fn semver_orders_pre_releases_and_ignores_build_metadata() {
        assert_eq!(compare("1.0.0-rc.1", "1.0.0"), Order::Older);
        assert_eq!(compare("1.0.0-rc.2", "1.0.0-rc.10"), Order::Older);
        assert_eq!(compare("1.0.0+a", "1.0.0+b"), Order::Same);
        assert_eq!(compare("0.10", "1.0.0-rc.1"), Order::Older, "a short version beside a semver one");
        assert_eq!(compare("1.0", "1.0.0-rc.1"), Order::Newer);
    }

    #[test]
    fn texts_that_nothing_orders_are_only_same_or_different() {
        assert_eq!(compare("blue", "green"), Order::Different);
        assert_eq!(compare("blue", "blue"), Order::Same);
        assert_eq!(compare("12.1.1(tasmota)", "12.1.1"), Order::Different);
        assert_eq!(compare("", "1"), Order::Different);
        assert_eq!(compare("99999999999999999999.1", "1.0"), Order::Different);
    }

    #[test]
    fn ways_of_writing_one_version_are_the_same() {
        for (a, b) in [("v1.2", "1.2"), ("1.2", "1.2.0"), (" 0.3\n", "0.3"), ("1.0.0", "1.0")] {
            assert_eq!(compare(a, b), Order::Same, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn turning_the_question_round_turns_the_answer(a in "[v0-9a.+-]{0,9}", b in "[v0-9a.+-]{0,9}") {
            let turned = match compare(&b, &a) {
                Order::Older => Order::Newer,
                Order::Newer => Order::Older,
                same => same,
            };
            prop_assert_eq!(compare(&a, &b), turned);
        }
    }
}
