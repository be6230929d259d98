//! The words of the command line for clients and modules.

use clap::ValueEnum;
use otary_server::sketch::{Client, Ethernet};

/// A client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClientName {
    /// ESPHome: `http_request` updates
    Esphome,
    /// ESP-IDF: `esp_https_ota`
    EspIdf,
    /// The Arduino library esp32FOTA
    Esp32fota,
    /// Tasmota: `OtaUrl`, and a rule that asks
    Tasmota,
    /// MicroPython: `micropython-esp32-ota`
    Micropython,
}

/// An Ethernet module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EthernetName {
    #[value(help = "on SPI: TLS and updates with the ESP32 core 3 (not 2) and with the ESP8266 core 3.1")]
    W5500,
    #[value(help = "on RMII: TLS and updates with the ESP32 core 2 and 3, on a classic ESP32")]
    Lan8720,
    #[value(help = "on SPI: TLS and updates with the ESP32 core 3 and the library EthernetESP32 (not with \
                    EthernetENC or UIPEthernet), and with the ESP8266 core 3.1")]
    Enc28j60,
}

impl From<ClientName> for Client {
    fn from(name: ClientName) -> Self {
        match name {
            ClientName::Esphome => Self::Esphome,
            ClientName::EspIdf => Self::EspIdf,
            ClientName::Esp32fota => Self::Esp32fota,
            ClientName::Tasmota => Self::Tasmota,
            ClientName::Micropython => Self::Micropython,
        }
    }
}

impl From<EthernetName> for Ethernet {
    fn from(name: EthernetName) -> Self {
        match name {
            EthernetName::W5500 => Self::W5500,
            EthernetName::Lan8720 => Self::Lan8720,
            EthernetName::Enc28j60 => Self::Enc28j60,
        }
    }
}
