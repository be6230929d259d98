#include <HTTPUpdate.h>
#if defined(SERVER_IN_LOCAL)
#include <ESPmDNS.h>
#if ESP_ARDUINO_VERSION < ESP_ARDUINO_VERSION_VAL(2, 0, 7)
#error "A server in .local needs the ESP32 core 2.0.7 or newer: update it in the boards manager."
#endif
#endif
#if ESP_ARDUINO_VERSION_MAJOR >= 3
#include <NetworkClientSecure.h>
using TlsClient = NetworkClientSecure;
#else
#include <WiFiClientSecure.h>
using TlsClient = WiFiClientSecure;
#endif
#define UPDATE_CHIP CONFIG_IDF_TARGET
#if defined(SERVER_IN_LOCAL)

// A connection that asks the network for the server's address by mDNS, and checks the server by
// the name in the URL all the same. If nobody answers, the core asks once more in its own way.
class SecureClient : public TlsClient {
 public:
  using TlsClient::connect;

  int connect(const char *host, uint16_t port, int32_t timeout) override {
    IPAddress address = MDNS.queryHost("<YOUR-SERVER-WITHOUT-LOCAL>");  // without .local
    if (uint32_t(address) == 0) {
      return TlsClient::connect(host, port, timeout);
    }
    _timeout = timeout;
    return TlsClient::connect(address, port, host, _CA_cert, _cert, _private_key);
  }
};
#else
using SecureClient = TlsClient;
#endif
