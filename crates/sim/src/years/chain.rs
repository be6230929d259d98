//! Certificates as plain dates, and what a device says of a chain of them.
//!
//! A test makes the same chains as real X.509 and asks the rules of the real stacks: they must say the same.

use std::fmt;

use otary_fleet::Time;
use otary_trust::Life;

use super::clock::day;
use super::stack::Stack;

/// A set of roots, by their numbers in the order in which they were made; at most [`Self::MAX`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Held(u64);

impl Held {
    /// How many roots can be told apart.
    pub const MAX: usize = 64;

    /// Whether `root` is among them.
    pub const fn has(self, root: usize) -> bool {
        root < Self::MAX && self.0 >> root & 1 == 1
    }
}

impl FromIterator<usize> for Held {
    fn from_iter<I: IntoIterator<Item = usize>>(roots: I) -> Self {
        Self(roots.into_iter().filter(|root| *root < Self::MAX).fold(0, |held, root| held | 1 << root))
    }
}

impl fmt::Display for Held {
    /// The roots as people count them: `root 1, root 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = (0..Self::MAX).filter(|root| self.has(*root)).map(|root| format!("root {}", root + 1));
        f.pad(&names.collect::<Vec<_>>().join(", "))
    }
}

/// A root that an older one has cross-signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bridge {
    /// The older root.
    pub from: usize,
    /// The dates of the cross-signed certificate.
    pub life: Life,
}

/// What a client is shown: a leaf, and what leads from it to an anchor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// The dates of the leaf.
    pub leaf: Life,
    /// The root that signed it.
    pub root: usize,
    /// The way to the root from an older one.
    pub bridge: Option<Bridge>,
}

/// By which anchor a chain was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// The root itself.
    Root,
    /// An older root, by the bridge.
    Bridge,
}

/// Why a chain was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The device holds none of the anchors that lead there.
    NoAnchor {
        /// The roots that it holds.
        held: Held,
        /// The root that it was shown.
        shown: usize,
    },
    /// The leaf is not valid at the time that the device takes for today.
    Leaf(Life),
    /// The bridge is not.
    Bridge(Life),
    /// The only anchor that leads there is not.
    Anchor(usize, Life),
}

impl Chain {
    /// What a device with this stack, these anchors and this clock says. `roots` are the dates of all roots.
    pub fn judge(&self, stack: Stack, held: Held, roots: &[Life], clock: Time) -> Result<Path, Refusal> {
        let sent = |life: Life| !stack.checks_dates() || life.covers(clock);
        if !sent(self.leaf) {
            return Err(Refusal::Leaf(self.leaf));
        }
        let anchor = |root: usize| match roots.get(root).filter(|_| held.has(root)) {
            None => Err(Refusal::NoAnchor { held, shown: self.root }),
            Some(life) if stack.checks_anchors() && !life.covers(clock) => Err(Refusal::Anchor(root, *life)),
            Some(_) => Ok(()),
        };
        let Err(refusal) = anchor(self.root) else { return Ok(Path::Root) };
        match self.bridge.filter(|bridge| held.has(bridge.from)) {
            None => Err(refusal),
            Some(bridge) if !sent(bridge.life) => Err(Refusal::Bridge(bridge.life)),
            Some(bridge) => anchor(bridge.from).map(|()| Path::Bridge),
        }
    }
}

impl fmt::Display for Refusal {
    /// A sentence for people, without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnchor { held, shown } => write!(f, "it holds {held} and is shown root {}", shown + 1),
            Self::Leaf(life) => write!(f, "it is shown a leaf that lives {}", span(*life)),
            Self::Bridge(life) => write!(f, "the bridge to the root that it is shown lives {}", span(*life)),
            Self::Anchor(root, life) => {
                write!(f, "root {}, which leads there, lives {}", root + 1, span(*life))
            }
        }
    }
}

fn span(life: Life) -> String {
    format!("from {} to {}", day(life.not_before), day(life.not_after))
}

#[cfg(test)]
mod tests {
    use super::super::clock::YEAR;
    use super::*;

    fn life(from: u32, to: u32) -> Life {
        Life { not_before: Time::default() + YEAR * from, not_after: Time::default() + YEAR * to }
    }

    fn says(stack: Stack, held: &[usize], bridge: Option<Life>, year: u32) -> Result<Path, Refusal> {
        let bridge = bridge.map(|life| Bridge { from: 0, life });
        let chain = Chain { leaf: life(24, 26), root: 1, bridge };
        let held = held.iter().copied().collect();
        chain.judge(stack, held, &[life(0, 25), life(0, 35)], Time::default() + YEAR * year)
    }

    #[test]
    fn a_bridge_leads_from_the_old_root_until_it_ends_and_beyond_for_who_looks_at_no_dates() {
        let bridge = Some(life(21, 25));
        for stack in Stack::ALL {
            assert_eq!(says(stack, &[0, 1], bridge, 25), Ok(Path::Root), "{stack}");
            assert_eq!(says(stack, &[0], bridge, 24), Ok(Path::Bridge), "{stack}");
            assert!(matches!(says(stack, &[0], None, 24), Err(Refusal::NoAnchor { .. })), "{stack}");
            let later = says(stack, &[0], Some(life(21, 24)), 25);
            assert_eq!(later.is_ok(), !stack.checks_dates(), "{stack} {later:?}");
        }
    }

    #[test]
    fn bearssl_keeps_no_dates_of_its_anchors() {
        let ended = |stack| {
            let chain = Chain { leaf: life(26, 28), root: 0, bridge: None };
            let held = Held::from_iter([0]);
            chain.judge(stack, held, &[life(0, 25)], Time::default() + YEAR * 27)
        };
        assert_eq!(ended(Stack::Esp8266), Ok(Path::Root));
        assert!(matches!(ended(Stack::MicroPython), Err(Refusal::Anchor(0, _))));
        assert_eq!(ended(Stack::EspIdf), Ok(Path::Root));
    }

    #[test]
    fn a_refusal_is_said_in_a_sentence() {
        let refusal = says(Stack::Arduino2, &[0], None, 24).unwrap_err();
        assert_eq!(refusal.to_string(), "it holds root 1 and is shown root 2");
    }
}
