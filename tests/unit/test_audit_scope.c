/*
 * test_audit_scope.c - which organisation and connectors an audit is about
 *
 * A case is the files of a folder, how the audit is called, and who is known and chosen then.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/audit_scope.h"

#include <glib/gstdio.h>
#include <string.h>

#define ORGANISATION(name)                                                                                   \
    "<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"" name "\">"                                \
    "<home driver=\"memory\" base=\"o=acme\"><file path=\"home\"/></home>"                                   \
    "<domain>acme.example</domain></organisation>"
#define CONNECTOR(name, uuid, organisation)                                                                  \
    "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"" name "\" uuid=\"" uuid                          \
    "\" organisation=\"" organisation "\">"                                                                  \
    "<foreign driver=\"memory\" base=\"o=globex\"><file path=\"foreign\"/></foreign>"                        \
    "<import container=\"ou=" name                                                                           \
    ",o=acme\" mapping=\"inetorgperson\"><anchor attribute=\"uid\"/></import>"                               \
    "</connector>"
#define GLOBEX CONNECTOR("globex", "0b8f9d52-6f0c-4d7e-9f2e-2f4b1c7a9d10", "acme.org")
#define INITECH CONNECTOR("initech", "5e0c1d2a-9b1f-4a77-8a55-0c9d7d7b6a01", "acme.org")
#define ELSEWHERE CONNECTOR("elsewhere", "6a1f3c52-8d0e-4b7a-9c39-5e2d71b0f4a8", "other.org")

typedef struct {
    const char *name, *text;
} File;

typedef struct {
    const char *name;
    File files[6];
    const char *organisation;   /* word of the option, in the folder */
    const char *words[3];       /* connectors, in the folder */
    const char *known, *chosen; /* names, in order */
    bool everything;
    size_t problems;
    const char *error; /* part of the message; NULL: none */
} ScopeCase;

static const ScopeCase cases[] = {
    {.name = "nothing is named: the only organisation, with all its connectors",
     .files = {{"acme.org", ORGANISATION("acme")}, {"a.xml", GLOBEX}, {"b.xml", INITECH}},
     .known = "globex initech",
     .chosen = "globex initech",
     .everything = true},
    {.name = "an organisation without connectors",
     .files = {{"acme.xml", ORGANISATION("acme")}},
     .known = "",
     .chosen = "",
     .everything = true},
    {.name = "one of several connectors: the others are known",
     .files = {{"acme.org", ORGANISATION("acme")}, {"a.xml", GLOBEX}, {"b.xml", INITECH}},
     .words = {"b.xml"},
     .known = "globex initech",
     .chosen = "initech"},
    {.name = "one that is named twice is one",
     .files = {{"acme.org", ORGANISATION("acme")}, {"a.xml", GLOBEX}, {"b.xml", INITECH}},
     .words = {"a.xml", "a.xml"},
     .known = "globex initech",
     .chosen = "globex"},
    {.name = "connectors of others are none of ours",
     .files = {{"acme.org", ORGANISATION("acme")},
               {"other.org", ORGANISATION("other")},
               {"a.xml", GLOBEX},
               {"c.xml", ELSEWHERE}},
     .words = {"a.xml"},
     .known = "globex",
     .chosen = "globex"},
    {.name = "which of two organisations must be said",
     .files = {{"acme.org", ORGANISATION("acme")},
               {"other.org", ORGANISATION("other")},
               {"a.xml", GLOBEX},
               {"c.xml", ELSEWHERE}},
     .error = "--organisation"},
    {.name = "and then it is",
     .files = {{"acme.org", ORGANISATION("acme")},
               {"other.org", ORGANISATION("other")},
               {"a.xml", GLOBEX},
               {"c.xml", ELSEWHERE}},
     .organisation = "other.org",
     .known = "elsewhere",
     .chosen = "elsewhere",
     .everything = true},
    {.name = "connectors of two organisations at once",
     .files = {{"acme.org", ORGANISATION("acme")},
               {"other.org", ORGANISATION("other")},
               {"a.xml", GLOBEX},
               {"c.xml", ELSEWHERE}},
     .words = {"a.xml", "c.xml"},
     .error = "one organisation at a time"},
    {.name = "a definition that cannot be read is told, and stops nobody",
     .files = {{"acme.org", ORGANISATION("acme")},
               {"a.xml", GLOBEX},
               {"b.xml", "<connector xmlns=\"urn:x-dirsync:connector:1\"/>"}},
     .known = "globex",
     .chosen = "globex",
     .everything = true,
     .problems = 1},
    {.name = "unless it is the one that was named",
     .files = {{"acme.org", ORGANISATION("acme")},
               {"b.xml", "<connector xmlns=\"urn:x-dirsync:connector:1\"/>"}},
     .words = {"b.xml"},
     .error = "b.xml"},
    {.name = "other files of the folder are nobody's business",
     .files = {{"acme.org", ORGANISATION("acme")}, {"a.xml", GLOBEX}, {"x.xml", "<x/>"}, {"readme", "x"}},
     .known = "globex",
     .chosen = "globex",
     .everything = true},
    {.name = "an empty folder", .files = {{NULL, NULL}}, .error = "no definitions"},
};

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *names_of(const GPtrArray *connectors)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < connectors->len; i++)
        g_ptr_array_add(names, ((const Connector *)g_ptr_array_index(connectors, i))->name);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(" ", (char **)names->pdata);
}

static void assert_scope(const ScopeCase *this, const AuditScope *scope)
{
    g_autofree char *known = names_of(scope->known), *chosen = names_of(scope->chosen);
    assert_string_equal(known, this->known);
    assert_string_equal(chosen, this->chosen);
    assert_int_equal(scope->everything, this->everything);
    assert_int_equal(scope->problems->len, this->problems);
    assert_non_null(scope->organisation);
}

static void load(const ScopeCase *this, const char *folder)
{
    g_auto(AuditScope) scope = {0};
    g_autoptr(GError) error = NULL;
    g_autofree char *organisation =
        this->organisation ? g_build_filename(folder, this->organisation, NULL) : NULL;
    char *words[3] = {NULL};
    size_t n = 0;
    for (; this->words[n]; n++)
        words[n] = g_build_filename(folder, this->words[n], NULL);
    bool done = audit_scope_load(&scope, organisation, words, n, &error);
    if (done && !this->error)
        assert_scope(this, &scope);
    else if (!this->error)
        fail_msg("%s", error->message);
    else if (done || !strstr(error->message, this->error) || !error_is(error, ERROR_DEFINITION))
        fail_msg("%s", done ? "no error" : error->message);
    while (n)
        g_free(words[--n]);
}

static void run_case(void **state)
{
    const ScopeCase *this = *state;
    g_autofree char *folder = g_dir_make_tmp("dirsync-scope-XXXXXX", NULL);
    g_setenv("DIRSYNC_CONFIG", folder, TRUE);
    for (const File *file = this->files; file->name; file++) {
        g_autofree char *path = g_build_filename(folder, file->name, NULL);
        assert_true(g_file_set_contents(path, file->text, -1, NULL));
    }
    load(this, folder);
    for (const File *file = this->files; file->name; file++) {
        g_autofree char *path = g_build_filename(folder, file->name, NULL);
        g_remove(path);
    }
    g_rmdir(folder);
}

int main(void)
{
    struct CMUnitTest tests[G_N_ELEMENTS(cases)];
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = run_case, .initial_state = (void *)&cases[i]};
    return cmocka_run_group_tests_name("audit_scope", tests, NULL, NULL);
}
