/* Verifies chains as an ESP32 does: Mbed TLS 2.28 or 3.6, with the anchors, the name and the time given.
 *
 * Reads meetings (meetings.h) and prints a line for each: `ok`, or what is wrong (parse, trust, name, expired, future,
 * usage, weak-key, weak-digest, too-long), and the number that the TLS layer ends with, or `?` where it stumbled over a
 * certificate's bytes. */

#include <time.h>

#include <mbedtls/oid.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "meetings.h"

#ifdef MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE
#define BAD_CERTIFICATE MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE
#else
#define BAD_CERTIFICATE MBEDTLS_ERR_SSL_BAD_CERTIFICATE
#endif

static time_t pretended;

/* The library asks the C library for the time; a definition in the program comes before the C library's. */
time_t time(time_t *out)
{
    if (out != NULL)
        *out = pretended;
    return pretended;
}

/* As `setCACert` does it: what cannot be read is passed over, unless nothing is left. */
static int parse_anchors(mbedtls_x509_crt *anchors, const struct meeting *meeting)
{
    int readable = 0;
    for (int i = 0; i < meeting->anchor_count; i++)
        readable += mbedtls_x509_crt_parse_der(anchors, meeting->anchors[i].data, meeting->anchors[i].len) == 0;
    return readable > 0 ? 0 : -1;
}

/* As ssl_tls.c does it: a certificate with an unknown signature is passed over. If it is the server's own, what is left
 * has another key, and no handshake succeeds. */
static int parse_chain(mbedtls_x509_crt *chain, const struct meeting *meeting)
{
    for (int i = 0; i < meeting->chain_count; i++) {
        int error = mbedtls_x509_crt_parse_der(chain, meeting->chain[i].data, meeting->chain[i].len);
        int passed_over = error == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG + MBEDTLS_ERR_OID_NOT_FOUND && i > 0;
        if (error != 0 && !passed_over)
            return -1;
    }
    return meeting->chain_count > 0 ? 0 : -1;
}

/* The TLS layer asks for these two besides (ssl_tls.c, mbedtls_ssl_check_cert_usage). */
static int has_wrong_usage(const mbedtls_x509_crt *chain)
{
    return mbedtls_x509_crt_check_key_usage(chain, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0
           || mbedtls_x509_crt_check_extended_key_usage(chain, MBEDTLS_OID_SERVER_AUTH,
                                                        MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0;
}

static void print_if(uint32_t *flags, uint32_t flag, const char *word)
{
    if (*flags & flag)
        printf("%s ", word);
    *flags &= ~flag;
}

static void print(uint32_t flags, int wrong_usage, int error)
{
    if (flags == 0 && !wrong_usage)
        printf("ok ");
    print_if(&flags, MBEDTLS_X509_BADCERT_NOT_TRUSTED, "trust");
    print_if(&flags, MBEDTLS_X509_BADCERT_CN_MISMATCH, "name");
    print_if(&flags, MBEDTLS_X509_BADCERT_EXPIRED, "expired");
    print_if(&flags, MBEDTLS_X509_BADCERT_FUTURE, "future");
    if (wrong_usage)
        printf("usage ");
    print_if(&flags, MBEDTLS_X509_BADCERT_BAD_KEY | MBEDTLS_X509_BADCERT_BAD_PK, "weak-key");
    print_if(&flags, MBEDTLS_X509_BADCERT_BAD_MD, "weak-digest");
    if (flags != 0)
        printf("other-%08x ", (unsigned) flags);
    printf("%d\n", error);
}

static void judge(mbedtls_x509_crt *anchors, mbedtls_x509_crt *chain, const struct meeting *meeting)
{
    if (parse_anchors(anchors, meeting) != 0 || parse_chain(chain, meeting) != 0) {
        puts("parse ?");
        return;
    }
    uint32_t flags = 0;
    int error = mbedtls_x509_crt_verify(chain, anchors, NULL, meeting->name, &flags, NULL, NULL);
    if (error == MBEDTLS_ERR_X509_FATAL_ERROR) {
        printf("too-long %d\n", error);
        return;
    }
    int wrong_usage = has_wrong_usage(chain);
    if (error == 0 && wrong_usage)
        error = BAD_CERTIFICATE;
    print(flags, wrong_usage, error);
}

int main(void)
{
    static struct meeting meeting;
    while (next_meeting(&meeting)) {
        mbedtls_x509_crt anchors, chain;
        mbedtls_x509_crt_init(&anchors);
        mbedtls_x509_crt_init(&chain);
        pretended = (time_t) meeting.now;
        judge(&anchors, &chain, &meeting);
        mbedtls_x509_crt_free(&anchors);
        mbedtls_x509_crt_free(&chain);
        forget_meeting(&meeting);
    }
    return 0;
}
