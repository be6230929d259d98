//! Groups: devices that are meant together, named by hand or described.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::query::{Field, Known};
use crate::{BriefFacts, Facts, Mac, NameError, ProductName, Query};

/// A group's name; named as products are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct GroupName(ProductName);

impl GroupName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for GroupName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Devices that are meant together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Group {
    /// Its name.
    pub name: GroupName,
    /// Only devices of this product are in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<ProductName>,
    /// Which ones.
    pub by: Membership,
}

/// How the devices of a group are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Membership {
    /// These ones.
    Hand(BTreeSet<Mac>),
    /// Those that a query finds, whenever it is asked. It does not ask for groups, or two could wait for each other.
    Query(Query),
}

impl Group {
    /// Whether a device is in it, by what is on record of it. Allocates nothing.
    pub fn contains(&self, facts: &Facts<'_>) -> bool {
        self.has(&Known::from(*facts))
    }

    /// The same, by what is known of it in a few words.
    pub fn has_brief(&self, facts: &BriefFacts<'_>) -> bool {
        self.has(&Known::from(facts))
    }

    /// The same, by the record or by what is said at this moment.
    pub(crate) fn has(&self, known: &Known<'_>) -> bool {
        let of_product = self.product.as_ref().is_none_or(|product| known.product() == Some(product));
        of_product && self.by.includes(known)
    }
}

impl Membership {
    /// Whether a device is among them, whatever its product. Allocates nothing.
    pub(crate) fn includes(&self, known: &Known<'_>) -> bool {
        match self {
            Self::Hand(devices) => devices.contains(&known.mac()),
            Self::Query(query) => !query.asks_for(Field::Group) && query.finds(known),
        }
    }
}
