// A TLS connection, by BearSSL.
#pragma once

#include "BearSSLHelpers.h"
#include "WiFiClient.h"
#include <time.h>

namespace BearSSL {

class WiFiClientSecure : public WiFiClient {
 public:
  WiFiClientSecure();
  void setInsecure();
  void setTrustAnchors(const X509List *ta);
  void setX509Time(time_t now);
  void setBufferSizes(int recv, int xmit);
};

}  // namespace BearSSL
