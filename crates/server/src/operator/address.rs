//! Addresses of the operator interface, whatever their parts are made of: for its clients, the command line and the page.

/// The path of these parts, with what has a meaning in a URL written as `%` and two digits (RFC 3986, section 2.1).
pub fn path<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    parts.into_iter().fold("/api/v1".to_owned(), |path, part| path + "/" + &encode(part))
}

/// A text as one part of a path or one value of a query.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            _ => encoded.extend(['%', digit(byte >> 4), digit(byte & 0xF)]),
        }
    }
    encoded
}

fn digit(nibble: u8) -> char {
    char::from_digit(nibble.into(), 16).unwrap_or('0').to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_version_leaves_its_place() {
        assert_eq!(path(["releases", "lamp", "0.3"]), "/api/v1/releases/lamp/0.3");
        assert_eq!(path(["releases", "lamp", "1/2 ä?"]), "/api/v1/releases/lamp/1%2F2%20%C3%A4%3F");
    }
}
