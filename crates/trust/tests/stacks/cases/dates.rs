//! When a certificate begins and ends, and what the clock says.

use std::time::Duration;

use otary_fleet::Time;

use super::{Case, TODAY, YEAR, between, by_root, leaf, root};
use crate::forge::{Draft, dns, p256};

pub fn cases() -> Vec<Case> {
    let second = Duration::from_secs(1);
    let expired = (TODAY - YEAR * 2, TODAY - YEAR);
    let future = (TODAY + YEAR, TODAY + YEAR * 2);
    let of = |(from, until)| leaf().life(from, until);
    let beyond = of((TODAY, TODAY + YEAR * 40));
    let old_root = Draft::authority("root", p256(0)).life(expired.0, expired.1).self_signed();
    let later_root = Draft::authority("root", p256(0)).life(future.0, future.1).self_signed();
    let root = root();
    let old_between = between().life(expired.0, expired.1).by(&root);
    let new_between = between().by(&root);
    let below = leaf().by(&new_between);
    vec![
        by_root("good", &leaf()),
        by_root("expired", &of(expired)),
        by_root("not yet valid", &of(future)),
        by_root("in its first second", &of((TODAY, TODAY + YEAR))),
        by_root("a second before its beginning", &of((TODAY + second, TODAY + YEAR))),
        by_root("in its last second", &of((TODAY - YEAR, TODAY))),
        by_root("a second after its end", &of((TODAY - YEAR, TODAY - second))),
        by_root("clock at 1970", &leaf()).at(Time::from_secs(100_000)),
        by_root("ends after 2038", &of((TODAY, TODAY + YEAR * 15))).at(TODAY + YEAR * 5),
        by_root("ends after 2050", &beyond),
        by_root("ended before, in 2068", &beyond).at(TODAY + YEAR * 41),
        by_root("expired and for another name", &of(expired)).to("other.lan"),
        by_root("expired and for clients", &of(expired).purposes(&[&[1, 3, 6, 1, 5, 5, 7, 3, 2]])),
        Case::new("expired root", &[&old_root], &[&leaf().by(&old_root)]),
        Case::new("root not yet valid", &[&later_root], &[&leaf().by(&later_root)]),
        Case::new("root expired, and once more renewed", &[&old_root, &root], &[&leaf().by(&root)]),
        Case::new("expired intermediate", &[&root], &[&below, &old_between]),
        Case::new(
            "expired intermediate, and once more renewed",
            &[&root],
            &[&below, &old_between, &new_between],
        ),
        Case::new("expired, by nobody known", &[&other()], &[&of(expired).by(&root)]),
        Case::new("an expired certificate behind the chain", &[&root], &[&leaf().by(&root), &old_between]),
    ]
}

fn other() -> crate::forge::Issued {
    Draft::authority("other", p256(3)).names(&[dns("other.lan")]).self_signed()
}
