//
// The server's name ends in .local: no DNS server knows it, the machines of the network answer
// for it themselves (mDNS). The core asks them by itself. That reaches as far as one network
// does: routers do not pass such questions on.
