/*
 * test_audit_manual.c - dirsync-audit(1) lists every kind of finding, and no other
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "manual_page.h"

#include "dirsync/audit.h"

#include <string.h>

/* From one heading to the next. g_free(). */
static char *section(const char *page, const char *name)
{
    g_autofree char *heading = g_strdup_printf(".Sh %s\n", name);
    const char *from = strstr(page, heading);
    const char *to = from ? strstr(from + 1, "\n.Sh ") : NULL;
    if (!to)
        fail_msg("no section %s", name);
    return g_strndup(from, (size_t)(to - from));
}

static size_t count_items(const char *text)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, "\n.It Cm ")); at++)
        n++;
    return n;
}

static void test_kinds_are_those_of_the_table(void **state)
{
    (void)state;
    g_autofree char *page = manual_page("command/dirsync-audit.1");
    g_autofree char *text = section(page, "KINDS OF FINDING");
    for (int i = 0; i < AUDIT_KINDS; i++) {
        g_autofree char *item =
            g_strdup_printf("\n.It Cm %s Pq %s\n%s.\n", audit_kinds[i].id,
                            audit_severity_names[audit_kinds[i].severity], audit_kinds[i].title);
        if (!strstr(text, item))
            fail_msg("the manual page lacks%s", item);
    }
    assert_int_equal(count_items(text), AUDIT_KINDS);
}

static void test_ids_parse_back_and_are_unique(void **state)
{
    (void)state;
    for (int i = 0; i < AUDIT_KINDS; i++)
        assert_int_equal(audit_kind_parse(audit_kinds[i].id), i);
    for (int i = 0; i < SEVERITIES; i++)
        assert_int_equal(audit_severity_parse(audit_severity_names[i]), i);
    assert_int_equal(audit_kind_parse("no-such-kind"), -1);
    assert_int_equal(audit_severity_parse("note"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds_are_those_of_the_table),
        cmocka_unit_test(test_ids_parse_back_and_are_unique),
    };
    return cmocka_run_group_tests_name("audit_manual", tests, NULL, NULL);
}
