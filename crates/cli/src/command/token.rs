//! `otary token`: what build machines and people elsewhere show to act here.

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use otary_fleet::{Grants, ProductName, Scope};
use otary_server::operator::{CreatedToken, NewToken, TokenView};

use crate::client::{Client, Connection, path};
use crate::clock;
use crate::global::Global;
use crate::say;
use crate::table::{Table, ago, date, until};
use crate::terminal::print_json;

/// Make and revoke the tokens that `otary push --server` and others show
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a token and print it, this once
    Create {
        /// What to call it: a-z, 0-9, '-', '_' and '.'
        name: ProductName,
        /// What it allows
        #[arg(long, value_enum, default_value = "push")]
        scope: ScopeName,
        /// On this product only; again for more
        #[arg(long, value_name = "PRODUCT")]
        product: Vec<ProductName>,
        /// Days until it ends
        #[arg(long, default_value_t = NewToken::DAYS, value_parser = clap::value_parser!(u32).range(1..=i64::from(NewToken::MAX_DAYS)))]
        days: u32,
    },
    /// List the tokens
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token at once
    Revoke {
        /// Its name
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScopeName {
    /// To look
    Read,
    /// And to push releases
    Push,
    /// And all that is done to devices and releases
    Operate,
    /// And people, the tokens of others, settings
    Own,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Read => Self::Read,
            ScopeName::Push => Self::Push,
            ScopeName::Operate => Self::Operate,
            ScopeName::Own => Self::Own,
        }
    }
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::Create { name, scope, product, days } => {
            let grants = grants(scope.into(), product);
            let made: CreatedToken = client.post(&path(["tokens"]), &NewToken { name, grants, days })?;
            let TokenView { name, grants, expires, .. } = &made.token;
            // The token alone on standard output: `otary token create ci > ci.token`.
            eprintln!("The token {name} may {grants} and ends on {}. It is not shown again.", date(*expires));
            Ok(say!("{}", made.secret.expose())?)
        }
        Action::List { json } => {
            let tokens: Vec<TokenView> = client.get(&path(["tokens"]))?;
            if json {
                return print_json(&tokens);
            }
            list(&tokens)
        }
        Action::Revoke { name } => {
            client.delete(&path(["tokens", &name]))?;
            Ok(say!("Revoked {name}.")?)
        }
    }
}

/// A scope on these products, or on everything.
fn grants(scope: Scope, products: Vec<ProductName>) -> Grants {
    if products.is_empty() { Grants::everywhere(scope) } else { Grants::on_products(scope, products) }
}

fn list(tokens: &[TokenView]) -> anyhow::Result<()> {
    if tokens.is_empty() {
        return Ok(say!(
            "No tokens. On this machine none is needed; `otary token create NAME` makes one for another."
        )?);
    }
    let now = clock::now();
    let mut table = Table::new(["TOKEN", "SCOPE", "MADE", "ENDS", "LAST USED"]);
    for token in tokens {
        let used = token.last_used.map_or_else(|| "never".to_owned(), |used| ago(used, now));
        let ends = if token.expired { "ended".to_owned() } else { until(token.expires, now) };
        table.row([token.name.clone(), token.grants.to_string(), date(token.created), ends, used]);
    }
    Ok(say!("{table}")?)
}
