// A timer that needs no loop().
#pragma once

#include <stdint.h>

class Ticker {
 public:
  Ticker();
  ~Ticker();
  typedef void (*callback_t)(void);
  void attach(float seconds, callback_t callback);
  void once(float seconds, callback_t callback);
  void once_ms(uint32_t milliseconds, callback_t callback);
  void detach();
  bool active();
};
