//! `otary trust show`: names, dates and fingerprints, and what is to be done by when.

use anyhow::Result;
use otary_fleet::{Anchor, Generation, GenerationId};
use otary_server::operator::{LeafView, TrustView};
use otary_trust::Fingerprint;

use super::rollover::print_due;
use crate::client::{Client, path};
use crate::data::{DataDir, quoted};
use crate::global::Global;
use crate::say;
use crate::table::{date, minute, plain};
use crate::terminal::{in_two_lines, print_json};

/// Prints it.
pub fn run(data: &DataDir, json: bool, global: &Global) -> Result<()> {
    let view: TrustView = Client::at_home(global)?.get(&path(["trust"]))?;
    if json {
        return print_json(&view);
    }
    let in_charge = view.generations.presented(None).generation;
    for generation in &view.generations.shown {
        show_generation(generation, in_charge, &view.leaves)?;
    }
    say!("Next root, which devices trust in advance")?;
    show_anchor(&view.generations.next)?;
    if view.next_key_is_here {
        say!("  key     next key still here: otary trust export-next-key FILE\n")?;
    } else {
        say!("  key     not on this machine\n")?;
    }
    match view.backed_up {
        Some(time) => say!("The authority was backed up on {}.", minute(time))?,
        None => say!("The authority has no backup: otary trust backup FILE --data {}", quoted(data.path()))?,
    }
    print_due(&view.due)
}

fn show_generation(generation: &Generation, in_charge: GenerationId, leaves: &[LeafView]) -> Result<()> {
    let Generation { id, anchor, adopted, hosts, bridged_from, .. } = generation;
    let charge = if *id == in_charge { ", in charge" } else { "" };
    let what = if *adopted { "a certificate that was adopted" } else { "a root, which devices trust" };
    say!("Generation {id}{charge}: {what}")?;
    show_anchor(anchor)?;
    if bridged_from.is_some() {
        say!("  bridge  signed by the root before it")?;
    }
    if !hosts.is_empty() {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        say!("  own     {}", hosts.join(", "))?;
    }
    let own: Vec<&LeafView> = leaves.iter().filter(|leaf| leaf.generation == *id).collect();
    for leaf in &own {
        say!("  server  {}, {} to {}", leaf.key, date(leaf.not_before), date(leaf.not_after))?;
    }
    for (number, name) in own.first().into_iter().flat_map(|leaf| &leaf.names).enumerate() {
        say!("  {:7} {}", if number == 0 { "for" } else { "" }, plain(name))?;
    }
    Ok(say!("")?)
}

fn show_anchor(anchor: &Anchor) -> Result<()> {
    say!("  name    {}", plain(&anchor.name))?;
    say!("  valid   {} to {}", date(anchor.not_before), date(anchor.not_after))?;
    let fingerprint = Fingerprint::from(anchor.fingerprint.0).to_string();
    let [first, second] = in_two_lines(&fingerprint);
    Ok(say!("  SHA-256 {first}\n          {second}")?)
}
