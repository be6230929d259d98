//! What to do next about the name, and what to remember of an answer. Pure: the time, the address and the answer come
//! in as values.

use std::net::IpAddr;
use std::time::Duration;

use otary_fleet::Time;
use serde::{Deserialize, Serialize};

use super::answer::{Answer, Refusal, Trouble};

/// A provider out of order is asked again no sooner (No-IP: "Retry the update no sooner 30 minutes"; Dyn says the same
/// of `dnserr`), and after each further failure twice as late, at most a day.
const PROVIDER_PAUSE: Duration = Duration::from_mins(30);
const LONGEST_PROVIDER_PAUSE: Duration = Duration::from_hours(24);
/// A network that is down costs the provider nothing.
const NETWORK_PAUSE: Duration = Duration::from_mins(5);
const LONGEST_NETWORK_PAUSE: Duration = Duration::from_hours(4);
/// The least time between two updates, however often the address changes.
const SPACING: Duration = Duration::from_mins(5);
/// Where only the provider sees the address, it is asked so often to look: `nochg` more often than that is abuse.
const BLIND: Duration = Duration::from_hours(24);

/// What an update was asked with. Any other ends a refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The provider's URL.
    pub server: String,
    /// The name.
    pub hostname: String,
    /// The account.
    pub user: String,
    /// Whom the provider can write to.
    pub contact: String,
    /// When the password's file was last written.
    pub password: Time,
}

/// What is remembered of the name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// What the last update was asked with.
    pub asked: Asked,
    /// What the provider has.
    pub known: Option<Known>,
    /// What stands in the way.
    pub obstacle: Option<Obstacle>,
}

/// What the provider has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The address; none if it was left to the provider.
    pub address: Option<IpAddr>,
    /// Since when, by this machine's clock.
    pub at: Time,
}

/// What stands in the way of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// The provider refused: nothing is sent until what is asked with changes.
    Refused {
        /// Its answer, in words.
        answer: String,
        /// What can be done.
        help: String,
    },
    /// It could not be done: nothing is sent before that time.
    Later {
        /// Why, in words.
        answer: String,
        /// How often in a row.
        failures: u32,
        /// When it may be tried again.
        again: Time,
    },
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Send an update.
    Send,
    /// Nothing: the provider has this address.
    Kept(Known),
    /// Nothing before that time.
    Wait(Time),
    /// Nothing until the settings change.
    Stopped {
        /// What the provider answered.
        answer: &'a str,
        /// What can be done.
        help: &'a str,
    },
}

/// What stands in the way, whatever the address is; none if the way is free.
pub fn obstacle<'a>(state: Option<&'a State>, asked: &Asked, now: Time) -> Option<Step<'a>> {
    match state.filter(|state| state.asked == *asked)?.obstacle.as_ref()? {
        Obstacle::Refused { answer, help } => Some(Step::Stopped { answer, help }),
        Obstacle::Later { again, .. } => {
            is_ahead(*again, LONGEST_PROVIDER_PAUSE, now).then_some(Step::Wait(*again))
        }
    }
}

/// What to do for `address` (none: the provider is to see itself which it is).
pub fn step<'a>(state: Option<&'a State>, asked: &Asked, address: Option<IpAddr>, now: Time) -> Step<'a> {
    if let Some(obstacle) = obstacle(state, asked, now) {
        return obstacle;
    }
    let same = state.filter(|state| state.asked == *asked && state.obstacle.is_none());
    let Some(known) = same.and_then(|state| state.known) else { return Step::Send };
    if known.address.is_some() && known.address == address {
        return Step::Kept(known);
    }
    let pause = if known.address == address { BLIND } else { SPACING };
    let due = known.at + pause;
    if is_ahead(due, pause, now) { Step::Wait(due) } else { Step::Send }
}

/// What is remembered after `answer` to an update for `address`.
pub fn learn(
    before: Option<State>,
    asked: Asked,
    address: Option<IpAddr>,
    answer: &Answer,
    now: Time,
) -> State {
    let before = before.filter(|state| state.asked == asked);
    let known = before.as_ref().and_then(|state| state.known);
    match answer {
        Answer::Good(_) | Answer::NoChange(_) => {
            State { asked, known: Some(Known { address, at: now }), obstacle: None }
        }
        Answer::Refused(refusal) => State { asked, known, obstacle: Some(refused(*refusal)) },
        Answer::Later(trouble) => {
            let failures = match before.and_then(|state| state.obstacle) {
                Some(Obstacle::Later { failures, .. }) => failures.saturating_add(1),
                _ => 1,
            };
            let again = now + pause(trouble, failures);
            State {
                asked,
                known,
                obstacle: Some(Obstacle::Later { answer: trouble.to_string(), failures, again }),
            }
        }
    }
}

fn refused(refusal: Refusal) -> Obstacle {
    Obstacle::Refused { answer: refusal.to_string(), help: refusal.help().to_owned() }
}

/// How long to wait after so many failures in a row.
fn pause(trouble: &Trouble, failures: u32) -> Duration {
    let (first, longest) = match trouble {
        Trouble::Unreachable(_) => (NETWORK_PAUSE, LONGEST_NETWORK_PAUSE),
        Trouble::DnsError | Trouble::Emergency | Trouble::Unknown(_) => {
            (PROVIDER_PAUSE, LONGEST_PROVIDER_PAUSE)
        }
    };
    let doublings = failures.saturating_sub(1).min(16);
    first.saturating_mul(1 << doublings).min(longest)
}

/// Whether `due` lies ahead, and no further than it was ever set: a clock that was wrong then holds nothing up now.
fn is_ahead(due: Time, longest: Duration, now: Time) -> bool {
    due > now && due <= now + longest
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const NOW: Time = Time::from_secs(1_800_000_000);
    const MINUTE: Duration = Duration::from_mins(1);

    fn asked() -> Asked {
        Asked {
            server: "https://dyn.example/nic/update".into(),
            hostname: "lamps.ddns.net".into(),
            user: "me".into(),
            contact: "me@example.com".into(),
            password: Time::from_secs(1_700_000_000),
        }
    }

    /// The address that it is about, and another one.
    const HERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 70)));
    const THERE: Option<IpAddr> = Some(IpAddr::V4(Ipv4Addr::new(192, 168, 1, 71)));

    /// What is remembered after these answers to updates for one address, each given when it was due.
    fn after(bodies: &[&str]) -> (State, Time) {
        let (mut state, mut now) = (None, NOW);
        for body in bodies {
            if let Step::Wait(again) = step(state.as_ref(), &asked(), HERE, now) {
                now = again;
            }
            let answer = Answer::parse(200, body);
            state = Some(learn(state, asked(), HERE, &answer, now));
        }
        (state.unwrap(), now)
    }

    #[test]
    fn a_name_that_nobody_sent_yet_is_sent() {
        assert_eq!(step(None, &asked(), HERE, NOW), Step::Send);
        assert_eq!(step(None, &asked(), None, NOW), Step::Send);
    }

    #[test]
    fn nothing_is_sent_while_the_address_stays_however_long() {
        for word in ["good 192.168.1.70", "nochg"] {
            let (state, _) = after(&[word]);
            let year = NOW + Duration::from_hours(24 * 365);
            let known = Known { address: HERE, at: NOW };
            assert_eq!(step(Some(&state), &asked(), HERE, year), Step::Kept(known), "{word}");
        }
    }

    #[test]
    fn another_address_is_sent_but_not_more_often_than_every_five_minutes() {
        let (state, _) = after(&["good"]);
        let next = |now| step(Some(&state), &asked(), THERE, now);
        assert_eq!(next(NOW + MINUTE), Step::Wait(NOW + SPACING));
        assert_eq!(next(NOW + SPACING), Step::Send);
    }

    #[test]
    fn a_refusal_holds_until_what_is_asked_with_changes() {
        for word in ["badauth", "nohost", "notfqdn", "numhost", "abuse", "badagent", "!donator"] {
            let (state, _) = after(&["good", word]);
            assert!(state.known.is_some(), "what the provider has is not forgotten");
            let year = NOW + Duration::from_hours(24 * 365);
            let Step::Stopped { answer, help } = step(Some(&state), &asked(), THERE, year) else {
                panic!("{word} does not stop it");
            };
            assert!(answer.starts_with(word) && !help.is_empty(), "{answer}");
            let corrected = Asked { password: NOW, ..asked() };
            assert_eq!(step(Some(&state), &corrected, THERE, year), Step::Send, "{word}");
        }
    }

    #[test]
    fn a_provider_in_trouble_is_given_time_and_each_time_more() {
        for word in ["911", "dnserr", "<html>"] {
            let mut words = Vec::new();
            for minutes in [30, 60, 120, 240, 480, 960, 1440, 1440] {
                words.push(word);
                let (state, now) = after(&words);
                let again = now + MINUTE * minutes;
                let next = |now| step(Some(&state), &asked(), HERE, now);
                assert_eq!(next(now), Step::Wait(again), "{word} {minutes}");
                assert_eq!(next(again), Step::Send, "{word} {minutes}");
            }
        }
        let (state, now) = after(&["911", "911", "good", "911"]);
        let next = step(Some(&state), &asked(), HERE, now);
        assert_eq!(next, Step::Wait(now + MINUTE * 30), "a success ends the row");
    }

    #[test]
    fn a_network_that_is_down_is_tried_sooner() {
        let down = Answer::Later(Trouble::Unreachable("no route".into()));
        let mut state = None;
        for minutes in [5, 10, 20, 40, 80, 160, 240, 240] {
            let learnt = learn(state, asked(), None, &down, NOW);
            assert_eq!(step(Some(&learnt), &asked(), None, NOW), Step::Wait(NOW + MINUTE * minutes));
            state = Some(learnt);
        }
    }

    #[test]
    fn an_address_that_only_the_provider_sees_is_left_to_it_once_a_day() {
        let state = learn(None, asked(), None, &Answer::Good(None), NOW);
        assert_eq!(step(Some(&state), &asked(), None, NOW + MINUTE), Step::Wait(NOW + BLIND));
        assert_eq!(step(Some(&state), &asked(), None, NOW + BLIND), Step::Send);
    }

    #[test]
    fn a_clock_that_was_wrong_holds_nothing_up() {
        let future = NOW + Duration::from_hours(24 * 3650);
        let later = learn(None, asked(), None, &Answer::Later(Trouble::Emergency), future);
        let good = learn(None, asked(), None, &Answer::Good(None), future);
        for state in [later, good] {
            assert_eq!(step(Some(&state), &asked(), None, NOW), Step::Send, "{state:?}");
        }
    }
}
