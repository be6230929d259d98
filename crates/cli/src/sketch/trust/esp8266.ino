// Whom this device trusts: the server's authority, and the one that takes its place one
// day. Leave both in, or that day every device has to be flashed by cable.
static const char ROOTS[] PROGMEM = R"PEM(
@ROOTS@
)PEM";

BearSSL::X509List roots(ROOTS);

void trust(SecureClient &client) {
  client.setTrustAnchors(&roots);
  client.setX509Time(time(nullptr));
}
