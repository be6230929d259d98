#include <ESP8266httpUpdate.h>
#include <WiFiClientSecureBearSSL.h>
#ifdef BEARSSL_SSL_BASIC
#error "The server's certificate needs Tools > SSL Support: All SSL ciphers."
#endif
using SecureClient = BearSSL::WiFiClientSecure;
ESP8266HTTPUpdate &httpUpdate = ESPhttpUpdate;
#define UPDATE_CHIP "esp8266"
