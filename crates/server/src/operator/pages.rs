//! Lists page by page: `?limit=` says how many, and `next` of the answer goes into `?after=`.
//!
//! A cursor is the place of the last thing that was shown, not a count: what is added or removed between two pages moves nothing
//! else over their edge. So whoever walks to the end meets everything that was there all the while, and nothing twice.

use otary_fleet::ProductName;
use serde::Deserialize;

use super::actor::Actor;
use super::problem::Problem;

/// Things on a page: unless said, and at most.
const PAGE: usize = 200;
const MAX_PAGE: usize = 1000;

/// Which way round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    #[default]
    Asc,
    Desc,
}

/// Which of the things that products have are listed.
#[derive(Debug, Clone, Default, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    product: Option<ProductName>,
    pub(super) after: Option<String>,
    pub(super) limit: Option<usize>,
}

impl Which {
    /// Whether things of `product` are asked for, and shown to whoever asks.
    pub(super) fn has(&self, product: &ProductName, actor: &Actor) -> bool {
        self.product.as_ref().is_none_or(|wanted| wanted == product) && actor.sees(product)
    }
}

/// How many are on a page of which so many were asked for.
pub(super) fn limit(asked: Option<usize>) -> usize {
    asked.unwrap_or(PAGE).clamp(1, MAX_PAGE)
}

/// Those that are on the page, and whether others follow.
pub(super) fn cut<T>(mut following: impl Iterator<Item = T>, limit: usize) -> (Vec<T>, bool) {
    let page: Vec<T> = following.by_ref().take(limit).collect();
    (page, following.next().is_some())
}

/// Reads where the page before ended.
pub(super) fn read<C: std::str::FromStr>(after: Option<&str>) -> Result<Option<C>, Problem> {
    after.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()
}

/// The refusal of what is no cursor of a list.
pub(super) fn bad_cursor() -> Problem {
    Problem::bad_request("bad-cursor", "no page of such a list ended there")
        .help("after= takes `next` of the page before, of the same list sorted alike")
}
