/*
 * fuzz_mapping.c - any bytes as a mapping: loaded, checked, applied to a fixed entry
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
    entry_add_string(entry, "manager", "cn=Doe\\, John,dc=globex");
    entry_add(entry, "jpegPhoto", "\xff\xd8\0\xff", 4);
    return entry;
}

static void apply(const char *text, size_t len)
{
    g_autoptr(Mapping) mapping = mapping_load_memory(text, len, "fuzz.xml", MAPPING_IMPORT, NULL);
    if (!mapping)
        return;
    g_autoptr(Entry) source = make_entry();
    g_autoptr(Entry) result = mapping_apply(mapping, schema_standard(), schema_standard(), source, NULL);
    mapping_check(mapping, schema_standard(), schema_standard(), NULL);
    if (result)
        schema_check_entry(schema_standard(), result, NULL);
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
    g_autofree char *text = g_strdup_printf("<mapping xmlns='urn:x-dirsync:mapping:1' "
                                            "name='f'><import><object class='contact'/><name attribute='cn' "
                                            "from='cn'/><attribute name='sn' select=\"%s\"/><attribute "
                                            "name='mail' for-each='$mail' select=\"%s\"/>"
                                            "</import></mapping>",
                                            escaped, escaped);
    apply(text, strlen(text));
    return 0;
}
