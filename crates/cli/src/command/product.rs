//! `otary product`: the kinds of devices that there are.

use std::collections::BTreeSet;

use otary_fleet::{Chip, ProductName};
use otary_server::operator::{NewProduct, ProductChange, ProductView};

use crate::client::{Client, Connection, path};
use crate::global::Global;
use crate::say;
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
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
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
            let new = NewProduct { name: product, settings: settings.into() };
            let added: ProductView = client.post(&path(["products"]), &new)?;
            Ok(say!("Added {}: {}", added.product.name, words(&added))?)
        }
        Action::Set { product, settings } => {
            let change = ProductChange::from(settings);
            let set: ProductView = client.patch(&path(["products", product.as_str()]), &change)?;
            Ok(say!("{product}: {}", words(&set))?)
        }
    }
}

impl From<Settings> for ProductChange {
    fn from(set: Settings) -> Self {
        Self {
            chips: set.chips.map(|chips| chips.0),
            allow_plain_http: set.allow_plain_http,
            allow_raw: set.allow_raw,
        }
    }
}

fn list(products: &[ProductView]) -> anyhow::Result<()> {
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
                "stable" => version.clone(),
                channel => format!("{version} ({channel})"),
            })
            .collect();
        let product = &view.product;
        table.row([
            product.name.to_string(),
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
        "chips {}, allows {}",
        chip_names(view),
        match allows(view).as_str() {
            "-" => "neither plain HTTP nor raw files",
            allowed => allowed,
        }
    )
}
