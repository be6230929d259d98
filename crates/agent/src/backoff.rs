//! How long to wait before the next try: spread at random, so that a fleet that lost its server together does not come
//! back together; never earlier than the server asked.

use crate::moment::Millis;

/// The longest wait that a server can ask for.
pub(crate) const LONGEST: Millis = Millis::from_secs(24 * 60 * 60);
/// The first wait before a payload that came to nothing is tried again; it doubles with each try.
const PENALTY: Millis = Millis::from_secs(60 * 60);

/// The wait after so many failures in a row: full jitter between `least` and a bound that doubles up to `most`.
pub(crate) fn after_failures(failures: u8, least: Millis, most: Millis, random: &[u8; 16]) -> Millis {
    let doubled = least.0.saturating_mul(1_u64.checked_shl(failures.into()).unwrap_or(u64::MAX));
    between(least, Millis(doubled).min(most.max(least)), random)
}

/// A wait of at least `asked`, at most a tenth more.
pub(crate) fn at_least(asked: Millis, random: &[u8; 16]) -> Millis {
    let asked = asked.min(LONGEST);
    between(asked, asked.plus(Millis(asked.0 / 10)), random)
}

/// A wait of at most `most`.
pub(crate) fn at_most(most: Millis, random: &[u8; 16]) -> Millis {
    between(Millis(0), most, random)
}

/// How long a payload that came to nothing has to wait after its `tries`-th try, the first being 0.
pub(crate) fn penalty(tries: u8) -> Millis {
    let factor = 1_u64.checked_shl(tries.into()).unwrap_or(u64::MAX);
    Millis(PENALTY.0.saturating_mul(factor)).min(LONGEST)
}

fn between(low: Millis, high: Millis, random: &[u8; 16]) -> Millis {
    let span = high.since(low).0.saturating_add(1);
    let random = random.iter().fold(0_u64, |sum, byte| sum.rotate_left(8) ^ u64::from(*byte));
    low.plus(Millis(random.checked_rem(span).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_that_the_server_asked_for_is_kept_and_at_most_a_tenth_longer() {
        for byte in 0..=255 {
            let wait = at_least(Millis::from_secs(100), &[byte; 16]);
            assert!((100..=110).contains(&wait.as_secs()), "{wait:?}");
        }
        assert!(
            at_least(Millis(u64::MAX), &[9; 16]) <= Millis::from_secs(27 * 60 * 60),
            "no server stops us"
        );
    }

    #[test]
    fn waits_after_failures_grow_up_to_a_bound_and_are_spread() {
        let (least, most) = (Millis::from_secs(5), Millis::from_secs(600));
        let longest = |failures| {
            let randoms = (0..2000_u128).map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes());
            let waits = randoms.map(|random| after_failures(failures, least, most, &random));
            waits.fold((most, least), |(low, high), wait| (low.min(wait), high.max(wait)))
        };
        assert_eq!(longest(0), (least, least));
        let (low, high) = longest(3);
        assert!(low < Millis::from_secs(8) && high > Millis::from_secs(30) && high <= Millis::from_secs(40));
        let (low, high) = longest(255);
        assert!(low < Millis::from_secs(15) && high > Millis::from_secs(550) && high <= most);
    }

    #[test]
    fn a_payload_that_came_to_nothing_waits_an_hour_then_two_then_at_most_a_day() {
        let hours = [0, 1, 2, 3, 4, 5, 255].map(|tries| penalty(tries).as_secs() / 3600);
        assert_eq!(hours, [1, 2, 4, 8, 16, 24, 24]);
    }
}
