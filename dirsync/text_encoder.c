/*
 * text_encoder.c - converting what is written, with iconv
 *
 * iconv is asked for the plain encoding, without transliteration: a name with
 * "?" in it is worse than a change that is refused.
 */
#include "dirsync/text_encoder.h"

#include "dirsync/text_source.h"

#include <errno.h>

#define BLOCK 4096

struct TextEncoder {
    GIConv iconv; /* (GIConv)-1: UTF-8 */
    GString *scratch;
};

#define NO_CONVERSION ((GIConv)-1)

TextEncoder *text_encoder_new(const char *encoding, GError **error)
{
    bool utf8 = !encoding || g_ascii_strcasecmp(encoding, "utf-8") == 0;
    GIConv iconv =
        !utf8 && text_encoding_is_known(encoding) ? g_iconv_open(encoding, "UTF-8") : NO_CONVERSION;
    if (!utf8 && iconv == NO_CONVERSION) {
        error_set(error, ERROR_DEFINITION, "the encoding \"%s\" is not known here", encoding);
        return NULL;
    }
    TextEncoder *encoder = g_new(TextEncoder, 1);
    *encoder = (TextEncoder){.iconv = iconv, .scratch = g_string_new(NULL)};
    return encoder;
}

void text_encoder_free(TextEncoder *encoder)
{
    if (!encoder)
        return;
    if (encoder->iconv != NO_CONVERSION)
        g_iconv_close(encoder->iconv);
    g_string_free(encoder->scratch, TRUE);
    g_free(encoder);
}

/* Converts block by block. Returns how much of @text was converted. */
static size_t convert(TextEncoder *encoder, const char *text, size_t len, GString *out)
{
    char block[BLOCK], *from = (char *)text;
    size_t left = len;
    while (left) {
        char *to = block;
        size_t room = sizeof block, done = g_iconv(encoder->iconv, &from, &left, &to, &room);
        g_string_append_len(out, block, to - block);
        if (done == (size_t)-1 && errno != E2BIG)
            break;
    }
    return len - left;
}

bool text_encoder_append(TextEncoder *encoder, const char *text, size_t len, GString *out, size_t *at)
{
    const char *bad = text;
    size_t before = out->len;
    bool good = g_utf8_validate_len(text, len, &bad);
    size_t done = (size_t)(bad - text);
    if (good && encoder->iconv != NO_CONVERSION) {
        done = convert(encoder, text, len, out);
        good = done == len;
    } else if (good) {
        g_string_append_len(out, text, (gssize)len);
    }
    if (!good)
        g_string_truncate(out, before);
    if (at)
        *at = done;
    return good;
}

bool text_encoder_can(TextEncoder *encoder, const char *text, size_t len, size_t *at)
{
    g_string_truncate(encoder->scratch, 0);
    return text_encoder_append(encoder, text, len, encoder->scratch, at);
}
