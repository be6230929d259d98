#if defined(INSECURE)
// NO PROTECTION: see the top of this file.
void trust(SecureClient &client) {
  Serial.println("WARNING: NO PROTECTION: this firmware believes every server");
  client.setInsecure();
}
#else
// Whom this device trusts: the server's authority, and the one that takes its place one
// day. Leave both in, or that day every device has to be flashed by cable.
static const char ROOTS[] PROGMEM = R"PEM(
<THE-ROOTS-FROM-otary-trust-export>
)PEM";

#if defined(ESP8266)
BearSSL::X509List roots(ROOTS);

// Without the time, the day of the build stands for today. That will do until the server's
// certificate has been renewed: the device needs a time server that it reaches.
void trust(SecureClient &client) {
  client.setTrustAnchors(&roots);
  client.setX509Time(isClockSet() ? time(nullptr) : buildTime());
}
#else
void trust(SecureClient &client) {
  client.setCACert(ROOTS);
}
#endif
#endif
