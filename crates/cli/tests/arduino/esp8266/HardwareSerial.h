// The serial port.
#pragma once

#include "Stream.h"

class HardwareSerial : public Stream {
 public:
  void begin(unsigned long baud);
  void flush() override;
  size_t write(uint8_t byte) override;
  int available() override;
  int read() override;
  int peek() override;
};

extern HardwareSerial Serial;
