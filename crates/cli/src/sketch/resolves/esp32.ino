//
// The server's name ends in .local: no DNS server knows it, the machines of the network answer
// for it themselves (mDNS). The board asks them with the core's library ESPmDNS. That reaches as
// far as one network does: routers do not pass such questions on.
