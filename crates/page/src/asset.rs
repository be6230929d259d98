//! The page's own files, inside the binary. Each is named with its digest, so a browser keeps it for good and an upgrade brings
//! another name.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

/// A file of the page.
struct Asset {
    stem: &'static str,
    extension: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

const STYLE: Asset = Asset {
    stem: "otary",
    extension: "css",
    media_type: "text/css; charset=utf-8",
    bytes: include_bytes!("../assets/otary.css"),
};
const SCRIPT: Asset = Asset {
    stem: "otary",
    extension: "js",
    media_type: "text/javascript; charset=utf-8",
    bytes: include_bytes!("../assets/otary.js"),
};
const ICON: Asset = Asset {
    stem: "icon",
    extension: "svg",
    media_type: "image/svg+xml",
    bytes: include_bytes!("../assets/icon.svg"),
};

/// Where the files are.
pub(crate) struct Places {
    pub(crate) style: String,
    pub(crate) script: String,
    pub(crate) icon: String,
}

/// Where the files of this build are.
pub(crate) static PLACES: LazyLock<Places> =
    LazyLock::new(|| Places { style: STYLE.place(), script: SCRIPT.place(), icon: ICON.place() });

impl Asset {
    fn place(&self) -> String {
        format!("/assets/{}", self.name())
    }

    fn name(&self) -> String {
        let mut digest = String::new();
        for byte in Sha256::digest(self.bytes).iter().take(6) {
            // Writing to a String succeeds.
            let _ = write!(digest, "{byte:02x}");
        }
        format!("{}.{digest}.{}", self.stem, self.extension)
    }
}

/// Answers with a file.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let Some(asset) = [STYLE, SCRIPT, ICON].into_iter().find(|asset| asset.name() == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.bytes).into_response()
}
