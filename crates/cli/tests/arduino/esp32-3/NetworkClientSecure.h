// A TLS connection, by Mbed TLS 3.
#pragma once

#include "Network.h"

class NetworkClientSecure : public NetworkClient {
 protected:
  bool _use_insecure;
  const char *_CA_cert;
  const char *_cert;
  const char *_private_key;

 public:
  NetworkClientSecure();
  int connect(IPAddress ip, uint16_t port) override;
  int connect(IPAddress ip, uint16_t port, int32_t timeout) override;
  int connect(const char *host, uint16_t port) override;
  int connect(const char *host, uint16_t port, int32_t timeout) override;
  int connect(IPAddress ip, uint16_t port, const char *rootCABuff, const char *cli_cert, const char *cli_key);
  int connect(const char *host, uint16_t port, const char *rootCABuff, const char *cli_cert, const char *cli_key);
  int connect(IPAddress ip, uint16_t port, const char *host, const char *CA_cert, const char *cert,
              const char *private_key);
  void setInsecure();
  void setCACert(const char *rootCA);
  void setCertificate(const char *client_ca);
  void setPrivateKey(const char *private_key);
  void setHandshakeTimeout(unsigned long handshake_timeout);
};
