//! `/artifact/{sha256}`: an artifact by its name, whole or in ranges, and its checksums as `md5sum` and `sha256sum`
//! print them.
//!
//! The URL names the bytes, so what it answers never changes: a client that fetches ranges over days never gets a mix.
//! What no release offers any more is 410, also for a client that has half of it: a withdrawn image may be one
//! that breaks devices, and a device that stops half way keeps what it runs.

use std::ops::Range;

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
    RANGE,
};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use otary_fleet::{Artifact, Catalogue, Sha256, Transport};

use crate::answer::{Answered, empty, file, sentence};
use crate::body::Body;
use crate::download::{count, file_name, insert_text, load, name_file};
use crate::visit::Visit;

/// What of an artifact is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Bytes,
    Md5,
    Sha256,
}

/// Answers a request for what is behind `/artifact/`.
pub(crate) async fn answer(visit: &Visit, head: &Parts, name: &str) -> Answered {
    let catalogue = visit.shared.store.catalogue();
    let found = parse(name).and_then(|(id, asked)| Some((catalogue.artifact(&id)?, asked)));
    let Some((artifact, asked)) = found else {
        return match visit.transport {
            Transport::Https => sentence(StatusCode::NOT_FOUND, "There is no such artifact.\n"),
            Transport::Http => visit.forbid("no product that allows plain HTTP has this artifact"),
        };
    };
    if visit.transport == Transport::Http && !allows_plain(&catalogue, artifact) {
        return visit.forbid("no product that allows plain HTTP has this artifact");
    }
    if !is_offered(&catalogue, artifact) {
        return sentence(StatusCode::GONE, "No release offers this artifact any more.\n");
    }
    match asked {
        Asked::Bytes => bytes(visit, head, artifact).await,
        Asked::Md5 => checksum(&artifact.md5.to_string(), artifact),
        Asked::Sha256 => checksum(&artifact.id.to_string(), artifact),
    }
}

fn parse(name: &str) -> Option<(Sha256, Asked)> {
    let (digest, asked) = match name.split_once('.') {
        None => (name, Asked::Bytes),
        Some((digest, "md5")) => (digest, Asked::Md5),
        Some((digest, "sha256")) => (digest, Asked::Sha256),
        Some(_) => return None,
    };
    Some((digest.parse().ok()?, asked))
}

fn is_offered(catalogue: &Catalogue, artifact: &Artifact) -> bool {
    catalogue.all_releases().any(|r| r.withdrawn.is_none() && r.artifacts.contains(&artifact.id))
}

fn allows_plain(catalogue: &Catalogue, artifact: &Artifact) -> bool {
    catalogue.products().filter(|product| product.allow_plain_http).any(|product| {
        let mut releases = catalogue.releases(&product.name).iter();
        releases.any(|r| r.withdrawn.is_none() && r.artifacts.contains(&artifact.id))
    })
}

fn checksum(digest: &str, artifact: &Artifact) -> Answered {
    file("text/plain; charset=utf-8", format!("{digest}  {}\n", file_name(artifact)))
}

async fn bytes(visit: &Visit, head: &Parts, artifact: &Artifact) -> Answered {
    if holds_it_already(&head.headers, artifact) {
        return describe(Response::new(Body::empty()), StatusCode::NOT_MODIFIED, artifact);
    }
    let range = head.headers.get(RANGE).and_then(|value| value.to_str().ok());
    let Ok(range) = range.map_or(Ok(None), |text| find_range(text, artifact.size)) else {
        let mut answer = empty(StatusCode::RANGE_NOT_SATISFIABLE);
        insert_text(answer.headers_mut(), CONTENT_RANGE, format!("bytes */{}", artifact.size));
        return answer;
    };
    let length = range.as_ref().map_or(artifact.size, |range| range.end - range.start);
    let body = match (head.method == Method::HEAD, range.clone()) {
        (true, _) => Some(Body::empty()),
        (false, None) => load(visit, artifact).await.map(|bytes| count(visit, artifact, bytes, None)),
        (false, Some(range)) => load(visit, artifact).await.map(|bytes| Body::of(part(&bytes, &range))),
    };
    let Some(body) = body else {
        return sentence(StatusCode::INTERNAL_SERVER_ERROR, "The artifact cannot be read.\n");
    };
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut answer = describe(Response::new(body), status, artifact);
    answer.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(Range { start, end }) = range {
        let text = format!("bytes {start}-{}/{}", end.saturating_sub(1), artifact.size);
        insert_text(answer.headers_mut(), CONTENT_RANGE, text);
    }
    answer
}

/// What is the same in 200, 206 and 304. The digests are those of the whole file, also with a part of it.
fn describe(mut answer: Answered, status: StatusCode, artifact: &Artifact) -> Answered {
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    name_file(headers, artifact);
    insert_text(headers, ETAG, format!("\"{}\"", artifact.id));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    answer
}

fn holds_it_already(headers: &HeaderMap, artifact: &Artifact) -> bool {
    let tags = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    tags.split(',').any(|tag| tag.trim().trim_matches('"') == artifact.id.to_string())
}

fn part(bytes: &Bytes, range: &Range<u64>) -> Bytes {
    let [start, end] =
        [range.start, range.end].map(|offset| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len()));
    bytes.slice(start.min(end)..end)
}

/// Nothing of a file lies in the range that is asked for.
#[derive(Debug, PartialEq, Eq)]
struct Beyond;

/// The part of a file of `size` bytes that a `Range` names (RFC 9110, section 14.2). None: send it whole, as
/// for several ranges, which no device asks for, and for what is no range of bytes.
///
/// An end beyond the file is clamped: ESP-IDF asks for one byte too many when it resumes.
fn find_range(text: &str, size: u64) -> Result<Option<Range<u64>>, Beyond> {
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
            assert_eq!(find_range(text, 100), Ok(Some(range)), "{text}");
        }
    }

    #[test]
    fn what_begins_beyond_the_file_is_refused() {
        for text in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(find_range(text, 100), Err(Beyond), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_range_gets_the_whole_file() {
        for text in
            ["bytes=0-1,5-6", "bytes=5-1", "bytes=+1-2", "bytes=", "bytes=-", "lines=1-2", "bytes=a-b", ""]
        {
            assert_eq!(find_range(text, 100), Ok(None), "{text}");
        }
    }
}
