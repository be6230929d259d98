/* Verifies a chain as an ESP32 does: Mbed TLS, with the anchors, the name and the time given.
 *
 *     mbedtls UNIX_TIME NAME ANCHOR_COUNT ANCHOR.der... CERTIFICATE.der...
 *
 * Prints `ok`, or what is wrong: parse, trust, name, expired, future, usage, other. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <mbedtls/oid.h>
#include <mbedtls/x509_crt.h>

static time_t pretended;

/* Debian's library asks the C library for the time; a definition in the program comes before the C library's. */
time_t time(time_t *out)
{
    if (out != NULL)
        *out = pretended;
    return pretended;
}

static int parse(mbedtls_x509_crt *chain, int count, char **paths)
{
    for (int i = 0; i < count; i++)
        if (mbedtls_x509_crt_parse_file(chain, paths[i]) != 0)
            return -1;
    return 0;
}

static void print_if(uint32_t *flags, uint32_t flag, const char *word)
{
    if (*flags & flag)
        printf("%s ", word);
    *flags &= ~flag;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    pretended = (time_t) atoll(argv[1]);
    int anchor_count = atoi(argv[3]);

    mbedtls_x509_crt anchors, chain;
    mbedtls_x509_crt_init(&anchors);
    mbedtls_x509_crt_init(&chain);
    if (parse(&anchors, anchor_count, argv + 4) != 0
        || parse(&chain, argc - 4 - anchor_count, argv + 4 + anchor_count) != 0) {
        puts("parse");
        return 0;
    }

    uint32_t flags = 0;
    if (mbedtls_x509_crt_verify(&chain, &anchors, NULL, argv[2], &flags, NULL, NULL) == 0)
        flags = 0;
    /* The TLS layer asks for these two besides (ssl_tls.c, mbedtls_ssl_check_cert_usage). */
    if (mbedtls_x509_crt_check_key_usage(&chain, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) != 0)
        flags |= MBEDTLS_X509_BADCERT_KEY_USAGE;
    if (mbedtls_x509_crt_check_extended_key_usage(&chain, MBEDTLS_OID_SERVER_AUTH,
                                                  MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
        flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;

    if (flags == 0)
        printf("ok");
    print_if(&flags, MBEDTLS_X509_BADCERT_NOT_TRUSTED, "trust");
    print_if(&flags, MBEDTLS_X509_BADCERT_CN_MISMATCH, "name");
    print_if(&flags, MBEDTLS_X509_BADCERT_EXPIRED, "expired");
    print_if(&flags, MBEDTLS_X509_BADCERT_FUTURE, "future");
    print_if(&flags, MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "usage");
    if (flags != 0)
        printf("other-%08x", (unsigned) flags);
    puts("");
    return 0;
}
