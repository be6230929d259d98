// A TLS connection, by Mbed TLS 3.
#pragma once

#include "Network.h"

class NetworkClientSecure : public NetworkClient {
 public:
  NetworkClientSecure();
  void setInsecure();
  void setCACert(const char *rootCA);
  void setCertificate(const char *client_ca);
  void setPrivateKey(const char *private_key);
  void setHandshakeTimeout(unsigned long handshake_timeout);
};
