//! What the device holds.

use super::{Case, HOST, TODAY, YEAR, leaf, root};
use crate::forge::{Draft, Issued, KEY_CERT_SIGN, NAME_CONSTRAINTS, dns, name, p256, tlv};
use crate::keys::{Kind, key};

pub fn cases() -> Vec<Case> {
    [own(), renewed(), odd(), lists()].concat()
}

fn own() -> Vec<Case> {
    let bare = || Draft::new(HOST, p256(1));
    let (ca, no_ca) =
        (bare().authorized(true, None).self_signed(), bare().authorized(false, None).self_signed());
    let unmarked = bare().self_signed();
    let of_ca = leaf().by(&root());
    let below = |issuer: &Issued| leaf().by(issuer);
    vec![
        Case::new("self-signed, CA:TRUE, as its own anchor", &[&ca], &[&ca]),
        Case::new("self-signed, CA:FALSE, as its own anchor", &[&no_ca], &[&no_ca]),
        Case::new("self-signed, no basicConstraints, as its own anchor", &[&unmarked], &[&unmarked]),
        Case::new("self-signed, as its own anchor, for another name", &[&ca], &[&ca]).to("other.lan"),
        Case::new("self-signed, as its own anchor, expired", &[&ca], &[&ca]).at(TODAY + YEAR * 20),
        Case::new("self-signed, nowhere an anchor", &[&root()], &[&ca]),
        Case::new("signed by a self-signed CA:FALSE", &[&no_ca], &[&below(&no_ca)]),
        Case::new("signed by a self-signed one without basicConstraints", &[&unmarked], &[&below(&unmarked)]),
        Case::new("a CA's server certificate as its own anchor", &[&of_ca], &[&of_ca]),
    ]
}

fn renewed() -> Vec<Case> {
    let later = |draft: Draft| draft.life(TODAY - YEAR, TODAY + YEAR * 15);
    let bare = || Draft::new(HOST, p256(1));
    let marked = || Draft::new(HOST, p256(1)).authorized(true, None);
    let (root, of_ca) = (root(), leaf().by(&root()));
    let new_root = later(Draft::authority("root", p256(0))).self_signed();
    let other_key = Draft::new(HOST, p256(4)).authorized(true, None).self_signed();
    let foreign = leaf().by(&Draft::authority("other", p256(3)).self_signed());
    vec![
        Case::new(
            "self-signed CA:TRUE renewed with its key",
            &[&marked().self_signed()],
            &[&later(marked()).self_signed()],
        ),
        Case::new(
            "self-signed without CA renewed with its key",
            &[&bare().self_signed()],
            &[&later(bare()).self_signed()],
        ),
        Case::new("self-signed CA:TRUE renewed with another key", &[&marked().self_signed()], &[&other_key]),
        Case::new("root renewed with its key", &[&root], &[&leaf().by(&new_root)]),
        Case::new(
            "root renewed with its key, the old one held as well",
            &[&new_root, &root],
            &[&leaf().by(&root)],
        ),
        Case::new(
            "a CA's server certificate renewed, the old one as the anchor",
            &[&of_ca],
            &[&later(leaf()).by(&root)],
        ),
        Case::new(
            "the same subject and key by another CA, the old one as the anchor",
            &[&of_ca],
            &[&foreign],
        ),
    ]
}

fn odd() -> Vec<Case> {
    let mut old = Draft::new("root", p256(0));
    old.version = 1;
    let old = old.self_signed();
    let permitted = |host: &str| tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x30, &dns(host)))));
    let constrained = |critical, host: &str| {
        let draft = Draft::authority("root", p256(0));
        draft.with(NAME_CONSTRAINTS, critical, &permitted(host)).self_signed()
    };
    let (strict, strict_other) = (constrained(true, HOST), constrained(true, "other.lan"));
    let loose_other = constrained(false, "other.lan");
    let renamed = |tag, text: &str| {
        let mut draft = Draft::new("root", p256(0)).authorized(true, None).usage(KEY_CERT_SIGN);
        draft.subject = name(tag, text);
        draft.self_signed()
    };
    let mut nameless = Draft::authority("", p256(0));
    nameless.subject = vec![0x30, 0];
    let nameless = nameless.self_signed();
    let by = |root: &Issued| leaf().by(root);
    let good = root();
    vec![
        Case::new("version 1 root", &[&old], &[&by(&old)]),
        Case::new("critical name constraints that allow the name", &[&strict], &[&by(&strict)]),
        Case::new("critical name constraints that forbid the name", &[&strict_other], &[&by(&strict_other)]),
        Case::new("name constraints that forbid the name", &[&loose_other], &[&by(&loose_other)]),
        Case::new("root whose name is in capitals", &[&renamed(0x0c, "ROOT")], &[&by(&good)]),
        Case::new("root whose name is a PrintableString", &[&renamed(0x13, "root")], &[&by(&good)]),
        Case::new("root whose name is a TeletexString", &[&renamed(0x14, "root")], &[&by(&good)]),
        Case::new("root without a name", &[&nameless], &[&by(&nameless)]),
    ]
}

fn lists() -> Vec<Case> {
    let (good, other) = (root(), Draft::authority("other", p256(3)).self_signed());
    let edwards = Draft::authority("edwards", key(Kind::Ed25519, 0)).self_signed();
    let mut longer = good.clone();
    longer.der.push(0);
    let leaf = leaf().by(&good);
    vec![
        Case::new("another root", &[&other], &[&leaf]),
        Case::new("two roots, the second is it", &[&other, &good], &[&leaf]),
        Case::new("the same root twice", &[&good, &good], &[&leaf]),
        Case::new("an unreadable root before the good one", &[&edwards, &good], &[&leaf]),
        Case::new("an unreadable root behind the good one", &[&good, &edwards], &[&leaf]),
        Case::new("none but an unreadable root", &[&edwards], &[&leaf]),
        Case::new("a byte behind the root", &[&longer], &[&leaf]),
        Case::new("no root", &[], &[&leaf]),
    ]
}
