/*
 * test_csv_write.c - rows as the writer writes them, and as the reader reads them back
 *
 * Exact texts for what RFC 4180 and spreadsheets care about, refusals with
 * their reason, and random entries that must come back as they were.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/csv.h"
#include "dirsync/error.h"
#include "dirsync/text_encoder.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const columns[] = {"id", "sn", "mail", NULL};

/* "id=1 sn=Ant mail=a mail=b": one value a word; "~" is a blank. */
static Entry *make_entry(const char *text)
{
    Entry *entry = entry_new("id=1");
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word; word++) {
        char *equals = strchr(*word, '=');
        *equals = '\0';
        g_strdelimit(equals + 1, "~", ' ');
        entry_add_string(entry, *word, equals + 1);
    }
    return entry;
}

typedef struct {
    const char *what, *entry;
    CsvFormat format; /* columns NULL: those above */
    const char *row;  /* without its line end; NULL: refused */
    const char *message;
} WriteCase;

static const char *const twice[] = {"id", "-", "mail", "MAIL", NULL};

static const WriteCase write_cases[] = {
    {"plain", "id=1 sn=Ant mail=a@x", {0}, "1,Ant,a@x", NULL},
    {"a column without a value", "id=1 mail=a@x", {0}, "1,,a@x", NULL},
    {"attributes in any order and case", "MAIL=a@x ID=1", {0}, "1,,a@x", NULL},
    {"the delimiter is quoted", "id=1 sn=Ant,~B.", {0}, "1,\"Ant, B.\",", NULL},
    {"another delimiter", "id=1 sn=Ant,~B.", {.delimiter = ';'}, "1;Ant, B.;", NULL},
    {"quotes are doubled", "id=1 sn=\"Ant\"", {0}, "1,\"\"\"Ant\"\"\",", NULL},
    {"line ends are quoted", "id=1 sn=A\nB mail=C\r", {0}, "1,\"A\nB\",\"C\r\"", NULL},
    {"blanks are not", "id=1 sn=~A~", {0}, "1, A ,", NULL},
    {"several values", "id=1 mail=a mail=b", {.separator = '|'}, "1,,a|b", NULL},
    {"several values in columns of one name", "id=1 mail=a mail=b", {.columns = twice}, "1,,a,b", NULL},
    {"and more than columns",
     "id=1 mail=a mail=b mail=c",
     {.columns = twice, .separator = '|'},
     "1,,a,b|c",
     NULL},
    {"a formula as it is", "id=1 sn==1+1", {0}, "1,=1+1,", NULL},
    {"a formula guarded", "id=1 sn==1+1", {.guard_formulas = true}, "1,'=1+1,", NULL},
    {"every value guarded",
     "id=1 mail=-a mail=@b",
     {.guard_formulas = true, .separator = '|'},
     "1,,'-a|'@b",
     NULL},
    {"guarded and quoted", "id=1 sn=\tA mail=\rB", {.guard_formulas = true}, "1,'\tA,\"'\rB\"", NULL},
    {"what looks guarded is guarded", "id=1 sn='+1 mail='a", {.guard_formulas = true}, "1,''+1,'a", NULL},
    {"a mark at the beginning is no mark of the file",
     "id=\xEF\xBB\xBF"
     "1",
     {0},
     "\"\xEF\xBB\xBF"
     "1\",,",
     NULL},
    {"objectClass has no column", "id=1 objectClass=person", {0}, "1,,", NULL},
    {"the trailer's word with more behind it", "id=count mail=a", {.trailer = "count"}, "count,,a", NULL},

    {"no key", "sn=Ant", {0}, NULL, "f.csv: id=1: column id: no value"},
    {"no value in the key of the definition", "id=1 sn=Ant", {.key = "mail"}, NULL, "column mail: no value"},
    {"no column", "id=1 l=Rome", {0}, NULL, "f.csv: id=1: column l: there is no such column"},
    {"several values without a separator", "id=1 mail=a mail=b", {0}, NULL, "column mail: several values"},
    {"more values than columns",
     "id=1 mail=a mail=b mail=c",
     {.columns = twice},
     NULL,
     "column MAIL: several"},
    {"the separator in a value",
     "id=1 sn=A|B",
     {.separator = '|'},
     NULL,
     "column sn: the value holds the separator"},
    {"an empty value", "id=1 sn=", {0}, NULL, "column sn: an empty value"},
    {"not in the encoding",
     "id=1 sn=M\xC3\xBC\xE2\x82\xAC",
     {.encoding = "iso-8859-1"},
     NULL,
     "column sn: the encoding iso-8859-1 has no \"\xE2\x82\xAC\""},
    {"in another encoding it is",
     "id=1 sn=\xE2\x82\xAC",
     {.encoding = "windows-1252"},
     "1,\xE2\x82\xAC,",
     NULL},
    {"not text", "id=1 sn=\xFF", {0}, NULL, "column sn: the value is not text"},
    {"looks like the trailer",
     "id=count sn=3",
     {.trailer = "count"},
     NULL,
     "column id: the row would be taken for the trailer"},
};

static void check_write(const WriteCase *c)
{
    CsvFormat format = c->format;
    g_autoptr(GError) error = NULL;
    g_autoptr(Entry) entry = make_entry(c->entry);
    g_autoptr(GString) row = g_string_new("before");
    format.columns = format.columns ? format.columns : columns;
    g_autoptr(CsvWriter) writer = csv_writer_new("f.csv", &format, &error);
    assert_non_null(writer);
    bool good = csv_check_entry(writer, entry, &error) && csv_write_entry(writer, entry, row, &error);
    g_autofree char *wanted = g_strdup_printf("before%s%s", c->row ? c->row : "", c->row ? "\r\n" : "");
    if (good != (c->row != NULL) || strcmp(row->str, wanted) != 0)
        fail_msg("%s: \"%s\" %s", c->what, row->str, error ? error->message : "");
    if (!good && (!error_is(error, ERROR_INVALID) || !strstr(error->message, c->message)))
        fail_msg("%s: %s", c->what, error->message);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(write_cases); i++)
        check_write(&write_cases[i]);
}

/* Entries that were there before the columns changed keep what has a column. */
static void test_writing_leaves_out_what_has_no_column(void **state)
{
    (void)state;
    CsvFormat format = {.columns = columns};
    g_autoptr(CsvWriter) writer = csv_writer_new("f.csv", &format, NULL);
    g_autoptr(Entry) entry = make_entry("id=1 l=Rome sn=Ant");
    g_autoptr(GString) row = g_string_new(NULL);
    assert_true(csv_write_entry(writer, entry, row, NULL));
    assert_string_equal(row->str, "1,Ant,\r\n");
}

typedef struct {
    CsvFormat format;
    const char *text; /* header and trailer of three records */
} FrameCase;

static const FrameCase frame_cases[] = {
    {{.header = true}, "id,sn,mail\r\n"},
    {{.header = false}, ""},
    {{.header = true, .trailer = "count", .delimiter = ';'}, "id;sn;mail\r\ncount;3;\r\n"},
    {{.header = true, .columns = twice}, "id,,mail,MAIL\r\n"},
    {{.header = true, .encoding = "utf-16le"}, "\xEF\xBB\xBFid,sn,mail\r\n"},
    {{.header = false, .encoding = "UTF-16BE"}, "\xEF\xBB\xBF"},
};

static void test_header_and_trailer(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(frame_cases); i++) {
        CsvFormat format = frame_cases[i].format;
        g_autoptr(GString) text = g_string_new(NULL);
        format.columns = format.columns ? format.columns : columns;
        g_autoptr(CsvWriter) writer = csv_writer_new("f.csv", &format, NULL);
        csv_write_header(writer, text);
        csv_write_trailer(writer, 3, text);
        assert_string_equal(text->str, frame_cases[i].text);
    }
}

static void test_formats_that_cannot_be_written(void **state)
{
    (void)state;
    static const char *const nothing[] = {"-", NULL}, *const bad[] = {"a b", NULL};
    const CsvFormat formats[] = {
        {.header = true},
        {.columns = nothing},
        {.columns = bad},
        {.columns = columns, .encoding = "ebcdic"},
        {.columns = columns, .delimiter = '|', .separator = '|'},
        {.columns = columns, .separator = '\'', .guard_formulas = true},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(csv_writer_new("f.csv", &formats[i], &error));
        assert_true(error_is(error, ERROR_DEFINITION));
    }
}

/* --- there and back --- */

static const char *const pieces[] = {
    "a",
    "Z",
    "1",
    " ",
    "\"",
    "\"\"",
    ",",
    ";",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "'",
    "''",
    "=",
    "+",
    "-",
    "@",
    "count",
    "\xC3\xBC",
    "\xE2\x82\xAC",
    "\xF0\x9F\x98\x80",
    "\xEF\xBB\xBF",
    "\xC2\x85",
    "\xEF\xBF\xBE",
};

static void add_random_value(Entry *entry, const char *column)
{
    g_autoptr(GString) value = g_string_new(NULL);
    for (int n = rand() % 5; n >= 0; n--)
        g_string_append(value, pieces[(size_t)rand() % G_N_ELEMENTS(pieces)]);
    entry_add(entry, column, value->str, value->len);
}

static Entry *random_entry(bool several)
{
    Entry *entry = entry_new("id=1");
    for (size_t i = 0; columns[i]; i++)
        for (int n = several ? rand() % 3 : rand() % 2; n > 0 || (i == 0 && n == 0); n--)
            add_random_value(entry, columns[i]);
    return entry;
}

static CsvFormat random_format(void)
{
    static const char *const encodings[] = {NULL,           "utf-8",    "iso-8859-1",
                                            "windows-1252", "utf-16le", "utf-16be"};
    return (CsvFormat){.delimiter = ",;\t'"[rand() % 4],
                       .separator = rand() % 2 ? '|' : '\0',
                       .encoding = encodings[rand() % 6],
                       .header = rand() % 2,
                       .columns = columns,
                       .trailer = rand() % 2 ? "count" : NULL,
                       .key = rand() % 2 ? "id" : NULL,
                       .guard_formulas = rand() % 2};
}

static void check_same_values(const Entry *written, const Entry *read)
{
    assert_int_equal(entry_n_attributes(read), entry_n_attributes(written));
    for (size_t i = 0; i < entry_n_attributes(written); i++) {
        const Attribute *a = entry_attribute(written, i);
        gssize at = entry_index(read, a->name);
        assert_true(at >= 0);
        const Attribute *b = entry_attribute(read, (size_t)at);
        assert_int_equal(a->n_values, b->n_values);
        for (size_t j = 0; j < a->n_values; j++) {
            assert_int_equal(a->values[j].len, b->values[j].len);
            assert_memory_equal(a->values[j].data, b->values[j].data, a->values[j].len);
        }
    }
}

/* Reads @bytes, which hold the entries and nothing else. */
static void check_back(const GString *bytes, const CsvFormat *format, const GPtrArray *entries)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvReader) reader = csv_reader_new_memory(bytes->str, bytes->len, "f.csv", format, &error);
    assert_non_null(reader);
    for (guint i = 0; i < entries->len; i++) {
        Entry *read = NULL;
        if (csv_read_entry(reader, &read, &error) != RECORD_GOOD)
            fail_msg("record %u: %s", i, error ? error->message : "the end");
        check_same_values(entries->pdata[i], read);
        entry_free(read);
    }
    assert_int_equal(csv_skip_entry(reader, NULL), RECORD_END);
    g_autofree char *trailer = g_strdup_printf("count: %u", entries->len);
    if (format->trailer)
        assert_string_equal(csv_reader_trailer(reader), trailer);
}

static void write_random_file(void)
{
    CsvFormat format = random_format();
    g_autoptr(CsvWriter) writer = csv_writer_new("f.csv", &format, NULL);
    g_autoptr(TextEncoder) encoder = text_encoder_new(format.encoding, NULL);
    g_autoptr(GString) text = g_string_new(NULL), bytes = g_string_new(NULL);
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    csv_write_header(writer, text);
    for (int n = rand() % 6; n > 0; n--) {
        Entry *entry = random_entry(format.separator != '\0');
        if (csv_check_entry(writer, entry, NULL)) {
            assert_true(csv_write_entry(writer, entry, text, NULL));
            g_ptr_array_add(entries, entry);
        } else {
            entry_free(entry);
        }
    }
    csv_write_trailer(writer, entries->len, text);
    assert_true(text_encoder_append(encoder, text->str, text->len, bytes, NULL));
    check_back(bytes, &format, entries);
}

static void test_random_entries_come_back(void **state)
{
    (void)state;
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    srand(seed);
    for (int i = 0; i < 5000; i++)
        write_random_file();
}

/* --- the key and the guard in the reader --- */

static void test_key_names_the_record(void **state)
{
    (void)state;
    static const char text[] = "sn,id,mail\nAnt,1,a\nBee,,b\nCat,'=3,\n";
    CsvFormat format = {.header = true, .key = "ID", .guard_formulas = true};
    g_autoptr(CsvReader) reader = csv_reader_new_memory(text, strlen(text), "f.csv", &format, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Entry) first = NULL, third = NULL;
    Entry *none;
    assert_int_equal(csv_read_entry(reader, &first, NULL), RECORD_GOOD);
    assert_string_equal(entry_dn(first), "id=1");
    assert_int_equal(csv_read_entry(reader, &none, &error), RECORD_BAD);
    assert_string_equal(error->message, "f.csv:3:1: no value in the column ID");
    assert_int_equal(csv_read_entry(reader, &third, NULL), RECORD_GOOD);
    assert_string_equal(entry_dn(third), "id=\\=3");
}

static void test_key_that_is_no_column(void **state)
{
    (void)state;
    static const char text[] = "sn,mail\nAnt,a\n";
    CsvFormat format = {.header = true, .key = "id"};
    g_autoptr(CsvReader) reader = csv_reader_new_memory(text, strlen(text), "f.csv", &format, NULL);
    g_autoptr(GError) error = NULL;
    assert_false(csv_read_header(reader, &error));
    assert_true(error_is(error, ERROR_SOURCE));
    assert_non_null(strstr(error->message, "f.csv: no column is named id"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_writing_leaves_out_what_has_no_column),
        cmocka_unit_test(test_header_and_trailer),
        cmocka_unit_test(test_formats_that_cannot_be_written),
        cmocka_unit_test(test_random_entries_come_back),
        cmocka_unit_test(test_key_names_the_record),
        cmocka_unit_test(test_key_that_is_no_column),
    };
    return cmocka_run_group_tests_name("csv_write", tests, NULL, NULL);
}
