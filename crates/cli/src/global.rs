//! Options that every command takes, and the settings that they lead to.

use std::path::PathBuf;

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
        let data = self.data.as_ref().map(|data| Flag::new("--data", "data", &data.display()));
        Layers {
            file: self.config.clone(),
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
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
