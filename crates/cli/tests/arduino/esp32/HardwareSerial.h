// The serial port.
#pragma once

#include "Stream.h"

#define SERIAL_8N1 0x800001c

class HardwareSerial : public Stream {
 public:
  void begin(unsigned long baud, uint32_t config = SERIAL_8N1, int8_t rxPin = -1, int8_t txPin = -1,
             bool invert = false, unsigned long timeout_ms = 20000UL, uint8_t rxfifo_full_thrhd = 112);
  void flush() override;
  size_t write(uint8_t byte) override;
  int available() override;
  int read() override;
  int peek() override;
};

extern HardwareSerial Serial;
