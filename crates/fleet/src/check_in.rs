//! Check-ins: what one poll by a device says, in whichever client's dialect it was said.

use std::fmt::{self, Write as _};
use std::net::IpAddr;

use otary_image::Chip;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256 as Digest};

use crate::{
    AgentWords, DeviceName, Handshake, Kind, Mac, Md5, ProductName, Proof, Report, Sha256, Variant, Version,
    Wanted,
};

/// The client library that a check-in came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Arduino ESP32 `HTTPUpdate`: headers `x-ESP32-*`.
    ArduinoEsp32,
    /// Arduino ESP8266 `ESP8266httpUpdate`: headers `x-ESP8266-*`.
    ArduinoEsp8266,
    /// otary's own agent: one header field with a CBOR message, answered by signed objects.
    Agent,
    /// ESP-IDF's `esp_https_ota` and programs of their own on `esp_http_client`: a URL, and no word of the device.
    EspIdf,
    /// ESPHome's `http_request` updates, and ESP Web Tools: one manifest, by which the client compares.
    #[serde(rename = "esphome")]
    EspHome,
    /// esp32FOTA: a manifest, by which the client compares.
    #[serde(rename = "esp32fota")]
    Esp32Fota,
    /// Tasmota's `OtaUrl`: the headers of the Arduino libraries, and a file's name.
    Tasmota,
    /// MicroPython's `micropython-esp32-ota`: a manifest.
    #[serde(rename = "micropython")]
    MicroPython,
    /// hawkBit's Direct Device Integration: JSON, links, and reports of what became of an action.
    Hawkbit,
}

impl Dialect {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::ArduinoEsp32,
        Self::ArduinoEsp8266,
        Self::Agent,
        Self::EspIdf,
        Self::EspHome,
        Self::Esp32Fota,
        Self::Tasmota,
        Self::MicroPython,
        Self::Hawkbit,
    ];

    /// The dialect's name, as in logs and `--json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArduinoEsp32 => "arduino-esp32",
            Self::ArduinoEsp8266 => "arduino-esp8266",
            Self::Agent => "agent",
            Self::EspIdf => "esp-idf",
            Self::EspHome => "esphome",
            Self::Esp32Fota => "esp32fota",
            Self::Tasmota => "tasmota",
            Self::MicroPython => "micropython",
            Self::Hawkbit => "hawkbit",
        }
    }

    /// Whether a client of this dialect can run on `chip`.
    pub fn runs_on(self, chip: Chip) -> bool {
        match self {
            Self::EspHome | Self::Tasmota | Self::Hawkbit => true,
            Self::ArduinoEsp8266 => chip == Chip::Esp8266,
            _ => chip != Chip::Esp8266,
        }
    }

    /// The least that its client has to show to be told anything. hawkBit's devices always show something, and what they
    /// report is believed.
    pub const fn required_proof(self) -> Proof {
        match self {
            Self::Hawkbit => Proof::ProductSecret,
            _ => Proof::None,
        }
    }

    /// The only chip that its client runs on, where there is but one.
    pub fn only_chip(self) -> Option<Chip> {
        (self == Self::ArduinoEsp8266).then_some(Chip::Esp8266)
    }

    /// Whether its clients know what to do with a file that is opaque to otary: an encrypted image (ESP-IDF), one
    /// behind its signature (esp32FOTA), a package of their own (hawkBit).
    pub const fn takes_raw(self) -> bool {
        matches!(self, Self::EspIdf | Self::Esp32Fota | Self::Hawkbit)
    }

    /// Whether its client compares the version of an offer with its own before it takes anything. To be offered what it
    /// has does it no harm.
    pub const fn compares(self) -> bool {
        matches!(self, Self::EspHome | Self::Esp32Fota)
    }

    /// Whether a client that says neither who it is nor what it runs is usual, so that comparing is left to it.
    pub const fn may_say_nothing(self) -> bool {
        self.compares() || matches!(self, Self::EspIdf | Self::MicroPython)
    }
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A program.
    Sketch,
    /// A file system image.
    Filesystem,
    /// Only which version there is (ESP8266 core 3.1.2 and later).
    Version,
    /// Tasmota's `-minimal` image.
    Minimal,
    /// Tasmota's `-safeboot` image.
    Safeboot,
}

impl Mode {
    /// The kind of artifact that is meant.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Sketch | Self::Version | Self::Minimal | Self::Safeboot => Kind::App,
            Self::Filesystem => Kind::Filesystem,
        }
    }

    /// Which image of that kind.
    pub const fn variant(self) -> Variant {
        match self {
            Self::Sketch | Self::Version | Self::Filesystem => Variant::Whole,
            Self::Minimal => Variant::Minimal,
            Self::Safeboot => Variant::Safeboot,
        }
    }
}

/// How a check-in reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

/// What a device reports that it runs. All of it may be absent: old cores send no digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Build {
    /// MD5 over the running image, by its own length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<Md5>,
    /// The digest appended to the running image (`x-ESP32-sketch-sha256`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

impl Build {
    /// Whether it names any bytes.
    pub const fn is_known(&self) -> bool {
        self.md5.is_some() || self.sha256.is_some()
    }
}

impl fmt::Display for Build {
    /// Enough to tell two builds apart at a glance: the first 12 digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.sha256, self.md5) {
            (Some(digest), _) => write!(f, "sha256:{digest:.12}"),
            (None, Some(md5)) => write!(f, "md5:{md5:.12}"),
            (None, None) => f.write_str("no digest"),
        }
    }
}

/// Where a check-in came from, as coarsely as a home or a site is one place: an IPv4 /24 or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Network(IpAddr);

impl Network {
    /// The network that `address` lies in. An IPv4 address mapped into IPv6 is the IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) & !0xFF).into()),
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        })
    }
}

impl Network {
    /// The same as a number: the leading half of an IPv6 address; an IPv4 address stands where no IPv6 network is.
    pub(crate) const fn number(self) -> u64 {
        match self.0 {
            IpAddr::V4(v4) => v4.to_bits() as u64,
            IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0, if self.0.is_ipv4() { 24 } else { 64 })
    }
}

/// One poll by a device. Every text in it is bounded by the dialect that read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CheckIn {
    /// Whose client it is.
    pub dialect: Dialect,
    /// What is asked for.
    pub mode: Mode,
    /// Who asks; some clients never say.
    pub device: Option<Mac>,
    /// What it calls itself, where that is not its address.
    #[serde(default)]
    pub name: Option<DeviceName>,
    /// The product that the URL names, or the agent.
    pub product: Option<ProductName>,
    /// The chip that the URL's query names, or the agent.
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::ChipSchema>"))]
    pub chip: Option<Chip>,
    /// What runs.
    pub build: Build,
    /// The version text of what runs, if any was sent; never empty.
    pub version: Option<Version>,
    /// Bytes that an update may have; 0 where there is no slot for it.
    pub free_space: Option<u64>,
    /// Bytes of flash.
    pub chip_size: Option<u64>,
    /// The SDK's version, in its own words.
    pub sdk: Option<String>,
    /// The other end of the connection.
    pub source: IpAddr,
    /// How it came.
    pub transport: Transport,
    /// What it showed of who it is.
    #[serde(default)]
    pub proof: Proof,
    /// The name that it asked for and the chain that it was shown; none over plain HTTP.
    #[serde(default)]
    pub handshake: Option<Handshake>,
    /// What an agent says besides; none of other clients.
    #[serde(default)]
    pub agent: Option<AgentWords>,
    /// What an agent says became of its last attempt.
    #[serde(default)]
    pub report: Option<Report>,
}

impl CheckIn {
    /// The longest version or SDK text that is kept, in bytes; what is longer is cut.
    pub const MAX_TEXT: usize = 64;

    /// What of a release would do for it.
    pub const fn wanted(&self) -> Wanted {
        let kinds: &[Kind] = match self.mode {
            Mode::Filesystem => &[Kind::Filesystem],
            // What is opaque was pushed for those alone who can take it.
            Mode::Sketch if self.dialect.takes_raw() => &[Kind::Raw, Kind::App],
            _ => &[Kind::App],
        };
        Wanted { kinds, variant: self.mode.variant() }
    }

    /// Who seems to speak: brakes hold for one claimant and no other.
    pub fn claimant(&self) -> Claimant {
        let said = (
            (Quoted(Network::of(self.source)), self.dialect.name(), self.mode.kind().name()),
            (self.build.md5.map(|d| d.0), self.build.sha256.map(|d| d.0)),
            (self.version.as_deref(), self.sdk.as_deref(), self.free_space, self.chip_size),
            self.proof.name(),
        );
        // Hashing cannot fail, and nothing is allocated: many polls ask.
        let mut digest = Hashed(Digest::new());
        let _ = write!(digest, "{said:?}");
        if let Some(AgentWords { hardware, release, root, .. }) = &self.agent {
            // What an agent says of its clock and connection is not steady.
            let _ = write!(digest, "{hardware:?} {release} {root}");
        }
        let digest: [u8; 32] = digest.0.finalize().into();
        let (head, _) = digest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        Claimant(u64::from_be_bytes(*head))
    }
}

/// What is written is hashed.
struct Hashed(Digest);

impl fmt::Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text);
        Ok(())
    }
}

/// A network as the text of it would be shown in a record.
struct Quoted(Network);

impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Who seems to speak under a device's address: its network and everything steady that it says.
///
/// A stranger who uses a device's address from elsewhere, or words anything differently, is another claimant. So
/// what strangers download never counts against the device itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Claimant(u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimant_of_an_earlier_version_is_still_the_same() {
        let check_in = CheckIn {
            dialect: Dialect::ArduinoEsp32,
            mode: Mode::Sketch,
            device: None,
            name: None,
            product: None,
            chip: None,
            build: Build { md5: Some(Md5([7; 16])), sha256: None },
            version: Some("0.1".into()),
            free_space: Some(0x14_0000),
            chip_size: None,
            sdk: Some("v4.4.5".into()),
            source: [192, 168, 1, 50].into(),
            transport: Transport::Https,
            proof: Proof::None,
            handshake: None,
            agent: None,
            report: None,
        };
        let said = concat!(
            r#"(("192.168.1.0/24", "arduino-esp32", "app"), "#,
            "(Some([7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]), None), ",
            r#"(Some("0.1"), Some("v4.4.5"), Some(1310720), None), "none")"#,
        );
        let head = Sha256::of(said.as_bytes()).0.first_chunk().copied().unwrap();
        assert_eq!(check_in.claimant(), Claimant(u64::from_be_bytes(head)));
    }

    #[test]
    fn a_network_is_a_site() {
        let network = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("192.168.1.70"), network("192.168.1.71"));
        assert_eq!(network("::ffff:192.168.1.70"), network("192.168.1.71"));
        assert_ne!(network("192.168.1.70"), network("192.168.2.70"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_eq!(network("2001:db8:0:1::5").to_string(), "2001:db8:0:1::/64");
    }
}
