/* A client as an ESP32 on an Arduino core 2.x is one: Mbed TLS 2.28, TLS 1.2, the CA as PEM, the host of the URL as it
 * is written, which this version compares with dNSName entries alone, also when it is an address.
 *
 *     mbedtls HOST PORT CA.pem [CERTIFICATE.pem KEY.pem] < request > response
 *
 * With a certificate it shows that, as after setCertificate and setPrivateKey, if the server asks for one.
 *
 * Exit 0 with the response; 1 with the library's error number on standard error. */

#include <stdio.h>
#include <stdlib.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>

static int fail(const char *step, int error)
{
    fprintf(stderr, "%s -0x%04x\n", step, (unsigned) -error);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 6)
        return 2;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_x509_crt ca, own;
    mbedtls_pk_context key;
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_net_context net;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_x509_crt_init(&ca);
    mbedtls_x509_crt_init(&own);
    mbedtls_pk_init(&key);
    mbedtls_ssl_config_init(&config);
    mbedtls_ssl_init(&ssl);
    mbedtls_net_init(&net);

    int error = mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0);
    if (error != 0)
        return fail("seed", error);
    if ((error = mbedtls_x509_crt_parse_file(&ca, argv[3])) != 0)
        return fail("ca", error);
    mbedtls_ssl_config_defaults(&config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                MBEDTLS_SSL_PRESET_DEFAULT);
    mbedtls_ssl_conf_authmode(&config, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_ca_chain(&config, &ca, NULL);
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &random);
    if (argc == 6) {
        if ((error = mbedtls_x509_crt_parse_file(&own, argv[4])) != 0 ||
            (error = mbedtls_pk_parse_keyfile(&key, argv[5], NULL)) != 0 ||
            (error = mbedtls_ssl_conf_own_cert(&config, &own, &key)) != 0)
            return fail("certificate", error);
    }
    mbedtls_ssl_conf_max_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    if ((error = mbedtls_ssl_setup(&ssl, &config)) != 0 || (error = mbedtls_ssl_set_hostname(&ssl, argv[1])) != 0)
        return fail("setup", error);
    /* Every host name of these tests stands for this machine. */
    if ((error = mbedtls_net_connect(&net, "127.0.0.1", argv[2], MBEDTLS_NET_PROTO_TCP)) != 0)
        return fail("connect", error);
    mbedtls_ssl_set_bio(&ssl, &net, mbedtls_net_send, mbedtls_net_recv, NULL);
    if ((error = mbedtls_ssl_handshake(&ssl)) != 0)
        return fail("handshake", error);

    static unsigned char buffer[16384];
    size_t len = fread(buffer, 1, sizeof buffer, stdin);
    if ((error = mbedtls_ssl_write(&ssl, buffer, len)) != (int) len)
        return fail("write", error);
    while ((error = mbedtls_ssl_read(&ssl, buffer, sizeof buffer)) > 0)
        fwrite(buffer, 1, (size_t) error, stdout);
    if (error != 0 && error != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY && error != MBEDTLS_ERR_SSL_CONN_EOF)
        return fail("read", error);
    return 0;
}
