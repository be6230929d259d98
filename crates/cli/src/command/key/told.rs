//! Root records in words.

use anyhow::Result;
use otary_server::operator::Material;
use otary_trust::signing::{KeyId, Missing, Record, ReleaseKey};

use crate::say;
use crate::table::{count, date, plain};

/// Says what a record says.
pub fn tell(record: &Record) -> Result<()> {
    say!("  issued       {}", date(record.issued))?;
    for (place, key) in record.root_keys.iter().enumerate() {
        let note =
            if place == 0 { format!("   ({} the next record)", who_signs(record)) } else { String::new() };
        say!("  root key     {}{note}", key.id())?;
    }
    for release in &record.release_keys {
        say!("  release key  {}   {}", release.key.id(), range(release))?;
    }
    if record.release_keys.is_empty() {
        say!("  release key  none: nothing can be released until `otary key rotate` names one")?;
    }
    for key in &record.order_keys {
        say!("  order key    {}   the server's", key.id())?;
    }
    for anchor in &record.trust_set {
        say!("  trusted      {anchor}")?;
    }
    if record.minimum > 0 {
        say!("  minimum      nothing below release number {} is installed", record.minimum)?;
    }
    Ok(())
}

/// How many root keys a record asks for, as a sentence begins.
pub const fn who_signs(record: &Record) -> &'static str {
    if record.threshold == 1 { "one signs" } else { "two sign" }
}

/// The release numbers that a key may sign.
pub fn range(release: &ReleaseKey) -> String {
    match release.last {
        u32::MAX => format!("numbers from {}", release.first),
        last => format!("numbers {} to {last}", release.first),
    }
}

/// Says which certificates a new trust set has, for whoever wants to compare them before the record reaches a device.
pub fn tell_anchors(material: &Material) -> Result<()> {
    say!("Devices are to trust these certificates; `otary trust show` on the server has the same:")?;
    for anchor in &material.trust_set {
        say!("  {}   {}, until {}", anchor.sha256, plain(&anchor.name), date(anchor.not_after))?;
    }
    Ok(())
}

/// The signatures that a draft lacks, as one sentence without its end.
pub fn wanting(missing: &[Missing]) -> String {
    let one = |missing: &Missing| {
        let signatures = count(missing.count as u64, "more signature");
        format!("{signatures} by a root key of root record {}: {}", missing.asked_by, any_of(&missing.by))
    };
    missing.iter().map(one).collect::<Vec<_>>().join("; and ")
}

fn any_of(keys: &[KeyId]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}
