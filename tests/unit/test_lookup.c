/*
 * test_lookup.c - what is answered to whom who looks up, in both protocols, byte by byte
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/lookup/protocol.h"
#include "tests/lab/lookup_index.h"

#include <glib/gstdio.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *folder, *path;
    Service service;
} Fixture;

static int set_up(void **state)
{
    static const char *const domains[] = {"acme.example", NULL};
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->folder = g_dir_make_tmp("lookup-XXXXXX", NULL);
    fixture->path = g_build_filename(fixture->folder, "acme.home.db", NULL);
    fixture->service.lookup = lookup_new(fixture->path, domains);
    *state = fixture;
    return 0;
}

static int set_up_people(void **state)
{
    set_up(state);
    lookup_index_make(((Fixture *)*state)->path, lookup_people);
    return 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;
    lookup_free(fixture->service.lookup);
    lookup_index_remove(fixture->path);
    assert_int_equal(g_rmdir(fixture->folder), 0);
    g_free(fixture->path);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

/* What comes for a stream, if it comes in one piece; "|" at the end: the connection is closed. g_free(). */
static char *converse(const Fixture *fixture, const Protocol *protocol, const char *stream, size_t len)
{
    GString *out = g_string_new(NULL);
    Request request;
    Taken taken = TAKE_MORE;
    bool goes_on = true;
    while (goes_on && len && (taken = protocol->take(stream, len, &request)) == TAKE_REQUEST) {
        goes_on = protocol->answer(&fixture->service, &request, out);
        stream += request.used;
        len -= request.used;
    }
    if (len && goes_on && taken == TAKE_BROKEN) {
        protocol->complain(out);
        goes_on = false;
    }
    if (!goes_on)
        g_string_append_c(out, '|');
    lookup_end(fixture->service.lookup);
    return g_string_free(out, FALSE);
}

static char *ask_line(const Fixture *fixture, const char *line)
{
    g_autofree char *stream = g_strconcat(line, "\n", NULL);
    return converse(fixture, &protocol_lines, stream, strlen(stream));
}

static char *ask_map(const Fixture *fixture, const char *question)
{
    g_autofree char *stream = g_strdup_printf("%zu:%s,", strlen(question), question);
    return converse(fixture, &protocol_socketmap, stream, strlen(stream));
}

/* --- the line protocol --- */

#define JANE                                                                                                 \
    "OK\tid=00000000-0000-4000-8000-000000000001\tdn=cn=Jane Doe,ou=people,dc=acme,dc=example\tkind=user\t"  \
    "name=Doe, Jane\tsmtp=Jane.Doe@acme.example\tlegacy=/o=Acme/ou=First/cn=Recipients/cn=jane"
#define TED                                                                                                  \
    "OK\tid=00000000-0000-4000-8000-000000000002\tdn=cn=Ted Bremer,ou=Globex,dc=acme,dc=example\t"           \
    "kind=contact\tname=Ted Bremer\tsmtp=ted.bremer@acme.example\t"                                          \
    "legacy=/o=Acme/ou=First/cn=Recipients/cn=ted\ttarget=NOTES:Ted@Exchange\tconnector=globex"
#define BOARD                                                                                                \
    "OK\tid=00000000-0000-4000-8000-000000000003\tdn=cn=Board\\, Globex,ou=Globex,dc=acme,dc=example\t"      \
    "kind=group\tname=Board, Globex\tsmtp=board@globex.example\tconnector=globex"
#define AMBIGUOUS "TEMP\tambiguous\tseveral recipients have this address; dirsync audit names them\n"

static const struct {
    const char *line, *answer;
} lines[] = {
    /* any address of theirs, in the case rules of its type */
    {"exists jane.doe@acme.example", "OK\n"},
    {"exists JANE.DOE@ACME.EXAMPLE", "OK\n"},
    {"exists SMTP:jd@acme.example", "OK\n"},
    {"exists smtp:JD@acme.example", "OK\n"},
    {"exists\tjd@acme.example", "OK\n"},
    {"exists jane.doe@acme.example\r", "OK\n"},
    {"exists Notes:JANE doe/acme@exchange", "OK\n"},
    {"exists nobody@acme.example", "NONE\n"},
    {"exists NOTES:Nobody@Exchange", "NONE\n"},
    {"exists both@acme.example", "OK\n"},
    {"exists jane", "NONE\n"},
    {"exists @acme.example", "NONE\n"},
    {"exists \xff@acme.example", "NONE\n"},
    /* to recipient */
    {"resolve NOTES:Ted@Exchange", TED "\tmatched=NOTES:Ted@Exchange\n"},
    {"resolve notes:ted@EXCHANGE", TED "\tmatched=NOTES:Ted@Exchange\n"},
    {"resolve jane.doe@acme.example", JANE "\tmatched=SMTP:Jane.Doe@acme.example\n"},
    {"resolve notes:jd/acme@exchange", JANE "\tmatched=notes:JD/Acme@Exchange\n"},
    {"resolve GWISE:globex.po1.board", BOARD "\tmatched=GWISE:GLOBEX.PO1.BOARD\n"},
    {"resolve nobody@acme.example", "NONE\n"},
    {"resolve both@acme.example", AMBIGUOUS},
    /* who has it comes before who is forwarded to it */
    {"resolve jd@acme.example", JANE "\tmatched=smtp:jd@acme.example\n"},
    /* without quotes, as mail servers have it */
    {"resolve jane doe@acme.example", JANE "\tmatched=smtp:\"jane doe\"@acme.example\n"},
    {"resolve \"jane doe\"@acme.example", JANE "\tmatched=smtp:\"jane doe\"@acme.example\n"},
    /* carried in an SMTP address of a domain of ours */
    {"resolve IMCEANOTES-Ted+40Exchange@acme.example", TED "\tmatched=NOTES:Ted@Exchange\n"},
    {"resolve IMCEANOTES-Ted+40Exchange@elsewhere.example", "NONE\n"},
    {"resolve IMCEASMTP-jd+40acme+2Eexample@acme.example", "NONE\n"},
    {"resolve IMCEAEX-_O=ACME_OU=FIRST_CN=RECIPIENTS_CN=JANE@acme.example", JANE "\n"},
    {"resolve IMCEAEX-_O=OLD_CN=RECIPIENTS_CN=JD@acme.example",
     JANE "\tmatched=X500:/o=Old/cn=Recipients/cn=jd\n"},
    /* by the names that Exchange has, today's and former ones */
    {"resolve /o=acme/ou=first/cn=recipients/cn=TED", TED "\n"},
    {"resolve EX:/o=Acme/ou=First/cn=Recipients/cn=ted", TED "\n"},
    {"resolve EX:/o=Old/cn=Recipients/cn=jd", JANE "\tmatched=X500:/o=Old/cn=Recipients/cn=jd\n"},
    /* by name and identity */
    {"resolve dn:CN=ted bremer, OU=globex,dc=acme,dc=example", TED "\n"},
    {"resolve dn:cn=Board\\2C Globex,ou=Globex,dc=acme,dc=example", BOARD "\n"},
    {"resolve dn:not a name", "NONE\n"},
    {"resolve id:00000000-0000-4000-8000-000000000002", TED "\n"},
    {"resolve id:00000000-0000-4000-8000-000000000042", "NONE\n"},
    /* what is told besides; what would break a line is %XX */
    {"resolve gone@globex.example",
     "OK\tid=00000000-0000-4000-8000-000000000004\tdn=cn=Gone,ou=Globex,dc=acme,dc=example\tkind=contact\t"
     "name=Gone\tsmtp=gone@globex.example\tconnector=globex\tmatched=SMTP:gone@globex.example\t"
     "flags=hidden,graced\n"},
    {"resolve lock@acme.example",
     "OK\tid=00000000-0000-4000-8000-000000000005\tdn=cn=Lock,ou=people,dc=acme,dc=example\tkind=user\t"
     "name=T\xc3\xa4"
     "b%09100%25\tsmtp=lock@acme.example\tmatched=SMTP:lock@acme.example\tflags=disabled\n"},
    /* recipient to address of a type: the primary one, else mail, else the target */
    {"address-of SMTP jd@acme.example", "OK\tSMTP:Jane.Doe@acme.example\n"},
    {"address-of notes jd@acme.example", "OK\tNOTES:Jane Doe/Acme@Exchange\n"},
    {"address-of\tNOTES\tjd@acme.example", "OK\tNOTES:Jane Doe/Acme@Exchange\n"},
    {"address-of NOTES ted.bremer@acme.example", "OK\tNOTES:Ted@Exchange\n"},
    {"address-of SMTP p@acme.example", "OK\tSMTP:plain@acme.example\n"},
    {"address-of GWISE jd@acme.example", "NONE\n"},
    {"address-of SMTP nobody@acme.example", "NONE\n"},
    {"address-of SMTP both@acme.example", AMBIGUOUS},
    {"address-of SMTP", "BAD\tsyntax\ta type and a recipient are wanted\n"},
    {"address-of S*P jd@acme.example", "BAD\tsyntax\tthat is no address type\n"},
    /* all of them */
    {"addresses ted.bremer@acme.example", "OK\tSMTP:ted.bremer@acme.example\n"},
    {"addresses p@acme.example", "OK\tsmtp:p@acme.example\tSMTP:plain@acme.example\n"},
    {"addresses nobody@acme.example", "NONE\n"},
    /* several at once */
    {"batch exists jd@acme.example\texists nobody@acme.example\taddress-of NOTES NOTES:Ted@Exchange",
     "OK\nNONE\nOK\tNOTES:Ted@Exchange\n"},
    {"batch exists jd@acme.example\tquit\tbatch exists a@b\tfrobnicate",
     "OK\nBAD\tverb\tno such verb; dirsync-serve(1) lists them\n"
     "BAD\tverb\tno such verb; dirsync-serve(1) lists them\n"
     "BAD\tverb\tno such verb; dirsync-serve(1) lists them\n"},
    /* what is wrong is told, and the connection goes on */
    {"", "BAD\tverb\tno such verb; dirsync-serve(1) lists them\n"},
    {"frobnicate", "BAD\tverb\tno such verb; dirsync-serve(1) lists them\n"},
    {"exist jd@acme.example", "BAD\tverb\tno such verb; dirsync-serve(1) lists them\n"},
    {"EXISTS jd@acme.example", "BAD\tverb\tno such verb; dirsync-serve(1) lists them\n"},
    {"exists", "BAD\tsyntax\ta word is missing\n"},
    {"resolve ", "BAD\tsyntax\ta word is missing\n"},
    {"status now", "BAD\tsyntax\tstatus takes no words\n"},
    {"quit", "OK\n|"},
};

static void lines_are_answered(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *answer = ask_line(*state, lines[i].line);
        if (strcmp(answer, lines[i].answer) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", lines[i].line, answer, lines[i].answer);
    }
}

static void the_greeting_says_the_version(void **state)
{
    (void)state;
    assert_string_equal(protocol_lines.greeting, "dirsync-lookup\t1\n");
    assert_string_equal(protocol_socketmap.greeting, "");
}

static void the_status_says_as_of_when(void **state)
{
    g_autofree char *answer = ask_line(*state, "status");
    if (!g_regex_match_simple(
            "^OK\trecipients=9\tserial=1\tas-of=20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\t"
            "answered=0\tconnections=0\n$",
            answer, 0, 0))
        fail_msg("%s", answer);
}

static void a_line_that_is_too_long_ends_the_conversation(void **state)
{
    g_autofree char *longest = g_strnfill(16384, 'x');
    g_autofree char *answer = ask_line(*state, longest);
    assert_string_equal(answer, "BAD\tverb\tno such verb; dirsync-serve(1) lists them\n");
    g_autofree char *longer = g_strnfill(16385, 'x');
    g_autofree char *complaint = ask_line(*state, longer);
    assert_string_equal(complaint, "BAD\ttoo-long\ta line has 16384 bytes at most\n|");
    g_autofree char *endless = converse(*state, &protocol_lines, longer, 16385);
    assert_string_equal(endless, "BAD\ttoo-long\ta line has 16384 bytes at most\n|");
    g_autofree char *not_yet = converse(*state, &protocol_lines, longer, 16384);
    assert_string_equal(not_yet, "");
}

static void a_batch_has_an_end(void **state)
{
    GString *line = g_string_new("batch exists a@b");
    for (int i = 1; i < 256; i++)
        g_string_append(line, "\texists a@b");
    g_autofree char *most = ask_line(*state, line->str);
    assert_int_equal(strlen(most), 256 * strlen("NONE\n"));
    g_string_append(line, "\texists a@b");
    g_autofree char *more = ask_line(*state, line->str);
    assert_string_equal(more, "BAD\ttoo-many\tmore than 256 requests in a batch\n");
    g_string_free(line, TRUE);
}

static void no_text_is_no_request(void **state)
{
    static const char stream[] = "exists jd@acme.example\0x\nexists jd@acme.example\n";
    g_autofree char *answer = converse(*state, &protocol_lines, stream, sizeof stream - 1);
    assert_string_equal(answer, "BAD\tsyntax\ta line holds a byte that no text has\nOK\n");
}

/* --- the maps of mail servers --- */

static const struct {
    const char *question, *answer;
} questions[] = {
    {"recipients jane.doe@acme.example", "8:OK known,"},
    {"recipients JD@ACME.example", "8:OK known,"},
    {"recipients both@acme.example", "8:OK known,"},
    {"recipients gone@globex.example", "8:OK known,"},
    {"recipients nobody@acme.example", "9:NOTFOUND ,"},
    {"recipients @acme.example", "9:NOTFOUND ,"},
    {"recipients jane", "9:NOTFOUND ,"},
    {"recipients ", "9:NOTFOUND ,"},
    {"smtp jd@acme.example", "24:OK Jane.Doe@acme.example,"},
    {"smtp NOTES:Ted@Exchange", "26:OK ted.bremer@acme.example,"},
    {"smtp nobody@acme.example", "9:NOTFOUND ,"},
    {"smtp both@acme.example", "67:TEMP several recipients have this address; dirsync audit names them,"},
    {"primary.NOTES jd@acme.example", "25:OK Jane Doe/Acme@Exchange,"},
    {"primary.notes ted.bremer@acme.example", "15:OK Ted@Exchange,"},
    {"primary.GWISE jd@acme.example", "9:NOTFOUND ,"},
    {"relay ted.bremer@acme.example", "9:OK globex,"},
    {"relay.globex ted.bremer@acme.example", "9:OK globex,"},
    {"relay.initech ted.bremer@acme.example", "9:NOTFOUND ,"},
    {"relay jd@acme.example", "9:NOTFOUND ,"},
    {"native jd@acme.example", "7:OK user,"},
    {"native ted.bremer@acme.example", "9:NOTFOUND ,"},
    {"dn board@globex.example", "49:OK cn=Board\\, Globex,ou=Globex,dc=acme,dc=example,"},
    {"legacy ted.bremer@acme.example", "40:OK /o=Acme/ou=First/cn=Recipients/cn=ted,"},
    {"legacy board@globex.example", "9:NOTFOUND ,"},
    {"name jd@acme.example", "12:OK Doe, Jane,"},
    {"kind board@globex.example", "8:OK group,"},
    {"target ted.bremer@acme.example", "21:OK NOTES:Ted@Exchange,"},
    {"target jd@acme.example", "9:NOTFOUND ,"},
    {"frobnicate jd@acme.example", "45:PERM no such map; dirsync-serve(1) lists them,"},
    {"primary jd@acme.example", "45:PERM no such map; dirsync-serve(1) lists them,"},
    {"primary. jd@acme.example", "45:PERM no such map; dirsync-serve(1) lists them,"},
    {"smtp.x jd@acme.example", "45:PERM no such map; dirsync-serve(1) lists them,"},
    {"recipients", "11:PERM no key,"},
    {"", "45:PERM no such map; dirsync-serve(1) lists them,"},
};

static void maps_are_answered(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(questions); i++) {
        g_autofree char *answer = ask_map(*state, questions[i].question);
        if (strcmp(answer, questions[i].answer) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", questions[i].question, answer, questions[i].answer);
    }
}

#define NO_NETSTRING "42:PERM no netstring, or one that is too long,|"

static const struct {
    const char *stream, *answer;
} streams[] = {
    {"22:smtp jd@acme.example,", ""}, /* not whole yet */
    {"20:smtp jd@acme.example", ""},
    {"20:", ""},
    {"20", ""},
    {"19:smtp jd@acme.example,", NO_NETSTRING},
    {"20:smtp jd@acme.example;", NO_NETSTRING},
    {"020:smtp jd@acme.example,", NO_NETSTRING},
    {"x", NO_NETSTRING},
    {":", NO_NETSTRING},
    {"-1:", NO_NETSTRING},
    {"99999:", NO_NETSTRING},
    {"4353:", NO_NETSTRING},
    {"4352:", ""},
    {"12345", NO_NETSTRING},
    {"99999999999999999999:", NO_NETSTRING},
    {"GET / HTTP/1.0\r\n\r\n", NO_NETSTRING},
    {"0:,", "45:PERM no such map; dirsync-serve(1) lists them,"},
    {"20:smtp jd@acme.example,20:kind jd@acme.example,x",
     "24:OK Jane.Doe@acme.example,7:OK user," NO_NETSTRING},
};

static void netstrings_are_told_apart(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(streams); i++) {
        g_autofree char *answer =
            converse(*state, &protocol_socketmap, streams[i].stream, strlen(streams[i].stream));
        if (strcmp(answer, streams[i].answer) != 0)
            fail_msg("%s:\n%s\ninstead of\n%s", streams[i].stream, answer, streams[i].answer);
    }
}

/* --- when nothing can be relied on --- */

static void assert_temporary(const Fixture *fixture, const char *why)
{
    lookup_reopen(fixture->service.lookup); /* else the next try is a second away */
    g_autofree char *line = ask_line(fixture, "exists jd@acme.example");
    g_autofree char *map = ask_map(fixture, "recipients jd@acme.example");
    if (!g_str_has_prefix(line, "TEMP\tunavailable\t") || !strstr(line, why) || !strstr(map, ":TEMP ") ||
        !strstr(map, why))
        fail_msg("%s%s\nwithout \"%s\"", line, map, why);
}

static void without_an_index_nobody_is_unknown(void **state)
{
    assert_temporary(*state, "No such file");
}

static void an_index_that_was_never_filled_knows_nobody(void **state)
{
    const Fixture *fixture = *state;
    static const char *const kinds[] = {NULL};
    g_autoptr(HolderIndex) index = holder_index_open(fixture->path, NULL);
    assert_temporary(fixture, "has not been read yet");
    assert_true(holder_index_prepare(index, kinds, "*", NULL));
    assert_temporary(fixture, "has not been read yet");
    assert_true(holder_index_begin(index, NULL));
    assert_temporary(fixture, "has not been read yet");
    assert_true(holder_index_commit(index, NULL));
    lookup_reopen(fixture->service.lookup);
    g_autofree char *answer = ask_line(fixture, "exists jd@acme.example");
    assert_string_equal(answer, "NONE\n");
}

static void a_file_that_is_just_made_is_no_index(void **state)
{
    const Fixture *fixture = *state;
    assert_true(g_file_set_contents(fixture->path, "", 0, NULL));
    assert_temporary(fixture, "is being made");
}

static void a_damaged_index_is_no_answer(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *rubbish = g_strnfill(8192, 'x');
    assert_true(g_file_set_contents(fixture->path, rubbish, -1, NULL));
    assert_temporary(fixture, "not a database");
}

static void pages_that_are_damaged_are_no_answer(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *content = NULL;
    gsize len;
    assert_true(g_file_get_contents(fixture->path, &content, &len, NULL));
    memset(content + 4096, 'x', len - 4096); /* all but the schema's page */
    lookup_index_remove(fixture->path);
    assert_true(g_file_set_contents(fixture->path, content, (gssize)len, NULL));
    assert_temporary(fixture, "malformed");
}

static void an_index_of_another_version_is_no_answer(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *content = NULL;
    gsize len;
    assert_true(g_file_get_contents(fixture->path, &content, &len, NULL));
    content[63]++; /* user_version */
    lookup_index_remove(fixture->path);
    assert_true(g_file_set_contents(fixture->path, content, (gssize)len, NULL));
    assert_temporary(fixture, "another version");
}

/* --- while a sync writes --- */

#define SWAPPED                                                                                              \
    "dn: cn=Plain,ou=people,dc=acme,dc=example\n"                                                            \
    "objectClass: inetOrgPerson\n"                                                                           \
    "entryUUID: 00000000-0000-4000-8000-000000000006\n"                                                      \
    "cn: Plain\n"                                                                                            \
    "proxyAddresses: SMTP:jd@acme.example\n"

static void assert_line(const Fixture *fixture, const char *line, const char *expected)
{
    g_autofree char *answer = ask_line(fixture, line);
    if (!strstr(answer, expected))
        fail_msg("%s: %s without %s", line, answer, expected);
}

static void what_is_not_committed_does_not_show(void **state)
{
    const Fixture *fixture = *state;
    g_autoptr(HolderIndex) index = holder_index_open(fixture->path, NULL);
    assert_line(fixture, "exists lock@acme.example", "OK");
    assert_true(holder_index_begin(index, NULL));
    assert_true(holder_index_remove(index, 5, NULL));
    assert_line(fixture, "exists lock@acme.example", "OK");
    assert_true(holder_index_commit(index, NULL));
    assert_line(fixture, "exists lock@acme.example", "NONE");
    assert_line(fixture, "status", "serial=2\t");
}

static void a_snapshot_lasts_until_it_is_ended(void **state)
{
    const Fixture *fixture = *state;
    Lookup *lookup = fixture->service.lookup;
    g_autoptr(HolderIndex) index = holder_index_open(fixture->path, NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    const Request request = {"exists p@acme.example", 21, 22};
    assert_true(lookup_begin(lookup, NULL));
    lookup_index_save(index, SWAPPED);
    assert_true(protocol_lines.answer(&fixture->service, &request, out));
    lookup_end(lookup);
    assert_true(protocol_lines.answer(&fixture->service, &request, out));
    lookup_end(lookup);
    assert_string_equal(out->str, "OK\nNONE\n");
}

static void an_index_that_is_replaced_is_opened_again(void **state)
{
    const Fixture *fixture = *state;
    assert_line(fixture, "exists lock@acme.example", "OK");
    lookup_index_remove(fixture->path);
    assert_line(fixture, "exists lock@acme.example", "TEMP\tunavailable");
    lookup_index_make(fixture->path, SWAPPED);
    /* The last failure is remembered for a second. */
    lookup_reopen(fixture->service.lookup);
    assert_line(fixture, "exists lock@acme.example", "NONE");
    assert_line(fixture, "exists jd@acme.example", "OK");
    lookup_index_remove(fixture->path);
    lookup_index_make(fixture->path, lookup_people);
    assert_line(fixture, "exists lock@acme.example", "OK");
}

/* Tables of the last version, made anew by whoever writes; whoever reads waits for a sync. */
static void an_older_index_is_made_anew(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *content = NULL;
    gsize len;
    assert_true(g_file_get_contents(fixture->path, &content, &len, NULL));
    content[63]--;
    lookup_index_remove(fixture->path);
    assert_true(g_file_set_contents(fixture->path, content, (gssize)len, NULL));
    g_autoptr(HolderIndex) index = holder_index_open(fixture->path, NULL);
    assert_non_null(index);
    assert_temporary(fixture, "has not been read yet");
    lookup_index_save(index, lookup_people);
    lookup_reopen(fixture->service.lookup);
    assert_line(fixture, "exists lock@acme.example", "OK");
}

static void a_reader_changes_nothing(void **state)
{
    const Fixture *fixture = *state;
    struct stat before, after;
    assert_int_equal(stat(fixture->path, &before), 0);
    assert_line(fixture, "status", "recipients=9");
    lookup_reopen(fixture->service.lookup);
    assert_int_equal(stat(fixture->path, &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_size, after.st_size);
}

#define WITH_PEOPLE(test) cmocka_unit_test_setup_teardown(test, set_up_people, tear_down)
#define WITHOUT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PEOPLE(lines_are_answered),
        WITH_PEOPLE(the_greeting_says_the_version),
        WITH_PEOPLE(the_status_says_as_of_when),
        WITH_PEOPLE(a_line_that_is_too_long_ends_the_conversation),
        WITH_PEOPLE(a_batch_has_an_end),
        WITH_PEOPLE(no_text_is_no_request),
        WITH_PEOPLE(maps_are_answered),
        WITH_PEOPLE(netstrings_are_told_apart),
        WITHOUT(without_an_index_nobody_is_unknown),
        WITHOUT(an_index_that_was_never_filled_knows_nobody),
        WITHOUT(a_file_that_is_just_made_is_no_index),
        WITHOUT(a_damaged_index_is_no_answer),
        WITH_PEOPLE(pages_that_are_damaged_are_no_answer),
        WITH_PEOPLE(an_index_of_another_version_is_no_answer),
        WITH_PEOPLE(what_is_not_committed_does_not_show),
        WITH_PEOPLE(a_snapshot_lasts_until_it_is_ended),
        WITH_PEOPLE(an_index_that_is_replaced_is_opened_again),
        WITH_PEOPLE(an_older_index_is_made_anew),
        WITH_PEOPLE(a_reader_changes_nothing),
    };
    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}
