/*
 * text_source.c - taking bytes, and converting them with iconv
 *
 * Encodings are a short list and not whatever iconv knows: one that nobody
 * has tried is one whose mistakes nobody has seen.
 */
#include "dirsync/text_source.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#define RAW_BLOCK ((size_t)64 * 1024)

static const char not_convertible = '\xFF';

struct TextConverter {
    GIConv iconv;
    size_t unit; /* bytes to pass over where something cannot be converted */
    size_t left; /* in raw */
    char *next;
    bool ended; /* nothing more to read */
    char raw[RAW_BLOCK];
};

const char *const text_encodings[] = {"iso-8859-1", "windows-1252", "utf-16le", "utf-16be", NULL};

static bool is_utf8(const char *encoding)
{
    return !encoding || g_ascii_strcasecmp(encoding, "utf-8") == 0;
}

bool text_encoding_is_known(const char *encoding)
{
    for (size_t i = 0; text_encodings[i]; i++)
        if (!is_utf8(encoding) && g_ascii_strcasecmp(encoding, text_encodings[i]) == 0)
            return true;
    return is_utf8(encoding);
}

void text_source_begin(TextSource *source, int fd)
{
    *source = (TextSource){.fd = fd};
}

void text_source_begin_memory(TextSource *source, const void *data, size_t len)
{
    *source = (TextSource){.fd = -1, .memory = data, .memory_left = len};
}

void text_source_end(TextSource *source)
{
    if (source->converter)
        g_iconv_close(source->converter->iconv);
    g_free(source->converter);
    source->converter = NULL;
    XXH3_freeState(source->hash);
    source->hash = NULL;
}

bool text_source_convert(TextSource *source, const char *encoding, GError **error)
{
    if (is_utf8(encoding))
        return true;
    GIConv iconv = text_encoding_is_known(encoding) ? g_iconv_open("UTF-8", encoding) : (GIConv)-1;
    if (iconv == (GIConv)-1) {
        error_set(error, ERROR_DEFINITION, "the encoding \"%s\" is not known here", encoding);
        return false;
    }
    source->converter = g_new(TextConverter, 1);
    source->converter->iconv = iconv;
    source->converter->unit = g_ascii_strncasecmp(encoding, "utf-16", 6) == 0 ? 2 : 1;
    source->converter->next = source->converter->raw;
    source->converter->left = 0;
    source->converter->ended = false;
    return true;
}

static bool add_to_hash(TextSource *source, const char *bytes, size_t len)
{
    if (!source->hash) {
        source->hash = XXH3_createState();
        if (!source->hash) {
            errno = ENOMEM;
            return false;
        }
        XXH3_128bits_reset(source->hash);
    }
    XXH3_128bits_update(source->hash, bytes, len);
    return true;
}

void text_source_digest(const TextSource *source, uint64_t digest[2])
{
    XXH128_hash_t hash = source->hash ? XXH3_128bits_digest(source->hash) : XXH3_128bits("", 0);
    digest[0] = hash.low64;
    digest[1] = hash.high64;
}

static ssize_t take_raw(TextSource *source, char *to, size_t room)
{
    ssize_t n = (ssize_t)MIN(room, source->memory_left);
    if (source->fd >= 0) {
        do
            n = read(source->fd, to, room);
        while (n < 0 && errno == EINTR);
        if (n > 0 && !add_to_hash(source, to, (size_t)n))
            n = -1;
    } else if (n > 0) {
        memcpy(to, source->memory, (size_t)n);
        source->memory += n;
        source->memory_left -= (size_t)n;
    }
    source->taken += n > 0 ? (uint64_t)n : 0;
    return n;
}

/* Reads more behind what could not be converted yet, at most a few bytes. */
static bool take_block(TextSource *source)
{
    TextConverter *converter = source->converter;
    memmove(converter->raw, converter->next, converter->left);
    converter->next = converter->raw;
    ssize_t n = take_raw(source, converter->raw + converter->left, RAW_BLOCK - converter->left);
    if (n < 0)
        return false;
    converter->ended = n == 0;
    converter->left += (size_t)n;
    return true;
}

static void pass_over(TextConverter *converter, char **to, size_t *room)
{
    size_t n = MIN(converter->unit, converter->left);
    *(*to)++ = not_convertible;
    --*room;
    converter->next += n;
    converter->left -= n;
}

/* Converts what is there. False when a character is not complete and more must be read. */
static bool convert(TextConverter *converter, char **to, size_t *room)
{
    while (converter->left && *room) {
        size_t before = *room;
        if (g_iconv(converter->iconv, &converter->next, &converter->left, to, room) != (size_t)-1)
            return true;
        if (errno == E2BIG && *room < before)
            return true;
        if (errno == EINVAL && !converter->ended)
            return false;
        if (*room == 0 || errno == E2BIG)
            return true;
        pass_over(converter, to, room);
    }
    return true;
}

static ssize_t take_converted(TextSource *source, char *to, size_t room)
{
    TextConverter *converter = source->converter;
    char *at = to;
    for (;;) {
        if (!convert(converter, &at, &room) || at == to) {
            if (converter->ended)
                return at - to;
            if (!take_block(source))
                return -1;
        }
        if (at > to)
            return at - to;
    }
}

ssize_t text_source_take(TextSource *source, char *to, size_t room)
{
    return source->converter ? take_converted(source, to, room) : take_raw(source, to, room);
}
