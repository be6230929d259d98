//! `otary group`: devices that are meant together.

use otary_fleet::{GroupName, Mac, Membership, ProductName};
use otary_server::operator::{GroupMembers, GroupSettings, GroupView};

use crate::client::{Client, Connection, path};
use crate::command::device;
use crate::global::Global;
use crate::say;
use crate::table::{Table, count, or_dash, plain};
use crate::terminal::print_json;

/// See and set groups: devices that are meant together, by hand or by a query
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the groups
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a group and the devices in it
    Show {
        /// Its name
        name: GroupName,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a group, or make it anew: of these devices, or of those that a query finds
    Set {
        /// Its name: a-z, 0-9, '-', '_' and '.'
        name: GroupName,
        /// The devices
        #[arg(conflicts_with = "query")]
        devices: Vec<Mac>,
        /// The devices that a query finds, whenever it is asked, such as 'chip = esp32c3 and build < 0.9' (docs/QUERY.md)
        #[arg(long = "where", value_name = "QUERY")]
        query: Option<String>,
        /// Of this product only
        #[arg(long)]
        product: Option<ProductName>,
    },
    /// Add devices to a group that was made by hand
    Add {
        /// Its name
        name: GroupName,
        /// The devices; they need not have asked yet
        #[arg(required = true)]
        devices: Vec<Mac>,
    },
    /// Remove devices from a group that was made by hand
    Remove {
        /// Its name
        name: GroupName,
        /// The devices
        #[arg(required = true)]
        devices: Vec<Mac>,
    },
    /// Delete a group; its devices stay
    Delete {
        /// Its name
        name: GroupName,
    },
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::List { json } => {
            let groups: Vec<GroupView> = client.get(&path(["groups"]))?;
            if json { print_json(&groups) } else { list(&groups) }
        }
        Action::Show { name, json } => show(&name, json, &mut client),
        Action::Set { name, devices, query, product } => {
            let query = query.as_deref().map(device::read_query).transpose()?;
            let settings = GroupSettings { product, query: query.map(|query| query.to_string()), devices };
            told(&client.put(&place(&name, None), &settings)?)
        }
        Action::Add { name, devices } => {
            told(&client.post(&place(&name, Some("add")), &GroupMembers { devices })?)
        }
        Action::Remove { name, devices } => {
            told(&client.post(&place(&name, Some("remove")), &GroupMembers { devices })?)
        }
        Action::Delete { name } => {
            client.delete(&place(&name, None))?;
            Ok(say!("The group {name} is gone; its devices stay.")?)
        }
    }
}

fn place(name: &GroupName, act: Option<&str>) -> String {
    path(["groups", name.as_str()].into_iter().chain(act))
}

fn list(groups: &[GroupView]) -> anyhow::Result<()> {
    if groups.is_empty() {
        return Ok(say!("There is no group. `otary group set NAME --where QUERY` makes one.")?);
    }
    let mut table = Table::new(["GROUP", "PRODUCT", "DEVICES", "WHICH"]);
    for GroupView { group, members } in groups {
        table.row([
            group.name.to_string(),
            or_dash(group.product.as_ref()),
            members.to_string(),
            which(&group.by),
        ]);
    }
    Ok(say!("{table}")?)
}

fn show(name: &GroupName, json: bool, client: &mut Client) -> anyhow::Result<()> {
    let view: GroupView = client.get(&place(name, None))?;
    if json {
        return print_json(&view);
    }
    told(&view)?;
    device::list_where(client, &device::read_query(&format!("group = {name}"))?)
}

fn told(GroupView { group, members }: &GroupView) -> anyhow::Result<()> {
    let of = group.product.as_ref().map(|product| format!(" of {product}")).unwrap_or_default();
    say!("{}{of}: {}", group.name, which(&group.by))?;
    Ok(say!("  {} on record now", count(*members, "device"))?)
}

fn which(by: &Membership) -> String {
    match by {
        Membership::Query(query) => plain(&query.to_string()),
        Membership::Hand(devices) => format!("{} by hand", count(devices.len() as u64, "device")),
    }
}
