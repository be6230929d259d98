//! Each rule is there for a reason: with any one of them changed, some named case comes out differently.

use otary_trust::verdict::{Curve, Digest, Extension, Flags, Library, Pinned, Rules, Walk, judge};

use crate::cases::{Case, as_meetings, named};

/// The rules with one changed, and what was changed.
type Mutant = (String, Rules);

macro_rules! flipped {
    ($rules:ident: $($field:ident),*) => {
        vec![$((stringify!($field).to_owned(), Rules { $field: !$rules.$field, ..*$rules })),*]
    };
}

fn mutants(rules: &Rules) -> Vec<Mutant> {
    let mut mutants = switches(rules);
    mutants.extend(choices(rules));
    mutants.extend(limits(rules));
    mutants.extend(lists(rules));
    mutants
}

/// Names every field: a new rule does not compile until it is changed somewhere here.
fn switches(rules: &Rules) -> Vec<Mutant> {
    let Rules {
        dates: _,
        tells_future: _,
        whole_anchors: _,
        v1_anchors: _,
        passes_over_anchors: _,
        passes_over_chain: _,
        folds_names: _,
        empty_issuer: _,
        ip_names: _,
        uri_names: _,
        wildcards: _,
        empty_labels: _,
        hides_common_name: _,
        server_usage: _,
        non_repudiation: _,
        extended_usage: _,
        issuer_usage: _,
        empty_usage: _,
        issuer_is_ca: _,
        path_length: _,
        counts_self_issued: _,
        pss: _,
        whole_bytes: _,
        any_policy_only: _,
        key_ids: _,
        repeated_extensions: _,
        trailing_bytes: _,
        both_algorithms: _,
        // In the functions below.
        walk: _,
        pinned: _,
        most_between: _,
        weakest_digest: _,
        smallest_rsa: _,
        largest_rsa: _,
        curves: _,
        strong_curves: _,
        critical: _,
    } = rules;
    flipped!(rules: dates, tells_future, whole_anchors, v1_anchors, passes_over_anchors, passes_over_chain,
        folds_names, empty_issuer, ip_names, uri_names, wildcards, empty_labels, hides_common_name,
        server_usage, non_repudiation, extended_usage, issuer_usage, empty_usage, issuer_is_ca, path_length,
        counts_self_issued, pss, whole_bytes, any_policy_only, key_ids, repeated_extensions, trailing_bytes,
        both_algorithms)
}

fn choices(rules: &Rules) -> Vec<Mutant> {
    let walk = if rules.walk == Walk::Search { Walk::InOrder } else { Walk::Search };
    let pinned = if rules.pinned == Pinned::Key { Pinned::Certificate } else { Pinned::Key };
    vec![("walk".to_owned(), Rules { walk, ..*rules }), ("pinned".to_owned(), Rules { pinned, ..*rules })]
}

fn limits(rules: &Rules) -> Vec<Mutant> {
    let (smaller, larger) = (rules.smallest_rsa, rules.largest_rsa);
    let most = rules.most_between.unwrap_or(8);
    let digests = [Digest::Sha1, Digest::Sha224, Digest::Sha256, Digest::Sha384];
    let at = digests.iter().position(|digest| *digest == rules.weakest_digest).unwrap();
    let mut mutants = vec![
        ("one certificate less between".to_owned(), Rules { most_between: Some(most - 1), ..*rules }),
        ("one certificate more between".to_owned(), Rules { most_between: Some(most + 1), ..*rules }),
        ("longer keys only".to_owned(), Rules { smallest_rsa: smaller + 1, ..*rules }),
        ("shorter keys, too".to_owned(), Rules { smallest_rsa: smaller - 1, ..*rules }),
        ("keys up to 512 bits longer".to_owned(), Rules { largest_rsa: larger + 512, ..*rules }),
        ("keys up to 512 bits shorter".to_owned(), Rules { largest_rsa: larger - 512, ..*rules }),
        ("stronger digests only".to_owned(), Rules { weakest_digest: digests[at + 1], ..*rules }),
    ];
    if at > 0 {
        mutants.push(("a weaker digest".to_owned(), Rules { weakest_digest: digests[at - 1], ..*rules }));
    }
    mutants
}

/// One entry less, one entry more.
fn changed<T: Copy + PartialEq>(list: &[T], entry: T) -> &'static [T] {
    let mut changed = list.to_vec();
    if list.contains(&entry) {
        changed.retain(|other| *other != entry);
    } else {
        changed.push(entry);
    }
    Vec::leak(changed)
}

fn lists(rules: &Rules) -> Vec<Mutant> {
    let extensions = EXTENSIONS.iter().map(|&extension| {
        (format!("critical {extension:?}"), Rules { critical: changed(rules.critical, extension), ..*rules })
    });
    let curves = CURVES.iter().flat_map(|&curve| {
        let readable = Rules { curves: changed(rules.curves, curve), ..*rules };
        let strong = Rules { strong_curves: changed(rules.strong_curves, curve), ..*rules };
        [(format!("readable {curve:?}"), readable), (format!("strong {curve:?}"), strong)]
    });
    extensions.chain(curves).collect()
}

const EXTENSIONS: [Extension; 15] = [
    Extension::BasicConstraints,
    Extension::KeyUsage,
    Extension::ExtendedKeyUsage,
    Extension::SubjectAltName,
    Extension::NetscapeType,
    Extension::Policies,
    Extension::SubjectKeyId,
    Extension::AuthorityKeyId,
    Extension::IssuerAltName,
    Extension::DirectoryAttributes,
    Extension::CrlPoints,
    Extension::FreshestCrl,
    Extension::AuthorityAccess,
    Extension::SubjectAccess,
    Extension::NameConstraints,
];

const CURVES: [Curve; 7] =
    [Curve::P192, Curve::P224, Curve::P256, Curve::P384, Curve::P521, Curve::K256, Curve::Brainpool];

fn flags(rules: &Rules, cases: &[Case]) -> Vec<Flags> {
    as_meetings(cases, |meetings| meetings.iter().map(|meeting| judge(rules, meeting).flags).collect())
}

#[test]
fn with_any_one_rule_changed_some_named_case_comes_out_differently() {
    let cases: Vec<_> = named().into_iter().flat_map(|(_, cases)| cases).collect();
    let mut noticed = std::collections::BTreeMap::<String, bool>::new();
    for library in Library::ALL {
        let rules = Rules::of(library, true);
        let expected = flags(&rules, &cases);
        for (name, mutant) in mutants(&rules) {
            *noticed.entry(name).or_default() |= flags(&mutant, &cases) != expected;
        }
    }
    let unnoticed: Vec<_> = noticed.iter().filter(|(_, noticed)| !**noticed).collect();
    assert!(noticed.len() > 60 && unnoticed.is_empty(), "nobody notices: {unnoticed:?}");
}
