//! Options of commands that can work on a server elsewhere.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use otary_server::operator::Secret;
use zeroize::Zeroizing;

use super::local::page_anchor;
use super::login::Login;
use super::remote::Remote;
use crate::advice::{Advise, advised};
use crate::data::DataDir;
use crate::file::read_text;
use crate::global::Global;

/// Which server to work on; without, the one of the data directory.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "A server elsewhere")]
pub struct Connection {
    /// Work on the server with this operator listener, instead of the data directory
    #[arg(
        long,
        global = true,
        value_name = "https://HOST:PORT",
        env = "OTARY_SERVER",
        hide_env_values = true
    )]
    server: Option<String>,

    /// The file with the token to show there; or put the token itself into `OTARY_TOKEN`, or `otary login` first
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The certificate of its page's authority, the only one that is trusted [default: that of the data directory]
    #[arg(long, global = true, value_name = "FILE", env = "OTARY_CA", hide_env_values = true)]
    ca: Option<PathBuf>,
}

/// The largest file of certificates and of a token that is read, in bytes.
const MAX_CA: u64 = 64 * 1024;
const MAX_TOKEN: u64 = 1024;

impl Connection {
    /// The server that was named, if one was.
    pub(super) fn remote(&self, global: &Global) -> anyhow::Result<Option<Remote>> {
        let Some(url) = &self.server else { return Ok(None) };
        let kept = if self.token_file.is_none() && std::env::var_os("OTARY_TOKEN").is_none() {
            Login::read(url)?
        } else {
            None
        };
        if let Some(Login { token, ca, .. }) = kept {
            let ca = if self.ca.is_some() { self.anchors(global)? } else { ca };
            return Remote::new(url, ca.as_bytes(), Some(token)).map(Some);
        }
        Remote::new(url, self.anchors(global)?.as_bytes(), Some(self.token()?)).map(Some)
    }

    /// The operator listener that was named, if one was.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    fn token(&self) -> anyhow::Result<Secret> {
        let (text, from) = match &self.token_file {
            Some(file) => (read_text(file, MAX_TOKEN)?, file.display().to_string()),
            None => (Zeroizing::new(std::env::var("OTARY_TOKEN").unwrap_or_default()), "OTARY_TOKEN".into()),
        };
        if text.is_empty() {
            return Err(anyhow!("a server elsewhere takes a token")).help(
                "otary login NAME keeps one; or make one there with `otary token create NAME`, and give it by --token-file \
                 or OTARY_TOKEN",
            );
        }
        text.trim().parse().with_context(|| format!("what is in {from} is no token"))
    }

    /// The certificates to trust, as PEM: the file given, else what the data directory of this machine has.
    pub fn anchors(&self, global: &Global) -> anyhow::Result<String> {
        if let Some(file) = &self.ca {
            return Ok(read_text(file, MAX_CA)?.to_string());
        }
        let here = DataDir::existing(&global.data_dir()?).ok();
        match here.map(|data| page_anchor(&data)).transpose()?.flatten() {
            Some(anchor) => Ok(anchor),
            None => Err(advised(
                anyhow!("no certificate to trust"),
                "give the authority of its page by --ca FILE: the file trust/page/root.crt in its data directory, or \
                 https://HOST:3444/page-ca.pem, whose fingerprint its start shows to compare",
            )),
        }
    }
}
