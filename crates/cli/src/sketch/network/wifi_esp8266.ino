// The network: Wi-Fi.
#include <ESP8266WiFi.h>
#include <ESP8266WiFiMulti.h>

const char *WIFI_SSID = "<YOUR-SSID>";
const char *WIFI_PASSWORD = "<YOUR-PASSWD>";

ESP8266WiFiMulti wifi;

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
