//! What lies inside an image besides its code, by the same search that a push makes: certificates, hosts, URLs and private
//! keys.

use otary_fleet::{Embedded, FoundCertificate};

use super::Content;
use super::page::Page;
use crate::table::{date, plain};

/// How many hosts and URLs are on the page; all are in the JSON form.
const SHOWN: usize = 8;

/// Searches the whole file, of a gzip file what is inside; offsets are from its start. Of what is no image, or damaged,
/// nothing is said: it would not be what a device runs.
pub fn search(file: &[u8], content: &Content) -> Embedded {
    match content {
        Content::Damaged(_) | Content::Foreign { .. } => Embedded::default(),
        _ => otary_trust::search(file),
    }
}

/// The section about it, if there is anything.
pub fn show(found: &Embedded, page: &mut Page) {
    if *found == Embedded::default() {
        return;
    }
    page.heading("Inside");
    for certificate in &found.certificates {
        page.row("certificate", certificate_text(certificate));
    }
    for key in &found.private_keys {
        page.row("private key", format_args!("{}, at {:#010x}", key.kind, key.offset));
    }
    list("hosts", &found.hosts, page);
    list("URLs", &found.urls, page);
    if !found.private_keys.is_empty() {
        page.text(
            "Whoever has the image has its private key: otary push refuses it without --i-know-what-i-do private-key.",
        );
    }
}

fn certificate_text(found: &FoundCertificate) -> String {
    let anchor = &found.anchor;
    let form = if found.pem { "PEM" } else { "DER" };
    let alone = if anchor.authority { "" } else { ", no authority" };
    format!(
        "{}, until {}{alone}, {form} at {:#010x}",
        plain(&anchor.name),
        date(anchor.not_after),
        found.offset
    )
}

/// The first few of `texts` below each other, and how many others there are.
fn list(name: &str, texts: &[String], page: &mut Page) {
    for (place, text) in texts.iter().take(SHOWN).enumerate() {
        page.row(if place == 0 { name } else { "" }, plain(text));
    }
    if let more @ 1.. = texts.len().saturating_sub(SHOWN) {
        page.row("", format_args!("and {more} more, which --json tells"));
    }
}
