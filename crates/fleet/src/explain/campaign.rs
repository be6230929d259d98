//! What there is to say of a campaign, to one of its devices.

use super::Case;
use crate::span::{Wait, ago, count};
use crate::{Campaign, Opening, Reason, State, Stop, Window};

impl Case<'_> {
    /// The campaign that speaks of the device: what it brings, how far it is, and where the device belongs.
    pub(super) fn of_campaign(&self, campaign: &Campaign) -> Vec<String> {
        let mut lines = vec![self.begun(campaign)];
        lines.extend(self.waves(campaign));
        lines.extend(self.state(campaign));
        lines.extend(self.opening(campaign));
        lines.extend(campaign.window.as_ref().map(|window| self.window(window)));
        lines
    }

    fn begun(&self, campaign: &Campaign) -> String {
        let Campaign { id, release, channel, by, .. } = campaign;
        let brings = match campaign.rolls_back {
            Some(former) => format!("takes campaign {former} back to {release} on"),
            None => format!("brings {release} to"),
        };
        let group = campaign.group.as_ref().map(|group| format!(", of that the group {group}"));
        let (group, ago) = (group.unwrap_or_default(), ago(campaign.created, self.now));
        format!("campaign {id} {brings} the channel {channel}{group}; {by} began it {ago}")
    }

    fn waves(&self, campaign: &Campaign) -> Option<String> {
        let of = campaign.waves.len();
        if of < 2 {
            return None;
        }
        let shares: Vec<String> = campaign.waves.iter().map(|wave| wave.share.to_string()).collect();
        let (shares, open) = (shares.join(", "), campaign.wave + 1);
        let own = self.check_in.device.map(|mac| campaign.wave_of(mac) + 1);
        let own = own.map(|wave| format!("; this device belongs to wave {wave}, and stays there"));
        let (own, ago) = (own.unwrap_or_default(), ago(campaign.wave_since, self.now));
        Some(format!("it goes in {of} waves ({shares}), of which wave {open} opened {ago}{own}"))
    }

    fn state(&self, campaign: &Campaign) -> Option<String> {
        let ago = |at| ago(at, self.now);
        Some(match &campaign.state {
            State::Running => return None,
            State::Paused { paused_by, paused_at } => format!("{paused_by} paused it {}", ago(*paused_at)),
            State::Stopped(Stop { at, offered, installed, failed, silent, .. }) => format!(
                "it stopped {}: of {} that were offered the release {installed} ran it, {failed} failed and {silent} fell \
                 silent",
                ago(*at),
                count(u64::from(*offered), "device")
            ),
            State::AwaitsApproval => {
                let (seen, next) = (campaign.wave + 1, campaign.wave + 2);
                format!(
                    "nothing seen in wave {seen} speaks against the release, and wave {next} waits for a person"
                )
            }
            State::Finished { finished_at } => {
                format!("it finished {}; who comes late is served", ago(*finished_at))
            }
            State::Aborted { aborted_at, aborted_by } => {
                format!("{aborted_by} ended it {}", ago(*aborted_at))
            }
        })
    }

    /// How much may be begun, where that is what the device waits for.
    fn opening(&self, campaign: &Campaign) -> Option<String> {
        let Opening { unresolved, allowed, paced_until, .. } = *self.view.openings.of(campaign.id)?;
        match &self.decision.reason {
            Reason::LaterWave { .. } | Reason::AtRiskReached { .. } => {
                let devices = count(unresolved.into(), "device");
                Some(format!(
                    "{devices} that were offered it are unheard of now, and {allowed} may be at a time"
                ))
            }
            Reason::PaceReached { .. } => {
                let wait = paced_until.map(|until| Wait::until(until, self.now));
                let next = wait.map(|wait| format!(", and lets the next begin within {wait}"));
                Some(format!("its pace is {}{}", campaign.pace, next.unwrap_or_default()))
            }
            _ => None,
        }
    }

    fn window(&self, window: &Window) -> String {
        let own = self.view.device.and_then(|device| device.zone.as_ref());
        let by = own.map(|zone| format!(", for this device in {zone}")).unwrap_or_default();
        let opens = match window.opens(self.now, own) {
            None => "is open now".to_owned(),
            Some(at) => format!(
                "opens in {}, on {}",
                Wait::until(at, self.now),
                own.unwrap_or(&window.zone).written(at)
            ),
        };
        format!("its window ({window}{by}) {opens}")
    }
}
