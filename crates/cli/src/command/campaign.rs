//! `otary campaign`: releases on their way to their devices.

mod settings;
mod show;

use otary_fleet::{CampaignId, Channel, ProductName, Version};
use otary_server::operator::{CampaignPage, CampaignView, NewCampaign, Resumption, RollBack};

use crate::client::{Client, Connection, path};
use crate::global::Global;
use crate::say;
use crate::table::plain;
use crate::terminal::print_json;

pub use settings::{GoingArgs, SettingsArgs, WayArgs};

/// See campaigns and steer them: releases on their way to their devices, wave by wave
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the campaigns, the newest first
    List {
        /// Of this product only
        product: Option<ProductName>,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a campaign: where it stands, what it has shown, what comes next
    Show {
        /// Its number
        number: CampaignId,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Send out a release that is published already: to a group, another channel, or anew
    Start(Box<StartArgs>),
    /// Offer nothing more under a campaign until it is resumed
    Pause {
        /// Its number
        number: CampaignId,
    },
    /// Go on with a campaign that was paused, or stopped on evidence
    Resume {
        /// Its number
        number: CampaignId,
        /// How many devices may fail or fall silent from now on, beyond what others do
        #[arg(long, value_name = "PERCENT", value_parser = settings::tolerated)]
        tolerate: Option<u32>,
    },
    /// Open the next wave, which waits for a person
    Approve {
        /// Its number
        number: CampaignId,
    },
    /// End a campaign: its release is offered to nobody any more
    Abort {
        /// Its number
        number: CampaignId,
    },
    /// Take a campaign back: it ends, and its devices go back to a former release
    RollBack {
        /// Its number
        number: CampaignId,
        /// The version to go back to [default: the newest one before]
        #[arg(long, value_name = "VERSION")]
        to: Option<Version>,
        /// End other campaigns that are under way for the same devices, too
        #[arg(long)]
        supersede: bool,
        #[command(flatten)]
        settings: Box<SettingsArgs>,
    },
}

#[derive(Debug, clap::Args)]
struct StartArgs {
    /// The product
    product: ProductName,
    /// The version
    version: Version,
    /// To devices that follow this channel [default: the one that it was published to]
    #[arg(long)]
    channel: Option<Channel>,
    /// End the campaigns that are under way for the same devices
    #[arg(long)]
    supersede: bool,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Carries it out.
pub fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    let mut client = Client::open(global, &args.connection)?;
    match args.action {
        Action::List { product, json } => {
            let of = product.map(|product| format!("&product={product}")).unwrap_or_default();
            let from = |page: CampaignPage| (page.campaigns, page.next);
            let views: Vec<CampaignView> =
                client.all(&format!("{}?limit=1000{of}", path(["campaigns"])), from)?;
            if json { print_json(&views) } else { show::list(&views) }
        }
        Action::Show { number, json } => {
            let view: CampaignView = client.get(&place(number, None))?;
            if json { print_json(&view) } else { show::show(&view) }
        }
        Action::Start(args) => {
            let view: CampaignView = client.post(&path(["campaigns"]), &args.campaign())?;
            began(&view)
        }
        Action::Pause { number } => {
            let view: CampaignView = client.act(&place(number, Some("pause")))?;
            say!(
                "Campaign {number} is paused: nothing of {} is offered.",
                plain(&view.campaign.release.to_string())
            )?;
            next(&view)
        }
        Action::Resume { number, tolerate } => {
            let resumption = Resumption { tolerated_ppm: tolerate };
            let view: CampaignView = client.post(&place(number, Some("resume")), &resumption)?;
            say!("Campaign {number} goes on.")?;
            next(&view)
        }
        Action::Approve { number } => {
            let view: CampaignView = client.act(&place(number, Some("approve")))?;
            say!("Wave {} of campaign {number} is open.", view.campaign.wave + 1)?;
            next(&view)
        }
        Action::Abort { number } => {
            let view: CampaignView = client.act(&place(number, Some("abort")))?;
            let release = plain(&view.campaign.release.to_string());
            Ok(say!(
                "Campaign {number} is over: {release} is offered to nobody. Devices that run it keep it; `otary campaign roll-back {number}` takes it back."
            )?)
        }
        Action::RollBack { number, to, supersede, settings } => {
            let back = RollBack { to, supersede, settings: settings.settings() };
            let view: CampaignView = client.post(&place(number, Some("roll-back")), &back)?;
            began(&view)
        }
    }
}

impl StartArgs {
    fn campaign(self) -> NewCampaign {
        NewCampaign {
            product: self.product,
            version: self.version,
            channel: self.channel,
            settings: self.settings.settings().unwrap_or_default(),
            supersede: self.supersede,
        }
    }
}

fn place(number: CampaignId, act: Option<&str>) -> String {
    let number = number.to_string();
    path(["campaigns", &number].into_iter().chain(act))
}

fn began(view: &CampaignView) -> anyhow::Result<()> {
    let campaign = &view.campaign;
    let (id, release) = (campaign.id, plain(&campaign.release.to_string()));
    match campaign.rolls_back {
        Some(_) => say!("Campaign {id} goes back to {release}.")?,
        None => say!("Campaign {id} brings {release}.")?,
    }
    next(view)
}

fn next(view: &CampaignView) -> anyhow::Result<()> {
    view.next.iter().try_for_each(|sentence| Ok(say!("Next: {sentence}.")?))
}
