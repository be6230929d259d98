//! The sketch as text: the frame with the pieces of its form put in.
//!
//! Each piece is a file of its own below `sketch/`, so that it reads as what it becomes. None defines a type that a
//! function's head uses before the first function, or the Arduino IDE, which puts the declarations of all functions
//! there, could not compile it.

use super::form::{Board, Ethernet, Form, Network};
use super::host::Host;

const FRAME: &str = include_str!("../../sketch/frame.ino");
const WARNING: &str = include_str!("../../sketch/warning.ino");
const SECRET: &str = include_str!("../../sketch/secret.ino");
const AUTHORIZATION: &str = include_str!("../../sketch/authorization.ino");
const NAMES: &str = include_str!("../../sketch/names_esp32.ino");
const ETHERNET_ESP8266: &str = include_str!("../../sketch/network/ethernet_esp8266.ino");

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
        let form = self.form;
        let if_secret = |piece| if self.secret.is_some() { piece } else { "" };
        FRAME
            .replace("@SECRET@\n", if_secret(SECRET))
            .replace("@AUTHORIZATION@\n", if_secret(AUTHORIZATION))
            .replace("@WARNING@\n", if form.is_insecure() { WARNING } else { "" })
            .replace("@RESOLVES@", resolves(form))
            .replace("@CLIENT@", client(form).trim_end())
            .replace("@NETWORK@", network(form).trim_end())
            .replace("@NAMES@", if form.asks_by_mdns() { NAMES } else { "" })
            .replace("@START_NAMES@", if form.asks_by_mdns() { "  startNames();\n" } else { "" })
            .replace("@TIME@", self.time_note())
            .replace("@TIME_SERVERS@", &self.time_servers())
            .replace("@TRUST@", trust(form).trim_end())
            .replace("@BOARD@", board(form))
            .replace("@NEEDS@", form.needs())
            .replace("@VERSION@", self.version)
            .replace("@URL@", self.url)
            .replace("@LABEL@", self.host.label().unwrap_or_default())
            .replace("@ROOTS@", self.roots.trim_end())
            // The last one: nothing in a secret is a place to be filled in.
            .replace("@PASSWORD@", &quoted(self.secret.unwrap_or_default()))
    }

    /// Who is asked for the time, the first that answers is believed.
    fn time_servers(&self) -> String {
        let own = if self.time { format!("\"{}\", ", self.host) } else { String::new() };
        format!("{own}\"pool.ntp.org\", \"time.nist.gov\"")
    }

    const fn time_note(&self) -> &'static str {
        if self.time {
            "The update server\n// tells the time too, also in a network without Internet."
        } else {
            "A network without\n// Internet needs its own time server here."
        }
    }
}

/// A text as it stands between the quotes of a C string; two question marks could begin a trigraph.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('?', "\\?")
}

const fn board(form: Form) -> &'static str {
    match (form.board(), form.network()) {
        (Board::Esp8266, _) => "an ESP8266",
        (Board::Esp32, Network::Ethernet(Ethernet::Lan8720)) => "a classic ESP32",
        (Board::Esp32, _) => "an ESP32 of any kind (ESP32, -S2, -S3, -C3, -C6 and so on)",
    }
}

/// Who resolves the server's name, where that is not plain.
const fn resolves(form: Form) -> &'static str {
    match form.board() {
        _ if !form.is_local() => "",
        Board::Esp32 => include_str!("../../sketch/resolves/esp32.ino"),
        Board::Esp8266 => include_str!("../../sketch/resolves/esp8266.ino"),
    }
}

/// The libraries that ask, and what the chip is called in the URL.
const fn client(form: Form) -> &'static str {
    match form.board() {
        Board::Esp32 if form.asks_by_mdns() => include_str!("../../sketch/client/esp32_local.ino"),
        Board::Esp32 => include_str!("../../sketch/client/esp32.ino"),
        Board::Esp8266 => include_str!("../../sketch/client/esp8266.ino"),
    }
}

fn network(form: Form) -> String {
    match (form.board(), form.network()) {
        (Board::Esp32, Network::Wifi) => include_str!("../../sketch/network/wifi_esp32.ino").to_owned(),
        (Board::Esp32, Network::Ethernet(Ethernet::W5500)) => {
            include_str!("../../sketch/network/w5500_esp32.ino").to_owned()
        }
        (Board::Esp32, Network::Ethernet(Ethernet::Enc28j60)) => {
            include_str!("../../sketch/network/enc28j60_esp32.ino").to_owned()
        }
        (Board::Esp8266, Network::Wifi) => include_str!("../../sketch/network/wifi_esp8266.ino").to_owned(),
        (Board::Esp8266, Network::Ethernet(Ethernet::W5500)) => ethernet_esp8266("W5500", "Wiznet5500lwIP"),
        (Board::Esp8266, Network::Ethernet(Ethernet::Enc28j60)) => {
            ethernet_esp8266("ENC28J60", "ENC28J60lwIP")
        }
        (_, Network::Ethernet(Ethernet::Lan8720)) => {
            include_str!("../../sketch/network/lan8720_esp32.ino").to_owned()
        }
    }
}

fn ethernet_esp8266(module: &str, driver: &str) -> String {
    ETHERNET_ESP8266.replace("@MODULE@", module).replace("@DRIVER@", driver)
}

const fn trust(form: Form) -> &'static str {
    match (form.is_insecure(), form.board()) {
        (true, _) => include_str!("../../sketch/trust/insecure.ino"),
        (false, Board::Esp32) => include_str!("../../sketch/trust/esp32.ino"),
        (false, Board::Esp8266) => include_str!("../../sketch/trust/esp8266.ino"),
    }
}
