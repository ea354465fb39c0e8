/*
 * test_ldif.c - LDIF in, LDIF out
 *
 * Content cases give the text of a file and what reading it comes to, written
 * as a trace: "dn{name=value;...}" for a record, "bad" for a broken one, and
 * "end" or "cut". Every case is also read through a pipe in pieces of one to
 * seven bytes, since the buffer's edges are where readers break.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/error.h"
#include "dirsync/ldif.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void trace_value(GString *trace, Value value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.data[i];
        if (c < 0x20 || c >= 0x7f)
            g_string_append_printf(trace, "\\%02x", c);
        else
            g_string_append_c(trace, (char)c);
    }
}

static void trace_entry(GString *trace, const Entry *entry)
{
    g_string_append_printf(trace, "%s{", entry_dn(entry));
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        for (size_t j = 0; j < attribute->n_values; j++) {
            g_string_append_printf(trace, "%s=", attribute->name);
            trace_value(trace, attribute->values[j]);
            g_string_append_c(trace, ';');
        }
    }
    g_string_append_c(trace, '}');
}

static char *trace_reader(LdifReader *reader)
{
    GString *trace = g_string_new(NULL);
    for (;;) {
        Entry *entry = NULL;
        g_autoptr(GError) error = NULL;
        RecordStatus status = ldif_read_entry(reader, &entry, &error);
        if (status == RECORD_GOOD) {
            trace_entry(trace, entry);
            entry_free(entry);
        } else if (status == RECORD_BAD) {
            assert_true(error_is(error, ERROR_INVALID));
            g_string_append(trace, "bad");
        } else {
            assert_null(error);
            g_string_append(trace, status == RECORD_END ? "end" : status == RECORD_CUT ? "cut" : "failed");
            return g_string_free(trace, FALSE);
        }
        g_string_append_c(trace, ' ');
    }
}

static pid_t write_in_pieces(int fd, const char *text, size_t len)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0)
        return child;
    for (size_t at = 0, n = 1; at < len; at += n, n = n % 7 + 1) {
        n = MIN(n, len - at);
        if (write(fd, text + at, n) != (ssize_t)n)
            _exit(1);
        usleep(100);
    }
    _exit(0);
}

static void assert_trace(const char *what, const char *text, size_t len, const char *expected)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, len, "test.ldif");
    g_autofree char *trace = trace_reader(reader);
    if (strcmp(trace, expected) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", what, trace, expected);
}

static void assert_trace_in_pieces(const char *what, const char *text, size_t len, const char *expected)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = write_in_pieces(ends[1], text, len);
    close(ends[1]);
    g_autoptr(LdifReader) reader = ldif_reader_new(ends[0], "pipe");
    g_autofree char *trace = trace_reader(reader);
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    if (strcmp(trace, expected) != 0)
        fail_msg("%s, in pieces: \"%s\" instead of \"%s\"", what, trace, expected);
}

typedef struct {
    const char *what, *text;
    size_t len; /* 0: strlen */
    const char *trace;
} ContentCase;

#define BYTES(text) text, sizeof(text) - 1

static const ContentCase content_cases[] = {
    {"nothing", "", 0, "end"},
    {"only blank lines", "\n\r\n\r\n", 0, "end"},
    {"one record", "dn: cn=A\ncn: A\nsn: B\n", 0, "cn=A{cn=A;sn=B;} end"},
    {"two records", "dn: cn=A\ncn: A\n\ndn: cn=B\ncn: B\n\n", 0, "cn=A{cn=A;} cn=B{cn=B;} end"},
    {"many blank lines", "\n\ndn: cn=A\ncn: A\n\n\n\n\ndn: cn=B\ncn: B\n", 0, "cn=A{cn=A;} cn=B{cn=B;} end"},
    {"version line", "version: 1\ndn: cn=A\ncn: A\n", 0, "cn=A{cn=A;} end"},
    {"version line alone", "version: 1\n\ndn: cn=A\ncn: A\n", 0, "cn=A{cn=A;} end"},
    {"version line and nothing else", "version: 1\n", 0, "end"},
    {"other version", "version: 2\n\ndn: cn=A\ncn: A\n", 0, "bad cn=A{cn=A;} end"},
    {"joined files", "version: 1\ndn: cn=A\ncn: A\n\nversion: 1\n\ndn: cn=B\ncn: B\n", 0,
     "cn=A{cn=A;} cn=B{cn=B;} end"},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "dn: cn=A\ncn: A\n",
     0, "cn=A{cn=A;} end"},
    {"byte order mark alone", "\xEF\xBB\xBF", 0, "end"},
    {"CR LF", "dn: cn=A\r\ncn: A\r\n\r\ndn: cn=B\r\ncn: B\r\n", 0, "cn=A{cn=A;} cn=B{cn=B;} end"},
    {"CR", "dn: cn=A\rcn: A\r\rdn: cn=B\rcn: B\r", 0, "cn=A{cn=A;} cn=B{cn=B;} end"},
    {"all line ends mixed", "dn: cn=A\r\ncn: A\n\r\ndn: cn=B\rcn: B\n\ndn: cn=C\ncn: C\r\r", 0,
     "cn=A{cn=A;} cn=B{cn=B;} cn=C{cn=C;} end"},
    {"folding", "dn: cn=A,\n ou=x\ncn: A\nsn: one\n  two\n  \n three\n", 0,
     "cn=A,ou=x{cn=A;sn=one two three;} end"},
    {"folding with CR LF", "dn: cn=A,\r\n ou=x\r\ncn: A\r\n B\r\n", 0, "cn=A,ou=x{cn=AB;} end"},
    {"folding inside the name", "dn: cn=A\nc\n n: A\n", 0, "cn=A{cn=A;} end"},
    {"folded base64", "dn: cn=A\ncn:: Q\n UJD\n", 0, "cn=A{cn=ABC;} end"},
    {"comments", "# one\ndn: cn=A\n# two\ncn: A\n#three\n\n# four\n", 0, "cn=A{cn=A;} end"},
    {"folded comments", "# one\n two\ndn: cn=A\ncn: A\n# three\n  cn: no\nsn: B\n", 0,
     "cn=A{cn=A;sn=B;} end"},
    {"base64", "dn: cn=A\ncn:: QQ==\nsn::QUI=\ntitle::  QUJD\n", 0, "cn=A{cn=A;sn=AB;title=ABC;} end"},
    {"base64 of any bytes", "dn: cn=A\nphoto:: AP8KDQA=\n", 0, "cn=A{photo=\\00\\ff\\0a\\0d\\00;} end"},
    {"empty values", "dn: cn=A\na:\nb: \nc::\nd:: \n", 0, "cn=A{a=;b=;c=;d=;} end"},
    {"options", "dn: cn=A\ncn;lang-de: A\nphoto;binary:: QQ==\n2.5.4.3: B\n", 0,
     "cn=A{cn;lang-de=A;photo;binary=A;2.5.4.3=B;} end"},
    {"blanks after the colon are fill", "dn:   cn=A\ncn:   A\n", 0, "cn=A{cn=A;} end"},
    {"blanks at the end belong to the value", "dn: cn=A\ncn: A \n", 0, "cn=A{cn=A ;} end"},
    {"a colon in the value", "dn: cn=A\nurl: http://x:1/\nx: :y\n", 0, "cn=A{url=http://x:1/;x=:y;} end"},
    {"bytes that are not UTF-8", "dn: cn=A\ncn: \xE4\xFC\n", 0, "cn=A{cn=\\e4\\fc;} end"},
    {"base64 DN", "dn:: Y249w6Q=\ncn: A\n", 0, "cn=\xC3\xA4{cn=A;} end"},
    {"UTF-8 DN", "dn: cn=\xC3\xA4\ncn: A\n", 0, "cn=\xC3\xA4{cn=A;} end"},
    {"DN that is not UTF-8", "dn:: Y249/w==\ncn: A\n", 0, "bad end"},
    {"DN with a NUL", "dn:: Y249AEE=\ncn: A\n", 0, "bad end"},
    {"root DSE", "dn:\nvendorName: x\n", 0, "{vendorName=x;} end"},
    {"DN alone", "dn: cn=A\n", 0, "cn=A{} end"},
    {"names in capitals", "DN: cn=A\nCN: A\n", 0, "cn=A{CN=A;} end"},
    {"no DN", "cn: A\nsn: B\n\ndn: cn=B\ncn: B\n", 0, "bad cn=B{cn=B;} end"},
    {"ldapsearch's summary", "dn: cn=A\ncn: A\n\n# search result\nsearch: 2\nresult: 0 Success\n", 0,
     "cn=A{cn=A;} bad end"},
    {"two DNs", "dn: cn=A\ncn: A\ndn: cn=B\ncn: B\n\ndn: cn=C\ncn: C\n", 0, "bad cn=C{cn=C;} end"},
    {"URL", "dn: cn=A\nphoto:< file:///etc/passwd\n\ndn: cn=B\ncn: B\n", 0, "bad cn=B{cn=B;} end"},
    {"change record", "dn: cn=A\nchangetype: add\ncn: A\n\ndn: cn=B\ncn: B\n", 0, "bad cn=B{cn=B;} end"},
    {"dash", "dn: cn=A\ncn: A\n-\n\ndn: cn=B\ncn: B\n", 0, "bad cn=B{cn=B;} end"},
    {"no colon", "dn: cn=A\ncn A\n\ndn: cn=B\ncn: B\n", 0, "bad cn=B{cn=B;} end"},
    {"no name", "dn: cn=A\n: A\n", 0, "bad end"},
    {"blank in the name", "dn: cn=A\ncn : A\n", 0, "bad end"},
    {"continuation of nothing", " dn: cn=A\ncn: A\n\ndn: cn=B\ncn: B\n", 0, "bad cn=B{cn=B;} end"},
    {"continuation after a blank line", "dn: cn=A\ncn: A\n\n x\n\ndn: cn=B\ncn: B\n", 0,
     "cn=A{cn=A;} bad cn=B{cn=B;} end"},
    {"NUL in a plain value", BYTES("dn: cn=A\ncn: A\0B\n\ndn: cn=B\ncn: B\n"), "bad cn=B{cn=B;} end"},
    {"tail of zeros", BYTES("dn: cn=A\ncn: A\n\n\0\0\0\0\n"), "cn=A{cn=A;} bad end"},
    {"cut in a value", "dn: cn=A\ncn: A\n\ndn: cn=B\ncn: Bo", 0, "cn=A{cn=A;} cut"},
    {"cut in a name", "dn: cn=A\ncn: A\n\ndn", 0, "cn=A{cn=A;} cut"},
    {"cut in a comment", "dn: cn=A\ncn: A\n\n# cou", 0, "cn=A{cn=A;} cut"},
    {"cut in a continuation", "dn: cn=A\ncn: A\n B", 0, "cut"},
    {"cut in the first line", "d", 0, "cut"},
};

static size_t case_length(const ContentCase *c)
{
    return c->len ? c->len : strlen(c->text);
}

static void test_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(content_cases); i++)
        assert_trace(content_cases[i].what, content_cases[i].text, case_length(&content_cases[i]),
                     content_cases[i].trace);
}

static void test_content_in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(content_cases); i++)
        assert_trace_in_pieces(content_cases[i].what, content_cases[i].text, case_length(&content_cases[i]),
                               content_cases[i].trace);
}

static const char *const bad_base64[] = {
    "Q",    "QQ",   "QQ=",   "QQ=A", "Q===",       "====",  "=QQQ",  "QQ==QQ==", "QR==",
    "QUJ=", "Q Q=", "QQ== ", "Q*==", "QQ\xC3\xA4", "QUJD=", "QU\tD", "QUJDQ",    "-_==",
};

static void test_base64_is_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad_base64); i++) {
        g_autofree char *text = g_strdup_printf("dn: cn=A\ncn:: %s\n", bad_base64[i]);
        assert_trace(bad_base64[i], text, strlen(text), "bad end");
    }
}

/* Every case: what skipping says is what decoding says, and the fingerprint tells contents apart. */
static void test_skipping_agrees_with_decoding(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(content_cases); i++) {
        const ContentCase *c = &content_cases[i];
        g_autoptr(LdifReader) skipping = ldif_reader_new_memory(c->text, case_length(c), "skip");
        g_autoptr(LdifReader) reading = ldif_reader_new_memory(c->text, case_length(c), "read");
        RecordStatus status;
        do {
            Entry *entry = NULL;
            status = ldif_skip_entry(skipping, NULL);
            assert_int_equal(status, ldif_read_entry(reading, &entry, NULL));
            g_autoptr(Entry) read = entry;
            g_autoptr(Entry) decoded = status == RECORD_GOOD ? ldif_decode_last(skipping, NULL) : NULL;
            assert_int_equal(read != NULL, decoded != NULL);
            assert_int_equal(ldif_reader_line(skipping), ldif_reader_line(reading));
        } while (status == RECORD_GOOD || status == RECORD_BAD);
    }
}

static Fingerprint fingerprint_of(const char *text)
{
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "test");
    assert_int_equal(ldif_skip_entry(reader, NULL), RECORD_GOOD);
    return ldif_reader_fingerprint(reader);
}

static void test_fingerprint_is_of_content_not_form(void **state)
{
    (void)state;
    Fingerprint plain = fingerprint_of("dn: cn=A\ncn: A\ntitle: long\n");
    assert_true(fingerprint_equal(plain, fingerprint_of("dn: cn=A\r\ncn: A\r\ntitle: long\r\n\r\n")));
    assert_true(
        fingerprint_equal(plain, fingerprint_of("# comment\ndn: c\n n=A\ncn: A\n# more\ntitle: lo\n ng\n")));
    assert_false(fingerprint_equal(plain, fingerprint_of("dn: cn=A\ncn: A\ntitle: Long\n")));
    assert_false(fingerprint_equal(plain, fingerprint_of("dn: cn=A\ncn: A\n")));
}

static void test_messages_say_where_and_what(void **state)
{
    (void)state;
    const char *text =
        "# top\n\ndn: cn=A\nsn: x\n y\n\n\ndn: cn=B\njpegPhoto:: Q\n\ndn: cn=C\nx:< file:///x\n";
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "people.ldif");
    g_autoptr(GError) base64 = NULL, url = NULL;
    assert_int_equal(ldif_skip_entry(reader, NULL), RECORD_GOOD);
    assert_int_equal(ldif_reader_line(reader), 3);
    assert_int_equal(ldif_skip_entry(reader, &base64), RECORD_BAD);
    assert_int_equal(ldif_reader_line(reader), 8);
    assert_non_null(strstr(base64->message, "people.ldif:8: jpegPhoto: "));
    assert_int_equal(ldif_skip_entry(reader, &url), RECORD_BAD);
    assert_non_null(strstr(url->message, "people.ldif:11: x: a URL"));
}

static void test_last_comment_and_end(void **state)
{
    (void)state;
    const char *text = "# first\ndn: cn=A\ncn: A\n\n#count:\n  2\n\ndn: cn=B\ncn: B\n";
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "test");
    assert_null(ldif_reader_last_comment(reader));
    assert_int_equal(ldif_skip_entry(reader, NULL), RECORD_GOOD);
    assert_string_equal(ldif_reader_last_comment(reader), "first");
    assert_false(ldif_reader_at_end(reader));
    assert_int_equal(ldif_skip_entry(reader, NULL), RECORD_GOOD);
    assert_string_equal(ldif_reader_last_comment(reader), "count: 2");
    assert_true(ldif_reader_at_end(reader));
    assert_int_equal(ldif_skip_entry(reader, NULL), RECORD_END);
    assert_int_equal(ldif_reader_offset(reader), strlen(text));
    assert_int_equal(ldif_skip_entry(reader, NULL), RECORD_END);
}

static void test_unreadable_source_fails(void **state)
{
    (void)state;
    g_autoptr(GError) error = NULL;
    int folder = open("/", O_RDONLY | O_CLOEXEC);
    g_autoptr(LdifReader) of_folder = ldif_reader_new(folder, "folder");
    assert_int_equal(ldif_skip_entry(of_folder, &error), RECORD_FAILED);
    assert_true(error_is(error, ERROR_IO));
    assert_non_null(strstr(error->message, "folder: "));
    close(folder);
}

/* Longer than any record may be: thrown away without being kept, and the next one is read. */
static void assert_too_long(const char *line, size_t line_len)
{
    size_t times = (size_t)LDIF_MAX_RECORD / line_len + 2;
    GString *text = g_string_new("dn: cn=A\ncn: x");
    for (size_t i = 0; i < times; i++)
        g_string_append_len(text, line, (gssize)line_len);
    g_string_append(text, "\n\ndn: cn=B\ncn: B\n");
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text->str, text->len, "test");
    g_autofree char *trace = trace_reader(reader);
    g_string_free(text, TRUE);
    assert_string_equal(trace, "bad cn=B{cn=B;} end");
}

static void test_record_that_is_too_long(void **state)
{
    (void)state;
    g_autofree char *line = g_strnfill(1024 * 1024, 'x');
    assert_too_long(line, 1024 * 1024);
    line[0] = '\n';
    line[1] = ' ';
    assert_too_long(line, 1024 * 1024);
    memcpy(line, "\ncn:", 4);
    assert_too_long(line, 1024 * 1024);
}

static void test_large_record_is_read(void **state)
{
    (void)state;
    const size_t len = 8 * 1024 * 1024;
    g_autofree char *bytes = g_malloc(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (char)(i * 31 >> 3);
    g_autoptr(Entry) entry = entry_new("cn=A");
    entry_add(entry, "jpegPhoto", bytes, len);
    GString *text = g_string_new(NULL);
    ldif_write_entry(text, entry);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text->str, text->len, "test");
    Entry *read = NULL;
    assert_int_equal(ldif_read_entry(reader, &read, NULL), RECORD_GOOD);
    assert_int_equal(entry_attribute(read, 0)->values[0].len, len);
    assert_memory_equal(entry_attribute(read, 0)->values[0].data, bytes, len);
    entry_free(read);
    g_string_free(text, TRUE);
}

static void test_too_many_attributes(void **state)
{
    (void)state;
    GString *text = g_string_new("dn: cn=A\n");
    for (int i = 0; i < 10001; i++)
        g_string_append_printf(text, "a%d: x\n", i);
    g_string_append(text, "\ndn: cn=B\ncn: B\n");
    assert_trace("too many attributes", text->str, text->len, "bad cn=B{cn=B;} end");
    g_string_free(text, TRUE);
}

/* The writer */

typedef struct {
    const char *value;
    size_t len;
    const char *line;
} WriteCase;

static const WriteCase write_cases[] = {
    {BYTES("plain"), "x: plain\n"},
    {BYTES(""), "x:\n"},
    {BYTES(" leading"), "x:: IGxlYWRpbmc=\n"},
    {BYTES("trailing "), "x:: dHJhaWxpbmcg\n"},
    {BYTES(":colon"), "x:: OmNvbG9u\n"},
    {BYTES("<less"), "x:: PGxlc3M=\n"},
    {BYTES("in: <side"), "x: in: <side\n"},
    {BYTES("\xC3\xA4"), "x:: w6Q=\n"},
    {BYTES("a\0b"), "x:: YQBi\n"},
    {BYTES("a\nb"), "x:: YQpi\n"},
    {BYTES("a\rb"), "x:: YQ1i\n"},
    {BYTES("#no comment"), "x: #no comment\n"},
    {BYTES("a\tb"), "x: a\tb\n"},
    {BYTES("\033[2J"), "x:: G1sySg==\n"},
    {BYTES("1234567890123456789012345678901234567890123456789012345678901234567890123"),
     "x: 1234567890123456789012345678901234567890123456789012345678901234567890123\n"},
    {BYTES("12345678901234567890123456789012345678901234567890123456789012345678901234"),
     "x: 1234567890123456789012345678901234567890123456789012345678901234567890123\n 4\n"},
};

static void test_written_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(write_cases); i++) {
        GString *text = g_string_new("before\n");
        ldif_write_value(text, "x", (Value){.data = write_cases[i].value, .len = write_cases[i].len});
        g_autofree char *expected = g_strconcat("before\n", write_cases[i].line, NULL);
        assert_string_equal(text->str, expected);
        g_string_free(text, TRUE);
    }
}

static void test_no_line_is_longer_than_76(void **state)
{
    (void)state;
    g_autofree char *value = g_strnfill(1000, 'x');
    GString *text = g_string_new(NULL);
    ldif_write_value(text, "description", (Value){.data = value, .len = 1000});
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    guint n = g_strv_length(lines);
    for (guint i = 0; i + 2 < n; i++)
        assert_int_equal(strlen(lines[i]), 76);
    g_string_free(text, TRUE);
}

static void test_written_entry(void **state)
{
    (void)state;
    g_autoptr(Entry) entry = entry_new("cn=\xC3\x84");
    entry_add_string(entry, "cn", "A");
    entry_add_string(entry, "cn", "B");
    entry_add_empty(entry, "sn");
    GString *text = g_string_new(NULL);
    ldif_write_entry(text, entry);
    assert_string_equal(text->str, "dn:: Y249w4Q=\ncn: A\ncn: B\n\n");
    g_string_free(text, TRUE);
}

/* Change records: read, and written again as they were. */
static const char *const whole_changes[] = {
    "dn: cn=A,ou=x\nchangetype: add\ncn: A\nphoto:: AAE=\n\n",
    "dn: cn=A\nchangetype: delete\n\n",
    "dn: cn=A\nchangetype: modify\n\n",
    "dn: cn=A\nchangetype: modify\ndelete: sn\nsn: B\nsn: C\n-\nadd: sn\nsn: D\n-\ndelete: title\n-\n\n",
    "dn: cn=A\nchangetype: modify\nadd: x\nx:\n-\n\n",
    "dn: cn=A\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 1\n\n",
    "dn: cn=A\nchangetype: modrdn\nnewrdn:: Y249w4Q=\ndeleteoldrdn: 0\nnewsuperior: ou=y\n\n",
    "dn: cn=A\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 1\nnewsuperior:\n\n",
    "dn: cn=A\ncontrol: 1.3.6.1.1.12 true:: owYEAWEEAWI=\nchangetype: delete\n\n",
    "# wave: 2\n# situation: new\n# anchor: a-b\n# because: J\xC3\xBCrgen came\ndn: cn=A\nchangetype: "
    "delete\n\n",
    "# wave: 0\n# situation: missing\n# anchor:: IGE=\ndn: cn=A\nchangetype: delete\n\n",
    "# because:: YQpi\ndn: cn=A\nchangetype: delete\n\n",
    "# wave: 1\n# after: 0a 0b\n# password: random\ndn: cn=A\nchangetype: modify\n\n",
    "# password: random\ndn: cn=A\nchangetype: modify\nadd: sn\nsn: B\n-\n\n",
    ("# because: 01234567890123456789012345678901234567890123456789012345678901234\n \xC3\xA4 and more\n"
     "dn: cn=A\nchangetype: delete\n\n"),
};

static void test_changes_come_back_as_they_were(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(whole_changes); i++) {
        g_autoptr(LdifReader) reader =
            ldif_reader_new_memory(whole_changes[i], strlen(whole_changes[i]), "test");
        g_autoptr(GError) error = NULL;
        Change *read = NULL;
        RecordStatus status = ldif_read_change(reader, &read, &error);
        if (status != RECORD_GOOD)
            fail_msg("%s: %s", whole_changes[i], error ? error->message : "no record");
        g_autoptr(Change) change = read;
        GString *text = g_string_new(NULL);
        ldif_write_change(text, change, true);
        assert_string_equal(text->str, whole_changes[i]);
        g_string_free(text, TRUE);
    }
}

static void test_members_of_a_change(void **state)
{
    (void)state;
    const char *text = "# a plan\n# wave: 9\n\n# wave: 2\n# anchor: 1\n 2\n# other: x\ndn: cn=A\n"
                       "control: 1.2.3 false: x\ncontrol: 1.3.6.1.1.12 true:: owYEAWEEAWI=\n"
                       "control: 1.2.4\nchangetype: moddn\nnewrdn: cn=B\ndeleteoldrdn: 1\n\n"
                       "dn: cn=C\nchangetype: delete\n";
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "test");
    Change *read = NULL;
    assert_int_equal(ldif_read_change(reader, &read, NULL), RECORD_GOOD);
    assert_int_equal(read->kind, CHANGE_RENAME);
    assert_int_equal(read->wave, 2);
    assert_string_equal(read->anchor, "12");
    assert_null(read->because);
    assert_false(read->random_password);
    assert_string_equal(read->assertion, "(a=b)");
    assert_string_equal(read->new_rdn, "cn=B");
    assert_true(read->delete_old_rdn);
    assert_null(read->new_superior);
    change_free(read);
    assert_int_equal(ldif_read_change(reader, &read, NULL), RECORD_GOOD);
    assert_int_equal(read->wave, 0);
    assert_null(read->assertion);
    assert_null(read->anchor);
    change_free(read);
    assert_int_equal(ldif_read_change(reader, &read, NULL), RECORD_END);
    assert_null(read);
}

static void test_assertion_is_left_out_when_asked(void **state)
{
    (void)state;
    g_autoptr(Change) change = change_new(CHANGE_DELETE, "cn=A");
    change->assertion = "(a=b)";
    GString *text = g_string_new(NULL);
    ldif_write_change(text, change, false);
    assert_string_equal(text->str, "dn: cn=A\nchangetype: delete\n\n");
    change->assertion = "(not a filter";
    g_string_truncate(text, 0);
    ldif_write_change(text, change, true);
    assert_string_equal(text->str, "dn: cn=A\ncontrol: 1.3.6.1.1.12 true\nchangetype: delete\n\n");
    g_string_free(text, TRUE);
}

static void test_a_password_is_never_written(void **state)
{
    (void)state;
    g_autoptr(Change) change = change_new(CHANGE_MODIFY, "cn=A");
    change->random_password = true;
    GString *text = g_string_new(NULL);
    ldif_write_change(text, change, true);
    assert_string_equal(text->str, "# password: random\ndn: cn=A\nchangetype: modify\n\n");
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(text->str, text->len, "test");
    Change *read = NULL;
    assert_int_equal(ldif_read_change(reader, &read, NULL), RECORD_GOOD);
    assert_true(read->random_password);
    change_free(read);
    change->kind = CHANGE_DELETE;
    g_string_truncate(text, 0);
    ldif_write_change(text, change, true);
    assert_string_equal(text->str, "dn: cn=A\nchangetype: delete\n\n");
    g_string_free(text, TRUE);
}

typedef struct {
    const char *text, *message;
} BadChange;

static const BadChange bad_changes[] = {
    {"dn: cn=A\ncn: A\n", "\"changetype:\" is wanted"},
    {"dn: cn=A\n", "\"changetype\" is missing"},
    {"dn: cn=A\nchangetype: turn\n", "unknown changetype"},
    {"dn: cn=A\nchangetype: add\n", "no attributes"},
    {"dn: cn=A\nchangetype: add\ncn: A\n-\n", "\"-\" in an add"},
    {"dn: cn=A\nchangetype: add\ncn: A\ndn: cn=B\n", "second \"dn:\""},
    {"dn: cn=A\nchangetype: delete\ncn: A\n", "a delete record ends here"},
    {"dn: cn=A\nchangetype: delete\n-\n", "a delete record ends here"},
    {"dn: cn=A\nchangetype: modify\nreplace: cn\ncn: A\n-\n", "\"replace:\" is refused"},
    {"dn: cn=A\nchangetype: modify\nincrement: n\nn: 1\n-\n", "\"increment:\" is refused"},
    {"dn: cn=A\nchangetype: modify\nadd: cn\n-\n", "without a value"},
    {"dn: cn=A\nchangetype: modify\nadd: cn\ncn: A\n", "the \"-\" that ends"},
    {"dn: cn=A\nchangetype: modify\nadd: cn\nsn: A\n-\n", "where a value of \"cn\""},
    {"dn: cn=A\nchangetype: modify\nadd: c n\ncn: A\n-\n", "without the name"},
    {"dn: cn=A\nchangetype: modify\n-\n", "\"-\" without a modification"},
    {"dn: cn=A\nchangetype: modrdn\n", "\"newrdn\" is missing"},
    {"dn: cn=A\nchangetype: modrdn\nnewrdn: cn=B\n", "\"deleteoldrdn\" is missing"},
    {"dn: cn=A\nchangetype: modrdn\ndeleteoldrdn: 1\n", "where \"newrdn:\" is wanted"},
    {"dn: cn=A\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 2\n", "0 or 1"},
    {"dn: cn=A\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 1\nx: y\n", "only \"newsuperior:\""},
    {"dn: cn=A\nchangetype: modrdn\nnewrdn:: /w==\ndeleteoldrdn: 1\n", "not UTF-8"},
    {"dn: cn=A\nchangetype: modrdn\nnewrdn: cn=B\ndeleteoldrdn: 1\nnewsuperior: x\ny: z\n",
     "a modrdn record ends"},
    {"dn: cn=A\ncontrol: 1.2.3 true\nchangetype: delete\n", "critical control 1.2.3"},
    {"dn: cn=A\ncontrol: 1.2.3 yes\nchangetype: delete\n", "wanted is"},
    {"dn: cn=A\ncontrol: 1.2.3 false:: Q\nchangetype: delete\n", "wanted is"},
    {"dn: cn=A\ncontrol: 1.2.3 false:< file:///x\nchangetype: delete\n", "wanted is"},
    {"dn: cn=A\ncontrol:\nchangetype: delete\n", "wanted is"},
    {"dn: cn=A\ncontrol: 1.3.6.1.1.12 true\nchangetype: delete\n", "it has no value"},
    {"dn: cn=A\ncontrol: 1.3.6.1.1.12 true:: /w==\nchangetype: delete\n", "assertion control"},
    {"dn: cn=A\ncontrol: 1.3.6.1.1.12 true:: owYEAWEEAWI=\ncontrol: 1.3.6.1.1.12 true:: owYEAWEEAWI=\n"
     "changetype: delete\n",
     "there are two"},
    {"# wave: two\ndn: cn=A\nchangetype: delete\n", "a number is wanted"},
    {"# password: open-sesame\ndn: cn=A\nchangetype: modify\n", "it can only be \"random\""},
    {"# password:\ndn: cn=A\nchangetype: modify\n", "it can only be \"random\""},
    {"# password: random\ndn: cn=A\nchangetype: delete\n", "only a modify can give a password"},
    {"# anchor:: Q\ndn: cn=A\nchangetype: delete\n", "not valid base64"},
    {"# anchor:: AA==\ndn: cn=A\nchangetype: delete\n", "not UTF-8 text"},
    {"changetype: delete\n", "does not begin with \"dn:\""},
};

static void test_bad_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(bad_changes); i++) {
        g_autofree char *text = g_strconcat(bad_changes[i].text, "\ndn: cn=Z\nchangetype: delete\n", NULL);
        g_autoptr(LdifReader) reader = ldif_reader_new_memory(text, strlen(text), "plan.ldif");
        g_autoptr(GError) error = NULL;
        Change *change = NULL;
        assert_int_equal(ldif_read_change(reader, &change, &error), RECORD_BAD);
        assert_null(change);
        if (!strstr(error->message, bad_changes[i].message) || !strstr(error->message, "plan.ldif:"))
            fail_msg("%s: %s", bad_changes[i].text, error->message);
        assert_null(strstr(error->message, "sesame")); /* what may be a password is not shown */
        assert_int_equal(ldif_read_change(reader, &change, NULL), RECORD_GOOD);
        assert_string_equal(change->dn, "cn=Z");
        change_free(change);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_content_in_pieces),
        cmocka_unit_test(test_base64_is_strict),
        cmocka_unit_test(test_skipping_agrees_with_decoding),
        cmocka_unit_test(test_fingerprint_is_of_content_not_form),
        cmocka_unit_test(test_messages_say_where_and_what),
        cmocka_unit_test(test_last_comment_and_end),
        cmocka_unit_test(test_unreadable_source_fails),
        cmocka_unit_test(test_record_that_is_too_long),
        cmocka_unit_test(test_large_record_is_read),
        cmocka_unit_test(test_too_many_attributes),
        cmocka_unit_test(test_written_values),
        cmocka_unit_test(test_no_line_is_longer_than_76),
        cmocka_unit_test(test_written_entry),
        cmocka_unit_test(test_changes_come_back_as_they_were),
        cmocka_unit_test(test_members_of_a_change),
        cmocka_unit_test(test_assertion_is_left_out_when_asked),
        cmocka_unit_test(test_a_password_is_never_written),
        cmocka_unit_test(test_bad_changes),
    };
    return cmocka_run_group_tests_name("ldif", tests, NULL, NULL);
}
