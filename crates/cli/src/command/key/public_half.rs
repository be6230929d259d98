//! The public half of somebody else's key, as it is typed or brought: 64 hex digits, as `otary key show` prints them, a file with
//! those, or the PEM text that `openssl pkey -pubout` makes (RFC 8410, section 4).

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use otary_trust::signing::PublicKey;

use crate::file::read_text;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024;
/// All of an Ed25519 `SubjectPublicKeyInfo` before its 32 bytes (RFC 8410, section 4; the example in section 10.1).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00];
const PEM_HEAD: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_FOOT: &str = "-----END PUBLIC KEY-----";

/// A public half from the command line.
pub fn public_half(text: &str) -> Result<PublicKey, String> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let file = Path::new(text);
    if !file.is_file() {
        return Err("expected 64 hex digits, as `otary key show` prints them, or a file".to_owned());
    }
    let content = read_text(file, MAX_FILE).map_err(|error| format!("{error:#}"))?;
    let said = content.trim();
    let nothing =
        "the file has no Ed25519 public half: expected 64 hex digits, or PEM as of openssl pkey -pubout";
    said.parse().ok().or_else(|| of_pem(said)).ok_or_else(|| nothing.to_owned())
}

fn of_pem(text: &str) -> Option<PublicKey> {
    let body = text.strip_prefix(PEM_HEAD)?.strip_suffix(PEM_FOOT)?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    let key = der.strip_prefix(&SPKI_HEAD)?;
    key.try_into().ok().map(PublicKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.1.
    const EXAMPLE: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PUBLIC KEY-----";
    const DIGITS: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    #[test]
    fn the_public_key_of_the_rfc_is_read() {
        assert_eq!(of_pem(EXAMPLE).unwrap().to_string(), DIGITS);
        assert_eq!(public_half(DIGITS).unwrap().to_string(), DIGITS);
        assert_eq!(of_pem(&EXAMPLE.replace("PUBLIC", "PRIVATE")), None);
    }
}
