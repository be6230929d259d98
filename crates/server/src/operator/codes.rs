//! The codes of refusals: what programs may rely on. A code is never given another meaning; a new one joins this list, which the
//! description of the API shows. A test reads the sources for codes that are not here.

/// Every code, in alphabetical order. The sentence beside it says what it means in the case at hand.
pub const CODES: &[&str] = &[
    "already-issued",
    "ambiguous-credential",
    "artifact-in-use",
    "authority",
    "bad-cursor",
    "bad-digest",
    "bad-head",
    "bad-query",
    "busy",
    "campaign-stands-otherwise",
    "campaign-would-stop",
    "changed-meanwhile",
    "clock",
    "crashed",
    "digest-mismatch",
    "disabled-token",
    "expired-token",
    "file-name",
    "file-too-large",
    "floor",
    "forged",
    "group-by-query",
    "group-in-use",
    "group-of-both",
    "group-of-groups",
    "group-of-other-product",
    "group-too-large",
    "host",
    "key-in-use",
    "key-reused",
    "key-text",
    "last-owner",
    "locked",
    "long-password",
    "longer-than-a-year",
    "manifest-expired",
    "manifest-otherwise",
    "manifest-unsound",
    "manifest-without-file",
    "mirror-distrusted",
    "mirror-every",
    "mirror-exists",
    "mirror-fetch",
    "mirror-from",
    "mirror-key",
    "mirror-manifest",
    "mirror-token",
    "mirror-trust",
    "mirror-untrusted",
    "mirror-version",
    "next-key-away",
    "no-artifact",
    "no-authority",
    "no-campaign",
    "no-campaign-meant",
    "no-cookie",
    "no-credential",
    "no-device",
    "no-fetcher",
    "no-file",
    "no-group",
    "no-held-key",
    "no-mail",
    "no-method",
    "no-metrics",
    "no-mirror",
    "no-name-for-boards",
    "no-page-authority",
    "no-person",
    "no-product",
    "no-randomness",
    "no-release",
    "no-release-number",
    "no-root-record",
    "no-route",
    "no-session",
    "no-token",
    "no-token-of-that-name",
    "no-way-back",
    "no-webhook",
    "nobody-at-a-time",
    "not-a-firmware",
    "not-a-release-key",
    "not-adopted",
    "not-hashed",
    "not-kept",
    "not-shown",
    "not-signed",
    "not-waited-for",
    "notes-too-long",
    "nothing-new",
    "nothing-to-sign",
    "older-version",
    "other-next-key",
    "other-project",
    "out-of-turn",
    "owner-only",
    "person-exists",
    "private-over-plain-http",
    "product-exists",
    "product-not-known",
    "raw-not-allowed",
    "release-exists",
    "release-in-campaign",
    "release-number-low",
    "release-number-minimum",
    "release-number-taken",
    "release-numbers",
    "release-pinned",
    "release-running",
    "release-wanted",
    "release-withdrawn",
    "request-stalled",
    "reserved-name",
    "risky",
    "roll-back-of-a-group",
    "root-key",
    "root-record",
    "scope-too-small",
    "short-password",
    "signed-out",
    "sketch-form",
    "store-failed",
    "stray-manifest",
    "target-taken",
    "token-by-token",
    "token-days",
    "token-exists",
    "token-grants",
    "tolerated-more-than-all",
    "too-many-attempts",
    "too-many-credentials",
    "too-many-files",
    "too-many-listeners",
    "too-many-mirrors",
    "too-many-tokens",
    "too-many-uploads",
    "too-many-webhooks",
    "two-for-one-chip",
    "two-manifests",
    "unknown-host",
    "unknown-product",
    "unknown-zone",
    "unreadable",
    "unreadable-body",
    "unreadable-path",
    "unreadable-query",
    "upload-cut-off",
    "upload-stalled",
    "upload-too-slow",
    "version-text",
    "via-leads-nowhere",
    "via-not-there",
    "webhook-about",
    "webhook-exists",
    "webhook-name",
    "webhook-url",
    "would-cut-off",
    "wrong-chip",
    "wrong-code",
    "wrong-password",
    "wrong-token",
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::CODES;

    /// The ways to make a problem whose first text is its code.
    const MAKERS: [&str; 5] = ["new(", "not_found(", "conflict(", "bad_request(", "internal("];

    /// The code that stands behind a maker, if one is written out there.
    fn code(behind: &str) -> Option<&str> {
        let (before, text) = behind.split_once('"')?;
        let plain = before.trim().is_empty()
            || before.trim().starts_with("StatusCode::") && before.matches(',').count() == 1;
        let code = text.split_once('"')?.0;
        let is_code = code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        (plain && is_code && !code.is_empty()).then_some(code)
    }

    fn codes_in(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                codes_in(&path, found);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for maker in
                MAKERS.iter().flat_map(|maker| [format!("Problem::{maker}"), format!("Self::{maker}")])
            {
                found.extend(source.split(maker.as_str()).skip(1).filter_map(code).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_code_of_the_sources_is_listed() {
        let mut found = Vec::new();
        codes_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/operator"), &mut found);
        assert!(found.len() > 50, "the sources are read");
        found.retain(|code| !CODES.contains(&code.as_str()));
        assert!(found.is_empty(), "not in CODES: {found:?}");
    }

    #[test]
    fn the_list_is_in_order_and_has_each_once() {
        assert!(CODES.is_sorted_by(|one, next| one < next));
    }
}
