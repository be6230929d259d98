#include <HTTPUpdate.h>
#if ESP_ARDUINO_VERSION_MAJOR >= 3
#include <NetworkClientSecure.h>
using SecureClient = NetworkClientSecure;
#else
#include <WiFiClientSecure.h>
using SecureClient = WiFiClientSecure;
#endif
#define UPDATE_CHIP CONFIG_IDF_TARGET
