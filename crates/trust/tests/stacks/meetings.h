/* The meetings that a program is asked about, from its standard input:
 *
 *     UNIX_TIME NAME ANCHOR_COUNT CHAIN_COUNT ANCHOR... CERTIFICATE...
 *
 * with the certificates as the hexadecimal digits of their DER, and whatever white space between all. */

#ifndef MEETINGS_H
#define MEETINGS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CERTIFICATES 32

struct bytes {
    unsigned char *data;
    size_t len;
};

struct meeting {
    long long now;
    char name[256];
    int anchor_count;
    int chain_count;
    struct bytes anchors[MOST_CERTIFICATES];
    struct bytes chain[MOST_CERTIFICATES];
};

static int digit(char c)
{
    return c >= 'a' ? c - 'a' + 10 : c - '0';
}

static void read_bytes(struct bytes *out)
{
    char *text = NULL;
    if (scanf(" %ms", &text) != 1)
        exit(2);
    out->len = strlen(text) / 2;
    out->data = malloc(out->len + 1);
    for (size_t i = 0; i < out->len; i++)
        out->data[i] = (unsigned char) (digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    free(text);
}

/* Returns whether there was another. */
static int next_meeting(struct meeting *meeting)
{
    int read = scanf("%lld %255s %d %d", &meeting->now, meeting->name, &meeting->anchor_count,
                     &meeting->chain_count);
    if (read == EOF)
        return 0;
    if (read != 4 || meeting->anchor_count > MOST_CERTIFICATES || meeting->chain_count > MOST_CERTIFICATES)
        exit(2);
    for (int i = 0; i < meeting->anchor_count; i++)
        read_bytes(&meeting->anchors[i]);
    for (int i = 0; i < meeting->chain_count; i++)
        read_bytes(&meeting->chain[i]);
    return 1;
}

static void forget_meeting(struct meeting *meeting)
{
    for (int i = 0; i < meeting->anchor_count; i++)
        free(meeting->anchors[i].data);
    for (int i = 0; i < meeting->chain_count; i++)
        free(meeting->chain[i].data);
}

#endif
