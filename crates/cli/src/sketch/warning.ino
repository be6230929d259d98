// **********************************************************************************************
// NO PROTECTION. This sketch was made with --insecure: it believes every server that
// answers. Whoever stands between it and yours (a neighbour on the Wi-Fi, a router, a wrong
// entry in the DNS) can give it any firmware, and keep it. For the bench only. Without
// --insecure, `otary sketch` prints one that trusts your server alone and is used alike.
// **********************************************************************************************
//
