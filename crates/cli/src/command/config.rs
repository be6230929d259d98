//! `otary config`: the settings, and where each came from.

use crate::config::{Flag, Setting};
use crate::global::Global;
use crate::say;
use crate::terminal::print_json;

/// See the settings
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print every setting, its value and where it came from
    ///
    /// Later wins: the default, then the settings file, then the environment (the setting `listen.https` is the
    /// variable `OTARY_LISTEN_HTTPS`), then a flag. The settings file is TOML, in which that setting is `https` under
    /// `[listen]`.
    Show {
        /// As JSON
        #[arg(long)]
        json: bool,
        /// Try a setting: `--set retention.events=30d`
        #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
        set: Vec<Flag>,
    },
}

/// Prints what was asked for.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let Action::Show { json, set } = args.action;
    let settings = global.settings(set)?.list()?;
    if json {
        return print_json(&settings);
    }
    let widest = |width: fn(&Setting) -> usize| settings.iter().map(width).max().unwrap_or(0);
    let key_width = widest(|setting| setting.key.len());
    let value_width = widest(|setting| written(&setting.value).len()).min(32);
    for setting in &settings {
        let value = written(&setting.value);
        say!("{:key_width$}  {value:value_width$}  {}", setting.key, setting.from)?;
    }
    Ok(())
}

/// A flag `--set KEY=VALUE`.
pub fn assignment(text: &str) -> Result<Flag, String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    Ok(Flag::new("--set", key.trim(), &value.trim()))
}

/// A value for people: lists with commas, nothing as `-`.
fn written(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(list) if list.is_empty() => "-".to_owned(),
        serde_json::Value::Array(list) => list.iter().map(written).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}
