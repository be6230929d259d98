//! What is compiled into the programs: the environment's settings, and placeholders where it says nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Stand-ins: a server that cannot exist, and a root whose key nobody has.
const PLACEHOLDERS: [(&str, &str); 6] = [
    ("OTARY_URL", "https://otary.invalid"),
    ("OTARY_PRODUCT", "lamp"),
    ("OTARY_VERSION", "0.1.0"),
    ("OTARY_RELEASE", "0"),
    ("WIFI_SSID", "otary"),
    ("WIFI_PASSWORD", "placeholder"),
];
const PLACEHOLDER_FILES: [(&str, &str); 2] = [("OTARY_CA", "ca.pem"), ("OTARY_ROOT", "root.cbor")];
/// The date of builds that are to be the same each time: 1 January 2026, unless the environment says another.
const EPOCH: &str = "1767225600";

/// What is not in the environment.
pub struct Settings(BTreeMap<&'static str, String>);

/// Looks at the environment, and says which placeholders take the place of what it lacks.
pub fn fill_in(sources: &Path) -> anyhow::Result<Settings> {
    let folder = sources.join("placeholders").canonicalize()?;
    let texts = PLACEHOLDERS.iter().map(|&(name, value)| (name, value.to_owned()));
    let files = PLACEHOLDER_FILES.iter().map(|&(name, file)| (name, folder.join(file).display().to_string()));
    let mut lacking: BTreeMap<_, _> = texts.chain(files).collect();
    lacking.retain(|name, _| std::env::var_os(name).is_none());
    if !lacking.is_empty() {
        let names: Vec<_> = lacking.keys().copied().collect();
        println!("placeholders stand for {}: these images update no device", names.join(", "));
    }
    if std::env::var_os("SOURCE_DATE_EPOCH").is_none() {
        lacking.insert("SOURCE_DATE_EPOCH", EPOCH.to_owned());
    }
    Ok(Settings(lacking))
}

impl Settings {
    /// Gives them to a build.
    pub fn give(&self, command: &mut Command) {
        command.envs(&self.0);
    }
}
