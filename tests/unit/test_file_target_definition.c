/*
 * test_file_target_definition.c - how a definition describes a file that is written
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/target_case.h"

#include "dirsync/xml.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A grammar of its own around the patterns that connector.rng uses in <to>. */
static const char grammar[] =
    "<grammar xmlns='http://relaxng.org/ns/structure/1.0' ns='urn:x'><include href='endpoint.rng' "
    "ns='urn:x'/>"
    "<start><element name='to'><choice><ref name='file-target'/><ref name='csv-target'/></choice></element>"
    "</start></grammar>";

typedef struct {
    const char *to, *message; /* message NULL: good */
} DefinitionCase;

static const DefinitionCase definition_cases[] = {
    {"driver='ldif' base='ou=x'><file path='p'/>", NULL},
    {"driver='ldif'><file path='p' mode='0640' count-trailer='count' checksum='p.sum'/>", NULL},
    {"driver='csv'><file path='p' columns='id - mail' key='mail' formulas='guard' delimiter='tab' "
     "separator='|' "
     "encoding='utf-16le' header='no'/>",
     NULL},
    {"driver='csv'><file path='p'/>", "columns"},
    {"driver='csv'><file path='p' columns='-'/>", "needs columns="},
    {"driver='csv'><file path='p' columns='id mail' key='sn'/>", "key=\"sn\" is not one of the columns"},
    {"driver='csv'><file path='p' columns='id' formulas='guard' separator=\"'\"/>",
     "choose another separator"},
    {"driver='csv'><file path='p' columns='id' delimiter=';' separator=';'/>", "the same character"},
    {"driver='csv' base='ou=x'><file path='p' columns='id'/>", "base"},
    {"driver='ldif'><file path='p' mode='0240'/>", "permission bits"},
    {"driver='ldif'><file path='p' mode='640640'/>", "permission bits"},
    {"driver='ldif'><file path='p' checksum='p'/>", "the same file"},
    {"driver='ldif'><file path='p' max-age='2d'/>", "max-age"},
    {"driver='ldif'><file path='p' count-trailer='a&#10;b'/>", "some text on one line"},
    {"driver='ldif'><file path='a&#10;b' checksum='sum'/>", "a name with a line end"},
};

/* Reads "<to @text</to>". */
static bool read_definition(Endpoint *endpoint, const char *text, GError **error)
{
    g_autofree char *xml = g_strdup_printf("<to xmlns='urn:x' %s</to>", text);
    g_autoptr(xmlDoc) doc = xml_load_memory(xml, strlen(xml), "/c/c.xml", "to.rng", error);
    if (!doc)
        return false;
    GString *problems = NULL;
    endpoint_read_target(endpoint, xmlDocGetRootElement(doc), "/c/c.xml", &problems);
    return xml_no_problems(problems, error);
}

static void check_definition(const DefinitionCase *c)
{
    g_autoptr(GError) error = NULL;
    Endpoint endpoint = {0};
    bool good = read_definition(&endpoint, c->to, &error);
    if (good != !c->message || (error && !strstr(error->message, c->message)))
        fail_msg("%s: %s", c->to, error ? error->message : "good");
    if (good) {
        assert_true(endpoint.is_target);
        assert_string_equal(endpoint.path, "/c/p");
        assert_int_equal(endpoint.mode, strstr(c->to, "0640") ? 0640 : 0600);
        assert_int_equal(endpoint.guard_formulas, strstr(c->to, "guard") != NULL);
    }
    endpoint_clear(&endpoint);
}

static void test_definitions_of_targets(void **state)
{
    TargetCase *target = *state;
    const char *data = g_getenv("DIRSYNC_DATADIR");
    g_autofree char *real = g_build_filename(data ? data : ".", "schema", "endpoint.rng", NULL);
    g_autofree char *absolute = g_canonicalize_filename(real, NULL), *old = g_strdup(data);
    g_autofree char *schema = g_build_filename(target->folder, "schema", NULL);
    g_autofree char *to = g_build_filename(schema, "to.rng", NULL);
    g_autofree char *shared = g_build_filename(schema, "endpoint.rng", NULL);
    assert_int_equal(mkdir(schema, 0700), 0);
    assert_int_equal(symlink(absolute, shared), 0);
    target_case_write(to, grammar);
    g_setenv("DIRSYNC_DATADIR", target->folder, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(definition_cases); i++)
        check_definition(&definition_cases[i]);
    if (old)
        g_setenv("DIRSYNC_DATADIR", old, TRUE);
    unlink(to);
    unlink(shared);
    assert_int_equal(rmdir(schema), 0);
}

#define LDIF(test) cmocka_unit_test_setup_teardown(test, target_case_make, target_case_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LDIF(test_definitions_of_targets),
    };
    return cmocka_run_group_tests_name("file_target_definition", tests, NULL, NULL);
}
