//! `otary people`: who can sign in on the operator's page, and what each of them may do.

use clap::ValueEnum;
use clap::builder::NonEmptyStringValueParser;
use otary_fleet::{Grants, ProductName, Scope};
use otary_server::operator::{NewPerson, PersonChange, PersonView};

use crate::client::{Client, Connection, path};
use crate::clock;
use crate::global::Global;
use crate::passphrase::PasswordArgs;
use crate::say;
use crate::table::{Table, ago, date};
use crate::terminal::print_json;

/// Say who can sign in on the operator's page, and what they may do
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Let somebody sign in; asks for the password, which the person can change
    Add {
        /// What the person types to sign in: a-z, 0-9, '-', '_' and '.'
        name: ProductName,
        #[command(flatten)]
        role: Role,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List the people
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Change what somebody may do, or the password
    Set {
        /// Whose
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
        #[command(flatten)]
        change: Change,
    },
    /// Let somebody sign in no more; the person's sessions and tokens end
    Remove {
        /// Whom
        #[arg(value_parser = NonEmptyStringValueParser::new())]
        name: String,
    },
}

#[derive(Debug, clap::Args)]
struct Role {
    /// What the person may do
    #[arg(long, value_enum, default_value = "viewer")]
    role: RoleName,
    /// On this product only; again for more
    #[arg(long, value_name = "PRODUCT")]
    product: Vec<ProductName>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Change {
    /// What the person may do from now on
    #[arg(long, value_enum)]
    role: Option<RoleName>,
    /// That on this product only; again for more
    #[arg(long, value_name = "PRODUCT", requires = "role")]
    product: Vec<ProductName>,
    /// Set a new password, which is asked for; every session of the person ends
    #[arg(long)]
    password: bool,
    /// The file with the new password in its first line, `-` for standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<std::path::PathBuf>,
    /// Let nobody in under this name for now, nor by the tokens that the person made
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    /// And let them in again
    #[arg(long)]
    enable: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// To look
    Viewer,
    /// And to push releases
    Publisher,
    /// And all that is done to devices and releases
    Operator,
    /// And people, the tokens of others, settings
    Owner,
}

impl From<RoleName> for Scope {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Viewer => Self::Read,
            RoleName::Publisher => Self::Push,
            RoleName::Operator => Self::Operate,
            RoleName::Owner => Self::Own,
        }
    }
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::Add { name, role, password } => {
            let password = password.read_new(&format!("for {name}"))?;
            let grants = grants(role.role, role.product);
            let added: PersonView = client.post(&path(["people"]), &NewPerson { name, password, grants })?;
            Ok(say!("{} can sign in, as {}.", added.name, added.grants.roles())?)
        }
        Action::List { json } => {
            let people: Vec<PersonView> = client.get(&path(["people"]))?;
            if json { print_json(&people) } else { list(&people) }
        }
        Action::Set { name, change } => {
            let change = change.body(&name)?;
            let person: PersonView = client.patch(&path(["people", &name]), &change)?;
            let role = if person.disabled {
                "may not come in".to_owned()
            } else {
                format!("is {}", person.grants.roles())
            };
            Ok(say!("{} {role}.", person.name)?)
        }
        Action::Remove { name } => {
            client.delete(&path(["people", &name]))?;
            Ok(say!("Removed {name}.")?)
        }
    }
}

impl Change {
    fn body(self, name: &str) -> anyhow::Result<PersonChange> {
        let asked = self.password || self.password_file.is_some();
        let password = PasswordArgs::from_file(self.password_file);
        Ok(PersonChange {
            grants: self.role.map(|role| grants(role, self.product)),
            password: asked.then(|| password.read_new(&format!("for {name}"))).transpose()?,
            disabled: (self.disable || self.enable).then_some(self.disable),
        })
    }
}

/// A role on these products, or on everything.
fn grants(role: RoleName, products: Vec<ProductName>) -> Grants {
    let scope = role.into();
    if products.is_empty() { Grants::everywhere(scope) } else { Grants::on_products(scope, products) }
}

fn list(people: &[PersonView]) -> anyhow::Result<()> {
    if people.is_empty() {
        return Ok(say!("Nobody can sign in yet. `otary setup-code` makes the first owner.")?);
    }
    let now = clock::now();
    let mut table = Table::new(["NAME", "ROLE", "ADDED", "SIGNED IN", "SESSIONS"]);
    for person in people {
        let seen = person.last_signed_in.map_or_else(|| "never".to_owned(), |seen| ago(seen, now));
        let role = if person.disabled { "disabled".to_owned() } else { person.grants.roles() };
        table.row([person.name.clone(), role, date(person.created), seen, person.sessions.to_string()]);
    }
    Ok(say!("{table}")?)
}
