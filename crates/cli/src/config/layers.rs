//! Laying the sources of settings over one another, and what to say when one of them is wrong.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};

use super::Values;
use super::refusal::{explain, name_of, suggest};
use crate::advice::{Advise, advised};

/// The sources, weakest first.
#[derive(Debug, Default)]
pub struct Layers {
    /// The settings file, if one was named; else `otary.toml` in the data directory, if it is there.
    pub file: Option<PathBuf>,
    /// The environment's variables.
    pub environment: BTreeMap<String, OsString>,
    /// What the command line says.
    pub flags: Vec<Flag>,
}

/// A setting given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// How it was written there: `--https`.
    pub name: String,
    /// Which setting it is.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Flag {
    /// `value`, written as `name`, for the setting `key`.
    pub fn new(name: &str, key: &str, value: &impl ToString) -> Self {
        Self { name: name.to_owned(), key: key.to_owned(), value: value.to_string() }
    }
}

/// Settings, and where each came from.
#[derive(Debug)]
pub struct Settings {
    /// The settings.
    pub values: Values,
    figment: Figment,
}

/// One setting, for people.
#[derive(Debug, serde::Serialize)]
pub struct Setting {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Where it came from.
    pub from: String,
}

/// Variables beginning with `OTARY_` that are no settings: options of commands (see their help), the test images,
/// and what Kubernetes sets for a service called `otary`.
const NO_SETTINGS: [&str; 5] = ["CONFIG", "SERVER", "TOKEN", "CA", "FIRMWARE"];
const KUBERNETES: [&str; 2] = ["PORT", "SERVICE_"];

impl Layers {
    /// What they say together.
    pub fn resolve(self) -> anyhow::Result<Settings> {
        let keys = known_keys()?;
        let mut above = Vec::new();
        for (name, value) in &self.environment {
            above.extend(Given::variable(name, value, &keys)?);
        }
        for flag in self.flags {
            above.push(Given::flag(flag, &keys)?);
        }
        let mut figment = Figment::from(Serialized::defaults(Values::default()));
        if let Some(file) = settings_file(self.file, &above)? {
            figment = figment.merge(Toml::file_exact(file));
        }
        for given in above {
            figment = figment.merge(given);
        }
        let values: Values = figment.extract_lossy().map_err(|error| explain(&error, &keys))?;
        Ok(Settings { values, figment }.rebased())
    }
}

impl Settings {
    /// Every setting in the order of its key.
    pub fn list(&self) -> anyhow::Result<Vec<Setting>> {
        let mut values = BTreeMap::new();
        flatten(String::new(), serde_json::to_value(&self.values)?, &mut values);
        Ok(values.into_iter().map(|(key, value)| Setting { from: self.origin(&key), key, value }).collect())
    }

    /// With the files and folders that a settings file names meant from that file's folder.
    fn rebased(mut self) -> Self {
        let Values { data, tls, trust, ddns, mail, .. } = &mut self.values;
        let files = [
            ("tls.cert", &mut tls.cert),
            ("tls.key", &mut tls.key),
            ("tls.ca", &mut tls.ca),
            ("trust.passphrase_file", &mut trust.passphrase_file),
            ("ddns.password_file", &mut ddns.password_file),
            ("ddns.ca_file", &mut ddns.ca_file),
            ("mail.password_file", &mut mail.password_file),
            ("mail.ca_file", &mut mail.ca_file),
        ];
        let files = files.into_iter().filter_map(|(key, file)| Some((key, file.as_mut()?)));
        for (key, path) in files.chain([("data", data)]) {
            let source = self.figment.find_metadata(key).and_then(|origin| origin.source.as_ref());
            if let Some(folder) = source.and_then(Source::file_path).and_then(Path::parent) {
                *path = folder.join(&*path);
            }
        }
        self
    }

    /// Where a setting came from; one below a name that has dots in it, where the table of all such names did.
    fn origin(&self, key: &str) -> String {
        let mut ends = key.rmatch_indices('.').map(|(end, _)| end);
        let shorter = || ends.find_map(|end| self.figment.find_metadata(key.get(..end)?));
        self.figment.find_metadata(key).or_else(shorter).map_or_else(|| "default".to_owned(), name_of)
    }
}

/// One setting from the environment or the command line.
struct Given {
    name: String,
    key: String,
    value: String,
}

impl Given {
    /// A variable of the environment; none if it is not meant for otary, or is empty: who starts a container or a
    /// service often cannot leave one out.
    fn variable(name: &str, value: &OsStr, keys: &[String]) -> anyhow::Result<Option<Self>> {
        let Some(rest) = name.strip_prefix("OTARY_") else { return Ok(None) };
        if NO_SETTINGS.contains(&rest) || KUBERNETES.iter().any(|prefix| rest.starts_with(prefix)) {
            return Ok(None);
        }
        match keys.iter().find(|key| variable_of(key) == name) {
            Some(_) if value.is_empty() => Ok(None),
            Some(key) => {
                let value = value.to_str().with_context(|| format!("what is in {name} is not UTF-8"))?;
                Ok(Some(Self { name: name.to_owned(), key: key.clone(), value: value.to_owned() }))
            }
            None => Err(advised(
                anyhow!("there is no setting for the variable {name}"),
                suggest(name, keys.iter().map(|key| variable_of(key))),
            )),
        }
    }

    /// A flag.
    fn flag(flag: Flag, keys: &[String]) -> anyhow::Result<Self> {
        if keys.contains(&flag.key) {
            return Ok(Self { name: flag.name, key: flag.key, value: flag.value });
        }
        Err(advised(anyhow!("there is no setting {:?}", flag.key), suggest(&flag.key, keys.iter().cloned())))
    }
}

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let nested = figment::util::nest(&self.key, Value::from(self.value.clone()));
        Ok(Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}

/// The variable that a setting is called by: `listen.https` is `OTARY_LISTEN_HTTPS`.
fn variable_of(key: &str) -> String {
    format!("OTARY_{}", key.replace('.', "_").to_uppercase())
}

/// The settings file: the named one, which must be there, or the data directory's own, which need not.
fn settings_file(named: Option<PathBuf>, above: &[Given]) -> anyhow::Result<Option<PathBuf>> {
    if let Some(file) = named {
        std::fs::metadata(&file).with_context(|| format!("the settings file {}", file.display()))?;
        return Ok(Some(file));
    }
    let data = above.iter().rev().find(|given| given.key == "data");
    let file = data.map_or_else(super::default_data, |given| PathBuf::from(&given.value)).join("otary.toml");
    match file.try_exists() {
        Ok(true) => {}
        // Whoever needs the data directory says that it is none.
        Ok(false) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("looking for {}", file.display()))
                .help("is the data directory another user's? name your own with --data");
        }
    }
    if Figment::from(Toml::file_exact(&file)).contains("data") {
        return Err(advised(
            anyhow!("{} lies in the data directory and names another one", file.display()),
            "remove `data` from it, or put the file elsewhere and name it with --config",
        ));
    }
    Ok(Some(file))
}

/// Every key that there is.
fn known_keys() -> anyhow::Result<Vec<String>> {
    let mut values = BTreeMap::new();
    flatten(String::new(), serde_json::to_value(Values::default())?, &mut values);
    Ok(values.into_keys().collect())
}

/// `value` as dotted keys with plain values.
fn flatten(key: String, value: serde_json::Value, into: &mut BTreeMap<String, serde_json::Value>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, value) in fields {
                let key = if key.is_empty() { name } else { format!("{key}.{name}") };
                flatten(key, value, into);
            }
        }
        value => drop(into.insert(key, value)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::advice::Report;

    /// A data directory with a settings file.
    fn data_with(settings: &str) -> tempfile::TempDir {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("otary.toml"), settings).unwrap();
        data
    }

    fn layers(data: &tempfile::TempDir, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Layers {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), OsString::from(value));
        let data = Flag::new("--data", "data", &data.path().display());
        let flags = flags.iter().map(|(key, value)| Flag::new("--set", key, value));
        Layers {
            file: None,
            environment: environment.iter().map(own).collect(),
            flags: [data].into_iter().chain(flags).collect(),
        }
    }

    fn refusal(settings: &str, environment: &[(&str, &str)]) -> String {
        let data = data_with(settings);
        let refused = layers(&data, environment, &[]).resolve().unwrap_err();
        Report(&refused).to_string().replace(&data.path().display().to_string(), "DATA")
    }

    #[test]
    fn later_wins_and_each_setting_says_where_it_came_from() {
        let data = data_with(
            "drain = \"1s\"\nnames = [\"a.lan\"]\n[retention]\nevents = \"7d\"\nunreferenced = \"5m\"\n",
        );
        let environment =
            [("OTARY_DRAIN", "2s"), ("OTARY_RETENTION_UNREFERENCED", "6m"), ("OTARY_NAMES", "b.lan, c.lan")];
        let settings = layers(&data, &environment, &[("drain", "3s")]).resolve().unwrap();

        assert_eq!(settings.values.drain.0, Duration::from_secs(3));
        assert_eq!(settings.values.names, ["b.lan", "c.lan"]);
        assert_eq!(settings.values.data, data.path());
        let file = data.path().join("otary.toml").display().to_string();
        for (key, from) in [
            ("drain", "--set"),
            ("retention.unreferenced", "OTARY_RETENTION_UNREFERENCED"),
            ("retention.events", file.as_str()),
            ("retention.max_events", "default"),
            ("data", "--data"),
        ] {
            assert_eq!(settings.origin(key), from, "{key}");
        }
    }

    #[test]
    fn what_is_listed_can_be_set_to_what_is_listed() {
        let data = data_with("");
        for setting in layers(&data, &[], &[]).resolve().unwrap().list().unwrap() {
            let value = setting.value.as_str().map_or_else(|| setting.value.to_string(), str::to_owned);
            if !setting.value.is_null() && !setting.value.is_array() {
                let again = layers(&data, &[], &[(&setting.key, &value)]).resolve().unwrap();
                let values = serde_json::to_value(again.values).unwrap();
                let pointer = format!("/{}", setting.key.replace('.', "/"));
                assert_eq!(values.pointer(&pointer), Some(&setting.value), "{}", setting.key);
            }
        }
    }

    #[test]
    fn an_unknown_key_is_refused_wherever_it_stands() {
        let nearest = "help: did you mean listen.https? `otary config show` lists every setting\n";
        assert_eq!(
            refusal("listen.htps = \":1\"", &[]),
            format!("error: unknown key listen.htps in DATA/otary.toml\n{nearest}")
        );
        assert_eq!(
            refusal("colour = 1", &[]),
            "error: unknown key colour in DATA/otary.toml\nhelp: `otary config show` lists every setting\n"
        );
        let refused = refusal("", &[("OTARY_LISTEN_HTPS", ":1")]);
        assert!(
            refused.starts_with("error: there is no setting for the variable OTARY_LISTEN_HTPS\n"),
            "{refused}"
        );
        assert!(refused.contains("did you mean OTARY_LISTEN_HTTPS?"), "{refused}");
    }

    #[test]
    fn a_name_may_have_tls_settings_of_its_own_which_are_listed_with_where_they_stand() {
        let data = data_with("[tls.names.\"small.lan\"]\nmax_fragment_size = \"4KiB\"\n");
        let settings = layers(&data, &[], &[]).resolve().unwrap();
        assert_eq!(settings.values.tls.names["small.lan"].max_fragment_size.unwrap().0, 4096);
        let listed = settings.list().unwrap();
        let own =
            listed.iter().find(|setting| setting.key == "tls.names.small.lan.max_fragment_size").unwrap();
        assert_eq!(own.value, "4KiB");
        assert!(own.from.ends_with("otary.toml"), "{}", own.from);
        let mistyped = "[tls.names.\"small.lan\"]\nmax_fragment = \"4KiB\"\n";
        assert!(refusal(mistyped, &[]).starts_with("error: unknown key tls.names.small.lan.max_fragment in"));
    }

    #[test]
    fn variables_of_other_programs_are_no_settings() {
        let kubernetes = [("OTARY_SERVICE_HOST", "10.0.0.1"), ("OTARY_PORT_3443_TCP", "tcp://10.0.0.1:3443")];
        assert!(layers(&data_with(""), &kubernetes, &[]).resolve().is_ok());
    }

    #[test]
    fn an_empty_variable_is_none() {
        let data = data_with("drain = \"1s\"\n");
        let empty = [("OTARY_TRUST_PASSPHRASE_FILE", ""), ("OTARY_DRAIN", "")];
        let settings = layers(&data, &empty, &[]).resolve().unwrap();
        assert_eq!(settings.values.trust.passphrase_file, None);
        assert_eq!(settings.values.drain.0, Duration::from_secs(1));
        assert!(layers(&data, &[("OTARY_DRAINS", "")], &[]).resolve().is_err(), "a mistyped one is told of");
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_would_be_right() {
        for (settings, said) in [
            ("retention.events = 30", "retention.events in DATA/otary.toml: 30 of what?"),
            ("listen.https = 3443", "listen.https in DATA/otary.toml: write an address with a port"),
            ("log.format = \"xml\"", "log.format in DATA/otary.toml: there is no \"xml\", but text and json"),
            (
                "retention.max_events = \"many\"",
                "retention.max_events in DATA/otary.toml: string \"many\" stands where a whole number is wanted",
            ),
            (
                "ddns.address = \"wan\"",
                "ddns.address in DATA/otary.toml: write \"lan\", \"public\", or an address",
            ),
            ("mdns.enabled = \"sometimes\"", "mdns.enabled in DATA/otary.toml: "),
            ("[[", "DATA/otary.toml: TOML parse error at line 1"),
            ("data = \"elsewhere\"", "DATA/otary.toml lies in the data directory and names another one"),
        ] {
            let refused = refusal(settings, &[]);
            assert!(refused.starts_with(&format!("error: {said}")), "{refused}");
        }
    }

    #[test]
    fn a_password_file_is_meant_from_the_settings_files_folder_too() {
        let data = data_with("[ddns]\npassword_file = \"ddns.password\"\n");
        let ddns = layers(&data, &[], &[("ddns.ca_file", "ca.crt")]).resolve().unwrap().values.ddns;
        assert_eq!(ddns.password_file, Some(data.path().join("ddns.password")));
        assert_eq!(ddns.ca_file, Some("ca.crt".into()), "as it was typed");
    }

    #[test]
    fn a_data_directory_in_a_file_is_meant_from_the_files_folder() {
        let folder = data_with("data = \"lamps\"\n");
        let file = Some(folder.path().join("otary.toml"));
        let layers = |flags| Layers { file: file.clone(), flags, ..Layers::default() };
        assert_eq!(layers(Vec::new()).resolve().unwrap().values.data, folder.path().join("lamps"));
        let flag = Flag::new("--data", "data", &"elsewhere");
        assert_eq!(layers(vec![flag]).resolve().unwrap().values.data, PathBuf::from("elsewhere"));
    }

    #[test]
    fn a_certificate_in_a_file_is_meant_from_there_too_and_by_a_flag_from_here() {
        let data = data_with("[tls]\ncert = \"server.crt\"\nkey = \"/keys/server.key\"\n");
        let tls = |flags: &[(&str, &str)]| layers(&data, &[], flags).resolve().unwrap().values.tls;
        assert_eq!(tls(&[]).cert, Some(data.path().join("server.crt")));
        assert_eq!(tls(&[]).key, Some("/keys/server.key".into()));
        assert_eq!(tls(&[("tls.cert", "other.crt")]).cert, Some("other.crt".into()));
    }
}
