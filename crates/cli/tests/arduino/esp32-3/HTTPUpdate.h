// The update library.
#pragma once

#include <functional>

#include "Arduino.h"
#include "HTTPClient.h"
#include "Network.h"

enum HTTPUpdateResult { HTTP_UPDATE_FAILED, HTTP_UPDATE_NO_UPDATES, HTTP_UPDATE_OK };
typedef HTTPUpdateResult t_httpUpdate_return;

using HTTPUpdateStartCB = std::function<void()>;
using HTTPUpdateRequestCB = std::function<void(HTTPClient *)>;

class HTTPUpdate {
 public:
  HTTPUpdate(void);
  HTTPUpdate(int httpClientTimeout);
  ~HTTPUpdate(void);

  void rebootOnUpdate(bool reboot);
  void setAuthorization(const String &user, const String &password);
  void setLedPin(int ledPin = -1, uint8_t ledOn = 1);

  t_httpUpdate_return update(NetworkClient &client, const String &url, const String &currentVersion = "",
                             HTTPUpdateRequestCB requestCB = NULL);
  t_httpUpdate_return update(NetworkClient &client, const String &host, uint16_t port, const String &uri = "/",
                             const String &currentVersion = "", HTTPUpdateRequestCB requestCB = NULL);
  t_httpUpdate_return update(HTTPClient &httpClient, const String &currentVersion = "",
                             HTTPUpdateRequestCB requestCB = NULL);

  void onStart(HTTPUpdateStartCB cbOnStart);

  int getLastError(void);
  String getLastErrorString(void);
};

extern HTTPUpdate httpUpdate;
