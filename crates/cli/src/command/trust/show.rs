//! `otary trust show`: names, dates and fingerprints, and what is to be done by when.

use anyhow::Result;
use otary_fleet::{Anchor, Generation};
use otary_server::operator::{LeafView, PageAuthorityView, TrustView};
use otary_trust::Fingerprint;

use super::rollover::print_due;
use crate::client::{Client, path};
use crate::data::{DataDir, quoted};
use crate::global::Global;
use crate::inspect::Page;
use crate::say;
use crate::table::{date, minute, plain};
use crate::terminal::{in_two_lines, print_json};

/// Prints it.
pub fn run(data: &DataDir, json: bool, global: &Global) -> Result<()> {
    let view: TrustView = Client::at_home(global)?.get(&path(["trust"]))?;
    if json {
        return print_json(&view);
    }
    let mut page = Page::default();
    for generation in &view.generations.shown {
        show_generation(generation, &view, &mut page);
    }
    if let Some(shown) = &view.elsewhere {
        page.heading("Devices are shown a certificate from elsewhere instead");
        page.row("names", listed(&shown.names));
        page.row("until", date(shown.not_after));
    }
    page.heading("Next root, which devices trust in advance");
    show_anchor(&view.generations.next, &mut page);
    let still_here = "next key still here: otary trust export-next-key FILE";
    page.row("key", if view.next_key_is_here { still_here } else { "not on this machine" });
    if let Some(key) = &view.missing_key {
        page.heading("Missing");
        page.text(format!(
            "{} is missing: without it nothing is renewed. Put it back, or move the folder away and get it from a \
             backup: otary trust restore FILE",
            plain(key)
        ));
    }
    if let Some(authority) = &view.page {
        show_page_authority(authority, &mut page);
    }
    page.heading("Backup");
    match view.backed_up {
        Some(time) => page.text(format!("The authority was backed up on {}.", minute(time))),
        None => page.text(format!(
            "The authority has no backup: otary trust backup FILE --data {}",
            quoted(data.path())
        )),
    }
    say!("{}", page.finish())?;
    print_due(&view.due)
}

fn show_generation(generation: &Generation, view: &TrustView, page: &mut Page) {
    let Generation { id, anchor, adopted, hosts, bridged_from, .. } = generation;
    let generations = &view.generations;
    let charge = if *id == generations.presented(None).generation { ", in charge" } else { "" };
    let what = if *adopted { "a certificate that was adopted" } else { "a root, which devices trust" };
    page.heading(format!("Generation {id}{charge}: {what}"));
    show_anchor(anchor, page);
    // The record of it outlives the bridge, which goes when the rollover ends.
    if bridged_from.is_some() && generations.rollover.is_some_and(|rollover| rollover.to == *id) {
        page.row("bridge", "signed by the root before it");
    }
    if !hosts.is_empty() {
        page.row("shown", format!("to whoever asks for {}", listed(hosts)));
    }
    let leaves: Vec<&LeafView> = view.leaves.iter().filter(|leaf| leaf.generation == *id).collect();
    for leaf in &leaves {
        let renewed = if *adopted { "" } else { ", renewed by itself" };
        let life = format!("{} to {}{renewed}", date(leaf.not_before), date(leaf.not_after));
        page.row(&format!("by {}", leaf.key), life);
    }
    if let Some(leaf) = leaves.first().filter(|leaf| !leaf.names.is_empty()) {
        page.row("names", listed(&leaf.names));
    }
}

fn show_page_authority(authority: &PageAuthorityView, page: &mut Page) {
    page.heading("The operator's page: an authority that people import into a browser, devices never");
    page.row("name", plain(&authority.name));
    page.row("valid", format!("{} to {}", date(authority.not_before), date(authority.not_after)));
    let [first, second] = in_two_lines(&authority.sha256);
    page.row("SHA-256", first);
    page.row("", second);
    page.row("for", format!("{}, and no other", listed(&authority.names)));
    page.row("shows", format!("a certificate until {}, renewed by itself", date(authority.leaf_not_after)));
    page.row("get it", "https://NAME:3444/page-ca.crt (or .pem)");
}

fn show_anchor(anchor: &Anchor, page: &mut Page) {
    page.row("name", plain(&anchor.name));
    page.row("valid", format!("{} to {}", date(anchor.not_before), date(anchor.not_after)));
    let fingerprint = Fingerprint::from(anchor.fingerprint.0).to_string();
    let [first, second] = in_two_lines(&fingerprint);
    page.row("SHA-256", first);
    page.row("", second);
}

fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    names.into_iter().map(|name| plain(name)).collect::<Vec<_>>().join(", ")
}
