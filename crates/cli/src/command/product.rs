//! `otary product`: the kinds of devices that there are.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Result, anyhow};
use otary_fleet::{Chip, ProductName, Sha256};
use otary_server::operator::{NewProduct, ProductChange, ProductView, Secret, SecretChange};
use zeroize::Zeroizing;

use crate::client::{Client, Connection, path};
use crate::global::Global;
use crate::say;
use crate::secret::read_secret;
use crate::table::{Table, date};
use crate::terminal::print_json;

/// See and set the products: kinds of devices that share firmware
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the products
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a product; the first `otary push` does so by itself
    Add {
        /// Its name: a-z, 0-9, '-', '_' and '.'
        product: ProductName,
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a product; what is not named stays as it is
    Set {
        /// Its name
        product: ProductName,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, clap::Args)]
struct Settings {
    /// The chips that it is made with, such as esp32,esp32c3; `any` for whatever its releases are for
    #[arg(long, value_name = "CHIPS", value_parser = chips)]
    chips: Option<Chips>,
    /// Update devices over plain HTTP too, where anybody on the way can read and change the image
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    allow_plain_http: Option<bool>,
    /// Take opaque files (encrypted, or of another maker's making) with `otary push --kind raw`
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    allow_raw: Option<bool>,
    /// Ask devices that speak hawkBit's protocol to agree before they are given anything to install
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    asks_first: Option<bool>,
    /// Give images to those devices alone that prove to be of this product
    #[arg(long, overrides_with = "no_private")]
    private: bool,
    /// Give images to whoever asks
    #[arg(long, overrides_with = "private")]
    no_private: bool,
    #[command(flatten)]
    secret: SecretSettings,
}

/// What becomes of the secret that the devices share (setAuthorization in a sketch).
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
struct SecretSettings {
    /// Make a new secret for its devices to share, and print it, this once
    #[arg(long)]
    new_secret: bool,
    /// Its devices share the secret in the first line of this file; `-` is standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Its devices share no secret
    #[arg(long)]
    no_secret: bool,
}

#[derive(Debug, Clone)]
struct Chips(BTreeSet<Chip>);

fn chips(text: &str) -> Result<Chips, String> {
    if text == "any" {
        return Ok(Chips(BTreeSet::new()));
    }
    text.split(',').map(chip).collect::<Result<_, _>>().map(Chips)
}

/// A chip as it is typed.
pub fn chip(text: &str) -> Result<Chip, String> {
    Chip::from_name(text.trim()).ok_or_else(|| {
        let names: Vec<&str> = Chip::all().map(Chip::name).collect();
        format!("the chips are {}", names.join(", "))
    })
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::List { json } => {
            let products: Vec<ProductView> = client.get(&path(["products"]))?;
            if json {
                return print_json(&products);
            }
            list(&products)
        }
        Action::Add { product, settings } => {
            let (settings, made) = settings.resolve()?;
            let new = NewProduct { name: product, settings };
            let added: ProductView = client.post(&path(["products"]), &new)?;
            tell(&format!("Added {}", added.product.name), &added, made.as_ref())
        }
        Action::Set { product, settings } => {
            let (change, made) = settings.resolve()?;
            let set: ProductView = client.patch(&path(["products", product.as_str()]), &change)?;
            tell(product.as_str(), &set, made.as_ref())
        }
    }
}

impl Settings {
    /// What is to be changed, and the secret that was made for it.
    fn resolve(self) -> Result<(ProductChange, Option<Secret>)> {
        let made = if self.secret.new_secret { Some(new_secret()?) } else { None };
        let change = ProductChange {
            chips: self.chips.map(|chips| chips.0),
            allow_plain_http: self.allow_plain_http,
            allow_raw: self.allow_raw,
            asks_first: self.asks_first,
            private: (self.private || self.no_private).then_some(self.private),
            secret: match &made {
                Some(secret) => Some(SecretChange::Sha256(secret.hash())),
                None => self.secret.change()?,
            },
        };
        Ok((change, made))
    }
}

impl SecretSettings {
    /// What was asked for, apart from a new one.
    fn change(&self) -> Result<Option<SecretChange>> {
        let Some(file) = &self.secret_file else {
            return Ok(self.no_secret.then_some(SecretChange::None));
        };
        let secret: Zeroizing<String> = read_secret(file)?;
        Ok(Some(SecretChange::Sha256(Sha256::of(secret.as_bytes()))))
    }
}

/// A secret from this machine's randomness: the server is told its digest alone.
pub fn new_secret() -> Result<Secret> {
    Secret::generate().map_err(|_| anyhow!("the system gives no random numbers"))
}

/// Says how a product stands. A secret that was made for it is alone on standard output:
/// `otary product set lamp --new-secret > lamp.secret`.
fn tell(subject: &str, view: &ProductView, made: Option<&Secret>) -> Result<()> {
    let Some(secret) = made else {
        return Ok(say!("{subject}: {}", words(view))?);
    };
    eprintln!("{subject}: {}\nThis is its secret. It is not shown again.", words(view));
    Ok(say!("{}", secret.expose())?)
}

fn list(products: &[ProductView]) -> Result<()> {
    if products.is_empty() {
        return Ok(say!(
            "No products yet: `otary push FILE --product NAME --version 0.1` makes the first one."
        )?);
    }
    let mut table = Table::new(["PRODUCT", "CHIPS", "OFFERS", "RELEASES", "DEVICES", "ALLOWS", "SINCE"]);
    for view in products {
        let newest: Vec<String> = view
            .newest
            .iter()
            .map(|(channel, version)| match channel.as_str() {
                "stable" => version.to_string(),
                channel => format!("{version} ({channel})"),
            })
            .collect();
        let product = &view.product;
        table.row([
            if product.private { format!("{} (private)", product.name) } else { product.name.to_string() },
            chip_names(view),
            if newest.is_empty() { "-".into() } else { newest.join(", ") },
            view.releases.to_string(),
            view.devices.to_string(),
            allows(view),
            date(product.created),
        ]);
    }
    Ok(say!("{table}")?)
}

fn chip_names(view: &ProductView) -> String {
    let names: Vec<&str> = view.product.chips.iter().map(|chip| chip.name()).collect();
    if names.is_empty() { "any".into() } else { names.join(", ") }
}

fn allows(view: &ProductView) -> String {
    let plain = view.product.allow_plain_http.then_some("plain HTTP");
    let raw = view.product.allow_raw.then_some("raw files");
    let allowed: Vec<&str> = plain.into_iter().chain(raw).collect();
    if allowed.is_empty() { "-".into() } else { allowed.join(", ") }
}

fn words(view: &ProductView) -> String {
    format!(
        "chips {}, {}allows {}",
        chip_names(view),
        match (view.product.private, view.has_secret) {
            (true, true) => "private (its secret or a device's own credential), ",
            (true, false) => "private (a device's own credential, see `otary device enroll`), ",
            (false, true) => "with a secret, ",
            (false, false) => "",
        },
        match allows(view).as_str() {
            "-" => "neither plain HTTP nor raw files",
            allowed => allowed,
        }
    )
}
