//! What stands above the sketch: what it is, for which board, what to do with it, and what it needs.

use super::form::{Board, Ethernet, Form, Network};

const WARNING: &str = "\
// **********************************************************************************************
// NO PROTECTION. This sketch was made with --insecure: it believes every server that
// answers. Whoever stands between it and yours (a neighbour on the Wi-Fi, a router, a wrong
// entry in the DNS) can give it any firmware, and keep it. For the bench only. Without
// --insecure, `otary sketch` prints one that trusts your server alone and is used alike.
// **********************************************************************************************
//
";

/// The comment, with an empty line after it.
pub fn head(form: Form) -> String {
    let (board, needs) = (board(form), form.needs());
    let warning = if form.is_insecure() { WARNING } else { "" };
    let (keeps, resolves) = (keeps(form.board()), resolves(form));
    format!(
        "\
// A firmware that updates itself over the air from an otary server.
// Written by `otary sketch` for {board}.
//
{warning}\
// Fill in how it reaches the network, upload it once by cable, and watch it in the serial
// monitor at 115200 baud. From then on it asks the server every minute for something newer than
// FIRMWARE_VERSION, and installs it.
{keeps}\
//
// Your own program goes into setup() and loop(). Keep the rest in every version that you
// publish: a firmware without it is the last one that the device takes over the air.
//
// Needs {needs}.
{resolves}
"
    )
}

const fn board(form: Form) -> &'static str {
    match (form.board(), form.network()) {
        (Board::Esp8266, _) => "an ESP8266",
        (Board::Esp32, Network::Ethernet(Ethernet::Lan8720)) => "a classic ESP32",
        (Board::Esp32, _) => "an ESP32 of any kind (ESP32, -S2, -S3, -C3, -C6 and so on)",
    }
}

/// What becomes of a firmware that does not work.
const fn keeps(board: Board) -> &'static str {
    match board {
        Board::Esp32 => {
            "\
//
// What it installs stays only if it reaches the server as well. If not, the firmware before runs
// again.
"
        }
        Board::Esp8266 => {
            "\
//
// An ESP8266 cannot go back: try a version on one device before you publish it to all.
"
        }
    }
}

/// Who resolves the server's name, where that is not plain.
const fn resolves(form: Form) -> &'static str {
    match form.board() {
        _ if !form.is_local() => "",
        Board::Esp32 => {
            "\
//
// The server's name ends in .local: no DNS server knows it, the machines of the network answer
// for it themselves (mDNS). The board asks them with the core's library ESPmDNS. That reaches as
// far as one network does: routers do not pass such questions on.
"
        }
        Board::Esp8266 => {
            "\
//
// The server's name ends in .local: no DNS server knows it, the machines of the network answer
// for it themselves (mDNS). The core asks them by itself. That reaches as far as one network
// does: routers do not pass such questions on.
"
        }
    }
}
