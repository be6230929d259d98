//! What somebody was given: a scope on everything, or on single products.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Scope;
use crate::ProductName;

/// A scope on everything, scopes on single products, or both; the larger of two counts.
///
/// What belongs to the whole server (its trust, its limits, devices of no product, other people) is reached by the scope on
/// everything alone. A scope's word alone is read as that scope on everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "Written")]
pub struct Grants {
    /// On everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub everywhere: Option<Scope>,
    /// On single products, whether or not there are such products.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub products: BTreeMap<ProductName, Scope>,
}

/// The forms that grants are read in.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
enum Written {
    Everywhere(Scope),
    Apart(Apart),
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct Apart {
    #[serde(default)]
    everywhere: Option<Scope>,
    #[serde(default)]
    products: BTreeMap<ProductName, Scope>,
}

impl Grants {
    /// This scope on everything.
    pub const fn everywhere(scope: Scope) -> Self {
        Self { everywhere: Some(scope), products: BTreeMap::new() }
    }

    /// This scope on each of these products, and nothing else.
    pub fn on_products(scope: Scope, products: impl IntoIterator<Item = ProductName>) -> Self {
        Self { everywhere: None, products: products.into_iter().map(|product| (product, scope)).collect() }
    }

    /// The scope on a product.
    pub fn on(&self, product: &ProductName) -> Option<Scope> {
        self.everywhere.max(self.products.get(product).copied())
    }

    /// The largest scope on anything.
    pub fn highest(&self) -> Option<Scope> {
        self.everywhere.max(self.products.values().max().copied())
    }

    /// Whether they allow what takes this scope: on a product, or without one on the whole server.
    pub fn allows(&self, needs: Scope, product: Option<&ProductName>) -> bool {
        let has = product.map_or(self.everywhere, |product| self.on(product));
        has >= Some(needs)
    }

    /// Whether nothing in `other` goes beyond these: nobody gives more than he has.
    pub fn covers(&self, other: &Self) -> bool {
        self.everywhere >= other.everywhere
            && other.products.iter().all(|(product, scope)| self.allows(*scope, Some(product)))
    }

    /// The same in the words for people: `operator`, `publisher on lamp and plug`, `viewer, publisher on lamp`, or `no role`.
    pub fn roles(&self) -> String {
        self.in_words(Scope::role_name).unwrap_or_else(|| "no role".to_owned())
    }

    /// What there is on everything, then what there is on products, the smallest scope first; nothing of nothing.
    fn in_words(&self, word: fn(Scope) -> &'static str) -> Option<String> {
        let on = |scope: Scope| {
            let such = self.products.iter().filter(move |(_, given)| **given == scope);
            let names: Vec<&str> = such.map(|(product, _)| product.as_str()).collect();
            (!names.is_empty()).then(|| format!("{} on {}", word(scope), names.join(" and ")))
        };
        let everywhere = self.everywhere.map(|scope| word(scope).to_owned());
        let parts: Vec<String> =
            everywhere.into_iter().chain(Scope::ALL.into_iter().filter_map(on)).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// Whether they allow nothing at all.
    pub fn is_empty(&self) -> bool {
        self.highest().is_none()
    }

    /// These as far as `most` allows them, too.
    #[must_use]
    pub fn within(&self, most: &Self) -> Self {
        let everywhere = self.everywhere.min(most.everywhere);
        let products: BTreeSet<&ProductName> = self.products.keys().chain(most.products.keys()).collect();
        let both = |product: &ProductName| self.on(product).min(most.on(product));
        let products =
            products.into_iter().filter_map(|product| both(product).map(|scope| (product.clone(), scope)));
        Self { everywhere, products: products.filter(|(_, scope)| Some(*scope) > everywhere).collect() }
    }
}

impl From<Written> for Grants {
    fn from(written: Written) -> Self {
        match written {
            Written::Everywhere(scope) => Self::everywhere(scope),
            Written::Apart(Apart { everywhere, products }) => Self { everywhere, products },
        }
    }
}

impl fmt::Display for Grants {
    /// `operate`, `push on lamp and plug`, `read, push on lamp`, or `nothing`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.in_words(Scope::name).as_deref().unwrap_or("nothing"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn product(text: &str) -> ProductName {
        text.parse().unwrap()
    }

    fn grants(everywhere: Option<Scope>, products: &[(&str, Scope)]) -> Grants {
        let products = products.iter().map(|(name, scope)| (product(name), *scope)).collect();
        Grants { everywhere, products }
    }

    #[test]
    fn the_larger_of_two_scopes_counts() {
        let some = grants(Some(Scope::Read), &[("lamp", Scope::Operate), ("plug", Scope::Read)]);
        assert_eq!(some.on(&product("lamp")), Some(Scope::Operate));
        assert_eq!(some.on(&product("camera")), Some(Scope::Read));
        assert!(some.allows(Scope::Push, Some(&product("lamp"))));
        assert!(!some.allows(Scope::Push, Some(&product("plug"))));
        assert!(!some.allows(Scope::Push, None), "a product is not the server");
        assert_eq!(some.highest(), Some(Scope::Operate));
    }

    #[test]
    fn a_scope_alone_is_read_as_that_scope_on_everything() {
        let read = |text: &str| serde_json::from_str::<Grants>(text);
        assert_eq!(read("\"push\"").unwrap(), Grants::everywhere(Scope::Push));
        let apart = read(r#"{"products":{"lamp":"own"}}"#).unwrap();
        assert_eq!(apart, grants(None, &[("lamp", Scope::Own)]));
        assert!(read(r#"{"product":{"lamp":"own"}}"#).is_err(), "a mistake is told, not read as nothing");
    }

    #[test]
    fn grants_are_said_in_words() {
        let some = grants(Some(Scope::Read), &[("lamp", Scope::Push), ("plug", Scope::Push)]);
        assert_eq!(some.to_string(), "read, push on lamp and plug");
        assert_eq!(some.roles(), "viewer, publisher on lamp and plug");
        assert_eq!(Grants::everywhere(Scope::Own).roles(), "owner");
        assert_eq!(Grants::default().to_string(), "nothing");
    }

    fn any_grants() -> impl Strategy<Value = Grants> {
        let scope = || prop::sample::select(Scope::ALL.to_vec());
        let products = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "c"]), scope(), 0..3);
        (prop::option::of(scope()), products)
            .prop_map(|(everywhere, products)| grants(everywhere, &products.into_iter().collect::<Vec<_>>()))
    }

    proptest! {
        #[test]
        fn who_is_covered_may_do_nothing_that_the_other_may_not(one in any_grants(), other in any_grants()) {
            let places = [None, Some(product("a")), Some(product("b")), Some(product("z"))];
            let mut all = Scope::ALL.into_iter().flat_map(|scope| places.iter().map(move |place| (scope, place)));
            let within = all.all(|(scope, place)| {
                !other.allows(scope, place.as_ref()) || one.allows(scope, place.as_ref())
            });
            let c = product("c");
            let within = within && Scope::ALL.into_iter().all(|s| !other.allows(s, Some(&c)) || one.allows(s, Some(&c)));
            prop_assert_eq!(one.covers(&other), within);
        }

        #[test]
        fn what_is_within_allows_what_both_allow(one in any_grants(), other in any_grants()) {
            let within = one.within(&other);
            for scope in Scope::ALL {
                for place in [None, Some(product("a")), Some(product("b")), Some(product("c")), Some(product("z"))] {
                    let place = place.as_ref();
                    prop_assert_eq!(within.allows(scope, place), one.allows(scope, place) && other.allows(scope, place));
                }
            }
        }

        #[test]
        fn grants_survive_their_text(some in any_grants()) {
            let text = serde_json::to_string(&some).unwrap();
            prop_assert_eq!(serde_json::from_str::<Grants>(&text).unwrap(), some);
        }
    }
}
