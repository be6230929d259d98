// Arduino's connection to a server.
#pragma once

#include "IPAddress.h"
#include "Stream.h"

class Client : public Stream {
 public:
  virtual int connect(IPAddress ip, uint16_t port) = 0;
  virtual int connect(const char *host, uint16_t port) = 0;
  virtual size_t write(const uint8_t *buffer, size_t size) = 0;
  virtual int read(uint8_t *buffer, size_t size) = 0;
  virtual void stop() = 0;
  virtual uint8_t connected() = 0;
};
