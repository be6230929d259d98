//! `otary device enroll`: a credential of a device's own. It is made here, and the server is told its digest alone.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_fleet::{CredentialKind, Mac, ProductName, Sha256, Time};
use otary_server::LinkToken;
use otary_server::operator::{DeviceView, Enrolment};
use otary_trust::{Clock, Identity};

use super::{called, place};
use crate::client::Client;
use crate::clock;
use crate::command::product::new_secret;
use crate::data::{DataDir, trusted};
use crate::file::write_new;
use crate::global::Global;
use crate::platform::create_private_file;
use crate::say;
use crate::secret::read_secret;
use crate::table::date;

/// Issue a device a credential of its own, by which it shows who it is
///
/// A token goes into its sketch (`otary sketch --secret-file`), and is sent as the password of setAuthorization. A client
/// certificate takes `setCertificate` and `setPrivateKey`, and the setting `tls.client_certificates`, for all devices
/// or under `tls.names` for those that ask for a certain name. A link is a part of the device's URL, for clients that can
/// send nothing else (ESP-IDF, ESPHome, esp32FOTA, Tasmota, MicroPython).
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Its address, or the name that it calls itself (hawkBit); it need not have asked yet
    #[arg(value_parser = called)]
    mac: Mac,
    /// Assign it to this product, the one private product that its credential opens [default: the one that it is
    /// assigned to, else the only private one]
    #[arg(long, value_name = "NAME")]
    product: Option<ProductName>,
    #[command(flatten)]
    kind: Kind,
    /// Write the certificate (PEM) to this new file
    #[arg(long, value_name = "FILE", requires = "certificate")]
    out_cert: Option<PathBuf>,
    /// Write its private key (PEM) to this new file, for your eyes alone
    #[arg(long, value_name = "FILE", requires = "certificate")]
    out_key: Option<PathBuf>,
}

/// What it is issued.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Kind {
    /// Make a token and print it, this once
    #[arg(long)]
    token: bool,
    /// Take the target token that it has from hawkBit: the first line of this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    target_token: Option<PathBuf>,
    /// Make a key and have the authority in the data directory sign a certificate for it
    #[arg(long, requires_all = ["out_cert", "out_key"])]
    certificate: bool,
    /// Make a link and print the beginning of its paths, this once
    #[arg(long)]
    link: bool,
}

/// Issue a device a link: the beginning of its URL's path, by which it shows who it is
///
/// For clients that can send nothing else (ESP-IDF, ESPHome, esp32FOTA, Tasmota, MicroPython): `/d/TOKEN` goes between the
/// server's name and the path, as `otary sketch --client esphome --link-file FILE` does it. The same as `otary device enroll
/// --link`. It is a secret like any other, so it belongs into no URL by plain HTTP that matters.
#[derive(Debug, clap::Args)]
pub struct LinkArgs {
    /// Its address, or the name that it calls itself (hawkBit); it need not have asked yet
    #[arg(value_parser = called)]
    mac: Mac,
    /// Assign it to this product, the one private product that its link opens [default: the one that it is assigned to, else
    /// the only private one]
    #[arg(long, value_name = "NAME")]
    product: Option<ProductName>,
}

/// Carries it out.
pub fn link(args: LinkArgs, client: &mut Client) -> Result<()> {
    make_link(Enrolled { mac: args.mac, product: args.product }, client)
}

/// Carries it out.
pub fn run(args: Args, client: &mut Client, global: &Global) -> Result<()> {
    let device = Enrolled { mac: args.mac, product: args.product };
    if let Some(file) = &args.kind.target_token {
        return take_token(device, file, client);
    }
    match (args.out_cert, args.out_key) {
        (Some(certificate), Some(key)) if args.kind.certificate => {
            issue(device, &Files { certificate, key }, client, global)
        }
        _ if args.kind.link => make_link(device, client),
        _ => make_token(device, client),
    }
}

/// Who is enrolled, and for which product if that was said.
struct Enrolled {
    mac: Mac,
    product: Option<ProductName>,
}

impl Enrolled {
    fn tell(self, credential: CredentialKind, client: &mut Client) -> Result<DeviceView> {
        client.post(&place(self.mac, Some("enroll")), &Enrolment { credential, product: self.product })
    }
}

/// Issues what the device holds already, of which nothing has to be printed.
fn take_token(device: Enrolled, file: &Path, client: &mut Client) -> Result<()> {
    let (mac, token) = (device.mac, read_secret(file)?);
    let view = device.tell(CredentialKind::Token(Sha256::of(token.as_bytes())), client)?;
    say!("{mac} is enrolled{} with the token that it has.", assigned(&view))?;
    warn_if_unassigned(&view);
    Ok(())
}

fn make_token(device: Enrolled, client: &mut Client) -> Result<()> {
    let (mac, token) = (device.mac, new_secret()?);
    let view = device.tell(CredentialKind::Token(token.hash()), client)?;
    // The token alone on standard output: `otary device enroll MAC --token > device.token`.
    eprintln!("{mac} is enrolled{}. This is its token. It is not shown again.", assigned(&view));
    say!("{}", token.expose())?;
    warn_if_unassigned(&view);
    Ok(())
}

fn make_link(device: Enrolled, client: &mut Client) -> Result<()> {
    let mac = device.mac;
    let token = LinkToken::generate(mac).map_err(|_| anyhow!("the system gives no random numbers"))?;
    let view = device.tell(CredentialKind::Link(token.hash()), client)?;
    // The path alone on standard output: `otary device link MAC > lamp.link`.
    eprintln!(
        "{mac} is enrolled{}. This goes in front of its URL's path. It is not shown again.",
        assigned(&view)
    );
    say!("{}", token.path().as_str())?;
    warn_if_unassigned(&view);
    Ok(())
}

/// Where a certificate and its key go.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// The files are written first: what the server then knows of is in somebody's hands.
fn issue(device: Enrolled, files: &Files, client: &mut Client, global: &Global) -> Result<()> {
    let mac = device.mac;
    let identity = make_certificate(mac, global)?;
    let certificate = identity.certificate();
    let key = identity.key().context("the authority made a certificate without its key")?.pem()?;
    write_new(&files.key, create_private_file, key.as_bytes())?;
    let written = write_new(&files.certificate, create_private_file, certificate.pem().as_bytes());
    if written.is_err() {
        // It was made a moment ago, and nobody has it.
        let _ = fs::remove_file(&files.key);
    }
    written?;
    let digest = Sha256(*certificate.fingerprint().as_bytes());
    let view = device.tell(CredentialKind::Certificate(digest), client)?;
    say!(
        "{mac} is enrolled{}: its certificate is {}, its key {}. Until {}, or until it is taken back.",
        assigned(&view),
        files.certificate.display(),
        files.key.display(),
        date(certificate.not_after())
    )?;
    warn_if_unassigned(&view);
    Ok(())
}

fn make_certificate(mac: Mac, global: &Global) -> Result<Identity> {
    let values = global.settings(Vec::new())?.values;
    let authority = DataDir::existing(&values.data)?.unlock_authority(&values.trust)?;
    let clock = Clock { now: clock::now(), built: clock::built(), newest: Time::default() };
    trusted(authority.issue_client(&mac.to_string(), &clock))
}

/// What its credential is good for.
fn assigned(view: &DeviceView) -> String {
    let product = view.device.product.as_ref();
    product.map(|product| format!(" for {product}")).unwrap_or_default()
}

/// Says of a device without a product that its credential opens none yet.
fn warn_if_unassigned(DeviceView { device, .. }: &DeviceView) {
    if device.product.is_none() {
        eprintln!("note: it opens no private product until otary device assign {} PRODUCT", device.mac);
    }
}
