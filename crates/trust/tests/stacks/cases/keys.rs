//! Kinds of keys, digests and signatures.

use otary_trust::verdict::Digest;

use super::{Case, HOST, TODAY, by_root, leaf, root};
use crate::forge::{Draft, Issued, dns, p256};
use crate::keys::{Kind, key};

pub fn cases() -> Vec<Case> {
    [of_servers(), of_roots(), digests(), broken()].concat()
}

fn of_servers() -> Vec<Case> {
    let of = |name: &str, kind| by_root(name, &Draft::new("leaf", key(kind, 1)).names(&[dns(HOST)]));
    vec![
        of("RSA-1024", Kind::Rsa(1024)),
        of("RSA-1016", Kind::Rsa(1016)),
        of("RSA-2047", Kind::Rsa(2047)),
        of("RSA-2048", Kind::Rsa(2048)),
        of("RSA-3072", Kind::Rsa(3072)),
        of("RSA-4096", Kind::Rsa(4096)),
        of("RSA-4608", Kind::Rsa(4608)),
        of("P-192", Kind::P192),
        of("P-224", Kind::P224),
        of("P-384", Kind::P384),
        of("P-521", Kind::P521),
        of("secp256k1", Kind::K256),
        of("Brainpool P256r1", Kind::Brainpool),
        of("Ed25519", Kind::Ed25519),
        of("Ed25519, expired", Kind::Ed25519).at(TODAY + super::YEAR * 20),
    ]
}

fn with_root(name: &str, kind: Kind) -> Case {
    let root = Draft::authority("root", key(kind, 0)).self_signed();
    Case::new(name, &[&root], &[&leaf().by(&root)])
}

fn of_roots() -> Vec<Case> {
    vec![
        with_root("root of RSA-1024", Kind::Rsa(1024)),
        with_root("root of RSA-2048", Kind::Rsa(2048)),
        with_root("root of RSA-4096", Kind::Rsa(4096)),
        with_root("root of P-384", Kind::P384),
        with_root("root of P-521", Kind::P521),
        with_root("root of secp256k1", Kind::K256),
        with_root("root of Ed25519", Kind::Ed25519),
    ]
}

fn signed(name: &str, kind: Kind, draft: &Draft) -> Case {
    let root = Draft::authority("root", key(kind, 0)).self_signed();
    Case::new(name, &[&root], &[&draft.by(&root)])
}

fn digests() -> Vec<Case> {
    let own = Draft::new(HOST, p256(1)).digest(Digest::Sha1).self_signed();
    let mut pss = leaf();
    pss.pss = true;
    let old_root = Draft::authority("root", p256(0)).digest(Digest::Sha1).self_signed();
    vec![
        signed("SHA-1 with ECDSA", Kind::P256, &leaf().digest(Digest::Sha1)),
        signed("SHA-1 with RSA", Kind::Rsa(2048), &leaf().digest(Digest::Sha1)),
        signed("SHA-224 with ECDSA", Kind::P521, &leaf().digest(Digest::Sha224)),
        signed("SHA-384 with ECDSA on P-256", Kind::P256, &leaf().digest(Digest::Sha384)),
        signed("SHA-256 with ECDSA on P-384", Kind::P384, &leaf()),
        signed("SHA-512 with RSA", Kind::Rsa(2048), &leaf().digest(Digest::Sha512)),
        signed("SHA-384 with RSA", Kind::Rsa(2048), &leaf().digest(Digest::Sha384)),
        signed("RSASSA-PSS", Kind::Rsa(2048), &pss),
        Case::new("SHA-1 under the root alone", &[&old_root], &[&leaf().by(&old_root)]),
        Case::new("SHA-1, self-signed, as its own anchor", &[&own], &[&own]),
    ]
}

fn broken() -> Vec<Case> {
    let root = root();
    let good = leaf().by(&root);
    let changed = |at: fn(usize) -> usize| {
        let mut der = good.der.clone();
        let at = at(der.len());
        der[at] ^= 1;
        Issued { der, ..good.clone() }
    };
    let stranger = Draft::authority("root", p256(3)).self_signed();
    let mut two = good.clone();
    // The algorithm outside is the last but one part: SHA-256 becomes SHA-384.
    let inside = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    let at = two.der.windows(8).rposition(|window| window == inside).unwrap() + 7;
    two.der[at] = 3;
    vec![
        Case::new("a changed bit in its serial number", &[&root], &[&changed(|_| 15)]),
        Case::new("a changed bit in its signature", &[&root], &[&changed(|len| len - 1)]),
        Case::new("root of the same name with another key", &[&stranger], &[&good]),
        Case::new("two roots of one name, the second has signed", &[&stranger, &root], &[&good]),
        Case::new("another algorithm outside than inside", &[&root], &[&two]),
    ]
}
