// The form of the sketch: take away the slashes before what is so. `otary sketch` knows the
// answers from its options and from the server, and leaves this file out.

// By cable, with this module; otherwise by Wi-Fi. What each needs is said in its file.
//#define ETHERNET_W5500
//#define ETHERNET_LAN8720
//#define ETHERNET_ENC28J60

// The server's name ends in .local.
//#define SERVER_IN_LOCAL

// The server tells the time (`sntp.listen = ":123"` in its settings).
//#define SERVER_TELLS_TIME

// The product is private, or the device has a token of its own: see secret.h.
//#define WITH_SECRET

// NO PROTECTION: it believes every server that answers. For the bench only.
//#define INSECURE
