//! Printed lines beside those that were expected.

/// Whether `printed` is what `expected` says.
pub fn matches(expected: &[String], printed: &[&str]) -> bool {
    match (expected.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((wanted, rest)), _) if wanted == "..." => {
            matches(rest, printed) || printed.split_first().is_some_and(|(_, tail)| matches(expected, tail))
        }
        (Some((wanted, rest)), Some((found, tail))) => is_like(wanted, found) && matches(rest, tail),
        _ => false,
    }
}

/// Whether one line is like the other: words are alike, and `[..]` is like anything.
fn is_like(wanted: &str, found: &str) -> bool {
    let narrow = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let (wanted, found) = (narrow(wanted), narrow(found));
    let mut parts = wanted.split("[..]");
    let Some(mut rest) = found.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::matches;

    fn like(expected: &str, printed: &str) -> bool {
        let expected: Vec<String> = expected.lines().map(str::to_owned).collect();
        matches(&expected, &printed.lines().collect::<Vec<_>>())
    }

    #[test]
    fn gaps_and_marked_places_are_free_and_nothing_else() {
        assert!(like("a  b\nc", "a b\nc"));
        assert!(like("seen [..] by [..]!", "seen today by us all!"));
        assert!(like("a\n...\nz", "a\nb\nc\nz") && like("a\n...\nz", "a\nz"));
        for (expected, printed) in
            [("a", "a b"), ("a\nb", "a"), ("a", "a\nb"), ("x[..]y", "xz"), ("[..]b", "bc")]
        {
            assert!(!like(expected, printed), "{expected:?} {printed:?}");
        }
    }
}
