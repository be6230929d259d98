//! What happens to a board, one line each.

use otary_wire::Cause;

use super::server::Heard;

/// The release that a board leaves the factory with.
pub(super) const FACTORY: u32 = 1;

/// How an app behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It works.
    Works,
    /// Its self-test fails.
    FailsSelfTest,
    /// It never reaches the server.
    ReachesNobody,
    /// It crashes as soon as the agent has started.
    Crashes,
    /// It is for a later revision of the chip, so that no bootloader starts it.
    IsRefused,
}

/// What the owner's second root record changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondRoot {
    /// There is none.
    None,
    /// Root, release and order keys: everything from then on is signed by new ones.
    Keys,
    /// The trust set. From the moment that a board has used it, the server shows nothing else.
    TrustSet,
    /// The trust set, to one that the server cannot prove.
    WrongTrustSet,
}

/// What happens to a board until the server knows that the last release runs.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// How release 2 behaves. The others work.
    pub second: Behaviour,
    /// What the second root record changes.
    pub root: SecondRoot,
    /// How often the link is lost during a download; again so often after the power was cut, in what is left of it.
    pub losses: u32,
    /// Which release the server offers, by what it has heard. The last one is [`Self::last`].
    pub offers: fn(&Heard) -> u32,
    /// The release that it ends with.
    pub last: u32,
    /// What the board reports first when nothing is cut, with and without a bootloader that knows rollback; nothing where
    /// the first report is that of an installed release.
    pub first_cause: [Option<Cause>; 2],
}

pub(super) const UPDATE: Scenario = Scenario {
    name: "update",
    second: Behaviour::Works,
    root: SecondRoot::None,
    losses: 0,
    offers: |_| 2,
    last: 2,
    first_cause: [None; 2],
};

/// A release that comes to nothing; the one after it works.
const fn rolled_back(name: &'static str, second: Behaviour, first_cause: [Option<Cause>; 2]) -> Scenario {
    let offers: fn(&Heard) -> u32 = |heard| if heard.rolled_back > 0 { 3 } else { 2 };
    Scenario { name, second, offers, last: 3, first_cause, ..UPDATE }
}

pub(super) const TWO_UPDATES: Scenario = Scenario {
    name: "two updates",
    offers: |heard| if heard.installed < 2 { 2 } else { 3 },
    last: 3,
    ..UPDATE
};

pub(super) const SELF_TEST_FAILS: Scenario =
    rolled_back("self-test fails", Behaviour::FailsSelfTest, [Some(Cause::SelfTest); 2]);

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    UPDATE,
    TWO_UPDATES,
    Scenario { name: "link is lost", losses: 7, ..UPDATE },
    SELF_TEST_FAILS,
    rolled_back("server unreachable", Behaviour::ReachesNobody, [Some(Cause::Unreachable); 2]),
    rolled_back("crash at the start", Behaviour::Crashes, [Some(Cause::Bootloader), Some(Cause::BootsSpent)]),
    rolled_back("bootloader refuses", Behaviour::IsRefused, [Some(Cause::Bootloader); 2]),
    Scenario { name: "root keys rotate", root: SecondRoot::Keys, ..UPDATE },
    Scenario { name: "trust set changes", root: SecondRoot::TrustSet, ..UPDATE },
    WRONG_TRUST_SET,
];

const WRONG_TRUST_SET: Scenario = Scenario {
    name: "trust set is wrong",
    root: SecondRoot::WrongTrustSet,
    first_cause: [Some(Cause::TrustHandshake); 2],
    ..UPDATE
};

impl Scenario {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        SCENARIOS.iter().copied().find(|scenario| scenario.name == name)
    }

    pub(super) fn behaviour(&self, release: u32) -> Behaviour {
        if release == 2 { self.second } else { Behaviour::Works }
    }

    /// Whether the server has heard all that there is to hear, and the board has been told to rest.
    pub(super) fn is_settled(&self, heard: &Heard) -> bool {
        let trust = match self.root {
            SecondRoot::None => true,
            SecondRoot::Keys => heard.root == 2,
            SecondRoot::TrustSet => heard.trust_set == 2,
            SecondRoot::WrongTrustSet => heard.set_refused && heard.trust_set == 1,
        };
        trust && heard.release == self.last && heard.installed == self.last && heard.rests > 0
    }
}
