// Begins mDNS. This board has a name there as well; your own program may give it another.
void startNames() {
  char name[20];
  snprintf(name, sizeof(name), "board-%06x", unsigned(ESP.getEfuseMac() >> 24) & 0xffffff);
  if (!MDNS.begin(name)) {
    Serial.println("mDNS does not begin: the core looks for the server without it");
  }
}
