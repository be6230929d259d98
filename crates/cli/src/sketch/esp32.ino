// A firmware that updates itself from an otary server over trusted HTTPS. Written by `otary sketch`.
#include <WiFi.h>
#include <WiFiClientSecure.h>
#include <HTTPUpdate.h>
#include <time.h>

const char *WIFI_SSID = "<YOUR-SSID>";
const char *WIFI_PASSWORD = "<YOUR-PASSWORD>";
#define FIRMWARE_VERSION "@VERSION@"
#define UPDATE_URL "@URL@?chip=" CONFIG_IDF_TARGET

// Whom this device trusts: the root of the server's authority, and the one that will follow it.
static const char ROOTS[] = R"PEM(
@ROOTS@
)PEM";

void setClock() {
  configTime(0, 0, "pool.ntp.org", "time.nist.gov");
  Serial.print("Waiting for NTP time sync: ");
  time_t now = time(nullptr);
  while (now < 8 * 3600 * 2) {
    delay(500);
    Serial.print(".");
    now = time(nullptr);
  }
  Serial.printf("\nCurrent time: %s", asctime(gmtime(&now)));
}

void setup() {
  Serial.begin(115200);
  Serial.printf("\nFirmware version %s\n", FIRMWARE_VERSION);
  WiFi.begin(WIFI_SSID, WIFI_PASSWORD);
}

void loop() {
  if (WiFi.status() == WL_CONNECTED) {
    setClock();
    WiFiClientSecure client;
    client.setCACert(ROOTS);
    httpUpdate.rebootOnUpdate(false);
    Serial.println("Update start now!");
    switch (httpUpdate.update(client, UPDATE_URL, FIRMWARE_VERSION)) {
      case HTTP_UPDATE_FAILED:
        Serial.printf("HTTP_UPDATE_FAILED Error (%d): %s\n", httpUpdate.getLastError(), httpUpdate.getLastErrorString().c_str());
        break;
      case HTTP_UPDATE_NO_UPDATES:
        Serial.println("HTTP_UPDATE_NO_UPDATES");
        break;
      case HTTP_UPDATE_OK:
        Serial.println("HTTP_UPDATE_OK");
        delay(1000);
        ESP.restart();
    }
  }
  delay(60000);
}
