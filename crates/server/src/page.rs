//! What people see who open the server in a browser: where to go, and the authority's certificates.

use otary_fleet::Transport;

use crate::http1::Reply;
use crate::visit::Visit;

const HTML: &str = "text/html; charset=utf-8";

/// The page at `/`.
pub(crate) fn welcome(visit: &Visit) -> Reply {
    let url = escape(&visit.shared.url);
    let advice = match visit.transport {
        Transport::Https => "Devices ask here for updates.",
        Transport::Http => {
            "Devices ask for updates by HTTPS; this address has little more than the certificate."
        }
    };
    Reply::file(
        HTML,
        format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>otary</title></head>\n\
             <body style=\"font-family:sans-serif;max-width:40em;margin:2em auto;padding:0 1em\">\n\
             <h1>otary</h1>\n<p>{advice}</p>\n\
             <p>The URL for a sketch: <code>{url}/update</code></p>\n\
             <p>What a device has to trust: <a href=\"/ca.pem\">ca.pem</a> (for the sketch) or \
             <a href=\"/ca.crt\">ca.crt</a> (for a phone or computer). Compare its fingerprint with the one that \
             <code>otary serve</code> prints before you trust it.</p>\n\
             <p><code>otary sketch</code> prints a ready sketch with all of it.</p>\n</body></html>\n"
        ),
    )
}

/// The anchors as PEM text, the current root and the next: what `setCACert` and `X509List` take.
pub(crate) fn anchors(visit: &Visit) -> Reply {
    Reply::file("application/x-pem-file", visit.shared.shown.get().anchors_pem().to_owned())
}

/// The current root as DER: what phones and desktops install.
pub(crate) fn root(visit: &Visit) -> Reply {
    Reply::file("application/x-x509-ca-cert", visit.shared.shown.get().root().to_vec())
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
