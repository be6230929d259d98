// Certificates for BearSSL.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace BearSSL {

class X509List {
 public:
  X509List();
  X509List(const char *pemCert);
  X509List(const uint8_t *derCert, size_t derLen);
  ~X509List();
  X509List(const X509List &) = delete;
  X509List &operator=(const X509List &) = delete;
  bool append(const char *pemCert);
};

}  // namespace BearSSL
