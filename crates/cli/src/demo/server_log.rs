//! What the server logs, in the demo's words: boards by their names, and the sentence without the figures.

use std::collections::BTreeMap;
use std::fmt;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::screen::Lane;
use crate::table::plain;

/// Shows the server's log in its lane from now on. `names` are those of the boards, by their addresses.
pub fn show(
    lane: Lane,
    calm: impl Fn() -> bool + Send + Sync + 'static,
    names: BTreeMap<String, &'static str>,
) {
    tracing_subscriber::registry().with(ServerLog { lane, calm, names }).init();
}

struct ServerLog<C> {
    lane: Lane,
    /// Whether polls that change nothing are left out.
    calm: C,
    names: BTreeMap<String, &'static str>,
}

impl<S: Subscriber, C: Fn() -> bool + Send + Sync + 'static> Layer<S> for ServerLog<C> {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let Said { message, device, verdict } = said;
        let message = plain(&message);
        let device = device.map(|mac| self.names.get(&mac).map_or(mac, |name| (*name).to_owned()));
        let who = device.map_or_else(String::new, |device| format!("{}: ", plain(&device)));
        match event.metadata().target() {
            "check_in" if (self.calm)() && verdict.as_deref() == Some("wait") => {}
            "check_in" => self.lane.say(&format!("{who}{message}: {}", verdict.unwrap_or_default())),
            "download" => self.lane.say(&format!("{who}download {message}")),
            "handshake" => self.lane.say(&format!("handshake failed: {message}")),
            target if *event.metadata().level() <= Level::WARN => {
                self.lane.say(&format!("{target}: {message}"));
            }
            _ => {}
        }
    }
}

/// The fields that are shown.
#[derive(Default)]
struct Said {
    message: String,
    device: Option<String>,
    verdict: Option<String>,
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            "device" => self.device = Some(value.to_owned()),
            "verdict" => self.verdict = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
