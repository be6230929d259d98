//! Cohorts: what devices have in common that say the same of themselves, were answered alike, and of which an operator said
//! the same. A fleet of a hundred thousand has some hundreds.

use otary_image::Chip;

use crate::{Build, Channel, Decision, Device, Dialect, ProductName, Proof, ReleaseId, Verdict, Version};

/// What the devices of a cohort have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    product: Option<ProductName>,
    channel: Option<Channel>,
    chip: Option<Chip>,
    pin: Option<ReleaseId>,
    forced: Option<ReleaseId>,
    held: bool,
    stranger: bool,
    said: Option<Said>,
    answer: Option<Answered>,
}

/// What such a device said when it last asked.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Said {
    dialect: Dialect,
    chip: Option<Chip>,
    build: Build,
    version: Option<Version>,
    free_space: Option<u64>,
    chip_size: Option<u64>,
    sdk: Option<Box<str>>,
    proof: Proof,
}

/// What such a device was answered last, without the figures that differ from poll to poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answered {
    /// Offer, wait or hold.
    pub verdict: Verdict,
    /// The word of the rule, as in logs.
    pub rule: &'static str,
    /// What the rule says of every device ([`Reason::principle`](crate::Reason::principle)).
    pub principle: &'static str,
    /// The chip that it was taken for.
    pub chip: Option<Chip>,
}

/// The same, borrowed from wherever it is known: a record or a cohort. Two that are equal are of one cohort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Traits<'a> {
    product: Option<&'a ProductName>,
    channel: Option<&'a Channel>,
    chip: Option<Chip>,
    pin: Option<&'a ReleaseId>,
    forced: Option<&'a ReleaseId>,
    held: bool,
    stranger: bool,
    said: Option<Saying<'a>>,
    answer: Option<Answered>,
}

/// What a device said, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Saying<'a> {
    pub dialect: Dialect,
    pub chip: Option<Chip>,
    pub build: &'a Build,
    pub version: Option<&'a str>,
    pub free_space: Option<u64>,
    pub chip_size: Option<u64>,
    pub sdk: Option<&'a str>,
    pub proof: Proof,
}

impl Cohort {
    /// The cohort that a device is of, as its record stands.
    pub fn of(device: &Device) -> Self {
        Traits::of(device).to_cohort()
    }

    /// Whether a device is of it, as its record stands. Allocates nothing: every poll asks.
    pub fn has(&self, device: &Device) -> bool {
        self.traits() == Traits::of(device)
    }

    /// The product that they were assigned to, else the one that they were taken for when they last asked.
    pub const fn product(&self) -> Option<&ProductName> {
        self.product.as_ref()
    }

    /// The channel that the operator put them on; none: `stable`.
    pub const fn channel(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    /// The version text that they sent.
    pub fn says(&self) -> Option<&Version> {
        self.said.as_ref()?.version.as_ref()
    }

    /// What they run, by their own word; none if they never asked.
    pub fn build(&self) -> Option<&Build> {
        self.said.as_ref().map(|said| &said.build)
    }

    /// What they were answered last; none if they never asked for a program.
    pub const fn answer(&self) -> Option<Answered> {
        self.answer
    }

    /// The release that an operator pinned them to.
    pub const fn pin(&self) -> Option<&ReleaseId> {
        self.pin.as_ref()
    }

    /// The release that an operator wants them to get once.
    pub const fn forced(&self) -> Option<&ReleaseId> {
        self.forced.as_ref()
    }

    /// Whether an operator holds them.
    pub const fn is_held(&self) -> bool {
        self.held
    }

    /// Whether otary never updated them and nobody spoke of them.
    pub const fn is_stranger(&self) -> bool {
        self.stranger
    }

    /// The chip that the operator named.
    pub(crate) const fn chip(&self) -> Option<Chip> {
        self.chip
    }

    pub(crate) fn saying(&self) -> Option<Saying<'_>> {
        self.said.as_ref().map(Said::borrowed)
    }

    fn traits(&self) -> Traits<'_> {
        Traits {
            product: self.product.as_ref(),
            channel: self.channel.as_ref(),
            chip: self.chip,
            pin: self.pin.as_ref(),
            forced: self.forced.as_ref(),
            held: self.held,
            stranger: self.stranger,
            said: self.saying(),
            answer: self.answer,
        }
    }
}

impl Said {
    fn borrowed(&self) -> Saying<'_> {
        Saying {
            dialect: self.dialect,
            chip: self.chip,
            build: &self.build,
            version: self.version.as_deref(),
            free_space: self.free_space,
            chip_size: self.chip_size,
            sdk: self.sdk.as_deref(),
            proof: self.proof,
        }
    }
}

impl Answered {
    /// What a device was answered last.
    pub(crate) fn last(device: &Device) -> Option<Self> {
        let Decision { reason, chip, .. } = &device.standing.as_ref()?.decision;
        let (rule, principle) = (reason.rule(), reason.principle());
        Some(Self { verdict: reason.verdict(), rule, principle, chip: *chip })
    }
}

impl<'a> Traits<'a> {
    fn of(device: &'a Device) -> Self {
        Self {
            product: device.belongs_to(),
            channel: device.channel.as_ref(),
            chip: device.chip,
            pin: device.pin.as_ref(),
            forced: device.forced.as_ref().map(|forced| &forced.release),
            held: device.hold.is_some(),
            stranger: !device.is_known(),
            said: device.last.as_ref().map(|last| Saying {
                dialect: last.dialect,
                chip: last.chip,
                build: &last.build,
                version: last.version.as_deref(),
                free_space: last.free_space,
                chip_size: last.chip_size,
                sdk: last.sdk.as_deref(),
                proof: last.proof,
            }),
            answer: Answered::last(device),
        }
    }

    fn to_cohort(self) -> Cohort {
        Cohort {
            product: self.product.cloned(),
            channel: self.channel.cloned(),
            chip: self.chip,
            pin: self.pin.cloned(),
            forced: self.forced.cloned(),
            held: self.held,
            stranger: self.stranger,
            said: self.said.map(|said| Said {
                dialect: said.dialect,
                chip: said.chip,
                build: *said.build,
                version: said.version.map(Version::from),
                free_space: said.free_space,
                chip_size: said.chip_size,
                sdk: said.sdk.map(Box::from),
                proof: said.proof,
            }),
            answer: self.answer,
        }
    }
}

impl std::hash::Hash for Cohort {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.traits().hash(state);
    }
}
