//! What a provider's answer means: one word of the dyndns2 protocol, perhaps with an address behind it.
//!
//! Sources: "Return codes" of Dyn's Remote Access API, "Interpret Response" of No-IP's integration guide.

use std::fmt;
use std::net::IpAddr;

/// An answer, or that there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `good`: the name has the address now. With the address, if the provider says it.
    Good(Option<IpAddr>),
    /// `nochg`: it had it already. Asking for it again and again counts as abuse.
    NoChange(Option<IpAddr>),
    /// Asking again is of no use before somebody has changed something.
    Refused(Refusal),
    /// Asking again later may help.
    Later(Trouble),
}

/// Why a provider refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `badauth`, or status 401.
    BadAuth,
    /// `nohost`.
    NoHost,
    /// `notfqdn`.
    NotFqdn,
    /// `numhost`.
    NumHost,
    /// `abuse`.
    Abuse,
    /// `badagent`.
    BadAgent,
    /// `good 127.0.0.1` to another address: Dyn's way to say that the request was ignored.
    Ignored,
    /// `!donator`.
    NotDonator,
}

/// Why it is to be tried again later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// `dnserr`: the provider's DNS failed.
    DnsError,
    /// `911`: the provider is out of order, or in maintenance.
    Emergency,
    /// No word of the protocol, with this status.
    Unknown(u16),
    /// No answer at all: why.
    Unreachable(String),
}

impl Answer {
    /// Reads an answer. For one name it has one line; of more, the first counts.
    pub fn parse(status: u16, body: &str) -> Self {
        let mut words =
            body.split(|c: char| c.is_ascii_whitespace() || c == ',').filter(|word| !word.is_empty());
        let word = words.next().unwrap_or_default();
        let address = words.next().and_then(|text| text.parse().ok());
        match word {
            "good" => Self::Good(address),
            "nochg" => Self::NoChange(address),
            "dnserr" => Self::Later(Trouble::DnsError),
            "911" => Self::Later(Trouble::Emergency),
            word => match Refusal::named(word) {
                Some(refusal) => Self::Refused(refusal),
                // A proxy before the provider says it in HTTP's words.
                None if status == 401 => Self::Refused(Refusal::BadAuth),
                None => Self::Later(Trouble::Unknown(status)),
            },
        }
    }

    /// The same, seen by whoever asked for `address`.
    pub fn asked_for(self, address: Option<IpAddr>) -> Self {
        let is_loopback = |address: IpAddr| address.is_loopback();
        match self {
            Self::Good(Some(said)) if said.is_loopback() && !address.is_some_and(is_loopback) => {
                Self::Refused(Refusal::Ignored)
            }
            answer => answer,
        }
    }
}

impl Refusal {
    const ALL: [(&'static str, Self); 7] = [
        ("badauth", Self::BadAuth),
        ("nohost", Self::NoHost),
        ("notfqdn", Self::NotFqdn),
        ("numhost", Self::NumHost),
        ("abuse", Self::Abuse),
        ("badagent", Self::BadAgent),
        ("!donator", Self::NotDonator),
    ];

    fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, refusal)| *refusal)
    }

    /// What its owner can do about it.
    pub const fn help(self) -> &'static str {
        match self {
            Self::BadAuth => "correct ddns.user, or the password in ddns.password_file",
            Self::NoHost => "make the name at the provider, or correct ddns.hostname",
            Self::NotFqdn => "ddns.hostname is a whole name, as in lamps.ddns.net",
            Self::NumHost => "give the name one address at the provider: it has several, or is in a group",
            Self::Abuse => "ask the provider to lift the block, then write the password file anew",
            Self::BadAgent | Self::Ignored => {
                "set ddns.contact to a mail address of yours, or ask the provider why it refuses otary"
            }
            Self::NotDonator => {
                "the provider wants another plan for this: change it there, or take another provider"
            }
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good(_) => f.write_str("good: the name has the address now"),
            Self::NoChange(_) => f.write_str("nochg: the name had the address already"),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Later(trouble) => trouble.fmt(f),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadAuth => "badauth: the provider does not know this user with this password",
            Self::NoHost => "nohost: the name is not in this account",
            Self::NotFqdn => "notfqdn: the name is not a whole host name",
            Self::NumHost => "numhost: the name stands for too many hosts",
            Self::Abuse => "abuse: the provider has blocked the name or the account",
            Self::BadAgent => "badagent: the provider does not take updates from this program",
            Self::Ignored => "good 127.0.0.1: the provider ignores this program",
            Self::NotDonator => "!donator: the account has not paid for this",
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DnsError => f.write_str("dnserr: the provider's DNS has failed"),
            Self::Emergency => f.write_str("911: the provider is out of order"),
            Self::Unknown(status) => write!(f, "no word of the dyndns2 protocol, with HTTP status {status}"),
            Self::Unreachable(why) => write!(f, "no answer: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_protocol_is_understood() {
        let address = Some("192.168.1.70".parse().unwrap());
        let refused = Answer::Refused;
        for (status, body, answer) in [
            (200, "good 192.168.1.70", Answer::Good(address)),
            (200, "good 192.168.1.70\r\n", Answer::Good(address)),
            (200, "good 192.168.1.70,fd00::7", Answer::Good(address)),
            (200, "good", Answer::Good(None)),
            (200, "nochg 192.168.1.70", Answer::NoChange(address)),
            (200, "nochg", Answer::NoChange(None)),
            (200, "badauth", refused(Refusal::BadAuth)),
            (401, "badauth\n", refused(Refusal::BadAuth)),
            (401, "<html>Unauthorized</html>", refused(Refusal::BadAuth)),
            (200, "nohost", refused(Refusal::NoHost)),
            (404, "nohost", refused(Refusal::NoHost)),
            (200, "notfqdn", refused(Refusal::NotFqdn)),
            (200, "numhost", refused(Refusal::NumHost)),
            (200, "abuse", refused(Refusal::Abuse)),
            (403, "badagent", refused(Refusal::BadAgent)),
            (200, "!donator", refused(Refusal::NotDonator)),
            (200, "dnserr", Answer::Later(Trouble::DnsError)),
            (500, "911", Answer::Later(Trouble::Emergency)),
            (200, "<html>in maintenance</html>", Answer::Later(Trouble::Unknown(200))),
            (503, "", Answer::Later(Trouble::Unknown(503))),
            (200, "goodbye", Answer::Later(Trouble::Unknown(200))),
        ] {
            assert_eq!(Answer::parse(status, body), answer, "{status} {body:?}");
        }
    }

    #[test]
    fn a_good_for_loopback_that_nobody_asked_for_is_a_refusal() {
        let good = Answer::parse(200, "good 127.0.0.1");
        let asked = |text: &str| Some(text.parse().unwrap());
        assert_eq!(good.clone().asked_for(asked("127.0.0.1")), good);
        for address in [asked("192.168.1.70"), None] {
            assert_eq!(good.clone().asked_for(address), Answer::Refused(Refusal::Ignored));
        }
    }
}
