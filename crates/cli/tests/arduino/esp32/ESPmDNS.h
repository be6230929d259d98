// Names by multicast DNS.
#pragma once

#include "Arduino.h"

class MDNSResponder {
 public:
  MDNSResponder();
  ~MDNSResponder();
  bool begin(const String &hostName);
  bool begin(const char *hostName);
  void end();

  IPAddress queryHost(char *host, uint32_t timeout = 2000);
  IPAddress queryHost(const char *host, uint32_t timeout = 2000);
  IPAddress queryHost(String host, uint32_t timeout = 2000);
};

extern MDNSResponder MDNS;
