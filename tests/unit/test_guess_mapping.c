/*
 * test_guess_mapping.c - mappings for CSV files that others have made
 *
 * A case is a file, byte for byte, what each of its columns is taken for, and
 * what the mapping makes of its first row: as a contact and as an account. Every
 * mapping is valid and can be loaded.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/csv.h"
#include "dirsync/guess_mapping.h"
#include "dirsync/mapping.h"

#include <string.h>
#include <unistd.h>

#define BYTES(text) text, sizeof(text) - 1

typedef struct {
    const char *name;
    const char *bytes;
    size_t len;
    const char *format;  /* "utf-8 ; | columns" */
    const char *columns; /* "title: role\n" of each */
    const char *anchor;  /* column; NULL none */
    const char *made; /* "attribute: value\n" of the first row as a contact; NULL: no mapping comes of it */
    const char *account; /* what an account has besides; NULL: not looked at */
} GuessCase;

static char *write_file(const GuessCase *spec)
{
    char *path = g_strdup("/tmp/dirsync-guess-XXXXXX");
    g_autoptr(GError) error = NULL;
    close(g_mkstemp(path));
    if (!g_file_set_contents(path, spec->bytes, (gssize)spec->len, &error))
        fail_msg("%s", error->message);
    return path;
}

static char *format_text(const MappingGuess *guess)
{
    return g_strdup_printf("%s %s%s%c%s", guess->csv.encoding ? guess->csv.encoding : "utf-8",
                           guess->csv.delimiter == '\t' ? "tab" : (char[]){guess->csv.delimiter, '\0'},
                           guess->csv.separator ? " " : "", guess->csv.separator ? guess->csv.separator : ' ',
                           guess->csv.header ? "" : "no header");
}

static char *columns_text(const MappingGuess *guess)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < guess->n; i++)
        g_string_append_printf(
            text, "%s: %s\n", guess->columns[i].title,
            guess->columns[i].role == ROLE_NONE ? "-" : guess_roles[guess->columns[i].role].name);
    return g_string_free(text, FALSE);
}

static Entry *first_row(const MappingGuess *guess, const GuessCase *spec)
{
    CsvFormat format = {.delimiter = guess->csv.delimiter,
                        .separator = guess->csv.separator,
                        .encoding = guess->csv.encoding,
                        .header = guess->csv.header,
                        .columns = guess->csv.is_plain ? NULL : (const char *const *)guess->csv.names};
    g_autoptr(GError) error = NULL;
    g_autoptr(CsvReader) reader = csv_reader_new_memory(spec->bytes, spec->len, "case", &format, &error);
    Entry *entry = NULL;
    if (!reader || csv_read_entry(reader, &entry, &error) != RECORD_GOOD)
        fail_msg("the first row: %s", error ? error->message : "none");
    return entry;
}

static char *entry_text(const Entry *entry)
{
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        for (size_t j = 0; j < attribute->n_values && strcmp(attribute->name, "objectClass") != 0; j++)
            g_string_append_printf(text, "%s: %s\n", attribute->name, attribute->values[j].data);
    }
    return g_string_free(text, FALSE);
}

static void check_made(const MappingGuess *guess, const GuessCase *spec, RecipientAs as, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Entry) row = first_row(guess, spec);
    const RecipientAs wanted[OF_KINDS] = {[OF_PERSON] = as};
    g_autoptr(Mapping) mapping =
        mapping_load_memory(guess->text, strlen(guess->text), "guessed.xml", MAPPING_IMPORT, &error);
    if (!mapping)
        fail_msg("the mapping cannot be loaded: %s\n%s", error->message, guess->text);
    int index = -1;
    assert_true(mapping_choose(mapping, wanted, schema_standard(), row, &index, &error));
    g_autoptr(Entry) made = mapping_apply(mapping, (size_t)index, NULL, schema_standard(), row, &error);
    if (!made)
        fail_msg("the first row cannot be mapped: %s", error->message);
    g_autofree char *text = entry_text(made);
    g_auto(GStrv) lines = g_strsplit(expected, "\n", 0);
    if (as == AS_CONTACT)
        assert_string_equal(text, expected);
    for (char **line = lines; *line && as != AS_CONTACT; line++)
        if (!strstr(text, *line))
            fail_msg("not made: %s\nbut:\n%s", *line, text);
}

static void check(void **state)
{
    const GuessCase *spec = *state;
    g_autofree char *path = write_file(spec);
    g_autoptr(GError) error = NULL;
    g_autoptr(MappingGuess) guess = guess_mapping(path, &error);
    unlink(path);
    if (!guess)
        fail_msg("%s", error->message);
    g_autofree char *format = format_text(guess);
    g_autofree char *columns = columns_text(guess);
    assert_string_equal(g_strchomp(format), spec->format);
    assert_string_equal(columns, spec->columns);
    assert_string_equal(guess->anchor ? guess->anchor->name : "", spec->anchor ? spec->anchor : "");
    if (spec->made)
        check_made(guess, spec, AS_CONTACT, spec->made);
    if (spec->account)
        check_made(guess, spec, AS_USER, spec->account);
}

static GuessCase cases[] = {
    {"Exchange: aliases with types in one field, semicolons within commas",
     BYTES("\xef\xbb\xbf"
           "Display Name,First Name,Last Name,Primary SMTP Address,EmailAddresses,LegacyExchangeDN,Alias,"
           "SamAccountName,ObjectGUID,Phone,Manager\r\n"
           "\"Ash, Ann\",Ann,Ash,ann@globex.example,"
           "smtp:old@globex.example;SMTP:ann@globex.example;X500:/o=old/cn=ann;SIP:ann@globex.example,"
           "/o=Globex/cn=ann,ann,aash,0a1b2c3d-0000-4000-8000-000000000001,+49 30 1234-5,"
           "\"cn=Boss,o=globex\"\r\n"
           "\"Oak, Bob\",Bob,Oak,bob@globex.example,SMTP:bob@globex.example,/o=Globex/cn=bob,bob,boak,"
           "0a1b2c3d-0000-4000-8000-000000000002,,\r\n"),
     "utf-8 , ;",
     "Display Name: display name\nFirst Name: given name\nLast Name: surname\n"
     "Primary SMTP Address: mail address\nEmailAddresses: further addresses\n"
     "LegacyExchangeDN: legacyExchangeDN\nAlias: alias\nSamAccountName: log-in\nObjectGUID: identity\n"
     "Phone: telephone\nManager: manager\n",
     "ObjectGUID",
     "cn: Ash, Ann\n"
     "displayName: Ash, Ann\nmail: ann@globex.example\ntargetAddress: SMTP:ann@globex.example\n"
     "proxyAddresses: SMTP:ann@globex.example\nproxyAddresses: smtp:old@globex.example\n"
     "proxyAddresses: x500:/o=old/cn=ann\nproxyAddresses: x500:/o=Globex/cn=ann\nmailNickname: ann\n"
     "givenName: Ann\ntelephoneNumber: +49 30 1234-5\nsn: Ash\n",
     "uid: aash\nsn: Ash\ncn: Ash, Ann\n"},
    {"German, windows-1252, semicolons, a password",
     BYTES("Personalnr.;Vorname;Nachname;E-Mail (gesch\xe4"
           "ftlich);Telefon gesch\xe4"
           "ftlich;Handy;Stra\xdf"
           "e;"
           "PLZ;Ort;Abteilung;Kennwort\n"
           "17;J\xfcrgen;Wei\xdf;jw@globex.example;030 123456;0170 123456;Ring 1;10115;K\xf6ln;IT;geheim\n"
           "18;Ann;Ash;aa@globex.example;030 123457;;Ring 2;10115;K\xf6ln;IT;geheim\n"),
     "windows-1252 ;",
     "Personalnr.: employee number\nVorname: given name\nNachname: surname\n"
     "E-Mail (geschäftlich): mail address\nTelefon geschäftlich: telephone\nHandy: mobile telephone\n"
     "Straße: street\nPLZ: postal code\nOrt: city\nAbteilung: department\nKennwort: password\n",
     "Personalnr",
     "cn: Jürgen Weiß\n"
     "displayName: Jürgen Weiß\nmail: jw@globex.example\ntargetAddress: SMTP:jw@globex.example\n"
     "proxyAddresses: SMTP:jw@globex.example\nmailNickname: jw\nemployeeNumber: 17\ngivenName: Jürgen\n"
     "telephoneNumber: 030 123456\nmobile: 0170 123456\nstreet: Ring 1\npostalCode: 10115\nl: Köln\n"
     "sn: Weiß\ndepartment: IT\n",
     "uid: jw\nou: IT\n"},
    {"French, UTF-16, tabs",
     BYTES("\xff\xfeN\0o\0m\0\t\0P\0r\0\xe9\0n\0o\0m\0\t\0C\0o\0u\0r\0r\0i\0e\0l\0\n\0"
           "A\0s\0h\0\t\0A\0n\0n\0\t\0a\0@\0g\0.\0e\0x\0\n\0"),
     "utf-16le tab", "Nom: surname\nPrénom: given name\nCourriel: mail address\n", "Courriel",
     "cn: Ann Ash\n"
     "displayName: Ann Ash\nmail: a@g.ex\ntargetAddress: SMTP:a@g.ex\nproxyAddresses: SMTP:a@g.ex\n"
     "mailNickname: a\ngivenName: Ann\nsn: Ash\n",
     "uid: a\n"},
    {"without a header: by what the values look like",
     BYTES("1007,Ann Ash,ann@globex.example,+49 30 12345\n1008,Bob Oak,bob@globex.example,+49 30 12346\n"),
     "utf-8 , no header", "column 1: -\ncolumn 2: -\ncolumn 3: mail address\ncolumn 4: telephone\n",
     "column3",
     "cn: ann@globex.example\n"
     "displayName: ann@globex.example\nmail: ann@globex.example\n"
     "targetAddress: SMTP:ann@globex.example\nproxyAddresses: SMTP:ann@globex.example\nmailNickname: ann\n"
     "telephoneNumber: +49 30 12345\n",
     "sn: ann@globex.example\n"},
    {"several addresses, and their separator in a name too: nothing is taken apart that should not be",
     BYTES("name,mail,proxyAddresses\n\"Ash; Ann\",a@b.example,smtp:x@b.example;SMTP:a@b.example\n"
           "Bob,c@b.example,smtp:y@b.example;SMTP:c@b.example\n"),
     "utf-8 ,", "name: display name\nmail: mail address\nproxyAddresses: -\n", "mail",
     "cn: Ash; Ann\ndisplayName: Ash; Ann\nmail: a@b.example\ntargetAddress: SMTP:a@b.example\n"
     "proxyAddresses: SMTP:a@b.example\nmailNickname: a\n",
     NULL},
    {"titles that say nothing; a second mail address is a further one",
     BYTES("k1;k2;k3\nx;ann@globex.example;a2@globex.example\nx;bob@globex.example;\n"), "utf-8 ;",
     "k1: -\nk2: mail address\nk3: further addresses\n", "k2",
     "cn: ann@globex.example\n"
     "displayName: ann@globex.example\nmail: ann@globex.example\n"
     "targetAddress: SMTP:ann@globex.example\nproxyAddresses: SMTP:ann@globex.example\n"
     "proxyAddresses: smtp:a2@globex.example\nmailNickname: ann\n",
     NULL},
    {"a title is not believed when the values say something else",
     BYTES("id,mail,phone\n1,Room 7,ann@globex.example\n2,Room 8,bob@globex.example\n"), "utf-8 ,",
     "id: identity\nmail: -\nphone: mail address\n", "id",
     "cn: ann@globex.example\n"
     "displayName: ann@globex.example\nmail: ann@globex.example\n"
     "targetAddress: SMTP:ann@globex.example\nproxyAddresses: SMTP:ann@globex.example\nmailNickname: ann\n",
     NULL},
    {"nobody is unique, columns without a title and empty ones go nowhere",
     BYTES("name,,mail,fax\nAnn,7,a@globex.example,\nAnn,8,a@globex.example,\n"), "utf-8 ,",
     "name: display name\n: -\nmail: mail address\nfax: -\n", NULL,
     "cn: Ann\n"
     "displayName: Ann\nmail: a@globex.example\ntargetAddress: SMTP:a@globex.example\n"
     "proxyAddresses: SMTP:a@globex.example\nmailNickname: a\n",
     NULL},
    {"what would break XML or a terminal",
     BYTES("\"E--Mail <b>&\"\"\x1b\";\"Name--\"\na@globex.example;Ann\n"), "utf-8 ;",
     "E--Mail <b>&\"\x1b: mail address\nName--: display name\n", "E-Mailb",
     "cn: Ann\n"
     "displayName: Ann\nmail: a@globex.example\ntargetAddress: SMTP:a@globex.example\n"
     "proxyAddresses: SMTP:a@globex.example\nmailNickname: a\n",
     NULL},
    {"two titles that differ in what a name cannot hold",
     BYTES("K+,K#,mail\nx,y,a@b.example\nx,y,c@b.example\n"), "utf-8 ,", "K+: -\nK#: -\nmail: mail address\n",
     "mail",
     "cn: a@b.example\n"
     "displayName: a@b.example\nmail: a@b.example\ntargetAddress: SMTP:a@b.example\n"
     "proxyAddresses: SMTP:a@b.example\nmailNickname: a\n",
     NULL},
};

static void test_no_mail_no_mapping(void **state)
{
    GuessCase spec = {.bytes = "name;room\nAnn;7\n", .len = strlen("name;room\nAnn;7\n")};
    g_autofree char *path = write_file(&spec);
    g_autoptr(GError) error = NULL;
    (void)state;
    g_autoptr(MappingGuess) guess = guess_mapping(path, &error);
    assert_null(guess);
    assert_true(error_is(error, ERROR_SOURCE));
    assert_non_null(strstr(error->message, "no column"));
    unlink(path);
}

static void test_an_empty_file(void **state)
{
    GuessCase spec = {.bytes = "", .len = 0};
    g_autofree char *path = write_file(&spec);
    g_autoptr(GError) error = NULL;
    (void)state;
    assert_null(guess_mapping(path, &error));
    assert_true(error_is(error, ERROR_SOURCE));
    unlink(path);
}

/* The encoding is that of the whole file, which is read in blocks of 64 KiB. */
static void test_a_character_across_two_blocks(void **state)
{
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        g_autoptr(GString) text = g_string_new("mail;name\n");
        while (text->len < 65536 - 64)
            g_string_append(text, "a@b.example;Ann\n");
        while (text->len < 65536 - shift)
            g_string_append_c(text, 'x');
        g_string_append(text, "\xf0\x9f\x98\x80;Z\xc3\xbc\n");
        GuessCase good = {.bytes = text->str, .len = text->len};
        g_autofree char *path = write_file(&good);
        g_auto(CsvGuess) guess = {0};
        assert_true(csv_guess(path, &guess, NULL));
        assert_null(guess.encoding);
        csv_guess_clear(&guess);
        text->str[text->len - 2] = 'x'; /* the last character is cut */
        assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
        assert_true(csv_guess(path, &guess, NULL));
        assert_string_equal(guess.encoding, "windows-1252");
        unlink(path);
    }
}

static void test_edits_are_not_written_over(void **state)
{
    GuessCase spec = {.bytes = "mail\na@b.example\n", .len = strlen("mail\na@b.example\n")};
    g_autofree char *path = write_file(&spec);
    g_autoptr(GError) error = NULL;
    g_autofree char *before = NULL;
    (void)state;
    g_autoptr(MappingGuess) guess = guess_mapping(path, &error);
    assert_non_null(guess);
    assert_false(guess_mapping_write(guess, path, &error));
    assert_true(error_is(error, ERROR_IO));
    assert_true(g_file_get_contents(path, &before, NULL, NULL));
    assert_string_equal(before, spec.bytes);
    unlink(path);
}

static void test_titles_are_known_once(void **state)
{
    (void)state;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int role = 0; role < ROLES; role++) {
        g_auto(GStrv) titles = g_strsplit(guess_roles[role].titles, " ", 0);
        for (char **title = titles; *title; title++) {
            g_autofree char *folded = csv_guess_fold(*title);
            assert_string_equal(folded, *title);
            if (!g_hash_table_add(seen, g_strdup(*title)))
                fail_msg("%s stands there twice", *title);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_no_mail_no_mapping),
        cmocka_unit_test(test_an_empty_file),
        cmocka_unit_test(test_a_character_across_two_blocks),
        cmocka_unit_test(test_edits_are_not_written_over),
        cmocka_unit_test(test_titles_are_known_once),
    };
    struct CMUnitTest tests[G_N_ELEMENTS(cases) + G_N_ELEMENTS(others)];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){cases[i].name, check, NULL, NULL, &cases[i]};
    memcpy(tests + G_N_ELEMENTS(cases), others, sizeof others);
    return cmocka_run_group_tests_name("guess_mapping", tests, NULL, NULL);
}
