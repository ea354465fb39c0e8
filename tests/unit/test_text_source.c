/*
 * test_text_source.c - bytes as UTF-8, whatever they were
 *
 * Each case is taken from memory and from a pipe that gives one to three bytes
 * at a time, into rooms of every size, since a character may lie across any
 * edge.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/text_source.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static GString *take_all(TextSource *source, const char *encoding, size_t room)
{
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    g_autofree char *to = g_malloc(room);
    ssize_t n;
    assert_true(text_source_convert(source, encoding, &error));
    assert_null(error);
    while ((n = text_source_take(source, to, room)) > 0)
        g_string_append_len(text, to, n);
    assert_int_equal(n, 0);
    assert_int_equal(text_source_take(source, to, room), 0);
    return text;
}

static GString *take_from_pipe(const char *bytes, size_t len, const char *encoding, size_t room)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        for (size_t at = 0, n = 1; at < len; at += n, n = n % 3 + 1) {
            n = MIN(n, len - at);
            if (write(ends[1], bytes + at, n) != (ssize_t)n)
                _exit(1);
            usleep(100);
        }
        _exit(0);
    }
    close(ends[1]);
    TextSource source;
    text_source_begin(&source, ends[0]);
    GString *text = take_all(&source, encoding, room);
    assert_int_equal(source.taken, len);
    text_source_end(&source);
    close(ends[0]);
    waitpid(child, NULL, 0);
    return text;
}

typedef struct {
    const char *what, *encoding, *bytes;
    size_t len;
    const char *text;
} Case;

#define BYTES(text) text, sizeof(text) - 1

static const Case cases[] = {
    {"nothing", NULL, BYTES(""), ""},
    {"bytes as they are", NULL, BYTES("a\xFF\xFC"), "a\xFF\xFC"},
    {"UTF-8 by name is not looked at either", "UTF-8", BYTES("a\xFF\xFC"), "a\xFF\xFC"},
    {"Latin-1", "iso-8859-1", BYTES("M\xFCller\x80"), "M\xC3\xBCller\xC2\x80"},
    {"Windows-1252", "windows-1252", BYTES("M\xFCller\x80"), "M\xC3\xBCller\xE2\x82\xAC"},
    {"no such character", "windows-1252",
     BYTES("a\x81"
           "b\x9D"),
     "a\xFF"
     "b\xFF"},
    {"UTF-16LE", "utf-16le", BYTES("a\0\xFC\0\xAC\x20"), "a\xC3\xBC\xE2\x82\xAC"},
    {"UTF-16BE", "utf-16be", BYTES("\0a\0\xFC\x20\xAC"), "a\xC3\xBC\xE2\x82\xAC"},
    {"name in capitals", "UTF-16BE", BYTES("\0a"), "a"},
    {"two units", "utf-16le", BYTES("\x3D\xD8\x00\xDE"), "\xF0\x9F\x98\x80"},
    {"first unit without the second", "utf-16le",
     BYTES("\x3D\xD8"
           "a\0"),
     "\xFF"
     "a"},
    {"second unit without the first", "utf-16le",
     BYTES("\x00\xDE"
           "a\0"),
     "\xFF"
     "a"},
    {"first unit at the end", "utf-16le", BYTES("a\0\x3D\xD8"), "a\xFF"},
    {"half a unit at the end", "utf-16le", BYTES("a\0b"), "a\xFF"},
    {"half a second unit at the end", "utf-16be", BYTES("\0a\xD8\x3D\xDE"), "a\xFF\xFF"},
    {"nothing but what cannot be", "utf-16le", BYTES("\x00\xDE\x00\xDE\x00\xDE"), "\xFF\xFF\xFF"},
    {"the mark is a character", "utf-16le",
     BYTES("\xFF\xFE"
           "a\0"),
     "\xEF\xBB\xBF"
     "a"},
};

static void test_what_becomes_of_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *c = &cases[i];
        TextSource source;
        text_source_begin_memory(&source, c->bytes, c->len);
        g_autoptr(GString) memory = take_all(&source, c->encoding, TEXT_SOURCE_ROOM);
        text_source_end(&source);
        g_autoptr(GString) pieces = take_from_pipe(c->bytes, c->len, c->encoding, TEXT_SOURCE_ROOM + i);
        if (strcmp(memory->str, c->text) != 0 || strcmp(pieces->str, c->text) != 0)
            fail_msg("%s: \"%s\", in pieces \"%s\"", c->what, memory->str, pieces->str);
    }
}

/* More than any block, of characters of one to four bytes, so that every edge is met. */
static void test_large_text(void **state)
{
    (void)state;
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < 30000; i++)
        g_string_append_printf(text, "%d,M\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\n", i);
    gsize len;
    g_autofree char *wide = g_convert(text->str, (gssize)text->len, "utf-16le", "utf-8", NULL, &len, NULL);
    for (size_t room = TEXT_SOURCE_ROOM; room < 300000; room = room * 3 + 1) {
        TextSource source;
        text_source_begin_memory(&source, wide, len);
        g_autoptr(GString) back = take_all(&source, "utf-16le", room);
        assert_int_equal(source.taken, len);
        text_source_end(&source);
        assert_true(g_string_equal(text, back));
    }
}

static void test_encodings_have_names(void **state)
{
    (void)state;
    static const char *const unknown[] = {"", "utf-7", "utf-16", "klingon"};
    for (size_t i = 0; text_encodings[i]; i++)
        assert_true(text_encoding_is_known(text_encodings[i]));
    assert_true(text_encoding_is_known(NULL) && text_encoding_is_known("Utf-8"));
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
        TextSource source;
        g_autoptr(GError) error = NULL;
        text_source_begin_memory(&source, "", 0);
        assert_false(text_encoding_is_known(unknown[i]));
        assert_false(text_source_convert(&source, unknown[i], &error));
        assert_true(error_is(error, ERROR_DEFINITION));
        text_source_end(&source);
    }
}

static void test_unreadable_source(void **state)
{
    (void)state;
    char to[TEXT_SOURCE_ROOM];
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < 2; i++) {
        TextSource source;
        text_source_begin(&source, fd);
        assert_true(text_source_convert(&source, i ? "utf-16le" : NULL, NULL));
        assert_int_equal(text_source_take(&source, to, sizeof to), -1);
        text_source_end(&source);
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_becomes_of_bytes),
        cmocka_unit_test(test_large_text),
        cmocka_unit_test(test_encodings_have_names),
        cmocka_unit_test(test_unreadable_source),
    };
    return cmocka_run_group_tests_name("text_source", tests, NULL, NULL);
}
