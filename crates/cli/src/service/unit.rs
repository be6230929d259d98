//! The unit's text.

use std::fmt;
use std::path::PathBuf;

/// Where the service keeps its data.
pub const STATE: &str = "/var/lib/otary";

/// As whom it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// A user that systemd makes up while it runs (`DynamicUser=`): nothing has to be set up.
    Dynamic,
    /// A user of this name, which is there.
    Named(String),
}

/// A service unit; [`Display`](fmt::Display) writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The program.
    pub binary: PathBuf,
    /// As whom it runs.
    pub account: Account,
}

/// What it is, and that it waits for a network. The clock it waits for by itself.
const HEAD: &str = "\
[Unit]
Description=otary, firmware updates for ESP32 and ESP8266 boards
Documentation=man:otary(1)
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
";

/// How it starts again and ends. Running downloads are finished first, for a minute at most unless the setting `drain` says more.
const LIFE: &str = "\
EnvironmentFile=-/etc/default/otary
Restart=on-failure
RestartSec=5s
TimeoutStopSec=90s
LimitNOFILE=65536

";

/// All that is taken away from it. Left are its folder, the network, and the system calls of a server.
const FENCE: &str = "\
StateDirectory=otary
StateDirectoryMode=0700
UMask=0077
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
DevicePolicy=closed
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
";

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        writeln!(f, "ExecStart={} serve --data {STATE}", self.binary.display())?;
        match &self.account {
            Account::Dynamic => f.write_str("DynamicUser=yes\nUser=otary\n")?,
            Account::Named(name) => write!(f, "User={name}\nGroup={name}\n")?,
        }
        f.write_str(LIFE)?;
        f.write_str(FENCE)
    }
}
