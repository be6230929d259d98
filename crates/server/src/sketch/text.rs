//! The sketch as text: the one of the folder `arduino/otary` in its form, filled in for a server.

use super::form::{Board, Ethernet, Form, Network};
use super::head::head;
use super::host::Host;
use super::joined::joined;

/// What makes one sketch differ from the next.
#[derive(Debug)]
pub struct Sketch<'a> {
    /// Its form.
    pub form: Form,
    /// Where it asks, without the query.
    pub url: &'a str,
    /// The server's name, as in the URL.
    pub host: &'a Host,
    /// Whether the server tells the time.
    pub time: bool,
    /// Its version.
    pub version: &'a str,
    /// The certificates that it trusts (PEM).
    pub roots: &'a str,
    /// What it shows of who it is, if anything.
    pub secret: Option<&'a str>,
}

impl Sketch<'_> {
    /// The sketch, ready for the Arduino IDE.
    pub fn render(&self) -> String {
        let text = head(self.form) + &joined(&|name| self.holds(name));
        let version = format!("FIRMWARE_VERSION \"{}\"", self.version);
        text.replace("FIRMWARE_VERSION \"0.1\"", &version)
            .replace("https://<YOUR-SERVER>:3443/update", self.url)
            .replace("<YOUR-SERVER>", &self.host.to_string())
            .replace("<YOUR-SERVER-WITHOUT-LOCAL>", self.host.label().unwrap_or_default())
            .replace("<THE-ROOTS-FROM-otary-trust-export>", self.roots.trim_end())
            // The last one: nothing in a secret is a place to be filled in.
            .replace("<THE-SECRET>", &quoted(self.secret.unwrap_or_default()))
    }

    /// Whether a name of the folder's `form.h`, or of a core, is defined; nothing for other names.
    fn holds(&self, name: &str) -> Option<bool> {
        let form = self.form;
        let has = |module| form.network() == Network::Ethernet(module);
        Some(match name {
            "ESP8266" => form.board() == Board::Esp8266,
            "ETHERNET_W5500" => has(Ethernet::W5500),
            "ETHERNET_LAN8720" => has(Ethernet::Lan8720),
            "ETHERNET_ENC28J60" => has(Ethernet::Enc28j60),
            "SERVER_IN_LOCAL" => form.is_local(),
            "SERVER_TELLS_TIME" => self.time,
            "WITH_SECRET" => self.secret.is_some(),
            "INSECURE" => form.is_insecure(),
            _ => return None,
        })
    }
}

/// A text as it stands between the quotes of a C string; two question marks could begin a trigraph.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('?', "\\?")
}
