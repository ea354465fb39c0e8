/*
 * fuzz_dn.c - any text as a DN: what is read must come back from its canonical text
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dirsync/dn.h"
#include "dirsync/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Dn) dn = dn_parse(text, NULL);
    g_autofree char *form = schema_normalise_dn(schema_standard(), text);
    check(!dn == !form);
    if (dn) {
        g_autofree char *first = dn_format(dn, 0);
        g_autoptr(Dn) again = dn_parse(first, NULL);
        check(again);
        g_autofree char *second = dn_format(again, 0);
        check(strcmp(first, second) == 0);
        check(schema_dn_equal(schema_standard(), text, first));
        check(schema_dn_within(schema_standard(), text, first));
        g_autofree char *parent = dn_parent(text);
        check(schema_dn_within(schema_standard(), text, parent));
    }
    g_autofree char *built = dn_build("cn", (const char *)data, size, "dc=x");
    g_autoptr(Dn) back = dn_parse(built, NULL);
    check(back && back->n_rdns == 2 && back->rdns[0].avas[0].len == size);
    check(!size || memcmp(back->rdns[0].avas[0].value, data, size) == 0);
    return 0;
}
