// A TLS connection, by Mbed TLS 2.28.
#pragma once

#include "WiFi.h"

class WiFiClientSecure : public WiFiClient {
 public:
  WiFiClientSecure();
  void setInsecure();
  void setCACert(const char *rootCA);
  void setCertificate(const char *client_ca);
  void setPrivateKey(const char *private_key);
  void setHandshakeTimeout(unsigned long handshake_timeout);
};
