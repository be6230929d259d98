// Runs a sketch for esp32-3/ on a clock of its own and prints what the serial monitor shows. Lines that begin with #
// are what it does: when it asks (in seconds since power-on), for what, and how it ends.
//
// monitor STATE NTP OFFLINE RESULT...
//   STATE    what the bootloader thinks of the firmware: "kept", "trial" or, if it was flashed by cable, "none"
//   NTP      the second at which a time server answers; "never"
//   OFFLINE  how often the Wi-Fi is looked for before it is there
//   RESULT   what the calls of the update library give, one after the other: "failed", "broken" (in mid-download), "none"
//            or "ok"
// It ends at a restart, or when no result is left. The network has a machine seal.local, which answers to mDNS.

#include <stdarg.h>
#include <stdio.h>

#include <string>

#include "ESPmDNS.h"
#include "NetworkClientSecure.h"
#include "HTTPUpdate.h"
#include "Ticker.h"
#include "WiFi.h"
#include "WiFiMulti.h"
#include "esp_ota_ops.h"

static const time_t POWER_ON = 1795424400;  // 23 November 2026, 09:00 UTC

static unsigned long elapsed_ms = 0;
static long ntp_answers = -1;
static int ntp_asked = 0;
static int offline = 0;
static char **results = nullptr;
static const char *anchors = nullptr;
static bool restarts = true;

static void end(const char *why) {
  printf("# %s; asked for the time %d times\n", why, ntp_asked);
  exit(0);
}

static unsigned long due_ms = 0;
static Ticker::callback_t due = nullptr;

static void pass(unsigned long ms) {
  elapsed_ms += ms;
  if (due != nullptr && elapsed_ms >= due_ms) {
    printf("# after %lu s the timer rings\n", elapsed_ms / 1000);
    due();
  }
}

Ticker::Ticker() {}
Ticker::~Ticker() {}
void Ticker::once(float seconds, callback_t callback) {
  due_ms = elapsed_ms + (unsigned long)(seconds * 1000);
  due = callback;
}
void Ticker::detach() { due = nullptr; }
bool Ticker::active() { return due != nullptr; }

// What the core asks before setup(); it keeps a firmware on trial if the answer is no.
extern "C" bool verifyRollbackLater();

static const char *state = "";

long random(long howbig) {
  static unsigned long last = 1;
  last = last * 1103515245 + 12345;
  return long(last >> 16) % howbig;
}

extern "C" {
const esp_partition_t *esp_ota_get_running_partition(void) { return nullptr; }
esp_err_t esp_ota_get_state_partition(const esp_partition_t *, esp_ota_img_states_t *to) {
  *to = strcmp(state, "trial") == 0 ? ESP_OTA_IMG_PENDING_VERIFY : ESP_OTA_IMG_VALID;
  return strcmp(state, "none") == 0 ? ESP_FAIL : ESP_OK;
}
esp_err_t esp_ota_mark_app_valid_cancel_rollback(void) {
  printf("# is kept\n");
  state = "kept";
  return ESP_OK;
}

unsigned long millis() {
  pass(10);
  return elapsed_ms;
}
void delay(uint32_t ms) { pass(ms); }

void configTime(long, int, const char *, const char *, const char *) { ntp_asked++; }

time_t time(time_t *) noexcept {
  long seconds = elapsed_ms / 1000;
  return ntp_asked > 0 && ntp_answers >= 0 && seconds >= ntp_answers ? POWER_ON + seconds : seconds;
}
}

String::String(const char *text) : text(text) {}
const char *String::c_str() const { return text; }

size_t Print::print(const char text[]) { return fputs(text, stdout); }
size_t Print::println(const char text[]) { return puts(text); }
size_t Print::println() { return puts(""); }
size_t Print::printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int written = vprintf(format, arguments);
  va_end(arguments);
  return written;
}

void HardwareSerial::begin(unsigned long, uint32_t, int8_t, int8_t, bool, unsigned long, uint8_t) {}
void HardwareSerial::flush() {}
size_t HardwareSerial::write(uint8_t) { return 0; }
int HardwareSerial::available() { return 0; }
int HardwareSerial::read() { return -1; }
int HardwareSerial::peek() { return -1; }
HardwareSerial Serial;

IPAddress::IPAddress() : address(0) {}
IPAddress::IPAddress(uint8_t first, uint8_t second, uint8_t third, uint8_t fourth)
    : address(first | second << 8 | third << 16 | uint32_t(fourth) << 24) {}
IPAddress::operator uint32_t() const { return address; }

static bool mdns = false;

MDNSResponder::MDNSResponder() {}
MDNSResponder::~MDNSResponder() {}
bool MDNSResponder::begin(const char *name) {
  printf("# is %s.local\n", name);
  return mdns = true;
}
IPAddress MDNSResponder::queryHost(const char *host, uint32_t) {
  return mdns && strcmp(host, "seal") == 0 ? IPAddress(192, 168, 1, 70) : IPAddress();
}
MDNSResponder MDNS;

uint64_t EspClass::getEfuseMac() { return 0xf00dbe2a6fa4; }
void EspClass::restart() { end("restarts"); }
EspClass ESP;

bool WiFiClass::mode(wifi_mode_t) { return true; }
WiFiClass WiFi;

WiFiMulti::WiFiMulti() {}
WiFiMulti::~WiFiMulti() {}
bool WiFiMulti::addAP(const char *, const char *) { return true; }
uint8_t WiFiMulti::run(uint32_t, bool) { return offline-- > 0 ? WL_DISCONNECTED : WL_CONNECTED; }

NetworkClient::NetworkClient() {}
int NetworkClient::connect(IPAddress, uint16_t) { return 0; }
int NetworkClient::connect(IPAddress, uint16_t, int32_t) { return 0; }
int NetworkClient::connect(const char *, uint16_t) { return 0; }
int NetworkClient::connect(const char *, uint16_t, int32_t) { return 0; }
void NetworkClient::setConnectionTimeout(uint32_t) {}
size_t NetworkClient::write(uint8_t) { return 0; }
size_t NetworkClient::write(const uint8_t *, size_t) { return 0; }
int NetworkClient::available() { return 0; }
int NetworkClient::read() { return -1; }
int NetworkClient::read(uint8_t *, size_t) { return -1; }
int NetworkClient::peek() { return -1; }
void NetworkClient::stop() {}
uint8_t NetworkClient::connected() { return 0; }

NetworkClientSecure::NetworkClientSecure() : _use_insecure(false), _CA_cert(nullptr), _cert(nullptr), _private_key(nullptr) {
  anchors = nullptr;
}
void NetworkClientSecure::setCACert(const char *rootCA) { anchors = _CA_cert = rootCA; }
void NetworkClientSecure::setInsecure() {
  _use_insecure = true;
  anchors = "";
}
int NetworkClientSecure::connect(IPAddress, uint16_t) { return 0; }
int NetworkClientSecure::connect(IPAddress, uint16_t, int32_t) { return 0; }
int NetworkClientSecure::connect(const char *, uint16_t) { return 0; }
int NetworkClientSecure::connect(const char *host, uint16_t port, int32_t) {
  printf("# the core looks up %s and connects to port %u\n", host, port);
  return 1;
}
int NetworkClientSecure::connect(IPAddress ip, uint16_t port, const char *host, const char *CA_cert, const char *,
                                 const char *) {
  uint32_t address = ip;
  printf("# connects to %u.%u.%u.%u:%u, which has to be %s%s\n", address & 255, address >> 8 & 255,
         address >> 16 & 255, address >> 24, port, host, CA_cert == anchors ? "" : " and is checked by nothing");
  return 1;
}

HTTPUpdate::HTTPUpdate() {}
HTTPUpdate::~HTTPUpdate() {}
static HTTPUpdateStartCB on_start;

void HTTPUpdate::onStart(HTTPUpdateStartCB cbOnStart) { on_start = cbOnStart; }
void HTTPUpdate::rebootOnUpdate(bool reboot) { restarts = reboot; }
void HTTPUpdate::setAuthorization(const String &user, const String &password) {
  printf("# shows %s as %s\n", password.c_str(), user.c_str());
}
int HTTPUpdate::getLastError() { return -1; }
String HTTPUpdate::getLastErrorString() { return "HTTP error: connection refused"; }
HTTPUpdate httpUpdate;

static int count_certificates() {
  int count = 0;
  for (const char *at = anchors; (at = strstr(at, "-----BEGIN CERTIFICATE-----")) != nullptr; at++) {
    count++;
  }
  return count;
}

// As HTTPClient connects for it.
static void connect(ESPLwIPClient &client, std::string url) {
  std::string authority = url.substr(strlen("https://"), url.find('/', strlen("https://")) - strlen("https://"));
  size_t colon = authority.find(':');
  client.connect(authority.substr(0, colon).c_str(), atoi(authority.c_str() + colon + 1), int32_t(5000));
}

t_httpUpdate_return HTTPUpdate::update(NetworkClient &client, const String &url, const String &version,
                                       HTTPUpdateRequestCB) {
  const char *result = *results == nullptr ? end("switched off"), nullptr : *results++;
  if (anchors == nullptr) {
    end("asks without anything to trust: the core would not connect");
  }
  printf("# at %lu s asks %s as %s, trusts %d, %s by itself\n", elapsed_ms / 1000, url.c_str(), version.c_str(),
         count_certificates(), restarts ? "restarts" : "does not restart");
  connect(client, url.c_str());
  bool ok = strcmp(result, "ok") == 0;
  if (on_start && (ok || strcmp(result, "broken") == 0)) {
    on_start();
  }
  if (ok) {
    return HTTP_UPDATE_OK;
  }
  return strcmp(result, "none") == 0 ? HTTP_UPDATE_NO_UPDATES : HTTP_UPDATE_FAILED;
}

int main(int count, char **arguments) {
  if (count < 4) {
    return 2;
  }
  state = arguments[1];
  ntp_answers = strcmp(arguments[2], "never") == 0 ? -1 : atol(arguments[2]);
  offline = atoi(arguments[3]);
  results = arguments + 4;
  if (strcmp(state, "trial") == 0 && !verifyRollbackLater()) {
    esp_ota_mark_app_valid_cancel_rollback();
  }
  setup();
  for (;;) {
    loop();
  }
}
