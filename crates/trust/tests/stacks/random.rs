//! Chains put together at random from parts that are good on their own, bad on their own, or odd.

use std::time::{SystemTime, UNIX_EPOCH};

use otary_fleet::Time;
use otary_trust::verdict::Digest;

use crate::cases::{Case, HOST, TODAY, YEAR};
use crate::forge::{
    DIGITAL_SIGNATURE, Draft, Issued, KEY_CERT_SIGN, NAME_CONSTRAINTS, address, dns, p256, tlv,
};
use crate::keys::{Kind, key};

/// The environment variable that chooses the seed.
pub const SEED: &str = "OTARY_SEED";

/// So many cases, and the seed that brings them again.
pub fn cases(count: usize) -> (u64, Vec<Case>) {
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(clock()));
    let mut dice = Dice(seed);
    (seed, (0..count).map(|number| case(number, &mut dice)).collect())
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll() % sides as u64).unwrap()
    }

    /// Once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn choose<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

fn case(number: usize, dice: &mut Dice) -> Case {
    let [root, other] = [("root", 0), ("other", 3)].map(|(name, number)| {
        let draft = authority(dice, name, number);
        let own = draft.key.kind;
        checkable(draft, own).self_signed()
    });
    let mut down = vec![root.clone()];
    for step in 0..dice.choose(&[0, 0, 0, 1, 1, 2, 3]) {
        let name = dice.choose(&["between", "between", "lower", "root"]);
        let next = authority(dice, name, 4 + step);
        let issuer = if dice.once_in(12) { &other } else { &down[down.len() - 1] };
        down.push(checkable(next, issuer.key.kind).by(issuer));
    }
    let server = server(dice);
    let last = &down[down.len() - 1];
    let leaf = if dice.once_in(6) {
        let own = server.key.kind;
        checkable(server, own).self_signed()
    } else {
        checkable(server, last.key.kind).by(last)
    };
    let mut chain: Vec<_> = std::iter::once(leaf.clone()).chain(down[1..].iter().rev().cloned()).collect();
    disturb(dice, &mut chain, &[root.clone(), other.clone()]);
    let anchors = anchors(dice, &root, &other, &leaf, &down[down.len() - 1]);
    let case = Case::new(
        &format!("number {number}"),
        &anchors.iter().collect::<Vec<_>>(),
        &chain.iter().collect::<Vec<_>>(),
    );
    let host = dice.choose(&[HOST, HOST, HOST, HOST, "OTA.lan", "other.lan", "192.168.1.5", "a.ota.lan"]);
    case.to(host).at(dice.choose(&[
        TODAY,
        TODAY,
        TODAY,
        TODAY + YEAR * 12,
        TODAY + YEAR * 30,
        Time::from_secs(9_000),
    ]))
}

/// With SHA-256 instead of a digest for which this kind of key has no algorithm in AWS-LC.
fn checkable(draft: Draft, signer: Kind) -> Draft {
    match (signer, draft.digest) {
        (Kind::P384, Digest::Sha1) | (Kind::Rsa(1024), Digest::Sha384) | (Kind::K256, _) => {
            draft.digest(Digest::Sha256)
        }
        _ => draft,
    }
}

/// A CA, mostly a good one.
fn authority(dice: &mut Dice, name: &str, number: u32) -> Draft {
    let kind =
        dice.choose(&[Kind::P256, Kind::P256, Kind::P256, Kind::P384, Kind::Rsa(2048), Kind::Rsa(1024)]);
    let kind = if dice.once_in(40) { Kind::Ed25519 } else { kind };
    let mut draft = Draft::new(name, key(kind, if kind == Kind::P256 { number } else { 0 }));
    let most = dice.choose(&[None, None, None, Some(0), Some(1)]);
    draft = match dice.below(12) {
        0 => draft,
        1 => draft.authorized(false, None),
        _ => draft.authorized(true, most),
    };
    draft = match dice.below(6) {
        0 => draft,
        1 => draft.usage(DIGITAL_SIGNATURE),
        _ => draft.usage(KEY_CERT_SIGN),
    };
    if dice.once_in(15) {
        let constraints = tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x30, &dns("other.lan")))));
        draft = draft.with(NAME_CONSTRAINTS, dice.once_in(3), &constraints);
    }
    life(dice, draft)
}

/// A server's certificate, mostly a good one.
fn server(dice: &mut Dice) -> Draft {
    let kind =
        dice.choose(&[Kind::P256, Kind::P256, Kind::P256, Kind::Rsa(2048), Kind::Rsa(1024), Kind::K256]);
    let name = dice.choose(&[HOST, "x", "192.168.1.5"]);
    let mut draft = Draft::new(name, key(kind, 1));
    let names = [
        vec![dns(HOST)],
        vec![dns("other.lan"), dns(HOST)],
        vec![dns("*.lan")],
        vec![dns("192.168.1.5"), address(&[192, 168, 1, 5])],
        vec![address(&[192, 168, 1, 5])],
        vec![],
    ];
    if !dice.once_in(5) {
        draft = draft.names(&dice.choose(&names));
    }
    draft = match dice.below(8) {
        0 => draft.usage(KEY_CERT_SIGN),
        1 | 2 => draft.usage(DIGITAL_SIGNATURE),
        3 => draft.authorized(true, None),
        4 => draft.authorized(false, None),
        5 => draft.purposes(&[&[1, 3, 6, 1, 5, 5, 7, 3, 2]]),
        _ => draft,
    };
    life(dice, draft)
}

fn life(dice: &mut Dice, draft: Draft) -> Draft {
    let draft = match dice.below(10) {
        0 => draft.life(TODAY - YEAR * 2, TODAY - YEAR),
        1 => draft.life(TODAY + YEAR, TODAY + YEAR * 20),
        2..=4 => draft.life(TODAY - YEAR, TODAY + YEAR * 40),
        _ => draft,
    };
    if dice.once_in(12) {
        draft.digest(dice.choose(&[Digest::Sha1, Digest::Sha384, Digest::Sha512]))
    } else {
        draft
    }
}

/// What careless servers do to a chain.
fn disturb(dice: &mut Dice, chain: &mut Vec<Issued>, more: &[Issued]) {
    match dice.below(12) {
        0 if chain.len() > 1 => chain[1..].reverse(),
        1 if chain.len() > 1 => drop(chain.remove(1)),
        2 => chain.insert(1, dice.choose(more)),
        3 => chain.push(dice.choose(more)),
        4 => chain.push(chain[0].clone()),
        5 => {
            let at = dice.below(chain.len());
            let byte = chain[at].der.len() - 1;
            chain[at].der[byte] ^= 1;
        }
        _ => {}
    }
}

fn anchors(dice: &mut Dice, root: &Issued, other: &Issued, leaf: &Issued, last: &Issued) -> Vec<Issued> {
    let again = Draft::authority("root", root.key.clone()).self_signed();
    let stranger = Draft::authority("root", p256(9)).self_signed();
    let mut anchors = vec![match dice.below(10) {
        0 => other.clone(),
        1 | 2 => leaf.clone(),
        3 => last.clone(),
        _ => root.clone(),
    }];
    for _ in 0..dice.choose(&[0, 0, 1, 2]) {
        let more = dice.choose(&[root, other, leaf, &again, &stranger]).clone();
        let at = dice.below(anchors.len() + 1);
        anchors.insert(at, more);
    }
    anchors
}
