/*
 * fuzz_mapping.c - any bytes as a mapping: loaded, checked, and applied to a fixed entry by every recipient
 *
 * Bytes that do not begin with '<' are taken as one expression, so that the
 * fuzzer reaches XPath without having to find XML first. Needs DIRSYNC_DATADIR.
 */
#include "dirsync/mapping.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static Entry *make_entry(void)
{
    Entry *entry = entry_new("uid=jd,dc=globex");
    entry_add_string(entry, "cn", "Jane Doe");
    entry_add_string(entry, "sn", "Doe");
    entry_add_string(entry, "givenName", "Jane");
    entry_add_string(entry, "mail", "jane@globex.example");
    entry_add_string(entry, "mail", "Jäne Dœ@globex.example");
    entry_add_string(entry, "objectClass", "inetOrgPerson");
    entry_add_string(entry, "member", "cn=Doe\\, John,dc=globex");
    entry_add_string(entry, "member", "no DN");
    entry_add_string(entry, "manager", "cn=Doe\\, John,dc=globex");
    entry_add(entry, "jpegPhoto", "\xff\xd8\0\xff", 4);
    return entry;
}

static void choose(Mapping *mapping, const Entry *source)
{
    RecipientAs as[OF_KINDS];
    int index;
    for (int kind = 0; kind < AS_KINDS; kind++) {
        for (int of = 0; of < OF_KINDS; of++)
            as[of] = (RecipientAs)kind;
        mapping_choose(mapping, as, schema_standard(), source, &index, NULL);
        mapping_check(mapping, as, schema_standard(), schema_standard(), NULL);
        mapping_check(mapping, as, NULL, NULL, NULL);
    }
}

static void apply(const char *text, size_t len)
{
    g_autoptr(Mapping) mapping = mapping_load_memory(text, len, "fuzz.xml", MAPPING_IMPORT, NULL);
    if (!mapping)
        return;
    g_autoptr(Entry) source = make_entry();
    choose(mapping, source);
    for (size_t i = 0; i < mapping_n_recipients(mapping); i++) {
        g_autoptr(Entry) result =
            mapping_apply(mapping, i, schema_standard(), schema_standard(), source, NULL);
        if (result)
            schema_check_entry(schema_standard(), result, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '<') {
        apply((const char *)data, size);
        return 0;
    }
    g_autofree char *expression = g_strndup((const char *)data, size);
    if (!g_utf8_validate(expression, -1, NULL))
        return 0;
    g_autofree char *escaped = g_markup_escape_text(expression, -1);
    g_autofree char *text = g_strdup_printf(
        "<mapping xmlns='urn:x-dirsync:mapping:1' name='f'><import>"
        "<recipient of='group' as='group' when=\"%s\"><object class='groupOfNames'/>"
        "<name attribute='cn' from='cn'/><members name='member' select=\"%s\"/></recipient>"
        "<recipient of='person' as='contact'><object class='contact'/><name attribute='cn' from='cn'/>"
        "<attribute name='sn' select=\"%s\"/>"
        "<attribute name='mail' for-each='$mail' select=\"%s\"/></recipient>"
        "</import></mapping>",
        escaped, escaped, escaped, escaped);
    apply(text, strlen(text));
    return 0;
}
