//! Every limit of the device side: sizes, counts and times, each with its reason.
//!
//! What an operator or a test may want otherwise is a field of [`Limits`]; the rest is constant.

use std::time::Duration;

/// Limits that can be set; [`Default`] is what `otary serve` uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the connection to the end of its handshake. An ESP8266 takes 3 s for its elliptic curves when idle, and
    /// more than 15 s when its sketch is busy; an ESP32 itself gives up after 120 s.
    pub handshake: Duration,
    /// From the end of the handshake, or of the last answer, to the end of the next request head. It is also how long
    /// an idle connection stays: longer than a browser's pause, much shorter than a poll interval.
    pub head: Duration,
    /// How long a peer may take no byte of an answer. Erasing a flash block takes a second or two, and a sketch may do
    /// other things between two reads. A device that was cut off tries on for up to 42 minutes, so nothing is cut off
    /// that may still move, and no limit is set on the whole.
    pub stall: Duration,
    /// Connections in all, even where there are more descriptors: at 32 KiB each it is half a gigabyte. A hundred
    /// thousand devices that poll every 15 minutes for 3 s each have 340 open.
    pub connections: usize,
    /// One address may have one in so many of those that are free: a site behind one router is one address, and none may
    /// take what the others need.
    pub share_of_one_address: usize,
    /// New devices that one address may bring at once: a site that is switched on for the first time.
    pub new_devices_at_once: u32,
    /// And how long until it may bring one more. At one a second, one address cannot push a stranger that polls every
    /// two hours out of the 10,000 that are remembered.
    pub new_device_every: Duration,
    /// When an agent is told to ask again, in whole seconds.
    pub poll_after: Duration,
    /// How often campaigns are looked after. Where a look takes longer than a twentieth of that, more rarely.
    pub look_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_mins(1),
            head: Duration::from_mins(1),
            stall: Duration::from_mins(2),
            connections: 16_384,
            share_of_one_address: 8,
            new_devices_at_once: 200,
            new_device_every: Duration::from_secs(1),
            poll_after: Duration::from_mins(15),
            look_every: Duration::from_secs(5),
        }
    }
}

/// The longest request head in bytes; an Arduino client's has about 700, a browser's with its cookies some thousand.
pub(crate) const REQUEST_HEAD: usize = 16 * 1024;

/// What is read from a plain socket at once, in bytes: a client's head, mostly.
pub(crate) const PLAIN_READ: usize = 2 * 1024;

/// How long, and how many bytes, are read of what follows a request that was answered before it ended.
pub(crate) const LINGER: Duration = Duration::from_secs(2);
/// See [`LINGER`].
pub(crate) const LINGER_BYTES: usize = 256 * 1024;

/// Header fields in a request head; an Arduino client's has at most 18, a browser's about 30.
pub(crate) const REQUEST_HEADERS: usize = 64;

/// Encrypted bytes that may wait for the socket, per connection: one full TLS record. More saves system calls on a
/// fast line and costs memory on a thousand slow ones.
pub(crate) const TLS_SEND_BUFFER: usize = 16 * 1024;

/// Bytes in the kernel that are not yet sent, per connection (`TCP_NOTSENT_LOWAT`): what a device did not take is
/// then not counted as handed over, and a thousand slow downloads do not fill the kernel's memory.
pub(crate) const KERNEL_UNSENT: u32 = 128 * 1024;

/// Connections that wait to be accepted, per listening socket: a fleet that comes back after a power cut. The system
/// may allow fewer.
pub(crate) const BACKLOG: i32 = 1024;

/// Descriptors kept for the database, blobs, logs and listeners.
pub(crate) const OWN_DESCRIPTORS: u64 = 128;

/// Connections to the operator listener, about 40 KiB each: people with several pages open, programs, and room for those that
/// stall.
pub(crate) const OPERATOR_CONNECTIONS: usize = 512;

/// One address may have one in so many of those that are free. What one machine holds open, or ten do, leaves room for whoever
/// comes from another.
pub(crate) const OPERATOR_SHARE: usize = 8;

/// Of the descriptors, operators get one in so many at most: devices go first.
pub(crate) const OPERATOR_DESCRIPTORS: u64 = 8;

/// From an operator's connection to the end of its handshake: browsers and programs are no boards.
pub(crate) const OPERATOR_HANDSHAKE: Duration = Duration::from_secs(10);

/// TLS 1.2 sessions kept for clients that resume by session id (BearSSL knows no tickets): about 300 bytes each, and
/// 3 to 4 s saved on an ESP8266.
pub(crate) const SESSIONS: usize = 2048;

/// Peers that are told apart in one minute of one kind of trouble: two lines each, so at most 1 MB an hour.
pub(crate) const PEERS_IN_TROUBLE: usize = 32;

/// How long trouble is summed up before it is logged again.
pub(crate) const TROUBLE_PERIOD: Duration = Duration::from_mins(1);

/// Addresses whose new devices are counted apart, about 50 bytes each; when there are more, those beyond share one
/// allowance.
pub(crate) const ADDRESSES_WITH_NEW_DEVICES: usize = 4096;

/// How long to wait when the system gives no descriptor for a connection that waits.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often a drain says what it waits for.
pub(crate) const DRAIN_REPORT: Duration = Duration::from_secs(5);

/// Devices that a notice compares those that speak against a release with.
pub(crate) const NOTICE_OTHERS: usize = 500;

/// How often retention is looked after.
pub(crate) const PRUNE_EVERY: Duration = Duration::from_hours(1);

/// Threads that read blobs from disk, per runtime.
pub(crate) const BLOB_THREADS: usize = 4;

/// The longest body that a device may send, in bytes: a report of SWUpdate's with 48 lines of its log.
pub(crate) const DEVICE_BODY: usize = 128 * 1024;

/// SHA-1 digests that are kept in memory, about 120 bytes each.
pub(crate) const LEGACY_DIGESTS: usize = 1024;

/// Room that a file name has in `Content-Disposition` and in a sidecar, in bytes.
pub(crate) const FILE_NAME: usize = 100;

/// Downloads of clients that do not say who they are that are remembered, so that their parts are parts of one file: about 150
/// bytes each.
pub(crate) const DOWNLOADS_BEGUN: usize = 4096;

/// The longest manifest of esp32FOTA in bytes, whose parser has a buffer of 2048 for text and tree.
pub(crate) const FOTA_MANIFEST: usize = 1536;
