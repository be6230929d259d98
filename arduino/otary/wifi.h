// The network: Wi-Fi.
#if defined(ESP8266)
#include <ESP8266WiFi.h>
#include <ESP8266WiFiMulti.h>
#else
#include <WiFi.h>
#include <WiFiMulti.h>
#endif

const char *WIFI_SSID = "<YOUR-SSID>";
const char *WIFI_PASSWORD = "<YOUR-PASSWD>";

#if defined(ESP8266)
ESP8266WiFiMulti wifi;
#else
WiFiMulti wifi;
#endif

void startNetwork() {
  WiFi.mode(WIFI_STA);
  wifi.addAP(WIFI_SSID, WIFI_PASSWORD);
}

// Connects if need be, which takes some seconds.
bool isOnline() {
  if (wifi.run() == WL_CONNECTED) {
    return true;
  }
  Serial.println("No Wi-Fi: are WIFI_SSID and WIFI_PASSWORD right, and is it 2.4 GHz?");
  return false;
}
