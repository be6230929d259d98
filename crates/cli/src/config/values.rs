//! Every setting, with what otary does unless told otherwise.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::time::Duration;

use otary_server::notify::Security;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Listen, Published, Size, Span};

/// Every setting. The fields' names are the keys, in the file and, in capitals, in `OTARY_*` variables.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// The data directory.
    pub data: PathBuf,
    /// Names and addresses that devices use for this server, besides those that it finds itself.
    #[serde(deserialize_with = "list_or_commas")]
    pub names: Vec<String>,
    /// How long running downloads may go on after the server was told to end.
    pub drain: Span,
    /// Listeners.
    pub listen: Listeners,
    /// The operator listener, with its page.
    pub operator: Operator,
    /// The log.
    pub log: Log,
    /// How long things are kept.
    pub retention: Retention,
    /// Bounds on what strangers can make the server do.
    pub limits: Limits,
    /// What otary's own agents are told.
    pub agent: Agent,
    /// TLS towards devices.
    pub tls: Tls,
    /// The authority.
    pub trust: Trust,
    /// The server's names by multicast DNS.
    pub mdns: Mdns,
    /// A name by dynamic DNS.
    pub ddns: Ddns,
    /// The time, for networks without one.
    pub sntp: Sntp,
    /// A recording of what devices say, for `otary audit replay`.
    pub record: Record,
    /// Notices by mail.
    pub mail: Mail,
    /// Spans for OpenTelemetry.
    pub otel: Otel,
}

/// Where the server listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// HTTPS for devices.
    pub https: Listen,
    /// Plain HTTP for devices.
    pub http: Listen,
    /// The operator's API.
    pub operator: Listen,
    /// Plain HTTP for Prometheus and for whoever watches the server, without a token.
    pub metrics: Listen,
}

/// The operator listener, with its page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    /// Hosts that it answers for besides the server's own names: those that a proxy in front of it has.
    #[serde(deserialize_with = "list_or_commas")]
    pub hosts: Vec<String>,
}

/// How the log looks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Text or JSON.
    pub format: LogFormat,
    /// What is logged: `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `otary_server=debug,warn`.
    pub level: String,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How long things are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Events older than this go.
    pub events: Span,
    /// Of the events, the newest so many stay.
    pub max_events: u64,
    /// Artifacts that no release holds stay this long.
    pub unreferenced: Span,
    /// Withdrawn releases older than this go.
    pub withdrawn: Span,
    /// Artifacts may take so much room.
    pub artifacts: Size,
}

/// Bounds on what strangers can make the server do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Devices on record that nobody spoke of and that otary never updated.
    pub unknown_devices: u64,
    /// Devices that one address may bring at once, when a site is switched on for the first time.
    pub new_devices_at_once: u32,
    /// How long until it may bring one more.
    pub new_device_every: Span,
    /// Connections in all.
    pub connections: u64,
    /// The longest that a TLS handshake may take.
    pub handshake: Span,
    /// The longest that a connection may be idle, or a request take to come in.
    pub head: Span,
    /// The longest that a device may take nothing of an answer.
    pub stall: Span,
}

/// What otary's own agents are told.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// How long after a check-in they ask again.
    pub poll: Span,
}

/// TLS towards devices.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The most that one TLS record carries, for devices with small buffers.
    pub max_fragment_size: Option<Size>,
    /// A certificate from elsewhere, shown to devices instead of the authority's: PEM, the server's first.
    pub cert: Option<PathBuf>,
    /// Its key, PEM.
    pub key: Option<PathBuf>,
    /// What devices trust that are shown it; else the last certificate of that file.
    pub ca: Option<PathBuf>,
    /// Whether devices are asked for a client certificate, which they need not have.
    pub client_certificates: bool,
    /// What differs for devices that ask for one of these names: `[tls.names."small.lan"]`.
    pub names: BTreeMap<String, TlsOfName>,
}

/// The authority.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The file with the passphrase that its keys are kept under, in the first line.
    pub passphrase_file: Option<PathBuf>,
    /// New firmware has to hold an anchor that leads devices here and lives at least so long.
    pub horizon: Span,
}

/// TLS towards devices that ask for a certain name. What is not said is as for all others.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsOfName {
    /// As in [`Tls`].
    pub max_fragment_size: Option<Size>,
    /// As in [`Tls`].
    pub client_certificates: Option<bool>,
}

/// The server's names by multicast DNS (RFC 6762).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mdns {
    /// Whether the server answers for its names that end in `.local`.
    pub enabled: bool,
}

/// A name by dynamic DNS (the dyndns2 protocol). Off without a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ddns {
    /// Where the provider takes updates: an `https://` URL.
    pub server: Option<String>,
    /// The name to keep.
    pub hostname: Option<String>,
    /// The account there.
    pub user: Option<String>,
    /// The file with its password, which nobody else may read.
    pub password_file: Option<PathBuf>,
    /// Which address the name is kept on.
    pub address: Published,
    /// An `https://` URL that answers with the public address of whoever asks.
    pub check_url: Option<String>,
    /// Certificates to trust instead of the system's, for a server of one's own.
    pub ca_file: Option<PathBuf>,
    /// Whom the provider can write to, in the User-Agent; the account unless set.
    pub contact: Option<String>,
}

/// The time, for networks without one (SNTP, RFC 4330).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sntp {
    /// Where the time is told.
    pub listen: Listen,
    /// Whether a clock that nothing synchronises is told as well.
    pub trust_local_clock: bool,
}

impl Sntp {
    /// Whether devices can ask this machine for the time: at the only port that they ask.
    pub fn is_for_devices(&self) -> bool {
        const NTP_PORT: u16 = 123;
        let address = self.listen.address(Ipv6Addr::UNSPECIFIED.into());
        address.is_some_and(|address| address.port() == NTP_PORT && !address.ip().is_loopback())
    }
}

/// A recording of what devices say and what was known, for `otary audit replay`. Off without a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The file.
    pub file: Option<PathBuf>,
    /// The most that it takes; the one before it is kept beside it.
    pub size: Size,
}

/// Spans for OpenTelemetry, by OTLP over HTTP. Off without an endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otel {
    /// The collector: `http://127.0.0.1:4318`.
    pub endpoint: Option<String>,
    /// The name of the service.
    pub service: String,
}

/// Notices by mail. Off without a server.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The mail server's name.
    pub server: Option<String>,
    /// Its port; 587 with STARTTLS, 465 with TLS from the first byte, 25 without TLS.
    pub port: Option<u16>,
    /// How the connection is secured.
    pub tls: Security,
    /// The account there.
    pub user: Option<String>,
    /// The file with its password, in the first line, which nobody else may read.
    pub password_file: Option<PathBuf>,
    /// Certificates to trust instead of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// Who writes: `otary <otary@example.org>`.
    pub from: Option<String>,
    /// Who reads.
    #[serde(deserialize_with = "list_or_commas")]
    pub to: Vec<String>,
}

const DAY: Duration = Duration::from_hours(24);

impl Default for Values {
    fn default() -> Self {
        Self {
            data: default_data(),
            names: Vec::new(),
            drain: Span(Duration::from_mins(1)),
            listen: Listeners {
                https: Listen::Everywhere(3443),
                http: Listen::Everywhere(3000),
                operator: Listen::At(([127, 0, 0, 1], 3444).into()),
                metrics: Listen::Off,
            },
            operator: Operator::default(),
            log: Log { format: LogFormat::Text, level: "info".to_owned() },
            retention: Retention {
                events: Span(90 * DAY),
                max_events: 1_000_000,
                unreferenced: Span(DAY),
                withdrawn: Span(30 * DAY),
                artifacts: Size(10 << 30),
            },
            limits: Limits::default(),
            agent: Agent { poll: Span(otary_server::Limits::default().poll_after) },
            tls: Tls::default(),
            trust: Trust { passphrase_file: None, horizon: Span(5 * 365 * DAY) },
            mdns: Mdns { enabled: true },
            ddns: Ddns::default(),
            sntp: Sntp { listen: Listen::Off, trust_local_clock: false },
            record: Record { file: None, size: Size(64 << 20) },
            mail: Mail::default(),
            otel: Otel { endpoint: None, service: "otary".to_owned() },
        }
    }
}

impl Default for Ddns {
    fn default() -> Self {
        Self {
            server: None,
            hostname: None,
            user: None,
            password_file: None,
            address: Published::Lan,
            check_url: None,
            ca_file: None,
            contact: None,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let limits = otary_server::Limits::default();
        Self {
            unknown_devices: otary_store::MAX_STRANGERS as u64,
            new_devices_at_once: limits.new_devices_at_once,
            new_device_every: Span(limits.new_device_every),
            connections: limits.connections as u64,
            handshake: Span(limits.handshake),
            head: Span(limits.head),
            stall: Span(limits.stall),
        }
    }
}

/// The data directory unless said: `otary` where this user's programs keep their data (XDG Base Directory), else
/// `otary-data` in the working directory.
pub fn default_data() -> PathBuf {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    base.map_or_else(|| PathBuf::from("otary-data"), |base| base.join("otary"))
}

/// A list, or one text with commas in it, as a variable or a flag holds it.
fn list_or_commas<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        List(Vec<String>),
        Commas(String),
    }
    let parts = match Written::deserialize(source)? {
        Written::List(list) => list,
        Written::Commas(text) => text.split(',').map(str::trim).map(str::to_owned).collect(),
    };
    Ok(parts.into_iter().filter(|part| !part.is_empty()).collect())
}
