// The version of the core: 2.0.7, or with CORE_2_0_6 the one before.
#pragma once

#define ESP_ARDUINO_VERSION_MAJOR 2
#define ESP_ARDUINO_VERSION_MINOR 0
#ifdef CORE_2_0_6
#define ESP_ARDUINO_VERSION_PATCH 6
#else
#define ESP_ARDUINO_VERSION_PATCH 7
#endif

#define ESP_ARDUINO_VERSION_VAL(major, minor, patch) ((major << 16) | (minor << 8) | (patch))
#define ESP_ARDUINO_VERSION \
  ESP_ARDUINO_VERSION_VAL(ESP_ARDUINO_VERSION_MAJOR, ESP_ARDUINO_VERSION_MINOR, ESP_ARDUINO_VERSION_PATCH)
