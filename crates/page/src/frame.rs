//! What stands around every view: the way to the others, who is signed in, the page's own files.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use otary_fleet::Scope;
use otary_server::operator::Access;

use crate::asset::{PLACES, Places};
use crate::failure::Failure;

/// The views, in the order in which they are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    Now,
    Devices,
    Releases,
    Campaigns,
    Trust,
    Audit,
    Settings,
    Start,
}

impl View {
    const ALL: [Self; 8] = [
        Self::Now,
        Self::Devices,
        Self::Releases,
        Self::Campaigns,
        Self::Trust,
        Self::Audit,
        Self::Settings,
        Self::Start,
    ];

    /// The view's name, as people read it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Now => "Now",
            Self::Devices => "Devices",
            Self::Releases => "Releases",
            Self::Campaigns => "Campaigns",
            Self::Trust => "Trust",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
            Self::Start => "Start here",
        }
    }

    /// Where it is.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Now => "/",
            Self::Devices => "/devices",
            Self::Releases => "/releases",
            Self::Campaigns => "/campaigns",
            Self::Trust => "/trust",
            Self::Audit => "/audit",
            Self::Settings => "/settings",
            Self::Start => "/start",
        }
    }

    /// A path of 24 by 24, drawn with a line.
    pub(crate) const fn icon(self) -> &'static str {
        match self {
            Self::Now => "M3 12h4l3-8 4 16 3-8h4",
            Self::Devices => {
                "M8 8h8v8H8zM4 4h16v16H4zM9 1v3M15 1v3M9 20v3M15 20v3M1 9h3M1 15h3M20 9h3M20 15h3"
            }
            Self::Releases => "M12 3l8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
            Self::Campaigns => "M4 20V12M10 20V8M16 20V4M22 20H2",
            Self::Trust => "M12 3l8 3v6c0 5-3.5 8-8 9-4.500-1-8-4-8-9V6z",
            Self::Audit => "M5 3h11l3 3v15H5zM9 9h6M9 13h6M9 17h4",
            Self::Settings => "M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M6 14v6",
            Self::Start => "M5 3v18M5 4h13l-3 4 3 4H5",
        }
    }
}

/// What a view's template draws around itself.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) who: String,
    pub(crate) role: &'static str,
    pub(crate) csrf: String,
    /// What was just done.
    pub(crate) notice: Option<&'static str>,
    pub(crate) files: &'static Places,
    view: View,
}

impl Frame {
    pub(crate) fn new(view: View, title: String, access: &Access, notice: Option<&'static str>) -> Self {
        let role = access.grants.highest().map_or("nobody", Scope::role_name);
        let (who, csrf) = (access.who.clone().unwrap_or_default(), access.csrf.clone().unwrap_or_default());
        Self { title, who, role, csrf, notice, files: &PLACES, view }
    }

    /// The views, and whether each is the one that is shown.
    pub(crate) fn views(&self) -> impl Iterator<Item = (View, bool)> {
        let shown = self.view;
        View::ALL.into_iter().map(move |view| (view, view == shown))
    }
}

/// What stands around a view of somebody who is not signed in.
pub(crate) struct Bare {
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
}

impl Bare {
    pub(crate) fn new() -> Self {
        Self { style: &PLACES.style, icon: &PLACES.icon }
    }
}

/// A template as an answer.
pub(crate) fn html(template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => Failure::internal(error).into_response(),
    }
}
