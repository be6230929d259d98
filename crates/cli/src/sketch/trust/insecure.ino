// NO PROTECTION: see the top of this file.
void trust(SecureClient &client) {
  Serial.println("WARNING: NO PROTECTION: this firmware believes every server");
  client.setInsecure();
}
