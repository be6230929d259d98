//! Texts of the API with the devices and campaigns that they name as links.
//!
//! A device is named by its address with colons, a campaign as `campaign 3`. Everything else of a text is escaped, so that it
//! stays a text whoever wrote it.

use std::fmt::{self, Write};

use otary_fleet::Mac;

/// A text that shows itself with links.
pub(crate) struct Linked(String);

impl Linked {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = "";
        for part in self.0.split_inclusive(char::is_whitespace) {
            let name = part.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            match path(name, before).zip(part.split_once(name)) {
                Some((path, (open, close))) => {
                    escape(f, open)?;
                    write!(f, "<a href=\"{path}\">{name}</a>")?;
                    escape(f, close)?;
                }
                None => escape(f, part)?,
            }
            before = part.trim();
        }
        Ok(())
    }
}

/// What is not a link is escaped, and a link is an address or a number.
impl askama::filters::HtmlSafe for Linked {}

/// The view of what a word names, told by the word before it.
fn path(name: &str, before: &str) -> Option<String> {
    if name.len() == 17 && name.contains(':') {
        return name.parse().ok().map(|device: Mac| format!("/devices/{device}"));
    }
    if !before.eq_ignore_ascii_case("campaign") {
        return None;
    }
    name.parse().ok().map(|number: u32| format!("/campaigns/{number}"))
}

fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    text.chars().try_for_each(|c| match c {
        '&' => f.write_str("&amp;"),
        '<' => f.write_str("&lt;"),
        '>' => f.write_str("&gt;"),
        '"' => f.write_str("&quot;"),
        '\'' => f.write_str("&#39;"),
        c => f.write_char(c),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_text_names_is_a_link() {
        let text = "campaign 3 waits (for 24:6F:28:AA:BB:CC), not for 4";
        assert_eq!(
            Linked::new(text).to_string(),
            "campaign <a href=\"/campaigns/3\">3</a> waits (for <a href=\"/devices/24:6F:28:AA:BB:CC\">24:6F:28:AA:BB:CC</a>), \
             not for 4"
        );
    }

    #[test]
    fn the_rest_stays_a_text() {
        let text = "<b> says 'x' & campaign \"7\"";
        assert_eq!(
            Linked::new(text).to_string(),
            "&lt;b&gt; says &#39;x&#39; &amp; campaign &quot;<a href=\"/campaigns/7\">7</a>&quot;"
        );
    }
}
