// The settings of ESP-IDF that belong to the chip: a classic ESP32, or with BOARD_ESP32C3 an ESP32-C3.
#pragma once

#ifdef BOARD_ESP32C3
#define CONFIG_IDF_TARGET "esp32c3"
#define CONFIG_IDF_TARGET_ESP32C3 1
#else
#define CONFIG_IDF_TARGET "esp32"
#define CONFIG_IDF_TARGET_ESP32 1
#define CONFIG_ETH_USE_ESP32_EMAC 1
#endif
