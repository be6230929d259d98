//! `otary doctor`: why does a device get no update?

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::Timestamp;
use otary_fleet::Time;
use otary_trust::verdict::Stack;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::advice::{Advise, Told};
use crate::data::DataDir;
use crate::doctor::{Look, Patient, Trust, Url, examine};
use crate::file::read_file;
use crate::global::Global;
use crate::terminal::{colours, print_json, width};
use crate::{clock, say};

/// The largest file of certificates that is read, in bytes.
const MAX_CA: u64 = 256 * 1024;
/// First byte of a certificate in DER.
const SEQUENCE: u8 = 0x30;
const DNS_PORT: u16 = 53;
/// The widest that sentences are set on a terminal.
const WIDEST: usize = 110;

/// Find out why a device gets no update
///
/// Goes the way of a device to its server: the name, the network, TLS, the certificate, the clock, the check-in, the size
/// of TLS records. Each step says what was seen; the first that ends it is named at the end, with what to do. The device
/// itself can only say "-1" to most of it. The server counts none of it as a device's check-in: no MAC is shown.
///
/// The verdict on certificates is that of the device's own TLS library. What the device trusts is said by --ca, or by
/// --data, which names the authority of a server of otary's; without either the chain is shown and not judged.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_STATUS)]
pub struct Args {
    /// What the device asks: `https://192.168.1.70:3443/update`
    #[arg(value_name = "URL")]
    url: String,
    /// The device's software
    #[arg(long, value_name = "STACK", default_value = Stack::Arduino3.name(), value_parser = stacks())]
    stack: Stack,
    /// The certificates that the device trusts (PEM or DER) [default: those of the authority in --data]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Ask this name server as well, and connect to the address that it gives: 8.8.8.8, or with a port 127.0.0.1:5353
    #[arg(long, value_name = "SERVER", value_parser = name_server)]
    dns: Option<SocketAddr>,
    /// What the device's clock says: 1970-01-01T00:00:05Z is one that was never set [default: the time]
    #[arg(long, value_name = "TIME", value_parser = time)]
    clock: Option<Time>,
    /// The device's buffer for TLS records, in bytes (`setBufferSizes` on an ESP8266) [default: the stack's]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u16).range(512..=16384))]
    buffer: Option<u16>,
    /// The version that the device says it runs; an older one brings an image, of which 64 KiB are read [default: none]
    #[arg(long, value_name = "VERSION", value_parser = version)]
    version: Option<String>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

const EXIT_STATUS: &str = "Exit status: 0 the device gets all the way; 1 it does not, or the doctor failed.";

/// Examines, and ends with 1 if something ends the device's way.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let patient = patient(args, global)?;
    let report = if args.json {
        let Ok(report) = examine(&patient, |_| Ok::<_, std::convert::Infallible>(()));
        print_json(&report)?;
        report
    } else {
        let width = width().map_or(usize::MAX, |width| width.min(WIDEST));
        let look = Look { colours: colours(&io::stdout()), width };
        say!("{}", look.beginning(&patient))?;
        let report = examine(&patient, |step| say!("{}", look.step(step)))?;
        say!("\n{}", look.ending(&report))?;
        report
    };
    if report.is_well() { Ok(()) } else { Err(Told.into()) }
}

fn patient(args: &Args, global: &Global) -> Result<Patient> {
    Ok(Patient {
        url: Url::parse(&args.url)?,
        stack: args.stack,
        trust: trust(args, global)?,
        dns: args.dns,
        clock: args.clock,
        buffer: args.buffer.map(usize::from),
        version: args.version.clone(),
        now: clock::now(),
    })
}

/// What the device trusts, if that was said.
fn trust(args: &Args, global: &Global) -> Result<Option<Trust>> {
    if let Some(file) = &args.ca {
        return Ok(Some(Trust { anchors: read_anchors(file)?, from: file.display().to_string() }));
    }
    let Some(data) = &global.data else { return Ok(None) };
    let authority = DataDir::existing(data)?.open_authority()?;
    let anchors = authority.anchors().into_iter().map(|anchor| anchor.der().to_vec()).collect();
    Ok(Some(Trust { anchors, from: format!("the authority in {}", data.display()) }))
}

fn read_anchors(file: &Path) -> Result<Vec<Vec<u8>>> {
    let bytes = read_file(file, MAX_CA)?;
    if bytes.first() == Some(&SEQUENCE) {
        return Ok(vec![bytes]);
    }
    let certificates = CertificateDer::pem_slice_iter(&bytes).map(|der| der.map(|der| der.to_vec()));
    let anchors: Vec<_> = certificates
        .collect::<Result<_, _>>()
        .with_context(|| format!("reading the certificates in {}", file.display()))?;
    if anchors.is_empty() {
        return Err(anyhow!("no certificate in {}", file.display()))
            .help("it begins with -----BEGIN CERTIFICATE-----; `otary trust export` prints such a file");
    }
    Ok(anchors)
}

/// Takes a device's software by its name, and helps with what each is.
fn stacks() -> impl TypedValueParser<Value = Stack> {
    let named = Stack::ALL.map(|stack| PossibleValue::new(stack.name()).help(stack.description()));
    PossibleValuesParser::new(named).try_map(|name| name.parse())
}

fn name_server(text: &str) -> Result<SocketAddr, String> {
    let with_port = text.parse().or_else(|_| Ok(SocketAddr::new(text.parse::<IpAddr>()?, DNS_PORT)));
    with_port.map_err(|_: std::net::AddrParseError| {
        "an address such as 8.8.8.8, or with a port 127.0.0.1:5353".into()
    })
}

fn time(text: &str) -> Result<Time, String> {
    let seconds = text.parse::<Timestamp>().ok().and_then(|time| u64::try_from(time.as_second()).ok());
    seconds.map(Time::from_secs).ok_or_else(|| "a time since 1970 such as 2026-11-25T08:00:00Z".to_owned())
}

/// A version that stands in one line of a request.
fn version(text: &str) -> Result<String, String> {
    let plain =
        !text.is_empty() && text.len() <= 64 && text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    plain.then(|| text.to_owned()).ok_or_else(|| "a version has 1 to 64 characters of ASCII".to_owned())
}
