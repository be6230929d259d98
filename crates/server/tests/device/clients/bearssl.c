/* A client as an ESP8266 is one: BearSSL, TLS 1.2, one trust anchor, one buffer for both directions.
 *
 *     bearssl HOST PORT ROOT.der BUFFER_BYTES TIMES < request > response
 *
 * BUFFER_BYTES is the largest plaintext of a record that it can take (512, 1024, 2048, 4096, 16384). The request is made
 * TIMES times, from the second on with the first one's session. Exit 0 with the responses, and on standard error `full`
 * or `resumed` for each; 1 with the library's error number on standard error. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bearssl.h>

struct bytes {
    unsigned char data[8192];
    size_t len;
};

static void append(void *context, const void *data, size_t len)
{
    struct bytes *out = context;
    if (len <= sizeof out->data - out->len) {
        memcpy(out->data + out->len, data, len);
        out->len += len;
    }
}

static int read_socket(void *context, unsigned char *data, size_t len)
{
    ssize_t got = read(*(int *) context, data, len);
    return got <= 0 ? -1 : (int) got;
}

static int write_socket(void *context, const unsigned char *data, size_t len)
{
    ssize_t put = send(*(int *) context, data, len, MSG_NOSIGNAL);
    return put <= 0 ? -1 : (int) put;
}

static int dial(const char *port)
{
    /* Every host name of these tests stands for this machine. */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short) atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return connect(fd, (struct sockaddr *) &address, sizeof address) == 0 ? fd : -1;
}

int main(int argc, char **argv)
{
    static struct bytes der, name;
    static unsigned char request[4096], response[4096], buffer[BR_SSL_BUFSIZE_MONO];
    if (argc != 6)
        return 2;
    FILE *file = fopen(argv[3], "rb");
    if (file == NULL)
        return 2;
    der.len = fread(der.data, 1, sizeof der.data, file);
    fclose(file);
    br_x509_decoder_context decoder;
    br_x509_decoder_init(&decoder, append, &name);
    br_x509_decoder_push(&decoder, der.data, der.len);
    br_x509_pkey *key = br_x509_decoder_get_pkey(&decoder);
    if (key == NULL)
        return 2;
    br_x509_trust_anchor anchor = {.dn = {name.data, name.len}, .flags = BR_X509_TA_CA, .pkey = *key};

    br_ssl_client_context client;
    br_x509_minimal_context verifier;
    br_ssl_client_init_full(&client, &verifier, &anchor, 1);
    size_t room = (size_t) atoi(argv[4]) + (BR_SSL_BUFSIZE_MONO - 16384);
    br_ssl_engine_set_buffer(&client.eng, buffer, room, 0);
    size_t request_len = fread(request, 1, sizeof request, stdin);

    unsigned char session[32] = {0};
    for (int i = 0; i < atoi(argv[5]); i++) {
        int fd = dial(argv[2]);
        if (fd < 0 || !br_ssl_client_reset(&client, argv[1], i > 0))
            return 2;
        br_sslio_context io;
        br_sslio_init(&io, &client.eng, read_socket, &fd, write_socket, &fd);
        br_sslio_write_all(&io, request, request_len);
        br_sslio_flush(&io);
        for (int got; (got = br_sslio_read(&io, response, sizeof response)) > 0;)
            fwrite(response, 1, (size_t) got, stdout);
        int error = br_ssl_engine_last_error(&client.eng);
        if (error != BR_ERR_OK && error != BR_ERR_IO) {
            fprintf(stderr, "error %d\n", error);
            return 1;
        }
        br_ssl_session_parameters now;
        br_ssl_engine_get_session_parameters(&client.eng, &now);
        fprintf(stderr, "%s\n", i > 0 && memcmp(session, now.session_id, 32) == 0 ? "resumed" : "full");
        memcpy(session, now.session_id, 32);
        close(fd);
    }
    return 0;
}
