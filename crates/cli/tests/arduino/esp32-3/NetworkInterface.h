// What every network interface can tell.
#pragma once

#include "Arduino.h"

class NetworkInterface {
 public:
  NetworkInterface();
  virtual ~NetworkInterface();
  bool connected() const;
  bool hasIP() const;
  bool linkUp() const;
  IPAddress localIP() const;
};
