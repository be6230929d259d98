//! What is wanted of one device, whatever is meant for the others.

use otary_fleet::{Device, Mac, Version};
use otary_server::operator::{DeviceLine, DeviceView, DeviceZone, WantedVersion};

use super::{called, place, print_now};
use crate::client::Client;
use crate::say;
use crate::table::{ago, plain};

#[derive(Debug, clap::Subcommand)]
pub enum Intent {
    /// Keep a device on a release of its product, whatever is published: also an older one
    Pin {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
        /// The release's version
        version: Version,
    },
    /// Let a device follow its channel again
    Unpin {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
    },
    /// Leave a device alone: it is offered nothing
    Hold {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
    },
    /// Offer a held device what is meant for it again
    Unhold {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
    },
    /// Give a device a release of its product once, whatever it runs: also the one that it runs
    Force {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
        /// The release's version
        version: Version,
    },
    /// Take back that a device is to be given a release once
    Unforce {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
    },
    /// Say in which time zone a device is: windows of campaigns go by it
    Zone {
        /// Its address
        #[arg(value_parser = called)]
        mac: Mac,
        /// The time zone, such as Europe/Berlin; `none` for that of the window
        zone: String,
    },
}

/// Carries it out.
pub fn run(intent: Intent, client: &mut Client) -> anyhow::Result<()> {
    let (view, said): (DeviceView, String) = match intent {
        Intent::Pin { mac, version } => {
            let said = format!("{mac} is pinned to {}.", plain(&version));
            (client.post(&place(mac, Some("pin")), &WantedVersion { version })?, said)
        }
        Intent::Unpin { mac } => {
            (client.act(&place(mac, Some("unpin")))?, format!("{mac} is pinned to nothing."))
        }
        Intent::Hold { mac } => (client.act(&place(mac, Some("hold")))?, format!("{mac} is held.")),
        Intent::Unhold { mac } => (client.act(&place(mac, Some("unhold")))?, format!("{mac} is not held.")),
        Intent::Force { mac, version } => {
            let said = format!("{mac} is to be given {} once.", plain(&version));
            (client.post(&place(mac, Some("force")), &WantedVersion { version })?, said)
        }
        Intent::Unforce { mac } => {
            let said = format!("{mac} is to be given nothing in particular.");
            (client.act(&place(mac, Some("unforce")))?, said)
        }
        Intent::Zone { mac, zone } => {
            let zone = Some(zone).filter(|zone| zone != "none");
            let view: DeviceView = client.post(&place(mac, Some("zone")), &DeviceZone { zone })?;
            let said = match &view.device.zone {
                Some(zone) => format!("{mac} is in the time zone {zone}."),
                None => format!("{mac} has no time zone of its own."),
            };
            (view, said)
        }
    };
    say!("{said}")?;
    print_now(&view)
}

/// What is wanted of a device, on lines of its page.
pub fn show(device: &Device, now: otary_fleet::Time) -> anyhow::Result<()> {
    let by = |at, who: &str| format!("by {} {}", plain(who), ago(at, now));
    if let Some(held) = &device.hold {
        say!("  held      {}", by(held.at, &held.by))?;
    }
    if let Some(forced) = &device.forced {
        let (version, by) = (plain(&forced.release.to_string()), by(forced.at, &forced.by));
        say!("  forced    to {version} once, {by}")?;
    }
    if let Some(pin) = &device.pin {
        say!("  pinned    to {}", plain(&pin.to_string()))?;
    }
    device.zone.as_ref().map_or(Ok(()), |zone| Ok(say!("  zone      {zone}")?))
}

/// The same in a word or two, if anything is wanted that keeps a device from what is meant for the others.
pub fn words(line: &DeviceLine) -> Option<String> {
    let held = line.held.then(|| "held".to_owned());
    let forced = line.forced.as_ref().map(|release| format!("forced to {}", plain(&release.version)));
    let pinned = line.pin.as_ref().map(|release| format!("pinned to {}", plain(&release.version)));
    let wanted: Vec<String> = [held, forced, pinned].into_iter().flatten().collect();
    (!wanted.is_empty()).then(|| wanted.join(", "))
}
