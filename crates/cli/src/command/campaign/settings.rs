//! How a campaign goes, as options of the commands that begin one.

use anyhow::anyhow;
use otary_fleet::{Gate, GroupName, Pace, Plan, Rules, Share, Window};
use otary_server::operator::{ByCampaign, CampaignSettings};

use crate::advice::advised;
use crate::config::Span;

/// How the release goes out
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Campaign")]
pub struct SettingsArgs {
    /// The waves: how many devices have it when each is done [default: 1%,5%,25%,100%]
    #[arg(long, value_name = "PLAN")]
    waves: Option<Plan>,

    /// Only the devices of this group
    #[arg(long)]
    group: Option<GroupName>,

    /// How long each wave has to be open before the next one opens, such as 24h
    #[arg(long, value_name = "TIME")]
    soak: Option<Span>,

    /// Have a person approve each further wave
    #[arg(long)]
    approve: bool,

    /// When something may be offered, such as 'mon-fri 22:00-04:00 Europe/Berlin'
    #[arg(long)]
    window: Option<Window>,

    /// How fast, any of '30/min, 4 downloads, 500kB/s'
    #[arg(long)]
    pace: Option<Pace>,

    /// How many devices may fail or fall silent, beyond what others do [default: 2%]
    #[arg(long, value_name = "PERCENT", value_parser = tolerated)]
    tolerate: Option<u32>,

    /// Only devices that prove who they are are offered it, and count
    #[arg(long)]
    on_proof: bool,

    /// Also devices that run something newer
    #[arg(long)]
    allow_downgrade: bool,

    /// Devices that may have been offered it at the same time without being heard since, at first [default: 8]
    #[arg(long, value_name = "NUMBER")]
    at_a_time: Option<u32>,

    /// For how long a device that runs it is watched: if it falls silent, that counts [default: 72h]
    #[arg(long, value_name = "TIME")]
    watch: Option<Span>,
}

/// How what is published goes out: to all at once, by a campaign, in the place of another one.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Campaign")]
pub struct GoingArgs {
    #[command(flatten)]
    way: WayArgs,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// The way of what goes out as is usual.
#[derive(Debug, Clone, clap::Args)]
pub struct WayArgs {
    /// Offer it to all devices at once, however many there are
    #[arg(long)]
    at_once: bool,

    /// End the campaigns that are under way for the same devices
    #[arg(long)]
    supersede: bool,
}

impl GoingArgs {
    /// By which campaign it goes out.
    pub fn campaign(&self) -> ByCampaign {
        self.settings.settings().map_or_else(|| self.way.campaign(), ByCampaign::Like)
    }

    /// Whether those that are under way end.
    pub const fn supersedes(&self) -> bool {
        self.way.supersede
    }

    /// Refuses a way and another one.
    pub fn check(&self) -> anyhow::Result<()> {
        if self.way.at_once && self.settings.settings().is_some() {
            let error = anyhow!("--at-once cannot be used with what says how a campaign goes");
            return Err(advised(error, "leave out --at-once, or --waves and the like"));
        }
        Ok(())
    }
}

impl WayArgs {
    /// By which campaign it goes out.
    pub const fn campaign(&self) -> ByCampaign {
        if self.at_once { ByCampaign::AtOnce } else { ByCampaign::Usual }
    }

    /// Whether those that are under way end.
    pub const fn supersedes(&self) -> bool {
        self.supersede
    }
}

impl SettingsArgs {
    /// What was asked for; none if nothing was.
    pub fn settings(&self) -> Option<CampaignSettings> {
        let Self {
            waves,
            group,
            soak,
            approve,
            window,
            pace,
            tolerate,
            on_proof,
            allow_downgrade,
            at_a_time,
            watch,
        } = self;
        let usual = Rules::default();
        let settings = CampaignSettings {
            waves: waves.clone(),
            group: group.clone(),
            gate: Gate { soak: soak.map_or_else(Default::default, |soak| soak.0), approval: *approve },
            window: window.clone(),
            pace: pace.unwrap_or_default(),
            rules: Rules {
                tolerated_ppm: tolerate.unwrap_or(usual.tolerated_ppm),
                on_proof: *on_proof,
                allow_downgrade: *allow_downgrade,
                at_a_time: at_a_time.unwrap_or(usual.at_a_time),
                watch: watch.map_or(usual.watch, |watch| watch.0),
            },
        };
        (settings != CampaignSettings::default()).then_some(settings)
    }
}

/// `2%` or `0.25%`, in parts per million.
pub fn tolerated(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(Share::Percent(hundredths)) => Ok(hundredths * 100),
        _ => Err(format!("expected a percentage with at most two decimals, such as 2% or 0.25%, not {text}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tolerated_is_a_percentage() {
        assert_eq!(tolerated("2%"), Ok(20_000));
        assert_eq!(tolerated("0.25%"), Ok(2_500));
        for text in ["2", "200%", "%", "two%", "0.123%"] {
            assert!(tolerated(text).is_err(), "{text}");
        }
    }
}
