//! The forms of the sketch: which board, which network, and whether it is protected at all.

use serde::Deserialize;

/// The board's family, and with it the Arduino core.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Board {
    /// ESP32, ESP32-S3, ESP32-C3 and so on.
    #[default]
    Esp32,
    /// ESP8266.
    Esp8266,
}

/// An Ethernet module.
///
/// What the texts say of cores and libraries was read in their sources. TLS and `HTTPUpdate` go over whatever is a
/// network interface of the core's own TCP/IP stack, and over nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ethernet {
    /// On SPI. Driven by the ESP32 core since 3.0 and by the ESP8266 core since 3.1.
    W5500,
    /// On RMII. Driven by the ESP32 core since 1.0; no chip but the ESP32 and the ESP32-P4 has the RMII for it.
    Lan8720,
    /// On SPI. Driven by the ESP8266 core since 3.1. The ESP32 core's authors refused a driver (arduino-esp32, #9687).
    Enc28j60,
}

/// How the sketch gets to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// By Wi-Fi.
    Wifi,
    /// By cable.
    Ethernet(Ethernet),
}

/// An ESP8266 with a LAN8720.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an ESP8266 has no RMII, which a LAN8720 needs")]
pub struct NoRmii;

/// A form of the sketch; [`Form::new`] makes none that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    board: Board,
    network: Network,
    insecure: bool,
    /// The server's name is one that mDNS is for.
    local: bool,
}

impl Form {
    /// The form for a board on a network; `insecure` leaves out every check of who the server is.
    pub fn new(board: Board, network: Network, insecure: bool) -> Result<Self, NoRmii> {
        if board == Board::Esp8266 && network == Network::Ethernet(Ethernet::Lan8720) {
            return Err(NoRmii);
        }
        Ok(Self { board, network, insecure, local: false })
    }

    /// The form for a server whose name ends in `.local`, or for one whose name does not.
    #[must_use]
    pub const fn for_local(self, local: bool) -> Self {
        Self { local, ..self }
    }

    /// Whether the server's name is one that mDNS is for, and the ESP32 core has to be helped to find it.
    ///
    /// Read in the cores' sources: lwIP asks for names in `.local` itself in the ESP8266 core (3.0 to 3.1.2) and in the
    /// libraries of the ESP32 core (2.0, 3.0), by `LWIP_DNS_SUPPORT_MDNS_QUERIES`. On the ESP32, where people tell of
    /// names that it does not find (arduino-esp32, #3822), there is `ESPmDNS` as well, which asks over all of the core's
    /// interfaces; the ESP8266's library cannot ask for a host. TLS to an address under a name came in 2.0.7 (#7643).
    pub const fn is_local(self) -> bool {
        self.local
    }

    /// Which board it is for.
    pub const fn board(self) -> Board {
        self.board
    }

    /// How it gets to the network.
    pub const fn network(self) -> Network {
        self.network
    }

    /// Whether it believes every server.
    pub const fn is_insecure(self) -> bool {
        self.insecure
    }

    /// What has to be installed and chosen in the Arduino IDE to build it.
    pub const fn needs(self) -> &'static str {
        match (self.board, self.network) {
            (Board::Esp32, Network::Wifi | Network::Ethernet(Ethernet::Lan8720)) if self.local => {
                "the ESP32 core 2.0.7 or newer, and a partition scheme with OTA"
            }
            (Board::Esp32, Network::Wifi | Network::Ethernet(Ethernet::Lan8720)) => {
                "the ESP32 core 2.0 or newer, and a partition scheme with OTA"
            }
            (Board::Esp32, Network::Ethernet(Ethernet::W5500)) => {
                "the ESP32 core 3.0 or newer, and a partition scheme with OTA"
            }
            (Board::Esp32, Network::Ethernet(Ethernet::Enc28j60)) => {
                "the ESP32 core 3.0 or newer, the library EthernetESP32, and a partition scheme with OTA"
            }
            (Board::Esp8266, Network::Wifi) => {
                "the ESP8266 core 3.0 or newer, and a flash size with room for OTA"
            }
            (Board::Esp8266, Network::Ethernet(_)) => {
                "the ESP8266 core 3.1 or newer, and a flash size with room for OTA"
            }
        }
    }
}
