// A TCP connection.
#pragma once

#include "Arduino.h"

class ESPLwIPClient : public Client {
 public:
  using Client::connect;
  virtual int connect(IPAddress ip, uint16_t port, int32_t timeout) = 0;
  virtual int connect(const char *host, uint16_t port, int32_t timeout) = 0;
  virtual void setConnectionTimeout(uint32_t milliseconds) = 0;
};

class NetworkClient : public ESPLwIPClient {
 protected:
  bool _connected;
  int _timeout;

 public:
  NetworkClient();
  int connect(IPAddress ip, uint16_t port) override;
  int connect(IPAddress ip, uint16_t port, int32_t timeout) override;
  int connect(const char *host, uint16_t port) override;
  int connect(const char *host, uint16_t port, int32_t timeout) override;
  void setConnectionTimeout(uint32_t milliseconds) override;
  size_t write(uint8_t byte) override;
  size_t write(const uint8_t *buffer, size_t size) override;
  int available() override;
  int read() override;
  int read(uint8_t *buffer, size_t size) override;
  int peek() override;
  void stop() override;
  uint8_t connected() override;
};
