/*
 * fuzz_lookup.c - any stream of bytes as what a client of the look-up service says
 *
 * The first byte chooses the protocol, the second where the stream is cut: what is whole before
 * the cut is the same request without it. Every answer is well formed.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dirsync/lookup/protocol.h"
#include "tests/lab/lookup_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder, *path;
static Service service;

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void clean_up(void)
{
    lookup_free(service.lookup);
    lookup_index_remove(path);
    rmdir(folder);
    g_free(path);
    g_free(folder);
}

static void set_up(void)
{
    static const char *const domains[] = {"acme.example", NULL};
    if (service.lookup)
        return;
    folder = g_dir_make_tmp("fuzz-lookup-XXXXXX", NULL);
    path = g_build_filename(folder, "acme.home.db", NULL);
    lookup_index_make(path, lookup_people);
    service.lookup = lookup_new(path, domains);
    atexit(clean_up);
}

/* 12:OK something, */
static void check_netstring(const GString *out)
{
    char *end = NULL;
    size_t len = strtoul(out->str, &end, 10);
    check(*end == ':' && (size_t)(end - out->str) + len + 2 == out->len && out->str[out->len - 1] == ',');
    check(g_str_has_prefix(end + 1, "OK ") || g_str_has_prefix(end + 1, "NOTFOUND ") ||
          g_str_has_prefix(end + 1, "TEMP ") || g_str_has_prefix(end + 1, "PERM "));
}

static void check_lines(const GString *out)
{
    check(out->len && out->str[out->len - 1] == '\n' && !memchr(out->str, '\0', out->len));
    g_auto(GStrv) lines = g_strsplit(out->str, "\n", 0);
    for (char **line = lines; line[1]; line++) {
        check(g_str_has_prefix(*line, "OK") || !strcmp(*line, "NONE") || g_str_has_prefix(*line, "TEMP\t") ||
              g_str_has_prefix(*line, "BAD\t"));
        for (const char *c = *line; *c; c++)
            check((unsigned char)*c >= 0x20 || *c == '\t');
    }
}

static void check_cut(const Protocol *protocol, const char *stream, size_t cut, Taken whole,
                      const Request *request)
{
    Request again;
    Taken taken = protocol->take(stream, cut, &again);
    if (whole == TAKE_REQUEST && cut >= request->used)
        check(taken == TAKE_REQUEST && again.used == request->used && again.len == request->len);
    else
        check(taken == TAKE_MORE || taken == TAKE_BROKEN);
    check(taken != TAKE_BROKEN || whole == TAKE_BROKEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    set_up();
    const Protocol *protocol = *data % 2 ? &protocol_lines : &protocol_socketmap;
    const char *stream = (const char *)data + 2;
    size_t cut = data[1], len = size - 2;
    Request request;
    Taken taken = TAKE_MORE;
    bool goes_on = true;
    while (goes_on && len && (taken = protocol->take(stream, len, &request)) == TAKE_REQUEST) {
        g_autoptr(GString) out = g_string_new(NULL);
        check(request.used && request.used <= len && request.text >= stream &&
              request.text + request.len <= stream + request.used && request.used <= protocol->request_max);
        check_cut(protocol, stream, MIN(cut, len), taken, &request);
        goes_on = protocol->answer(&service, &request, out);
        *data % 2 ? check_lines(out) : check_netstring(out);
        stream += request.used;
        len -= request.used;
    }
    if (len && goes_on)
        check_cut(protocol, stream, MIN(cut, len), taken, &request);
    check(taken != TAKE_MORE || len <= protocol->request_max);
    lookup_end(service.lookup);
    return 0;
}
