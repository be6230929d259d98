// The update library.
#pragma once

#include "Arduino.h"
#include "ESP8266HTTPClient.h"
#include "ESP8266WiFi.h"

enum HTTPUpdateResult { HTTP_UPDATE_FAILED, HTTP_UPDATE_NO_UPDATES, HTTP_UPDATE_OK };
typedef HTTPUpdateResult t_httpUpdate_return;

class ESP8266HTTPUpdate {
 public:
  ESP8266HTTPUpdate(void);
  ESP8266HTTPUpdate(int httpClientTimeout);
  ~ESP8266HTTPUpdate(void);

  void rebootOnUpdate(bool reboot);
  void setAuthorization(const String &user, const String &password);
  void closeConnectionsOnUpdate(bool sever);
  void setLedPin(int ledPin = -1, uint8_t ledOn = 1);

  t_httpUpdate_return update(WiFiClient &client, const String &url, const String &currentVersion = "");
  t_httpUpdate_return update(WiFiClient &client, const String &host, uint16_t port, const String &uri = "/",
                             const String &currentVersion = "");
  t_httpUpdate_return update(HTTPClient &httpClient, const String &currentVersion = "");

  int getLastError(void);
  String getLastErrorString(void);
};

extern ESP8266HTTPUpdate ESPhttpUpdate;
