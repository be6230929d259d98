//! The TLS stacks of devices, as far as decades matter to them: which dates they look at.

use std::fmt;

use otary_fleet::{Chip, Dialect};

/// A device's TLS stack as it is commonly built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stack {
    /// Arduino core 2.x for the ESP32: Mbed TLS 2.28 without dates.
    Arduino2,
    /// Arduino core 3.x for the ESP32: Mbed TLS 3.6 without dates.
    Arduino3,
    /// Arduino core for the ESP8266: BearSSL, which looks at the dates of what it is sent, and of an anchor keeps none.
    Esp8266,
    /// ESP-IDF as it is configured by default: Mbed TLS without dates.
    EspIdf,
    /// ESP-IDF with `MBEDTLS_HAVE_TIME_DATE`: every date is looked at.
    EspIdfDates,
    /// `MicroPython`, whose port to the ESP32 switched that on.
    MicroPython,
}

impl Stack {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Arduino2, Self::Arduino3, Self::Esp8266, Self::EspIdf, Self::EspIdfDates, Self::MicroPython];

    /// Whether it looks at the dates of the certificates that it is sent.
    pub const fn checks_dates(self) -> bool {
        matches!(self, Self::Esp8266 | Self::EspIdfDates | Self::MicroPython)
    }

    /// Whether it looks at the dates of its anchors too.
    pub const fn checks_anchors(self) -> bool {
        matches!(self, Self::EspIdfDates | Self::MicroPython)
    }

    /// The chip that it runs on here.
    pub const fn chip(self) -> Chip {
        if matches!(self, Self::Esp8266) { Chip::Esp8266 } else { Chip::Esp32 }
    }

    /// The dialect that its client speaks.
    pub const fn dialect(self) -> Dialect {
        if matches!(self, Self::Esp8266) { Dialect::ArduinoEsp8266 } else { Dialect::ArduinoEsp32 }
    }
}

impl fmt::Display for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Arduino2 => "arduino-2",
            Self::Arduino3 => "arduino-3",
            Self::Esp8266 => "esp8266",
            Self::EspIdf => "esp-idf",
            Self::EspIdfDates => "esp-idf with dates",
            Self::MicroPython => "micropython",
        })
    }
}
