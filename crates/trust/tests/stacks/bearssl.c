/* Verifies a chain as an ESP8266 does: BearSSL's minimal engine, with the anchors, the name and the time given.
 *
 *     bearssl UNIX_TIME NAME ANCHOR_COUNT ANCHOR.der... CERTIFICATE.der...
 *
 * Prints `ok`, or what is wrong: parse, trust, name, date, usage, other. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bearssl.h>

#define MOST_ANCHORS 4
#define DAYS_TO_1970 719528u

struct bytes {
    unsigned char data[8192];
    size_t len;
};

static int read_file(const char *path, struct bytes *out)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    out->len = fread(out->data, 1, sizeof out->data, file);
    int whole = feof(file) || fgetc(file) == EOF;
    fclose(file);
    return whole ? 0 : -1;
}

static void append(void *context, const void *data, size_t len)
{
    struct bytes *out = context;
    if (len <= sizeof out->data - out->len) {
        memcpy(out->data + out->len, data, len);
        out->len += len;
    }
}

struct anchor {
    br_x509_decoder_context decoder; /* holds the public key that `trust` points to */
    struct bytes name;
    br_x509_trust_anchor trust;
};

static int read_anchor(const char *path, struct anchor *anchor)
{
    struct bytes der;
    if (read_file(path, &der) != 0)
        return -1;
    anchor->name.len = 0;
    br_x509_decoder_init(&anchor->decoder, append, &anchor->name);
    br_x509_decoder_push(&anchor->decoder, der.data, der.len);
    br_x509_pkey *key = br_x509_decoder_get_pkey(&anchor->decoder);
    if (key == NULL)
        return -1;
    anchor->trust.dn.data = anchor->name.data;
    anchor->trust.dn.len = anchor->name.len;
    anchor->trust.flags = br_x509_decoder_isCA(&anchor->decoder) ? BR_X509_TA_CA : 0;
    anchor->trust.pkey = *key;
    return 0;
}

static const char *word(unsigned error)
{
    static char other[32];
    switch (error) {
    case 0: return "ok";
    case BR_ERR_X509_NOT_TRUSTED: return "trust";
    case BR_ERR_X509_BAD_SERVER_NAME: return "name";
    case BR_ERR_X509_EXPIRED: return "date";
    case BR_ERR_X509_FORBIDDEN_KEY_USAGE: return "usage";
    }
    snprintf(other, sizeof other, "other-%u", error);
    return other;
}

int main(int argc, char **argv)
{
    static struct anchor anchors[MOST_ANCHORS];
    br_x509_trust_anchor trusted[MOST_ANCHORS];
    static struct bytes der;
    if (argc < 6)
        return 2;
    long long now = atoll(argv[1]);
    int anchor_count = atoi(argv[3]);
    if (anchor_count < 1 || anchor_count > MOST_ANCHORS || argc < 5 + anchor_count)
        return 2;
    for (int i = 0; i < anchor_count; i++) {
        if (read_anchor(argv[4 + i], &anchors[i]) != 0) {
            puts("parse");
            return 0;
        }
        trusted[i] = anchors[i].trust;
    }

    br_ssl_client_context client;
    br_x509_minimal_context engine;
    br_ssl_client_init_full(&client, &engine, trusted, (size_t) anchor_count);
    br_x509_minimal_set_time(&engine, DAYS_TO_1970 + (uint32_t) (now / 86400), (uint32_t) (now % 86400));

    const br_x509_class **verifier = &engine.vtable;
    (*verifier)->start_chain(verifier, argv[2]);
    for (int i = 4 + anchor_count; i < argc; i++) {
        if (read_file(argv[i], &der) != 0)
            return 2;
        (*verifier)->start_cert(verifier, (uint32_t) der.len);
        (*verifier)->append(verifier, der.data, der.len);
        (*verifier)->end_cert(verifier);
    }
    unsigned error = (*verifier)->end_chain(verifier);
    unsigned usages = 0;
    if (error == 0 && ((*verifier)->get_pkey(verifier, &usages) == NULL || !(usages & BR_KEYTYPE_SIGN)))
        error = BR_ERR_X509_FORBIDDEN_KEY_USAGE;
    puts(word(error));
    return 0;
}
