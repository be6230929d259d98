//! What manifests are made of: which version a client is to run, where its image is, and under which address this server
//! was asked.

use otary_fleet::{
    Artifact, Catalogue, CheckIn, Decision, Dialect, Mode, Order, ProductName, Reason, Release, compare,
};

use super::words::{self, plain_query, value};
use super::{Answer, Asked, Origin, PLACED, arduino};
use crate::http1::Head;
use crate::link::Link;

/// A URL that anybody may put together wants a bound: RFC 1035 gives a name 253 letters, and a port has six more.
const LONGEST_HOST: usize = 260;

/// How a client reached this server, for the URLs in its answer.
#[derive(Debug, Clone)]
pub(crate) struct Base {
    /// `https://otary.local:3443`.
    pub(super) origin: String,
    /// `/d/TOKEN`, if it came by a link.
    link: String,
    /// What it asked for.
    product: ProductName,
    /// What the client says of itself, to be said again when it fetches the image.
    query: String,
}

impl Base {
    /// As the request says. A client that names no host is told the server's own `url`.
    pub(crate) fn of(
        head: &Head<'_>,
        link: Option<Link<'_>>,
        asked: &Asked,
        scheme: &str,
        url: &str,
    ) -> Self {
        let plain = |c: u8| c.is_ascii_alphanumeric() || b".-_:[]".contains(&c);
        let host = head
            .field("host")
            .map(str::trim)
            .filter(|host| (1..=LONGEST_HOST).contains(&host.len()) && host.bytes().all(plain));
        Self {
            origin: host.map_or_else(|| url.to_owned(), |host| format!("{scheme}://{host}")),
            link: link.map(|link| link.path.to_owned()).unwrap_or_default(),
            product: asked.product.clone(),
            query: plain_query(head).map(|query| format!("&{query}")).unwrap_or_default(),
        }
    }

    /// The path of an artifact: its bytes never change. It says whose download it is, as far as that is known.
    pub(super) fn path(&self, artifact: &Artifact, dialect: Dialect) -> String {
        let Self { link, query, .. } = self;
        format!("{link}/artifact/{}?by={}&of={}{query}", artifact.id, dialect.name(), self.product)
    }

    /// The same with scheme and host.
    pub(super) fn url(&self, artifact: &Artifact, dialect: Dialect) -> String {
        format!("{}{}", self.origin, self.path(artifact, dialect))
    }

    /// Host and port.
    pub(super) fn host_and_port(&self) -> Option<(&str, u16)> {
        let (scheme, rest) = self.origin.split_once("://")?;
        let default = if scheme == "https" { 443 } else { 80 };
        match rest.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok()?)),
            _ => Some((rest, default)),
        }
    }
}

/// What a client asked, and what was decided.
pub(crate) struct Said<'a> {
    pub(crate) asked: &'a Asked,
    pub(crate) head: &'a Head<'a>,
    pub(crate) check_in: &'a CheckIn,
    /// One decision; or one for each chip, where nothing says which of them asks.
    pub(crate) decisions: &'a [Decision],
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) base: &'a Base,
}

/// The version that a client is to run, and its image as far as there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meant<'a> {
    /// Empty where nobody knows what it runs, and it is to stay with that.
    pub(super) version: &'a str,
    pub(super) artifact: Option<&'a Artifact>,
    pub(super) release: Option<&'a Release>,
}

impl<'a> Said<'a> {
    /// The first decision: the only one, but for a manifest of several chips.
    pub(super) fn decision(&self) -> Option<&'a Decision> {
        self.decisions.first()
    }

    /// What is offered, else what it is to keep. None where there is nothing for it by that name.
    pub(super) fn meant(&self, decision: &'a Decision) -> Option<Meant<'a>> {
        let release = decision.release.as_ref().and_then(|id| self.catalogue.release(id));
        if let Some((release, id)) = release.zip(decision.offered()) {
            let artifact = self.catalogue.artifact(&id);
            return Some(Meant { version: &release.id.version, artifact, release: Some(release) });
        }
        let kept = self.kept(decision);
        kept.or_else(|| release.map(|_| Meant { version: "", artifact: None, release: None }))
    }

    /// The version that it runs: by its digest, else by its own word, else the one that it took.
    fn kept(&self, decision: &'a Decision) -> Option<Meant<'a>> {
        let product = decision.product.as_ref()?;
        let running = self.catalogue.running(&self.check_in.build);
        let by_digest = running.and_then(|artifact| {
            let release = self.catalogue.release_of(product, &artifact.id)?;
            Some(Meant { version: &release.id.version, artifact: Some(artifact), release: Some(release) })
        });
        by_digest.or_else(|| {
            let taken = || match &decision.reason {
                Reason::TakenOnce { version } | Reason::UpToDate { version } => Some(&**version),
                _ => None,
            };
            let version = self.check_in.version.as_deref().or_else(taken)?;
            let releases = self.catalogue.releases(product).iter();
            let same = |release: &&Release| compare(&release.id.version, version) == Order::Same;
            let release = releases.rev().find(same);
            let artifact = release.and_then(|release| {
                release.artifact_for(|id| self.catalogue.artifact(id), decision.chip, self.check_in.wanted())
            });
            Some(Meant { version, artifact, release })
        })
    }

    /// The answer where the client may not be told anything, or there is no such product.
    pub(super) fn refused(&self) -> Option<Answer> {
        let Some(decision) = self.decision() else { return Some(Answer::NotFound) };
        arduino::refused(self.check_in, decision)
    }
}

/// The check-in that a path of [`Base::path`] repeats.
pub(super) fn repeated(head: &Head<'_>, origin: Origin) -> Option<CheckIn> {
    let name = value(head, "by")?;
    let place = PLACED.iter().find(|placed| placed.dialect().name() == name)?;
    let product = value(head, "of")?.parse().ok();
    Some(words::read(head, Origin { product, ..origin }, place.dialect(), Mode::Sketch))
}
