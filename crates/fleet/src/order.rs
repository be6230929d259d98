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
/// A leading `v` and white space around are ignored. Beside a semver text, `1.2` is 1.2.0. Nothing is allocated: every
/// poll asks.
pub fn compare(a: &str, b: &str) -> Order {
    let [a, b] = [a, b].map(bare);
    if a == b {
        return Order::Same;
    }
    let by_semver = || Some(Semver::read(a)?.precedence(Semver::read(b)?));
    match by_numbers(a, b).or_else(by_semver) {
        Some(Ordering::Less) => Order::Older,
        Some(Ordering::Equal) => Order::Same,
        Some(Ordering::Greater) => Order::Newer,
        None => Order::Different,
    }
}

/// Puts version texts in a row, for lists: as [`compare`] orders them where it does; those that nothing orders come first, by
/// their text. No two texts stand at the same place.
pub fn rank(a: &str, b: &str) -> Ordering {
    let by_precedence = match (Ranked::read(a), Ranked::read(b)) {
        (Some(a), Some(b)) => a.precedence(b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    by_precedence.then_with(|| a.cmp(b))
}

/// A text with a place among versions: dotted numbers, as many as there are, and what follows a `-`.
#[derive(Clone, Copy)]
struct Ranked<'a> {
    numbers: &'a str,
    pre_release: Option<&'a str>,
}

impl<'a> Ranked<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (text, _) = split(bare(text), '+');
        let (numbers, pre_release) = split(text, '-');
        by_numbers(numbers, numbers).map(|_| Self { numbers, pre_release })
    }

    fn precedence(self, other: Self) -> Ordering {
        let by_numbers = by_numbers(self.numbers, other.numbers).unwrap_or(Ordering::Equal);
        by_numbers.then_with(|| before_release(self.pre_release, other.pre_release))
    }
}

fn bare(text: &str) -> &str {
    let is_bare = |bytes: &[u8]| matches!(bytes, [b'0'..=b'9', .., b'!'..=b'~'] | [b'0'..=b'9']);
    if is_bare(text.as_bytes()) {
        return text;
    }
    let text = text.trim();
    match text.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// Compares dotted numbers; the one with fewer goes on with zeros, so that 1.0 is 1.
fn by_numbers(a: &str, b: &str) -> Option<Ordering> {
    let [mut a, mut b] = [Some(a.as_bytes()), Some(b.as_bytes())];
    let mut found = Ordering::Equal;
    while a.is_some() || b.is_some() {
        let [x, y] = [leading_number(&mut a)?, leading_number(&mut b)?];
        found = found.then(x.cmp(&y));
    }
    Some(found)
}

/// Takes the number up to the next dot; zero, if nothing is left.
fn leading_number(rest: &mut Option<&[u8]>) -> Option<u64> {
    let Some(mut left) = rest.take() else { return Some(0) };
    let (mut value, mut is_empty) = (0_u64, true);
    while let [first, others @ ..] = left {
        match first {
            b'0'..=b'9' => value = value.checked_mul(10)?.checked_add(u64::from(first - b'0'))?,
            b'.' => {
                *rest = Some(others);
                break;
            }
            _ => return None,
        }
        (left, is_empty) = (others, false);
    }
    (!is_empty).then_some(value)
}

fn number(text: &str) -> Option<u64> {
    is_number(text).then(|| text.parse().ok()).flatten()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

/// A semver text, or up to three numbers taken for one.
#[derive(Clone, Copy)]
struct Semver<'a> {
    core: [u64; 3],
    pre_release: Option<&'a str>,
}

impl<'a> Semver<'a> {
    fn read(text: &'a str) -> Option<Self> {
        Self::strict(text).or_else(|| Self::short(text))
    }

    /// semver.org 2.0.0, sections 2, 9 and 10.
    fn strict(text: &'a str) -> Option<Self> {
        let (text, build) = split(text, '+');
        let (core, pre_release) = split(text, '-');
        let core = numbers(core, |part| !has_leading_zero(part))?;
        let named =
            |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-');
        let counted = |part: &str| named(part) && !(is_number(part) && has_leading_zero(part));
        let is_whole = core.1 == 3
            && build.is_none_or(|build| build.split('.').all(named))
            && pre_release.is_none_or(|pre_release| pre_release.split('.').all(counted));
        is_whole.then_some(Self { core: core.0, pre_release })
    }

    fn short(text: &str) -> Option<Self> {
        numbers(text, |_| true).map(|(core, _)| Self { core, pre_release: None })
    }

    /// semver.org 2.0.0, section 11.
    fn precedence(self, other: Self) -> Ordering {
        self.core.cmp(&other.core).then_with(|| before_release(self.pre_release, other.pre_release))
    }
}

/// A pre-release comes before what it leads to.
fn before_release(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => pre_release(a, b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

/// Splits at the first `mark`; what follows is there even if it is empty.
fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn has_leading_zero(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

/// One to three dotted numbers and how many there are; those that are missing are zero.
fn numbers(text: &str, allowed: impl Fn(&str) -> bool) -> Option<([u64; 3], usize)> {
    let (mut core, mut found) = ([0; 3], 0);
    for part in text.split('.') {
        *core.get_mut(found)? = number(part).filter(|_| allowed(part))?;
        found += 1;
    }
    Some((core, found))
}

/// Field by field: numbers by value and before words, words by their bytes, and the one with more fields is newer.
fn pre_release(a: &str, b: &str) -> Ordering {
    let field = |a: &str, b: &str| match (is_number(a), is_number(b)) {
        // Without leading zeros the longer one is larger.
        (true, true) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
        (false, false) => a.cmp(b),
        (a, b) => b.cmp(&a),
    };
    let [mut a, mut b] = [a.split('.'), b.split('.')];
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match field(a, b) {
                Ordering::Equal => {}
                found => return found,
            },
        }
    }
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
        fn semver_texts_are_ordered_as_by_the_semver_crate(
            a in "[0-2]\\.[01]\\.[0-2](-[0a1.-]{1,6})?(\\+[0a.]{1,3})?",
            b in "[0-2]\\.[01]\\.[0-2](-[0a1.-]{1,6})?(\\+[0a.]{1,3})?",
        ) {
            let parsed = |text: &str| semver::Version::parse(text).ok();
            prop_assert_eq!(Semver::strict(&a).is_some(), parsed(&a).is_some(), "{}", a);
            let (Some(x), Some(y)) = (parsed(&a), parsed(&b)) else { return Ok(()) };
            let expected = match x.cmp_precedence(&y) {
                Ordering::Less => Order::Older,
                Ordering::Equal => Order::Same,
                Ordering::Greater => Order::Newer,
            };
            prop_assert_eq!(compare(&a, &b), expected, "{} {}", a, b);
        }

        #[test]
        fn every_list_of_versions_has_one_order_and_it_is_that_of_comparisons(
            mut texts in prop::collection::vec("v?[0-2]{0,2}(\\.[0-2]{1,2}){0,4}(-[0a1.-]{1,4})?(\\+[0a.]{1,3})?", 0..12),
        ) {
            texts.sort_by(|a, b| rank(a, b));
            for (place, b) in texts.iter().enumerate() {
                for a in &texts[..place] {
                    prop_assert_ne!(compare(a, b), Order::Newer, "{:?} before {:?}", a, b);
                    prop_assert_eq!(rank(a, b).is_eq(), a == b);
                    prop_assert!(rank(a, b).is_le(), "{:?} before {:?}", a, b);
                }
            }
        }

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
