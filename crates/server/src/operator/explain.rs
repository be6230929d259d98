//! Why a device is answered as it is: the rule, the evidence, and what would change it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use otary_fleet::{Explanation, Mac, explain as explained};

use super::devices::no_device;
use super::problem::Problem;
use super::request::Place;
use super::site::{Operator, carry_out};

pub(super) async fn explain(
    State(operator): State<Arc<Operator>>,
    Place(mac): Place<Mac>,
) -> Result<Json<Explanation>, Problem> {
    carry_out(operator, move |operator| operator.explain(mac)).await.map(Json)
}

impl Operator {
    fn explain(&self, mac: Mac) -> Result<Explanation, Problem> {
        let device = self.store.device(mac)?.ok_or_else(|| no_device(mac))?;
        let openings = self.rollout.openings()?;
        Ok(explained(&device, &self.store.catalogue(), &openings, self.now()))
    }
}
