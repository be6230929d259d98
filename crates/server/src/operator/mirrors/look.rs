//! A look at a mirror: everything is fetched, and held against what the mirror trusts, before any of it is kept as an upload.

use std::path::PathBuf;
use std::sync::Arc;

use http::StatusCode;
use otary_fleet::{Md5, Sha256};
use zeroize::Zeroizing;

use super::with_cause;
use crate::fetch::{Bounds, FetchError, Fetched, Permission, Place};
use crate::mirror::{Found, FoundFile, Listed, Listing, Mirror, Reaching, Trust, VerifyingKey};
use crate::operator::artifacts::check_name;
use crate::operator::problem::Problem;
use crate::operator::site::{Operator, carry_out};

/// The longest token of another server, in bytes.
const MAX_TOKEN: u64 = 4096;

/// One look at a mirror.
pub(super) struct Look<'a> {
    pub(super) operator: &'a Arc<Operator>,
    pub(super) mirror: &'a Mirror,
}

impl Look<'_> {
    /// What there is now. Nothing is released by it.
    pub(super) async fn find(&self) -> Result<Found, Problem> {
        let places = self.mirror.from.iter().map(|from| from.parse::<Place>());
        let places = places.collect::<Result<Vec<_>, _>>().map_err(|error| failed(&error))?;
        let (mut version, mut files) = (None, Vec::new());
        for place in &places {
            let fetched = self.fetch(place, Mirror::FILE).await?;
            if places.len() > 1 || !Listing::is_one(&fetched.bytes) {
                files.push(self.take(place, fetched, &Listed::default()).await?);
                continue;
            }
            let (listing, beside) = self.list(place, &fetched).await?;
            version = listing.version;
            for (place, listed) in beside.iter().zip(&listing.files) {
                let fetched = self.fetch(place, Mirror::FILE).await?;
                files.push(self.take(place, fetched, listed).await?);
            }
        }
        let own = files.iter().find_map(|file| file.artifact.proposed_version.clone());
        let trusted = self.mirror.trust != Trust::Person;
        Ok(Found { at: self.operator.now(), version: version.or(own), files, trusted })
    }

    /// What a manifest lists, and where that is.
    async fn list(&self, place: &Place, manifest: &Fetched) -> Result<(Listing, Vec<Place>), Problem> {
        self.check_signature(manifest, place).await?;
        let listing = Listing::read(&manifest.bytes).map_err(|error| {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Problem::new(StatusCode::BAD_GATEWAY, "mirror-manifest", format!("{place}: {error}{cause}"))
        })?;
        let beside = listing.files.iter().map(|listed| manifest.from.beside(&listed.path));
        let beside = beside.collect::<Result<_, _>>().map_err(|error| failed(&error))?;
        Ok((listing, beside))
    }

    /// Takes a file in, if it is what was listed and is trusted as the mirror asks.
    async fn take(&self, place: &Place, fetched: Fetched, listed: &Listed) -> Result<FoundFile, Problem> {
        let sha256 = Sha256::of(&fetched.bytes);
        let as_listed = listed.sha256.is_none_or(|digest| digest == sha256)
            && listed.md5.is_none_or(|digest| digest == Md5::of(&fetched.bytes));
        if !as_listed {
            return Err(distrusted(place, "it has another digest than its manifest says"));
        }
        match &self.mirror.trust {
            Trust::Digests(digests) if !digests.contains(&sha256) => {
                return Err(distrusted(place, &format!("its SHA-256 is {sha256}, which was not pinned")));
            }
            Trust::Digests(_) | Trust::Person => {}
            Trust::Key { .. } => self.check_signature(&fetched, place).await?,
        }
        let name =
            place.file_name().filter(|name| check_name(name).is_ok()).unwrap_or("firmware.bin").to_owned();
        let taken = carry_out(Arc::clone(self.operator), move |operator| {
            operator.take_in(&fetched.bytes, &name, false)
        });
        Ok(FoundFile { url: place.to_string(), sha256, artifact: taken.await?.artifact })
    }

    /// Asks for a file's signature where a key is trusted, and holds the file against it.
    async fn check_signature(&self, fetched: &Fetched, place: &Place) -> Result<(), Problem> {
        let Trust::Key { pem, suffix } = &self.mirror.trust else { return Ok(()) };
        let key = VerifyingKey::from_pem(pem).map_err(|error| distrusted(place, &error.to_string()))?;
        let signature = place.followed_by(suffix).map_err(|error| failed(&error))?;
        let signature = self.fetch(&signature, Mirror::TEXT).await?;
        let verified = key.verify(&fetched.bytes, &signature.bytes);
        verified.map_err(|error| distrusted(place, &error.to_string()))
    }

    async fn fetch(&self, place: &Place, bounds: Bounds) -> Result<Fetched, Problem> {
        let fetcher = self.operator.fetcher.as_ref().ok_or_else(no_fetcher)?;
        let first = self.mirror.from.first().and_then(|from| from.parse::<Place>().ok());
        let at_first = first.is_some_and(|first| place.is_at_the_host_of(&first));
        let token = self.mirror.token_file.as_ref().filter(|_| at_first).map(read_token).transpose()?;
        let Reaching { plain_http, hosts } = self.mirror.reach.clone();
        let file = fetcher.fetch(place, &Permission { plain_http, hosts, token }, bounds).await;
        file.map_err(|error| failed(&error))
    }
}

/// The token in a file, which is no longer than tokens are.
fn read_token(file: &PathBuf) -> Result<Zeroizing<String>, Problem> {
    let length = std::fs::metadata(file).map(|found| found.len());
    let text = match length {
        Ok(length) if length <= MAX_TOKEN => std::fs::read_to_string(file).map(Zeroizing::new),
        Ok(_) => Err(std::io::Error::other("the file is too long for a token")),
        Err(error) => Err(error),
    };
    let text = text.map_err(|error| {
        let detail = format!("the token for the mirror cannot be read from {}", file.display());
        Problem::internal("mirror-token", detail, error)
    })?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

fn failed(error: &FetchError) -> Problem {
    let problem = Problem::new(StatusCode::BAD_GATEWAY, "mirror-fetch", with_cause(error));
    match error.help() {
        Some(help) => problem.help(help),
        None => problem,
    }
}

fn distrusted(place: &Place, why: &str) -> Problem {
    Problem::new(StatusCode::BAD_GATEWAY, "mirror-distrusted", format!("{place} is not taken: {why}"))
}

fn no_fetcher() -> Problem {
    let detail = "this machine has no certificates of authorities to check other servers by";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no-fetcher", detail)
        .help("install them (Debian: apt install ca-certificates)")
}
