//! What a rule rested on, with figures and times.

use std::time::Duration;

use super::Case;
use crate::span::{Wait, ago, count, times};
use crate::{Device, Proof, Reason, Time, Transport};

/// For how long two that took turns under an address are worth a word.
const CONTESTED_FOR: Duration = Duration::from_hours(7 * 24);

/// What there is to say of a device that was assigned and never asked.
pub(super) fn of_one_that_never_asked(device: &Device, now: Time) -> Vec<String> {
    let since = ago(device.first_seen, now);
    let product = device.product.as_ref().map(|product| format!(" and assigned to {product}"));
    vec![format!(
        "it was put on record{} {since}, and no poll came under its address since",
        product.unwrap_or_default()
    )]
}

impl Case<'_> {
    /// The campaign that speaks of it, else what is published; then what the rule looked at, and what may be doubted.
    pub(super) fn evidence(&self) -> Vec<String> {
        let mut lines = match self.campaign() {
            Some(campaign) => self.of_campaign(campaign),
            None => self.published().into_iter().collect(),
        };
        lines.extend(self.of_image());
        lines.extend(self.of_device());
        lines.extend(self.doubts());
        lines
    }

    fn ago(&self, at: Time) -> String {
        ago(at, self.now)
    }

    fn published(&self) -> Option<String> {
        let release = self.view.catalogue.release(self.decision.release.as_ref()?)?;
        let (id, channel, ago) = (&release.id, &release.channel, self.ago(release.published));
        let withdrawn = release.withdrawn.map(|at| format!(", and withdrawn {}", self.ago(at)));
        Some(format!("{id} was published to {channel} {ago}{}", withdrawn.unwrap_or_default()))
    }

    /// What the rule looked at of the image.
    fn of_image(&self) -> Option<String> {
        let artifact = self.view.catalogue.artifact(self.decision.artifact.as_ref()?);
        match &self.decision.reason {
            Reason::TooLarge { size, space } => {
                let file = artifact.map_or("the image", |artifact| artifact.file_name.as_str());
                let what =
                    if self.check_in.free_space.is_some() { "room for an update of" } else { "a flash of" };
                Some(format!("{file} has {size} bytes, and it reported {what} {space} when it last asked"))
            }
            Reason::NoSlot => Some("it reported no room for an update when it last asked".to_owned()),
            Reason::Unsigned { release } => {
                Some(format!("{release} has no signed manifest for the image that it would get"))
            }
            _ => None,
        }
    }

    /// What the rule looked at of the device.
    fn of_device(&self) -> Option<String> {
        let device = self.view.device?;
        Some(match &self.decision.reason {
            Reason::Held { .. } => {
                let held = device.hold.as_ref()?;
                format!("{} held it {}", held.by, self.ago(held.at))
            }
            Reason::Pinned { .. } | Reason::OnPin { .. } => {
                format!("the operator pinned it to {}", device.pin.as_ref()?)
            }
            Reason::Forced { .. } => {
                let forced = device.forced.as_ref()?;
                format!("{} wanted it to get {} {}", forced.by, forced.release, self.ago(forced.at))
            }
            Reason::Looping { taken, until, .. } => {
                let (taken, wait) = (times((*taken).into()), Wait::until(*until, self.now));
                format!(
                    "it took the image whole {taken} and asked under the same build again; it is offered again in {wait}"
                )
            }
            Reason::Reflashed { build, .. } => self.reflashed(device, *build)?,
            Reason::NoRelease { .. } => self.made_for()?,
            Reason::NotProven { .. }
            | Reason::Unauthenticated { .. }
            | Reason::Unproven { .. }
            | Reason::PlainHttp { .. } => self.shown(device),
            _ => return None,
        })
    }

    fn reflashed(&self, device: &Device, build: crate::Build) -> Option<String> {
        let installed = device.installed.as_ref()?;
        let seen = device.builds.iter().find(|seen| seen.build == build)?;
        let (first, polls) = (self.ago(seen.first), count(seen.polls, "poll"));
        Some(format!(
            "otary brought it {} {}; this build was first seen {first}, at {polls} since",
            installed.release,
            self.ago(installed.at)
        ))
    }

    fn made_for(&self) -> Option<String> {
        let product = self.view.catalogue.product(self.decision.product.as_ref()?)?;
        let chips = self.view.catalogue.chips(product);
        let chips: Vec<&str> = chips.iter().map(|chip| chip.name()).collect();
        (!chips.is_empty()).then(|| format!("{} is made for {}", product.name, chips.join(", ")))
    }

    fn shown(&self, device: &Device) -> String {
        let transport = if self.check_in.transport == Transport::Http { "plain HTTP" } else { "HTTPS" };
        let issued = match device.credentials.len() {
            0 => "it was issued no credential of its own".to_owned(),
            many => format!("it was issued {} of its own", count(many as u64, "credential")),
        };
        format!(
            "it last came from {} over {transport} and showed {}; {issued}",
            self.check_in.source,
            self.check_in.proof.words()
        )
    }

    /// What may be doubted of all this, and what else it asks for.
    fn doubts(&self) -> Vec<String> {
        let Some(device) = self.view.device else { return Vec::new() };
        let contested = device.contested.filter(|at| self.now.since(*at) < CONTESTED_FOR).map(|at| {
            let ago = self.ago(at);
            let proof = if self.check_in.proof == Proof::None {
                ": what is said of it here may be somebody else's"
            } else {
                ""
            };
            format!("two builds or networks take turns under its address, the last time {ago}{proof}")
        });
        let files = device.standing_files.as_ref().map(|standing| {
            let (decision, ago) = (&standing.decision, self.ago(standing.last));
            format!(
                "it asked for a file system as well, {ago} ({}): {}",
                decision.verdict().name(),
                decision.reason
            )
        });
        contested.into_iter().chain(files).collect()
    }
}
