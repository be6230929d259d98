//! What would change an answer: what the operator may do, as a command where there is one, and what comes by itself.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Case;
use crate::span::{Span, Wait, count};
use crate::{CampaignId, Device, Reason, Topic, Verdict, Version};

/// Something that would change an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// What to do, most often a command; none of what comes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// What that does, or what comes; may be empty where the way says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// What the way is about, where it can be gone elsewhere than on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Topic>,
}

impl Change {
    fn by(way: impl Into<String>, what: &str) -> Self {
        Self { way: Some(way.into()), what: what.into(), about: None }
    }

    fn by_itself(what: impl Into<String>) -> Self {
        Self { way: None, what: what.into(), about: None }
    }

    fn about(self, topic: impl Into<Option<Topic>>) -> Self {
        Self { about: topic.into(), ..self }
    }
}

impl fmt::Display for Change {
    /// `-> otary campaign resume 1: lets the campaign go on`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.way, self.what.as_str()) {
            (Some(way), "") => write!(f, "-> {way}"),
            (Some(way), what) => write!(f, "-> {way}: {what}"),
            (None, what) => f.write_str(what),
        }
    }
}

/// Of a device that was assigned and never asked.
pub(super) fn of_one_that_never_asked(device: &Device) -> Vec<Change> {
    let product = device.product.as_ref().map_or_else(|| "PRODUCT".to_owned(), ToString::to_string);
    let sketch = Change::by(
        format!("otary sketch --product {product}"),
        "prints a sketch that asks; otary doctor URL goes the way that a device goes",
    );
    vec![Change::by_itself("its first check-in"), sketch.about(Topic::Sketch(device.product.clone()))]
}

impl Case<'_> {
    /// What would change the answer; what comes by itself stands first.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = self.by_itself().map(Change::by_itself).into_iter().collect();
        if self.missed_since().is_some() {
            changes.push(Change::by_itself("its next check-in: look at its power and its network"));
        }
        let reason = &self.decision.reason;
        let advised =
            self.view.device.map_or_else(|| reason.advised("MAC"), |device| reason.advised_of(device));
        changes.extend(advised.map(|advised| Change::by(advised.way, self.done()).about(advised.about)));
        changes.extend(self.more());
        changes
    }

    /// What will change it without anybody.
    fn by_itself(&self) -> Option<String> {
        Some(match &self.decision.reason {
            Reason::LaterWave { wave, open, .. } => self.next_waves(*wave, *open)?,
            Reason::OutsideWindow { opens, .. } => {
                format!("the window opens by itself in {}", Wait::until(*opens, self.now))
            }
            Reason::PaceReached { .. } => {
                "it is offered by itself when it asks again and the pace lets it".to_owned()
            }
            Reason::AtRiskReached { allowed: 0, .. } => {
                "the campaign begins by itself within seconds".to_owned()
            }
            Reason::AtRiskReached { .. } => {
                "it is offered by itself once some of the devices before it were heard again".to_owned()
            }
            Reason::RhythmUnknown { polls, needed, .. } => {
                format!("{} more, or the last wave", count(needed.saturating_sub(*polls).into(), "check-in"))
            }
            Reason::Looping { until, .. } => {
                format!("the hold ends by itself in {}", Wait::until(*until, self.now))
            }
            Reason::MustPassThrough { then, .. } => format!("once it runs that, it is offered {then}"),
            Reason::FilesFirst { .. } => "it is offered the program once it took the file system".to_owned(),
            Reason::UpToDate { .. } | Reason::NewerRelease { .. } | Reason::NotOlder { .. } => {
                "a newer release".to_owned()
            }
            _ => return None,
        })
    }

    fn next_waves(&self, wave: usize, open: usize) -> Option<String> {
        let campaign = self.campaign()?;
        let soak = campaign.gate.soak;
        let soak = if soak.is_zero() {
            String::new()
        } else {
            format!(", no sooner than {} after it opened", Span(soak))
        };
        let who = if campaign.gate.approval { "with a person's approval" } else { "by itself" };
        let next = open + 1;
        let then = if wave > next { format!(", and so on to wave {wave}") } else { String::new() };
        Some(format!(
            "wave {next} opens {who} once the devices of wave {open} were heard and nothing speaks against the release\
             {soak}{then}"
        ))
    }

    /// What the reason's own advice does.
    const fn done(&self) -> &'static str {
        match &self.decision.reason {
            Reason::CampaignPaused { .. } => "lets the campaign go on",
            Reason::AwaitsApproval { .. } => "opens the wave",
            Reason::Held { .. } => "has it offered what is meant for it",
            Reason::OnPin { .. } => "has it follow its channel again",
            Reason::Looping { .. } | Reason::TakenOnce { .. } | Reason::ReportedFailure { .. } => {
                "lets go of every brake: it is offered it at its next check-in"
            }
            Reason::Reflashed { .. } => "has it updated all the same",
            _ => "",
        }
    }

    /// What else the operator may do.
    fn more(&self) -> Vec<Change> {
        let Some(device) = self.view.device else { return Vec::new() };
        let mac = device.mac;
        let force = |version: &Version| {
            Change::by(
                format!("otary device force {mac} {version}"),
                "gives it that release once, before its turn",
            )
            .about(Topic::Device)
        };
        let release = self.decision.release.as_ref().map(|release| &release.version);
        let show = |campaign: CampaignId| {
            Change::by(format!("otary campaign show {campaign}"), "shows how far it is")
                .about(Topic::Campaign(campaign))
        };
        let way = |verb: &str, what: &str| {
            Change::by(format!("otary device {verb} {mac}"), what).about(Topic::Device)
        };
        match &self.decision.reason {
            Reason::LaterWave { campaign, .. }
            | Reason::AtRiskReached { campaign, .. }
            | Reason::PaceReached { campaign, .. } => {
                release.map(force).into_iter().chain([show(*campaign)]).collect()
            }
            Reason::OutsideWindow { .. }
            | Reason::RhythmUnknown { .. }
            | Reason::AwaitsApproval { .. }
            | Reason::CampaignPaused { .. } => release.map(force).into_iter().collect(),
            Reason::NewerRelease { published, .. } => vec![
                Change::by(
                    format!("otary device pin {mac} {published}"),
                    "keeps it on that release, though it is older",
                )
                .about(Topic::Device),
            ],
            Reason::Pinned { .. } => vec![way("unpin", "has it follow its channel again")],
            Reason::Forced { .. } => vec![way("unforce", "takes that back")],
            Reason::TooLarge { space, .. } => vec![
                Change::by_itself(format!("an image of at most {space} bytes")),
                Change::by_itself("a partition table with larger slots, which goes by cable alone"),
            ],
            Reason::NoSlot => {
                vec![Change::by_itself(
                    "a partition table with two slots for programs, which goes by cable alone",
                )]
            }
            Reason::NoRelease { product, chip: Some(chip) } => vec![Change::by(
                format!("otary push FILE --product {product} --version VERSION"),
                &format!("with an image for the {}", chip.family()),
            )],
            _ if self.decision.verdict() == Verdict::Offer => vec![way("hold", "leaves it as it is")],
            _ => Vec::new(),
        }
    }
}
