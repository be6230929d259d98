/* Verifies chains as an ESP8266 does: BearSSL's minimal engine, with the anchors, the name and the time given.
 *
 * Reads meetings (meetings.h) and prints a line for each: `ok`, or what is wrong (parse, trust, name, expired, usage,
 * weak-key), and BearSSL's number for it, or `?` where it stumbled over a certificate's bytes. */

#include <bearssl.h>

#include "meetings.h"

#define DAYS_TO_1970 719528u

struct name {
    unsigned char data[8192];
    size_t len;
};

static void append(void *context, const void *data, size_t len)
{
    struct name *out = context;
    if (len <= sizeof out->data - out->len) {
        memcpy(out->data + out->len, data, len);
        out->len += len;
    }
}

struct anchor {
    br_x509_decoder_context decoder; /* holds the public key that the trust anchor points to */
    struct name name;
};

/* As the ESP8266 core does it: a name, a key, and whether it is a CA. */
static int read_anchor(const struct bytes *der, struct anchor *anchor, br_x509_trust_anchor *out)
{
    anchor->name.len = 0;
    br_x509_decoder_init(&anchor->decoder, append, &anchor->name);
    br_x509_decoder_push(&anchor->decoder, der->data, der->len);
    br_x509_pkey *key = br_x509_decoder_get_pkey(&anchor->decoder);
    if (key == NULL)
        return -1;
    out->dn.data = anchor->name.data;
    out->dn.len = anchor->name.len;
    out->flags = br_x509_decoder_isCA(&anchor->decoder) ? BR_X509_TA_CA : 0;
    out->pkey = *key;
    return 0;
}

static const char *word(unsigned error)
{
    switch (error) {
    case 0: return "ok";
    case BR_ERR_X509_WRONG_KEY_TYPE:
    case BR_ERR_X509_BAD_SIGNATURE:
    case BR_ERR_X509_DN_MISMATCH:
    case BR_ERR_X509_NOT_CA:
    case BR_ERR_X509_NOT_TRUSTED: return "trust";
    case BR_ERR_X509_BAD_SERVER_NAME: return "name";
    case BR_ERR_X509_EXPIRED: return "expired";
    case BR_ERR_X509_FORBIDDEN_KEY_USAGE:
    case BR_ERR_WRONG_KEY_USAGE: return "usage";
    case BR_ERR_X509_WEAK_PUBLIC_KEY: return "weak-key";
    }
    return "parse";
}

static void print(unsigned error)
{
    int by_byte = error > BR_ERR_X509_OK && error < BR_ERR_X509_UNSUPPORTED
                  && error != BR_ERR_X509_EXTRA_ELEMENT && error != BR_ERR_X509_EMPTY_CHAIN;
    if (by_byte)
        puts("parse ?");
    else
        printf("%s %u\n", word(error), error);
}

static void judge(const struct meeting *meeting)
{
    static struct anchor anchors[MOST_CERTIFICATES];
    br_x509_trust_anchor trusted[MOST_CERTIFICATES];
    int readable = 0;
    while (readable < meeting->anchor_count
           && read_anchor(&meeting->anchors[readable], &anchors[readable], &trusted[readable]) == 0)
        readable++;
    if (readable == 0) {
        puts("parse ?");
        return;
    }

    br_ssl_client_context client;
    br_x509_minimal_context engine;
    br_ssl_client_init_full(&client, &engine, trusted, (size_t) readable);
    br_x509_minimal_set_time(&engine, DAYS_TO_1970 + (uint32_t) (meeting->now / 86400),
                             (uint32_t) (meeting->now % 86400));
    const br_x509_class **verifier = &engine.vtable;
    (*verifier)->start_chain(verifier, meeting->name);
    for (int i = 0; i < meeting->chain_count; i++) {
        (*verifier)->start_cert(verifier, (uint32_t) meeting->chain[i].len);
        (*verifier)->append(verifier, meeting->chain[i].data, meeting->chain[i].len);
        (*verifier)->end_cert(verifier);
    }
    unsigned error = (*verifier)->end_chain(verifier);
    unsigned usages = 0;
    /* The handshake asks for this besides (ssl_hs_client.t0). */
    if (error == 0 && ((*verifier)->get_pkey(verifier, &usages) == NULL || !(usages & BR_KEYTYPE_SIGN)))
        error = BR_ERR_WRONG_KEY_USAGE;
    print(error);
}

int main(void)
{
    static struct meeting meeting;
    while (next_meeting(&meeting)) {
        judge(&meeting);
        forget_meeting(&meeting);
    }
    return 0;
}
