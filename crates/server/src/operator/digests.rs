//! Digests that come with what is sent: `Content-Digest` and `Repr-Digest` (RFC 9530), of which SHA-256 is looked at.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use otary_fleet::Sha256;

use super::problem::Problem;

/// The SHA-256 that a request promises of its body; none if it promises nothing. Nothing that is sent here is encoded, so both
/// headers mean the same bytes.
pub(super) fn promised(headers: &HeaderMap) -> Result<Option<Sha256>, Problem> {
    let fields = ["content-digest", "repr-digest"].into_iter().flat_map(|name| headers.get_all(name));
    let mut found = None;
    for field in fields {
        let text = field.to_str().map_err(|_| unreadable())?;
        for member in text.split(',') {
            let (algorithm, value) = member.trim().split_once('=').ok_or_else(unreadable)?;
            if algorithm == "sha-256" {
                let digest = sha256(value)?;
                if found.is_some_and(|found| found != digest) {
                    return Err(unreadable());
                }
                found = Some(digest);
            }
        }
    }
    Ok(found)
}

/// Refuses a body that is not what was promised.
pub(super) fn check(promised: Option<Sha256>, found: Sha256) -> Result<(), Problem> {
    match promised {
        Some(promised) if promised != found => {
            let detail = format!("what came in has the SHA-256 {found}, and {promised} was promised");
            Err(Problem::bad_request("digest-mismatch", detail).help("send it again"))
        }
        _ => Ok(()),
    }
}

/// A byte sequence of a structured field: `:base64:` (RFC 9651, section 3.3.5).
fn sha256(value: &str) -> Result<Sha256, Problem> {
    let text = value.strip_prefix(':').and_then(|value| value.strip_suffix(':')).ok_or_else(unreadable)?;
    let bytes = STANDARD.decode(text).map_err(|_| unreadable())?;
    bytes.try_into().map(Sha256).map_err(|_| unreadable())
}

fn unreadable() -> Problem {
    Problem::bad_request("bad-digest", "the digest is not one").help("Content-Digest: sha-256=:BASE64:")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promised_by(fields: &[&str]) -> Result<Option<Sha256>, &'static str> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("content-digest", field.parse().unwrap());
        }
        promised(&headers).map_err(|problem| problem.code())
    }

    #[test]
    fn the_example_of_the_standard_is_read() {
        // RFC 9530, appendix B.1: the digest of {"hello": "world"} and a line feed.
        let digest = Sha256::of(b"{\"hello\": \"world\"}\n");
        let field = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:";
        assert_eq!(promised_by(&[field]), Ok(Some(digest)));
        assert_eq!(promised_by(&["sha-512=:AAAA:", field]), Ok(Some(digest)));
        assert_eq!(promised_by(&["sha-512=:AAAA:"]), Ok(None));
    }

    #[test]
    fn what_is_none_is_refused() {
        for field in ["sha-256", "sha-256=:AAAA:", "sha-256=RK/0", "sha-256=:!:"] {
            assert_eq!(promised_by(&[field]), Err("bad-digest"), "{field}");
        }
    }
}
