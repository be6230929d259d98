//! Options that every command takes, and the settings that they lead to.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::advice::Advise;
use crate::config::{Flag, Layers, Settings};

/// Where otary's data and settings are.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The data directory: database, artifacts, keys [default: otary in your own data directory]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// The settings file [default: otary.toml in the data directory, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "OTARY_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
}

impl Global {
    /// The settings, with `flags` of one command on top.
    pub fn settings(&self, flags: Vec<Flag>) -> anyhow::Result<Settings> {
        let data = self
            .data
            .as_deref()
            .map(|data| Ok::<_, anyhow::Error>(Flag::new("--data", "data", &text(data)?)));
        let data = data.transpose()?;
        Layers {
            file: self.config.clone(),
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            flags: data.into_iter().chain(flags).collect(),
        }
        .resolve()
    }

    /// The data directory.
    pub fn data_dir(&self) -> anyhow::Result<PathBuf> {
        Ok(self.settings(Vec::new())?.values.data)
    }
}

/// A path as a setting: settings are text.
fn text(path: &Path) -> anyhow::Result<&str> {
    let text = path.to_str().with_context(|| format!("the name of {} is not UTF-8", path.display()));
    text.help("rename it: what stands in for its odd bytes here would be another name")
}
