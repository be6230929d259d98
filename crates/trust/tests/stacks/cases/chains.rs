//! What a server sends besides its own certificate.

use super::{Case, HOST, between, leaf, root};
use crate::forge::{Draft, Issued, KEY_CERT_SIGN, NAME_CONSTRAINTS, dns, p256, tlv};
use crate::keys::{Kind, key};

pub fn cases() -> Vec<Case> {
    [intermediates(), path_lengths(), long(), others(), rollovers()].concat()
}

/// A CA that may sign certificates, with a path length.
fn limited(common_name: &str, number: u32, most: u8) -> Draft {
    Draft::new(common_name, p256(number)).authorized(true, Some(most)).usage(KEY_CERT_SIGN)
}

fn intermediates() -> Vec<Case> {
    let (root, other) = (root(), Draft::authority("other", p256(3)).self_signed());
    let good = between().by(&root);
    let below = leaf().by(&good);
    let unmarked = Draft::new("between", p256(2)).by(&root);
    let denied = Draft::new("between", p256(2)).authorized(false, None).by(&root);
    let critical = tlv(0x30, &tlv(0xa0, &tlv(0x30, &dns(HOST))));
    let constrained = between().with(NAME_CONSTRAINTS, true, &critical).by(&root);
    let forged = between().by(&other);
    let forged = Issued { der: forged.der, ..good.clone() };
    let rsa = Draft::authority("between", key(Kind::Rsa(2048), 2)).by(&root);
    vec![
        Case::new("through an intermediate", &[&root], &[&below, &good]),
        Case::new("missing intermediate", &[&root], &[&below]),
        Case::new("intermediate that is no CA", &[&root], &[&below, &denied]),
        Case::new("intermediate without basicConstraints", &[&root], &[&below, &unmarked]),
        Case::new("intermediate with critical name constraints", &[&root], &[&below, &constrained]),
        Case::new("intermediate that another root has signed", &[&root], &[&below, &forged]),
        Case::new("intermediate with another kind of key", &[&root], &[&below, &rsa]),
        Case::new("intermediate as the anchor, root not known", &[&good], &[&below, &good]),
        Case::new(
            "server's certificate signed by another server's",
            &[&root],
            &[&Draft::new("x", p256(4)).names(&[dns(HOST)]).by(&below), &below, &good],
        ),
    ]
}

fn path_lengths() -> Vec<Case> {
    let root = root();
    let (none, one) = (limited("root", 0, 0).self_signed(), limited("root", 0, 1).self_signed());
    let short = limited("between", 2, 0).by(&root);
    let lower = Draft::authority("lower", p256(4)).by(&short);
    let myself = Draft::authority("between", p256(4)).by(&short);
    let chain = |root: &Issued| between().by(root);
    let twice = |top: &Issued| {
        let first = between().by(top);
        let second = Draft::authority("between", p256(4)).by(&first);
        [leaf().by(&second), second, first]
    };
    let middle = limited("middle", 5, 1).by(&root);
    let [to_root, to_middle] = [twice(&one), twice(&middle)];
    vec![
        Case::new("path length 0 and none between", &[&none], &[&leaf().by(&none)]),
        Case::new(
            "path length 0 of the root and one between",
            &[&none],
            &[&leaf().by(&chain(&none)), &chain(&none)],
        ),
        Case::new(
            "path length 1 of the root and one between",
            &[&one],
            &[&leaf().by(&chain(&one)), &chain(&one)],
        ),
        Case::new("path length 0 of an intermediate", &[&root], &[&leaf().by(&short), &short]),
        Case::new(
            "path length 0 of an intermediate and one below it",
            &[&root],
            &[&leaf().by(&lower), &lower, &short],
        ),
        Case::new(
            "path length 0 and one of the same name below it",
            &[&root],
            &[&leaf().by(&myself), &myself, &short],
        ),
        Case::new("path length 1 of the root and two of one name between", &[&one], &to_root.each_ref()),
        Case::new(
            "path length 1 of an intermediate and two of one name below it",
            &[&root],
            &[&to_middle[0], &to_middle[1], &to_middle[2], &middle],
        ),
    ]
}

/// So many certificates between the server's and the root.
fn through(count: u32) -> Case {
    let root = root();
    let mut down = vec![root.clone()];
    for number in 0..count {
        let next = Draft::authority(&format!("step {number}"), p256(10 + number)).by(&down[down.len() - 1]);
        down.push(next);
    }
    let leaf = leaf().by(&down[down.len() - 1]);
    let chain: Vec<_> = std::iter::once(&leaf).chain(down[1..].iter().rev()).collect();
    Case::new(&format!("{count} certificates between"), &[&root], &chain)
}

fn long() -> Vec<Case> {
    vec![through(2), through(7), through(8), through(9)]
}

fn others() -> Vec<Case> {
    let (root, stranger) = (root(), Draft::authority("stranger", p256(3)).self_signed());
    let good = between().by(&root);
    let (below, direct) = (leaf().by(&good), leaf().by(&root));
    let edwards = Draft::authority("edwards", key(Kind::Ed25519, 0));
    let (by_edwards, of_edwards) = (edwards.self_signed(), edwards.by(&root));
    let strange = Draft::new("strange", p256(3)).by(&by_edwards);
    let garbage = Issued { der: vec![0x30, 3, 2, 1, 5], ..root.clone() };
    let mut longer = direct.clone();
    longer.der.push(0);
    let one = Draft::new("leaf", p256(1)).names(&[dns(HOST)]);
    vec![
        Case::new("root sent, too", &[&root], &[&direct, &root]),
        Case::new("own certificate sent twice", &[&root], &[&direct, &direct]),
        Case::new(
            "intermediates in the wrong order",
            &[&root],
            &[
                &leaf().by(&Draft::authority("lower", p256(4)).by(&good)),
                &good,
                &Draft::authority("lower", p256(4)).by(&good),
            ],
        ),
        Case::new("root before the intermediate", &[&root], &[&below, &root, &good]),
        Case::new("unrelated certificate before the intermediate", &[&root], &[&below, &stranger, &good]),
        Case::new("unrelated certificate behind the chain", &[&root], &[&direct, &stranger]),
        Case::new("unreadable key behind the chain", &[&root], &[&direct, &of_edwards]),
        Case::new("unknown signature behind the chain", &[&root], &[&direct, &strange]),
        Case::new("unknown signature under the server's own", &[&root], &[&one.by(&by_edwards)]),
        Case::new("garbage behind the chain", &[&root], &[&direct, &garbage]),
        Case::new("garbage alone", &[&root], &[&garbage]),
        Case::new("nothing", &[&root], &[]),
        Case::new("a byte behind the server's certificate", &[&root], &[&longer]),
    ]
}

fn rollovers() -> Vec<Case> {
    let old = Draft::authority("old root", p256(0)).self_signed();
    let new = Draft::authority("new root", p256(3));
    let (cross, new) = (new.by(&old), new.self_signed());
    let leaf = leaf().by(&new);
    vec![
        Case::new("cross-signed root sent, old anchor", &[&old], &[&leaf, &cross]),
        Case::new("cross-signed root sent, new anchor", &[&new], &[&leaf, &cross]),
        Case::new("cross-signed root sent, both anchors", &[&old, &new], &[&leaf, &cross]),
        Case::new("cross-signed root not sent, old anchor", &[&old], &[&leaf]),
        Case::new("cross-signed root not sent, both anchors", &[&old, &new], &[&leaf]),
        Case::new("cross-signed root itself as the anchor", &[&cross], &[&leaf]),
    ]
}
