//! Who looks: their name, what they may do, and what their forms have to show.

use axum::Router;
use axum::extract::FromRequestParts;
use http::request::Parts;
use otary_fleet::{Grants, ProductName, Scope, Time};
use otary_server::Clock;
use otary_server::operator::{Access, ActorKind};

use crate::api::Api;
use crate::done;
use crate::failure::Failure;
use crate::frame::{Frame, View};

/// A person who is signed in, with the API in their hands.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) api: Api,
    access: Access,
    done: Option<&'static str>,
    /// When the request came.
    pub(crate) now: Time,
}

impl Person {
    /// The frame around a view.
    pub(crate) fn frame(&self, view: View, title: impl Into<String>) -> Frame {
        Frame::new(view, title.into(), &self.access, self.done)
    }

    /// Whether they may do so much with the devices of a product; of none, with the whole server. What is offered goes by this,
    /// what is done by the API.
    pub(crate) fn may(&self, scope: Scope, product: Option<&ProductName>) -> bool {
        self.access.grants.allows(scope, product)
    }

    /// What they may do.
    pub(crate) const fn grants(&self) -> &Grants {
        &self.access.grants
    }

    /// By what they were let in.
    pub(crate) const fn kind(&self) -> Option<ActorKind> {
        self.access.kind
    }

    /// Whether they may do so much anywhere.
    pub(crate) fn may_somewhere(&self, scope: Scope) -> bool {
        self.access.grants.highest().is_some_and(|highest| highest >= scope)
    }
}

impl FromRequestParts<Router> for Person {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, router: &Router) -> Result<Self, Failure> {
        let Ok(api) = Api::from_request_parts(parts, router).await;
        let access: Access = api.get("/access").await?;
        if access.who.is_none() {
            return Err(if access.set_up { Failure::SignedOut } else { Failure::NotSetUp });
        }
        Ok(Self { api, access, done: done::told(parts.uri.query()), now: Clock::system().now() })
    }
}
