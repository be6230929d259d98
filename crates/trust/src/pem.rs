//! PEM text (RFC 7468), with the secret blocks in memory that is wiped.
//!
//! `pem-rfc7468` decodes in constant time into a buffer of ours, so that no copy of a key stays behind.

use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use crate::defect::Defect;

pub(crate) const CERTIFICATE: &str = "CERTIFICATE";
pub(crate) const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(crate) const SEALED_KEY: &str = "ENCRYPTED PRIVATE KEY";

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// How the bytes of a private key are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyForm {
    /// RFC 5958.
    Pkcs8,
    /// RFC 8017, appendix A.1.2.
    Pkcs1,
    /// RFC 5915.
    Sec1,
    /// RFC 5958, under a passphrase.
    Sealed,
}

/// One block with this label as text, its lines ended by `\n`. The caller wipes it if it is secret.
pub(crate) fn encode(label: &'static str, der: &[u8]) -> Result<String, Defect> {
    pem_rfc7468::encode_string(label, LineEnding::LF, der).map_err(Defect::Pem)
}

/// The bytes of the only block in `text`, which must have the label `expected`.
pub(crate) fn decode(expected: &'static str, text: &[u8]) -> Result<Zeroizing<Vec<u8>>, Defect> {
    let (label, der) = decode_block(text)?;
    if label != expected {
        return Err(wrong_label(expected, label));
    }
    Ok(der)
}

/// The first private key in `text`. Other blocks may stand beside it: OpenSSL writes `EC PARAMETERS` before a key, and
/// people keep a key and its certificate in one file.
pub(crate) fn decode_key(text: &[u8]) -> Result<(KeyForm, Zeroizing<Vec<u8>>), Defect> {
    let is_key =
        |block: &&[u8]| pem_rfc7468::decode_label(block).is_ok_and(|label| label.ends_with(PRIVATE_KEY));
    let block = blocks(text).find(is_key).or_else(|| blocks(text).next()).unwrap_or(text);
    let (label, der) = decode_block(block)?;
    let form = match label {
        PRIVATE_KEY => KeyForm::Pkcs8,
        "RSA PRIVATE KEY" => KeyForm::Pkcs1,
        "EC PRIVATE KEY" => KeyForm::Sec1,
        SEALED_KEY => KeyForm::Sealed,
        _ => return Err(wrong_label(PRIVATE_KEY, label)),
    };
    Ok((form, der))
}

/// Label and bytes of a block. What the decoder says of a text without one would mislead.
fn decode_block(text: &[u8]) -> Result<(&str, Zeroizing<Vec<u8>>), Defect> {
    if text.trim_ascii().is_empty() {
        return Err(Defect::Empty);
    }
    if find(text, BEGIN).is_none() {
        return Err(Defect::NoBlock);
    }
    let (label, der) = pem_rfc7468::decode_vec(text).map_err(Defect::Pem)?;
    Ok((label, Zeroizing::new(der)))
}

/// The blocks of `text` in their order, without what people or OpenSSL wrote between them. A block that does not end
/// is the rest of the text.
pub(crate) fn blocks(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = find(rest, BEGIN)?;
        let block = rest.get(begin..)?;
        let (block, after) = block.split_at_checked(block_len(block).unwrap_or(block.len()))?;
        rest = after;
        Some(block)
    })
}

fn block_len(block: &[u8]) -> Option<usize> {
    let label = find(block, END)? + END.len();
    Some(label + find(block.get(label..)?, DASHES)? + DASHES.len())
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn wrong_label(expected: &'static str, found: &str) -> Defect {
    Defect::Label { expected, found: found.chars().take(64).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_among_other_text() {
        let text = b"subject=lamp\n-----BEGIN A-----\nAAAA\n-----END A-----\nnotes\n-----BEGIN B-----\nAAAA";
        let found: Vec<&[u8]> = blocks(text).collect();
        assert_eq!(found, [&b"-----BEGIN A-----\nAAAA\n-----END A-----"[..], b"-----BEGIN B-----\nAAAA"]);
        assert_eq!(blocks(b"nothing here").count(), 0);
    }

    #[test]
    fn a_text_without_a_block_is_called_that_and_no_bad_one() {
        for (text, empty) in [(&b""[..], true), (b" \n", true), (b"garbage", false), (b"\0", false)] {
            for found in [decode(CERTIFICATE, text).map(drop), decode_key(text).map(drop)] {
                let as_expected = match found {
                    Err(Defect::Empty) => empty,
                    Err(Defect::NoBlock) => !empty,
                    _ => false,
                };
                assert!(as_expected, "{text:?}: {found:?}");
            }
        }
    }
}
