//! `otary sketch`: an Arduino sketch that updates itself from this server.

mod host;
mod link;
mod names;

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use otary_fleet::{ProductName, Release};
use otary_server::operator::{ProductView, TrustView};
use otary_server::sketch::{
    Board, FIRST_VERSION, Form, Host, NO_SECRET, Network, Sketch, Snippet, is_version,
};
use otary_trust::Name;
use zeroize::Zeroizing;

use self::names::{ClientName, EthernetName};
use crate::advice::{Advise, advised};
use crate::client::{Client, path, served_at};
use crate::config::Values;
use crate::data::{DataDir, quoted};
use crate::file::write_new;
use crate::global::Global;
use crate::platform::create_private_file;
use crate::secret::read_secret;
use crate::serve::{Names, Supplied};

/// Get an Arduino sketch that updates itself from this server
///
/// It has the server's URL in it and trusts the server's authority, and the authority that takes its place one day.
/// Put your own program into it, upload it once by cable, and publish every later version with `otary push`.
/// With --client it is what another client takes instead of a sketch.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What another client takes: a piece of its configuration or program
    #[arg(long, value_enum, requires = "product", conflicts_with_all = ["esp8266", "ethernet", "insecure", "secret_file"])]
    client: Option<ClientName>,
    /// The first line of this file is the device's link, as `otary device link` prints it
    #[arg(long, value_name = "FILE", requires = "client")]
    link_file: Option<PathBuf>,
    /// For an ESP8266 [default: for an ESP32 of any kind]
    #[arg(long)]
    esp8266: bool,
    /// By cable, with this module [default: by Wi-Fi]
    #[arg(long, value_name = "MODULE")]
    ethernet: Option<EthernetName>,
    /// Believes every server: NO PROTECTION, for the bench only
    #[arg(long)]
    insecure: bool,
    /// The product that it is, if the server is to know it by its URL
    #[arg(long, value_name = "PRODUCT")]
    product: Option<ProductName>,
    /// The first line of this file is the secret that a private product's devices share, or this device's own token
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// The server's name in the URL, one of its certificate's [default: one you gave it, else an address]
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// The port in the URL [default: that of the running server, else of the setting listen.https]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The version that the sketch says it has
    #[arg(long, value_name = "VERSION", default_value = FIRST_VERSION, value_parser = version)]
    version: String,
    /// Write it to a new file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Prints the sketch, and on standard error how to go on.
pub fn run(args: &Args, global: &Global) -> Result<()> {
    let board = if args.esp8266 { Board::Esp8266 } else { Board::Esp32 };
    let network = args.ethernet.map_or(Network::Wifi, |module| Network::Ethernet(module.into()));
    let form = Form::new(board, network, args.insecure)
        .help("on an ESP8266 use a module on SPI: --ethernet w5500, or --ethernet enc28j60")?;
    let values = global.settings(Vec::new())?.values;
    let Shown { names, roots } = Shown::find(&values, global)?;
    let listening = listening(&values)?;
    let host = match &args.host {
        Some(asked) => host::find(&names, asked)?,
        None => host::choose(&names, &Names::find(&values.names)?, listening.map(|address| address.ip()))?,
    };
    let form = form.for_local(host.label().is_some());
    let path = args.product.as_ref().map(|product| format!("/{product}")).unwrap_or_default();
    let port = args.port.or(listening.map(|address| address.port()));
    let port =
        port.with_context(|| format!("the setting listen.https says no port ({})", values.listen.https));
    let port = port.help("start the server, or name the port that devices connect to with --port")?;
    if let Some((client, product)) = args.client.zip(args.product.as_ref()) {
        let link = args.link_file.as_deref().map(link::read_link).transpose()?;
        let link = link.as_deref().map(String::as_str);
        let origin = format!("https://{host}:{port}");
        let snippet = Snippet {
            client: client.into(),
            origin: &origin,
            link,
            product,
            version: &args.version,
            roots: &roots,
        };
        return print_snippet(&snippet, args.out.as_deref());
    }
    let url = format!("https://{host}:{port}/update{path}");
    let secret = secret(args, global)?;
    let secret = secret.as_deref().map(String::as_str);
    let time = values.sntp.is_for_devices();
    let version = &args.version;
    let text = Sketch { form, url: &url, host: &host, time, version, roots: &roots, secret }.render();
    write_out(&Zeroizing::new(text), args.out.as_deref(), secret.is_some())?;
    print_advice(args, form, &host, &url)?;
    if secret == Some(NO_SECRET) {
        eprintln!("note: the product is private: fill in UPDATE_SECRET, or give it with --secret-file");
    }
    if let Some(address) = listening.filter(|address| address.ip().is_loopback()) {
        eprintln!("warning: the server listens on {} alone, where no device reaches it", address.ip());
    }
    Ok(())
}

/// Puts out what another client takes, and says on standard error what it cannot do.
fn print_snippet(snippet: &Snippet<'_>, out: Option<&Path>) -> Result<()> {
    write_out(&Zeroizing::new(snippet.render()), out, snippet.link.is_some())?;
    for note in snippet.notes() {
        eprintln!("note: {note}");
    }
    Ok(())
}

/// What devices are shown, and what they trust.
struct Shown {
    /// The names in the server's certificate.
    names: Vec<Name>,
    /// Anchors as PEM text.
    roots: String,
}

impl Shown {
    /// A certificate from elsewhere if there is one, else the authority's. The authority's roots are trusted in any
    /// case, so that the device can be moved to it.
    fn find(values: &Values, global: &Global) -> Result<Self> {
        let authority = open_authority(values)?;
        if let Some(Self { names, roots }) = Self::elsewhere(values, global)? {
            return Ok(Self { names, roots: roots + &authority.anchors_pem() });
        }
        let leaf = authority.leaf().ok_or_else(|| {
            advised(
                anyhow!("there is no server certificate, so no name that a sketch could ask for"),
                format!("otary serve --data {} makes it", quoted(&values.data)),
            )
        })?;
        Ok(Self { names: leaf.certificate().names().to_vec(), roots: authority.anchors_pem() })
    }

    /// A certificate from elsewhere: that of the server that runs, whatever flags it was given; else that of the
    /// settings. Before the first server there is nobody to ask.
    fn elsewhere(values: &Values, global: &Global) -> Result<Option<Self>> {
        if !DataDir::existing(&values.data)?.database().exists() {
            let supplied = Supplied::read(&values.tls)?;
            let shown = |shown: Supplied| Self {
                names: shown.certificate().names().to_vec(),
                roots: shown.anchors_pem(),
            };
            return Ok(supplied.map(shown));
        }
        let view: TrustView = Client::at_home(global)?.get(&path(["trust"]))?;
        let Some(shown) = view.elsewhere else { return Ok(None) };
        let names = shown.names.iter().map(|name| name.parse()).collect::<Result<_, _>>();
        Ok(Some(Self { names: names.context("the names that the server shows")?, roots: shown.anchors }))
    }
}

/// The authority whose roots go into the sketch.
fn open_authority(values: &Values) -> Result<otary_trust::Authority> {
    let data = DataDir::existing(&values.data)?;
    if !data.trust().is_dir() {
        return Err(advised(
            anyhow!("there is no authority in {} that a sketch could trust", data.path().display()),
            format!("otary serve --data {} makes it at its first start", quoted(data.path())),
        ));
    }
    data.open_authority()
}

/// Where devices connect to: the server that runs knows, whatever flags it was given; else the settings say it.
fn listening(values: &Values) -> Result<Option<SocketAddr>> {
    if let Some(address) = served_at(&DataDir::existing(&values.data)?)? {
        return Ok(Some(address));
    }
    let address = values.listen.https.address(Ipv6Addr::UNSPECIFIED.into());
    Ok(address.filter(|address| address.port() != 0))
}

/// What the sketch shows of who it is: what a file says, else, if its product is private, a place to be filled in.
fn secret(args: &Args, global: &Global) -> Result<Option<Zeroizing<String>>> {
    if let Some(file) = &args.secret_file {
        return read_secret(file).map(Some);
    }
    let private = args.product.as_ref().map_or(Ok(false), |product| is_private(product, global))?;
    Ok(private.then(|| Zeroizing::new(NO_SECRET.to_owned())))
}

/// Whether a product is private. One that is yet to be made is not, nor is any before the first server.
fn is_private(product: &ProductName, global: &Global) -> Result<bool> {
    let data = DataDir::existing(&global.settings(Vec::new())?.values.data)?;
    if !data.database().exists() {
        return Ok(false);
    }
    let products: Vec<ProductView> = Client::at_home(global)?.get(&path(["products"]))?;
    Ok(products.iter().any(|view| view.product.name == *product && view.product.private))
}

/// Puts the sketch where it was wanted, for its owner's eyes if there is a `secret` in it. A file that is there may have
/// somebody's program in it, and stays.
fn write_out(text: &str, out: Option<&Path>, secret: bool) -> Result<()> {
    let Some(path) = out else {
        return Ok(io::stdout().lock().write_all(text.as_bytes())?);
    };
    if path.try_exists()? {
        let error = anyhow!("{} is there already", path.display());
        return Err(advised(error, "remove it, or name another one: a sketch is never overwritten"));
    }
    let create = if secret { create_private_file } else { |path: &Path| File::create_new(path) };
    write_new(path, create, text.as_bytes())
}

/// Says on standard error what to do with the sketch.
fn print_advice(args: &Args, form: Form, host: &Host, url: &str) -> io::Result<()> {
    let mut err = io::stderr().lock();
    if form.is_insecure() {
        writeln!(err, "warning: NO PROTECTION: this sketch believes every server and runs what it sends")?;
    }
    writeln!(err, "It asks {url}, and needs {}.", form.needs())?;
    if host.is_address() {
        writeln!(err, "Keep this machine at {host}, or let the sketch ask for a name (--host).")?;
    }
    let product = args.product.as_ref().map_or("lamp", ProductName::as_str);
    let stem = args.out.as_deref().and_then(Path::file_stem).map(OsStr::to_string_lossy);
    let name = stem.unwrap_or(Cow::Borrowed(product));
    let settings = match form.network() {
        Network::Wifi => "WIFI_SSID and WIFI_PASSWORD",
        Network::Ethernet(_) => "the wiring",
    };
    writeln!(
        err,
        "Now: open it in the Arduino IDE as {name}/{name}.ino; fill in {settings}; Sketch > Upload"
    )?;
    writeln!(
        err,
        "Later: raise FIRMWARE_VERSION; Sketch > Export Compiled Binary; otary push {name}.ino.bin --product {product} \
         --version VERSION"
    )
}

fn version(text: &str) -> Result<String, String> {
    if is_version(text) {
        return Ok(text.to_owned());
    }
    Err(format!("a version has 1 to {} of letters, digits and . - + _", Release::MAX_VERSION))
}
