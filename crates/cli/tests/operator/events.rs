//! Whoever watches what happens keeps no server from going down.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use otary_server::operator::Announcement;

use crate::bench::Bench;

#[test]
fn a_server_that_drains_ends_the_stream_of_events_and_does_not_wait_for_who_listens() {
    let bench = Bench::new();
    let server = bench.serve();
    let owner = Announcement::read(&bench.data()).unwrap().unwrap();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--no-buffer", "--cacert"]).arg(bench.ca());
    curl.args(["--header", &format!("Authorization: Bearer {}", owner.token.expose())]);
    curl.arg(format!("{}/api/v1/events", owner.url)).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut curl = curl.spawn().unwrap();
    let mut heard = BufReader::new(curl.stdout.take().unwrap());
    let mut line = String::new();
    heard.read_line(&mut line).unwrap();
    assert_eq!(line, "event: hello\n");

    // It goes down while somebody listens, and the stream has its end: to curl one that is cut off is an error.
    assert!(server.terminate().success());
    let mut rest = String::new();
    heard.read_to_string(&mut rest).unwrap();
    let ended = curl.wait_with_output().unwrap();
    assert!(ended.status.success(), "{rest}{}", String::from_utf8_lossy(&ended.stderr));
}
