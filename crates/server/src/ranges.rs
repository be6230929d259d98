//! An artifact, whole or the part that a `Range` names, as ESP-IDF and agents ask for it: single ranges, an end beyond the file
//! clamped, a begin beyond it refused, and to `HEAD` what `GET` would get.

use std::ops::Range;

use otary_fleet::Artifact;

use crate::http1::{Head, Method, Reply, Status};
use crate::sending::{Part, Recipient, Sending};
use crate::visit::Plan;

/// Answers a request for an artifact's bytes. `describe` begins the answer of each status.
pub(crate) fn send(
    head: &Head<'_>,
    artifact: &Artifact,
    recipient: Option<Recipient>,
    describe: impl Fn(Status) -> Reply,
) -> Plan {
    if holds_it_already(head, artifact) {
        return describe(Status::NotModified).into();
    }
    let Ok(range) = head.field("range").map_or(Ok(None), |text| find(text, artifact.size)) else {
        return beyond(Some(artifact.size));
    };
    let (reply, length, part) = match range {
        None => (describe(Status::Ok), artifact.size, Part::Counted(recipient)),
        Some(range) => {
            let (last, size) = (range.end.saturating_sub(1), artifact.size);
            let reply = describe(Status::PartialContent)
                .field("Content-Range", format_args!("bytes {}-{last}/{size}", range.start));
            let length = range.end.saturating_sub(range.start);
            // Whoever wants to be able to go on asks for the range from 0 on.
            let is_all = length == size;
            (reply, length, if is_all { Part::Counted(recipient) } else { Part::Range(range, recipient) })
        }
    };
    if head.method == Method::Head {
        return reply.with_length(length).into();
    }
    Plan::Send(Box::new(Sending {
        artifact: artifact.id,
        size: artifact.size,
        part,
        reply,
        otherwise: Reply::sentence(Status::InternalError, "The artifact cannot be read.\n"),
    }))
}

/// 416: ESP-IDF begins anew.
pub(crate) fn beyond(size: Option<u64>) -> Plan {
    let reply = Reply::empty(Status::RangeNotSatisfiable);
    match size {
        Some(size) => reply.field("Content-Range", format_args!("bytes */{size}")).into(),
        None => reply.into(),
    }
}

/// Whether a request goes on with what was begun: it asks for a part that is not the first.
pub(crate) fn goes_on(head: &Head<'_>) -> bool {
    let range = head.field("range").map(|text| find(text, u64::MAX));
    matches!(range, Some(Ok(Some(Range { start: 1.., .. }))))
}

fn holds_it_already(head: &Head<'_>, artifact: &Artifact) -> bool {
    let tags = head.field("if-none-match").unwrap_or_default();
    tags.split(',').any(|tag| tag.trim().trim_matches('"') == artifact.id.to_string())
}

/// Nothing of a file lies in the range that is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Beyond;

/// The part of a file of `size` bytes that a `Range` names (RFC 9110, section 14.2). None: send it whole, as
/// for several ranges, which no device asks for, and for what is no range of bytes.
///
/// An end beyond the file is clamped: ESP-IDF asks for one byte too many when it resumes.
fn find(text: &str, size: u64) -> Result<Option<Range<u64>>, Beyond> {
    let single = text.trim().strip_prefix("bytes=").filter(|set| !set.contains(','));
    let Some((first, last)) = single.and_then(|range| range.trim().split_once('-')) else { return Ok(None) };
    let number = |text: &str| text.bytes().all(|c| c.is_ascii_digit()).then(|| text.parse::<u64>().ok());
    let range = match (number(first).flatten(), number(last).flatten()) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Some(first), None) if last.is_empty() => first..size,
        (None, Some(suffix)) if first.is_empty() => size.saturating_sub(suffix)..size,
        _ => return Ok(None),
    };
    if range.start < range.end { Ok(Some(range)) } else { Err(Beyond) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_found_and_clamped() {
        for (text, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-", 0..100),
            ("bytes=90-", 90..100),
            ("bytes=0-100", 0..100),
            ("bytes=64-18446744073709551615", 64..100),
            ("bytes=-10", 90..100),
            ("bytes=-1000", 0..100),
        ] {
            assert_eq!(find(text, 100), Ok(Some(range)), "{text}");
        }
    }

    #[test]
    fn what_begins_beyond_the_file_is_refused() {
        for text in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(find(text, 100), Err(Beyond), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_range_gets_the_whole_file() {
        for text in
            ["bytes=0-1,5-6", "bytes=5-1", "bytes=+1-2", "bytes=", "bytes=-", "lines=1-2", "bytes=a-b", ""]
        {
            assert_eq!(find(text, 100), Ok(None), "{text}");
        }
    }
}
