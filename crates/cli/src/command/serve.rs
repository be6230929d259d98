//! `otary serve`: the update server.

use super::config::assignment;
use crate::config::{Flag, LogFormat};
use crate::global::Global;
use crate::serve;

/// Start the update server
///
/// The first start needs nothing: it makes the data directory with its database, a private certificate authority and
/// a server certificate for the names and addresses of this machine, and prints what to type next.
///
/// With --cert and --key, devices are shown a certificate from elsewhere instead. Its files are read again when they
/// change. The authority is still there, for commands, and for devices that are moved to it later.
///
/// Ctrl-C or SIGTERM ends it when running downloads are finished; a second Ctrl-C ends it at once.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A name or address that devices use for this server; again for more [default: those of this machine]
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// Where devices speak HTTPS: `:3443`, `192.168.1.70:3443` [default: :3443]
    #[arg(long, value_name = "ADDRESS")]
    https: Option<String>,
    /// Where they find the CA certificate without TLS, or `off` [default: :3000]
    #[arg(long, value_name = "ADDRESS")]
    http: Option<String>,
    /// Where commands and other programs of operators come in [default: 127.0.0.1:3444]
    #[arg(long, value_name = "ADDRESS")]
    operator: Option<String>,
    /// Where Prometheus reads, without TLS and token [default: off; without an address: 127.0.0.1:3445]
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = "127.0.0.1:3445")]
    metrics: Option<String>,
    /// A certificate from elsewhere to show to devices, PEM, the server's first
    #[arg(long, value_name = "FILE")]
    cert: Option<String>,
    /// Its key, PEM
    #[arg(long, value_name = "FILE")]
    key: Option<String>,
    /// The root that devices trust who are shown it [default: the last certificate in its file]
    #[arg(long, value_name = "FILE")]
    ca: Option<String>,
    /// How long running downloads may go on after Ctrl-C [default: 1m]
    #[arg(long, value_name = "TIME")]
    drain: Option<String>,
    /// The form of the log [default: text]
    #[arg(long, value_name = "FORM")]
    log_format: Option<LogFormat>,
    /// What is logged: error, warn, info, debug, trace, or a filter [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Any other setting; `otary config show` lists them
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<Flag>,
}

/// Serves until told to end.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let names = (!args.name.is_empty()).then(|| args.name.join(","));
    let format = args.log_format.map(|format| match format {
        LogFormat::Text => "text".to_owned(),
        LogFormat::Json => "json".to_owned(),
    });
    let given = [
        ("--name", "names", names),
        ("--https", "listen.https", args.https),
        ("--http", "listen.http", args.http),
        ("--operator", "listen.operator", args.operator),
        ("--metrics", "listen.metrics", args.metrics),
        ("--cert", "tls.cert", args.cert),
        ("--key", "tls.key", args.key),
        ("--ca", "tls.ca", args.ca),
        ("--drain", "drain", args.drain),
        ("--log-format", "log.format", format),
        ("--log-level", "log.level", args.log_level),
    ];
    let mut flags = args.set;
    flags.extend(given.into_iter().filter_map(|(name, key, value)| Some(Flag::new(name, key, &value?))));
    serve::serve(&global.settings(flags)?.values)
}
