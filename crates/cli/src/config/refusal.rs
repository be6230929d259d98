//! What is said when a setting is wrong: its key, where it stands, what would be right.

use std::path::Path;

use anyhow::anyhow;
use figment::error::Kind;
use figment::{Metadata, Source};

use crate::advice::advised;

/// The first thing that is wrong, with its key, its source and what would be right.
pub fn explain(error: &figment::Error, keys: &[String]) -> anyhow::Error {
    let place = error.metadata.as_ref().map(name_of).unwrap_or_default();
    let mut path = error.path.clone();
    let Kind::UnknownField(field, _) = &error.kind else {
        let at = if path.is_empty() { place } else { format!("{} in {place}", path.join(".")) };
        return anyhow!("{at}: {}", in_words(&error.kind));
    };
    if path.last() != Some(field) {
        path.push(field.clone());
    }
    let key = path.join(".");
    advised(anyhow!("unknown key {key} in {place}"), suggest(&key, keys.iter().cloned()))
}

/// What is wrong with a value.
fn in_words(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(found, wanted) | Kind::InvalidValue(found, wanted) => {
            let wanted = if wanted == "u64" { "a whole number" } else { wanted };
            format!("{found} stands where {wanted} is wanted")
        }
        Kind::UnknownVariant(found, known) => format!("there is no {found:?}, but {}", known.join(" and ")),
        kind => kind.to_string().trim_end().to_owned(),
    }
}

/// Which of `known` was probably meant.
pub fn suggest(found: &str, known: impl Iterator<Item = String>) -> String {
    const ALIKE: f64 = 0.8;
    let alike = known.map(|key| (strsim::jaro(found, &key), key)).filter(|(alike, _)| *alike > ALIKE);
    match alike.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((_, nearest)) => format!("did you mean {nearest}? `otary config show` lists every setting"),
        None => "`otary config show` lists every setting".to_owned(),
    }
}

/// How people call a source.
pub fn name_of(source: &Metadata) -> String {
    match &source.source {
        Some(Source::File(file)) => shortest(file),
        Some(Source::Code(_)) => "default".to_owned(),
        _ => source.name.to_string(),
    }
}

/// `file` as it looks from the working directory.
fn shortest(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(here).unwrap_or(file).display().to_string()
}
