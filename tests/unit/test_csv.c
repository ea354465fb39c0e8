/*
 * test_csv.c - CSV in
 *
 * Cases give the text of a file and what reading it comes to, written as a
 * trace: "dn{name=value;...}" for a record, "bad" for a broken one, and "end"
 * or "cut". Every case is also read through a pipe in pieces of one to seven
 * bytes, since the buffer's edges are where readers break.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/csv.h"
#include "dirsync/error.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTES(text) text, sizeof(text) - 1

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

/* What it came to, and in @errors (unless NULL) one message a line. */
static char *trace_reader(CsvReader *reader, GString *errors)
{
    GString *trace = g_string_new(NULL);
    for (;;) {
        Entry *entry = NULL;
        g_autoptr(GError) error = NULL;
        RecordStatus status = csv_read_entry(reader, &entry, &error);
        assert_int_equal(status == RECORD_BAD || status == RECORD_FAILED, error != NULL);
        assert_int_equal(status == RECORD_GOOD, entry != NULL);
        if (error && errors)
            g_string_append_printf(errors, "%s\n", error->message);
        if (status == RECORD_GOOD) {
            trace_entry(trace, entry);
            entry_free(entry);
        } else if (status == RECORD_BAD) {
            assert_true(error_is(error, ERROR_INVALID));
            g_string_append(trace, "bad");
        } else {
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

static CsvReader *memory_reader(const char *text, size_t len, const CsvFormat *format)
{
    g_autoptr(GError) error = NULL;
    CsvReader *reader = csv_reader_new_memory(text, len, "test.csv", format, &error);
    assert_null(error);
    return reader;
}

static void assert_trace(const char *what, const char *text, size_t len, const CsvFormat *format,
                         const char *expected)
{
    g_autoptr(CsvReader) reader = memory_reader(text, len, format);
    g_autofree char *trace = trace_reader(reader, NULL);
    if (strcmp(trace, expected) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", what, trace, expected);
    if (!g_str_has_suffix(trace, "failed"))
        assert_int_equal(csv_reader_offset(reader), len);
}

static void assert_trace_in_pieces(const char *what, const char *text, size_t len, const CsvFormat *format,
                                   const char *expected)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = write_in_pieces(ends[1], text, len);
    close(ends[1]);
    g_autoptr(CsvReader) reader = csv_reader_new(ends[0], "pipe", format, NULL);
    g_autofree char *trace = trace_reader(reader, NULL);
    close(ends[0]);
    waitpid(child, NULL, 0);
    if (strcmp(trace, expected) != 0)
        fail_msg("%s, in pieces: \"%s\" instead of \"%s\"", what, trace, expected);
}

/* --- rows and fields --- */

typedef struct {
    const char *what, *text;
    size_t len; /* 0: strlen */
    const char *trace;
} Case;

static void run_cases(const Case *cases, size_t n, const CsvFormat *format)
{
    for (size_t i = 0; i < n; i++) {
        const Case *c = &cases[i];
        size_t len = c->len ? c->len : strlen(c->text);
        assert_trace(c->what, c->text, len, format, c->trace);
        assert_trace_in_pieces(c->what, c->text, len, format, c->trace);
    }
}

#define AB "id=1{id=1;sn=Ant;} id=2{id=2;sn=Bee;} end"

static const Case row_cases[] = {
    {"LF", "id,sn\n1,Ant\n2,Bee\n", 0, AB},
    {"CR LF", "id,sn\r\n1,Ant\r\n2,Bee\r\n", 0, AB},
    {"CR", "id,sn\r1,Ant\r2,Bee\r", 0, AB},
    {"line ends mixed", "id,sn\r\n1,Ant\r2,Bee\n", 0, AB},
    {"last line without an end", "id,sn\n1,Ant\n2,Bee", 0, AB},
    {"only a header", "id,sn\n", 0, "end"},
    {"only a header, without an end", "id,sn", 0, "end"},
    {"blank lines are no rows", "\n\nid,sn\n\r\n\n1,Ant\r\r\n2,Bee\n\n\n", 0, AB},
    {"rows without any value are passed over", "id,sn\n,\n1,Ant\n2,Bee\n,\n,,,\n", 0, AB},
    {"byte order mark", "\xEF\xBB\xBFid,sn\n1,Ant\n2,Bee\n", 0, AB},
    {"empty fields are no values", "id,sn,l\n1,,X\n,Ant,\n", 0, "id=1{id=1;l=X;} sn=Ant{sn=Ant;} end"},
    {"empty quotes are no value", "id,sn,l\n1,\"\",X\n\"\",Ant,\n", 0, "id=1{id=1;l=X;} sn=Ant{sn=Ant;} end"},
    {"quotes", "id,sn\n\"1\",\"Ant\"\n2,\"Bee\"\n", 0, AB},
    {"quotes in the header", "\"id\",\"sn\"\r\n\"1\",\"Ant\"\r\n\"2\",\"Bee\"\r\n", 0, AB},
    {"last field in quotes, no line end", "id,sn\n1,Ant\n2,\"Bee\"", 0, AB},
    {"delimiter in quotes", "id,sn\n1,\"Ant, Adam\"\n", 0, "id=1{id=1;sn=Ant, Adam;} end"},
    {"doubled quotes", "id,sn\n1,\"\"\"A\"\" \"\"n\"\"t\"\"\"\n", 0, "id=1{id=1;sn=\"A\" \"n\"t\";} end"},
    {"nothing but a quote", "id,sn\n1,\"\"\"\"\n", 0, "id=1{id=1;sn=\";} end"},
    {"line ends in quotes", "id,sn\n\"1\",\"A\nn\r\nt\rs\"\n2,Bee\n", 0,
     "id=1{id=1;sn=A\\0an\\0d\\0at\\0ds;} id=2{id=2;sn=Bee;} end"},
    {"blanks belong to the field", "id,sn\n 1 ,\" Ant \"\n", 0, "id=\\ 1\\ {id= 1 ;sn= Ant ;} end"},
    {"DN is escaped", "id,sn\n\"a,b+c\",#d\n,#d\n", 0, "id=a\\,b\\+c{id=a,b+c;sn=#d;} sn=\\#d{sn=#d;} end"},
    {"UTF-8", "id,sn\n1,M\xC3\xBCller\n", 0, "id=1{id=1;sn=M\\c3\\bcller;} end"},
    {"columns of one name", "id,mail,Mail\n1,a@x,b@x\n2,,c@x\n", 0,
     "id=1{id=1;mail=a@x;mail=b@x;} id=2{id=2;Mail=c@x;} end"},
    {"headers are cleaned", "E-mail Address,given_name,Phone (work)\na@x,Ann,1\n", 0,
     "E-mailAddress=a@x{E-mailAddress=a@x;givenname=Ann;Phonework=1;} end"},
    {"column without a header is left out", "id,,sn\n1,x,Ant\n", 0, "id=1{id=1;sn=Ant;} end"},
    {"one column", "id\n1\n\n2\n", 0, "id=1{id=1;} id=2{id=2;} end"},
};

static const Case bad_cases[] = {
    {"too few fields", "id,sn\n1\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"too many fields", "id,sn\n1,Ant,x\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"too many fields, empty", "id,sn\n1,Ant,\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"too few in quotes", "id,sn\n\"1,Ant\"\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"quote in a plain field", "id,sn\n1,A\"nt\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"two quotes in a plain field", "id,sn\n1,A\"n\"t\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"blank before the quote", "id,sn\n1, \"Ant\"\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"text behind the quote", "id,sn\n1,\"Ant\"x\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"blank behind the quote", "id,sn\n1,\"Ant\" \n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"a quote that opens after the mistake is obeyed", "id,sn\nx\"y,\"A\nB\"\n2,Bee\n", 0,
     "bad id=2{id=2;sn=Bee;} end"},
    {"quotes never closed", "id,sn\n1,\"Ant\n2,Bee\n", 0, "bad cut"},
    {"quotes never closed, at once", "id,sn\n2,Bee\n\"", 0, "id=2{id=2;sn=Bee;} bad cut"},
    {"quotes closed by the next that come", "id,sn\n1,\"Ant\n2,\"Bee\"\n3,Cat\n", 0,
     "bad id=3{id=3;sn=Cat;} end"},
    {"not UTF-8", "id,sn\n1,M\xFCller\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"NUL byte", BYTES("id,sn\n1,A\0nt\n2,Bee\n"), "bad id=2{id=2;sn=Bee;} end"},
    {"value only where there is no column", "id,,sn\n,x,\n2,,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"nothing but quotes", "id,sn\n\"\",\"\"\n2,Bee\n", 0, "bad id=2{id=2;sn=Bee;} end"},
    {"empty file", "", 0, "failed"},
    {"blank lines only", "\n\n", 0, "failed"},
    {"byte order mark only", "\xEF\xBB\xBF", 0, "failed"},
    {"another delimiter", "id;sn\n1;Ant\n", 0, "failed"},
    {"no byte order mark, but U+FFFE", "\xEF\xBF\xBEid\n1\n", 0, "failed"},
    {"header in quotes that are not closed", "\"id,sn\n1,Ant\n", 0, "failed"},
};

static void test_rows(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true};
    run_cases(row_cases, G_N_ELEMENTS(row_cases), &format);
}

static void test_bad_rows(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true};
    run_cases(bad_cases, G_N_ELEMENTS(bad_cases), &format);
}

static void test_separator_makes_several_values(void **state)
{
    (void)state;
    static const Case cases[] = {
        {"several", "id;mail\n1;a@x|b@x|c@x\n", 0, "id=1{id=1;mail=a@x;mail=b@x;mail=c@x;} end"},
        {"in quotes too", "id;mail\n1;\"a;x|b\"\"x\"\n", 0, "id=1{id=1;mail=a;x;mail=b\"x;} end"},
        {"empty ones are none", "id;mail\n1;|a@x||b@x|\n", 0, "id=1{id=1;mail=a@x;mail=b@x;} end"},
        {"only separators are no value", "id;mail\n|;a@x\n2;||\n", 0, "mail=a@x{mail=a@x;} id=2{id=2;} end"},
        {"nothing but separators", "id;mail\n|;|\n2;b@x\n", 0, "bad id=2{id=2;mail=b@x;} end"},
        {"the first value names the entry", "id;mail\n1|2;\n", 0, "id=1{id=1;id=2;} end"},
        {"commas and tabs are text", "id;mail\n1;a,b\tc\n", 0, "id=1{id=1;mail=a,b\\09c;} end"},
    };
    const CsvFormat format = {.header = true, .delimiter = ';', .separator = '|'};
    run_cases(cases, G_N_ELEMENTS(cases), &format);
}

static void test_every_delimiter(void **state)
{
    (void)state;
    for (int c = 1; c < 128; c++) {
        if (!csv_is_delimiter((char)c))
            continue;
        const char *const names[] = {"id", "sn", NULL};
        const CsvFormat format = {.delimiter = (char)c, .columns = names};
        char text[] = "1\tAnt\n\"2\"\t\"B\"\"e\te\"\n";
        text[1] = text[9] = text[15] = (char)c;
        g_autoptr(GString) trace = g_string_new("id=1{id=1;sn=Ant;} id=2{id=2;sn=B\"e");
        trace_value(trace, (Value){.data = text + 1, .len = 1});
        g_string_append(trace, "e;} end");
        assert_trace("delimiter", text, strlen(text), &format, trace->str);
    }
    assert_true(csv_is_delimiter('\t') && csv_is_delimiter(';') && csv_is_delimiter(' '));
    for (const char *c = "\"\n\raZ5\xE9"; *c; c++)
        assert_false(csv_is_delimiter(*c));
    assert_false(csv_is_delimiter('\0'));
}

/* --- columns that are named --- */

static void test_named_columns(void **state)
{
    (void)state;
    static const char *const names[] = {"id", "-", "sn", NULL};
    static const Case without[] = {
        {"every row is a record", "id,x,Ant\n1,,\n", 0, "id=id{id=id;sn=Ant;} id=1{id=1;} end"},
        {"nothing at all", "", 0, "end"},
        {"too few", "1,2\n", 0, "bad end"},
        {"only the column left out", ",2,\n", 0, "bad end"},
    };
    static const Case with[] = {
        {"header is passed over", "Straße;!,\"\n\",?\n1,x,Ant\n", 0, "id=1{id=1;sn=Ant;} end"},
        {"header of fewer columns", "a,b\n1,x,Ant\n", 0, "failed"},
        {"header of more columns", "a,b,c,d\n1,x,Ant\n", 0, "failed"},
        {"header is missing", "", 0, "failed"},
    };
    const CsvFormat bare = {.columns = names}, headed = {.columns = names, .header = true};
    run_cases(without, G_N_ELEMENTS(without), &bare);
    run_cases(with, G_N_ELEMENTS(with), &headed);
}

static void test_formats_that_cannot_be(void **state)
{
    (void)state;
    static const char *const none[] = {NULL}, *const wrong[] = {"id", "given name", NULL};
    const CsvFormat formats[] = {
        {.header = false},
        {.columns = none},
        {.columns = wrong},
        {.header = true, .delimiter = '"'},
        {.header = true, .delimiter = 'x'},
        {.header = true, .separator = '\n'},
        {.header = true, .separator = ','},
        {.header = true, .delimiter = ';', .separator = ';'},
        {.header = true, .encoding = "klingon"},
        {.header = true, .encoding = "utf-7"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(csv_reader_new_memory("", 0, "test.csv", &formats[i], &error));
        assert_true(error_is(error, ERROR_DEFINITION));
    }
    static const char *const bad_names[] = {"", "1a", "-a", "a b", "a;b", "\xC3\xBC"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad_names); i++)
        assert_false(csv_is_column(bad_names[i]));
    assert_true(csv_is_column("id") && csv_is_column("E-mail2"));
}

/* --- encodings --- */

typedef struct {
    const char *what, *encoding, *text;
    size_t len;
    const char *trace;
} EncodingCase;

static const EncodingCase encoding_cases[] = {
    {"Latin-1", "iso-8859-1", BYTES("sn\nM\xFCller\n"), "sn=M\xC3\xBCller{sn=M\\c3\\bcller;} end"},
    {"in capitals", "Windows-1252", BYTES("sn\n\x80\n"), "sn=\xE2\x82\xAC{sn=\\e2\\82\\ac;} end"},
    {"a row that cannot be converted", "windows-1252", BYTES("sn\n\x81\nb\n"), "bad sn=b{sn=b;} end"},
    {"UTF-16LE with its mark", "utf-16le", BYTES("\xFF\xFEs\0n\0\n\0\xFC\0\n\0"),
     "sn=\xC3\xBC{sn=\\c3\\bc;} end"},
    {"UTF-16BE with its mark", "utf-16be", BYTES("\xFE\xFF\0s\0n\0\n\0\xFC\0\n"),
     "sn=\xC3\xBC{sn=\\c3\\bc;} end"},
    {"characters that only look like line ends", "utf-16le", BYTES("s\0n\0\n\0\x0A\x0A\n\0"),
     "sn=\xE0\xA8\x8A{sn=\\e0\\a8\\8a;} end"},
    {"half of a unit at the end", "utf-16le", BYTES("s\0n\0\n\0b\0\n\0c"), "sn=b{sn=b;} bad end"},
    {"the other order", "utf-16le", BYTES("\xFE\xFF\0s\0n\0\n"), "failed"},
    {"the other order", "utf-16be", BYTES("\xFF\xFEs\0n\0\n\0"), "failed"},
    {"UTF-16 that nobody said", NULL, BYTES("\xFF\xFEs\0n\0\n\0"), "failed"},
    {"UTF-16 that nobody said", "utf-8", BYTES("\xFE\xFF\0s\0n\0\n"), "failed"},
};

static void test_encodings(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(encoding_cases); i++) {
        const EncodingCase *c = &encoding_cases[i];
        const CsvFormat format = {.header = true, .encoding = c->encoding};
        assert_trace(c->what, c->text, c->len, &format, c->trace);
        assert_trace_in_pieces(c->what, c->text, c->len, &format, c->trace);
    }
}

/* --- what errors say --- */

typedef struct {
    const char *text;
    size_t len;
    const char *errors;
} ErrorCase;

static const ErrorCase error_cases[] = {
    {"id,sn\n1\n", 0, "test.csv:2:2: 1 fields, there are 2 columns\n"},
    {"id,sn\n1,Ant,x\n", 0, "test.csv:2:7: more fields than the 2 columns\n"},
    {"id,sn\n\xC3\xBC\xC3\xBC,\xE2\x82\xAC,x\n", 0, "test.csv:2:6: more fields than the 2 columns\n"},
    {"id,sn\n\"1\n2\r\n3\r4\",\"5\n6\",x\n7\n", 0,
     "test.csv:6:4: more fields than the 2 columns\ntest.csv:7:2: 1 fields, there are 2 columns\n"},
    {"id,sn\n\xC3\xBC,M\xFC\n", 0, "test.csv:2:4: bytes that are not UTF-8"},
    {BYTES("id,sn\n1,\0\n"), "test.csv:2:3: a NUL byte"},
    {"id,sn\n1,A\"\n", 0, "test.csv:2:4: a quote in a field that does not begin with one"},
    {"id,sn\n\"1\n\",\"A\"x\n", 0, "test.csv:3:6: text behind the closing quote"},
    {"id,sn\n1,Ant\n\n2,\"B\n\n", 0, "test.csv:4:3: the quotes that open here are never closed"},
    {"id,,sn\n,x,\n", 0, "test.csv:2:1: no value in any column that has a name"},
    {"", 0, "test.csv: no header"},
    {"\nid;sn\n", 0,
     "test.csv:2:1: the header \"id;sn\" cannot be the name of a column; see whether delimiter=\",\" is "},
    {"id,Stra\xC3\x9F!\n", 0, "test.csv:1:4: the header \"Stra\xC3\x9F!\" cannot be the name of a column"},
    {"id,a\"\n", 0, "test.csv:1:5: a quote in a field"},
    {"\xFF\xFEi", 0, "test.csv: begins with the mark of UTF-16; say encoding=\"utf-16le\""},
    {"\xFE\xFFi", 0, "test.csv: begins with the mark of UTF-16; say encoding=\"utf-16be\""},
    {"\xEF\xBF\xBEid\n", 0, "test.csv:1:1: the header"},
};

static void test_errors_say_where(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true};
    for (size_t i = 0; i < G_N_ELEMENTS(error_cases); i++) {
        const ErrorCase *c = &error_cases[i];
        g_autoptr(CsvReader) reader = memory_reader(c->text, c->len ? c->len : strlen(c->text), &format);
        g_autoptr(GString) errors = g_string_new(NULL);
        g_free(trace_reader(reader, errors));
        if (!g_str_has_prefix(errors->str, c->errors))
            fail_msg("case %zu: %s", i, errors->str);
    }
}

static void test_header_errors_concern_the_source(void **state)
{
    (void)state;
    static const char *const texts[] = {"",         "id;sn\nid\n1\n", "a\"b\nid\n1\n", "\xFF\nid\n1\n",
                                        "\xFF\xFE", "\"id\n"};
    const CsvFormat format = {.header = true};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(CsvReader) reader = memory_reader(texts[i], strlen(texts[i]), &format);
        g_autoptr(GError) error = NULL;
        assert_false(csv_read_header(reader, &error));
        assert_true(error_is(error, ERROR_SOURCE));
        assert_int_equal(csv_skip_entry(reader, NULL), RECORD_FAILED); /* the next row is no header either */
    }
}

static void test_header_has_its_bound(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true};
    g_autoptr(GString) text = g_string_new("a");
    for (int i = 1; i < CSV_MAX_COLUMNS; i++)
        g_string_append(text, ",a");
    g_autoptr(CsvReader) just = memory_reader(text->str, text->len, &format);
    assert_true(csv_read_header(just, NULL));
    g_string_append(text, ",a");
    g_autoptr(CsvReader) over = memory_reader(text->str, text->len, &format);
    g_autoptr(GError) error = NULL;
    assert_false(csv_read_header(over, &error));
    assert_non_null(strstr(error->message, "more than 1000 columns"));
}

/* --- trailer and end --- */

typedef struct {
    const char *text, *trace, *trailer;
    bool at_end;
} EndCase;

static const EndCase end_cases[] = {
    {"id;sn;l\n1;A;\ncount;1\n", "id=1{id=1;sn=A;} end", "count: 1", false},
    {"id;sn;l\n1;A;\ncount;1;\n\n", "id=1{id=1;sn=A;} end", "count: 1", false},
    {"id;sn;l\n1;A;\n\"count\";\"1\"\n", "id=1{id=1;sn=A;} end", "count: 1", false},
    {"id;sn;l\n1;A;\ncount;1", "id=1{id=1;sn=A;} end", "count: 1", true},
    {"id;sn;l\n1;A;\ncount;many\n", "id=1{id=1;sn=A;} end", "count: many", false},
    {"id;sn;l\n1;A;\ncount\n", "id=1{id=1;sn=A;} bad end", NULL, false},
    {"id;sn;l\n1;A;\ncount;1;x\n", "id=1{id=1;sn=A;} id=count{id=count;sn=1;l=x;} end", NULL, false},
    {"id;sn;l\n1;A;\nCount;1;\n", "id=1{id=1;sn=A;} id=Count{id=Count;sn=1;} end", NULL, false},
    {"id;sn;l\ncount;1;\n1;A;\n", "id=1{id=1;sn=A;} end", NULL, false},
    {"id;sn;l\ncount;1;\n1;A\n", "bad end", NULL, false},
    {"id;sn;l\n1;A;", "id=1{id=1;sn=A;} end", NULL, true},
    {"id;sn;l\n1;A;\n", "id=1{id=1;sn=A;} end", NULL, false},
};

static void test_trailer_and_end(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true, .delimiter = ';', .trailer = "count"};
    for (size_t i = 0; i < G_N_ELEMENTS(end_cases); i++) {
        const EndCase *c = &end_cases[i];
        g_autoptr(CsvReader) reader = memory_reader(c->text, strlen(c->text), &format);
        g_autofree char *trace = trace_reader(reader, NULL);
        assert_string_equal(trace, c->trace);
        assert_true(g_strcmp0(csv_reader_trailer(reader), c->trailer) == 0);
        assert_int_equal(csv_reader_at_end(reader), c->at_end);
    }
}

/* --- fingerprints, lines, offsets, decoding later --- */

static Fingerprint fingerprint_of(const char *text, const CsvFormat *format)
{
    g_autoptr(CsvReader) reader = memory_reader(text, strlen(text), format);
    assert_int_equal(csv_skip_entry(reader, NULL), RECORD_GOOD);
    return csv_reader_fingerprint(reader);
}

static void test_fingerprints(void **state)
{
    (void)state;
    static const char *const named[] = {"id", "l", NULL};
    const CsvFormat format = {.header = true}, split = {.header = true, .separator = '|'},
                    other_names = {.header = true, .columns = named};
    Fingerprint one = fingerprint_of("id,sn\n1,Ant\n", &format);
    assert_true(fingerprint_equal(one, fingerprint_of("\xEF\xBB\xBFid,s_n\r\n1,Ant", &format)));
    assert_false(fingerprint_equal(one, fingerprint_of("id,sn\n1,Ann\n", &format)));
    assert_false(fingerprint_equal(one, fingerprint_of("sn,id\n1,Ant\n", &format)));
    assert_false(fingerprint_equal(one, fingerprint_of("id,sn\n1,Ant\n", &split)));
    assert_false(fingerprint_equal(one, fingerprint_of("id,sn\n1,Ant\n", &other_names)));
}

static void test_lines_and_offsets(void **state)
{
    (void)state;
    const char text[] = "id,sn\n\n1,\"A\n\nB\"\n2\n3,C\n";
    static const struct {
        RecordStatus status;
        unsigned long line;
        uint64_t offset;
    } steps[] = {{RECORD_GOOD, 3, 16},
                 {RECORD_BAD, 6, 18},
                 {RECORD_GOOD, 7, 22},
                 {RECORD_END, 7, 22},
                 {RECORD_END, 7, 22}};
    const CsvFormat format = {.header = true};
    g_autoptr(CsvReader) reader = memory_reader(text, sizeof(text) - 1, &format);
    assert_true(csv_read_header(reader, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        assert_int_equal(csv_skip_entry(reader, NULL), steps[i].status);
        assert_int_equal(csv_reader_line(reader), steps[i].line);
        assert_int_equal(csv_reader_offset(reader), steps[i].offset);
    }
}

static void test_decoding_the_last_record(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true};
    g_autoptr(CsvReader) reader = memory_reader(BYTES("id,sn\n1,\"\"\"A\"\n2,B\n"), &format);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(csv_skip_entry(reader, NULL), RECORD_GOOD);
        for (int j = 0; j < 2; j++) {
            g_autoptr(Entry) entry = csv_decode_last(reader, NULL);
            assert_string_equal(entry_dn(entry), i ? "id=2" : "id=1");
            assert_string_equal(entry_attribute(entry, 1)->values[0].data, i ? "B" : "\"A");
        }
    }
}

/* --- what is too large --- */

/* A file of @before, a record of @len times @c, and @after. */
static char *trace_large(const char *before, char c, size_t len, const char *after)
{
    const CsvFormat format = {.header = true};
    g_autoptr(GString) text = g_string_sized_new(len + 100);
    g_string_append(text, before);
    g_string_set_size(text, text->len + len);
    memset(text->str + text->len - len, c, len);
    g_string_append(text, after);
    g_autoptr(CsvReader) reader = memory_reader(text->str, text->len, &format);
    return trace_reader(reader, NULL);
}

static void test_record_that_is_too_long(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after, *trace;
        char c;
    } cases[] = {
        {"id,sn\n1,", "\n2,B\n", "bad id=2{id=2;sn=B;} end", 'x'},
        {"id,sn\n1,\"", "\",\"\n2,B\"\n3,C\n", "bad id=3{id=3;sn=C;} end", '\n'},
        {"id,sn\n1,", "\"\n3,C\"\n4,D\n", "bad id=4{id=4;sn=D;} end", ','},
        {"id,sn\n1,\"", "\n2,B\n", "bad cut", 'x'},
        {"id,sn\n1,\"", "\"\n2,B\n", "bad id=2{id=2;sn=B;} end", '"'},
        {"id,sn\n1,", "", "bad end", 'x'},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        size_t len = CSV_MAX_RECORD + 1000000;
        g_autofree char *trace = trace_large(cases[i].before, cases[i].c, len, cases[i].after);
        if (strcmp(trace, cases[i].trace) != 0)
            fail_msg("case %zu: %s", i, trace);
    }
}

static void test_large_record_is_read(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true};
    const size_t len = 3000000;
    g_autofree char *value = g_strnfill(len, 'x');
    g_autofree char *text = g_strconcat("id,sn\n1,\"", value, "\"\n", NULL);
    g_autoptr(CsvReader) reader = memory_reader(text, strlen(text), &format);
    g_autoptr(Entry) entry = NULL;
    assert_int_equal(csv_read_entry(reader, &entry, NULL), RECORD_GOOD);
    assert_int_equal(entry_attribute(entry, 1)->values[0].len, len);
}

static void test_unreadable_source_fails(void **state)
{
    (void)state;
    const CsvFormat format = {.header = true};
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_autoptr(CsvReader) reader = csv_reader_new(fd, "folder", &format, NULL);
    g_autoptr(GError) error = NULL;
    assert_int_equal(csv_skip_entry(reader, &error), RECORD_FAILED);
    assert_true(error_is(error, ERROR_IO));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bad_rows),
        cmocka_unit_test(test_separator_makes_several_values),
        cmocka_unit_test(test_every_delimiter),
        cmocka_unit_test(test_named_columns),
        cmocka_unit_test(test_formats_that_cannot_be),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_errors_say_where),
        cmocka_unit_test(test_header_errors_concern_the_source),
        cmocka_unit_test(test_header_has_its_bound),
        cmocka_unit_test(test_trailer_and_end),
        cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_lines_and_offsets),
        cmocka_unit_test(test_decoding_the_last_record),
        cmocka_unit_test(test_record_that_is_too_long),
        cmocka_unit_test(test_large_record_is_read),
        cmocka_unit_test(test_unreadable_source_fails),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
