//! Options that every command takes.

use std::path::PathBuf;

/// Where otary's data and settings are.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// The data directory: database, artifacts, keys [default: otary in your data directory]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub data: Option<PathBuf>,

    /// The settings file [default: otary.toml in the data directory, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "OTARY_CONFIG", hide_env_values = true)]
    #[arg(help_heading = "Everywhere")]
    pub config: Option<PathBuf>,
}
