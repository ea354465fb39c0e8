/*
 * fuzz_schema.c - any lines as a subschema; then the values through every kind of equality
 *
 * The first byte of a line says what it is: A attribute type, C class, R content
 * rule; anything else is a value.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dirsync/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_value(const Schema *schema, const char *name, Value value)
{
    const AttributeType *type = schema_attribute(schema, name);
    GString *form = g_string_new(NULL);
    schema_normalise(schema, type, value, form);
    check(schema_values_equal(schema, type, value, value));
    /* the canonical form is a value that means the same, but for the kinds whose form is not a value */
    bool fixed = type && (type->equality == EQUALITY_CASE_IGNORE || type->equality == EQUALITY_CASE_EXACT ||
                          type->equality == EQUALITY_OCTETS);
    check(!fixed || schema_values_equal(schema, type, value, (Value){form->str, form->len}));
    g_string_free(form, TRUE);
}

static void check_values(const Schema *schema, const Entry *entry)
{
    static const char *const names[] = {"cn",
                                        "dirsyncAnchor",
                                        "manager",
                                        "uniqueMember",
                                        "telephoneNumber",
                                        "postalAddress",
                                        "dirsyncGraceSince",
                                        "internetEncoding",
                                        "mAPIRecipient",
                                        "objectClass",
                                        "jpegPhoto",
                                        "x121Address",
                                        "userPassword",
                                        "a",
                                        "b"};
    gssize i = entry_index(entry, "value");
    const Attribute *values = i >= 0 ? entry_attribute(entry, (size_t)i) : NULL;
    for (size_t j = 0; values && j < values->n_values; j++)
        for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
            check_value(schema, names[k], values->values[j]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Entry) subschema = entry_new("cn=Subschema");
    const uint8_t *end = data + size;
    while (data < end) {
        const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));
        size_t len = (size_t)((newline ? newline : end) - data);
        const char *name = !len           ? "value"
                           : *data == 'A' ? "attributeTypes"
                           : *data == 'C' ? "objectClasses"
                           : *data == 'R' ? "dITContentRules"
                                          : "value";
        size_t skip = len && strchr("ACR", *data) ? 1 : 0;
        entry_add(subschema, name, data + skip, len - skip);
        data += len + (newline != NULL);
    }
    g_autoptr(Schema) schema = schema_new_from_subschema(subschema, NULL);
    check_values(schema_standard(), subschema);
    if (!schema)
        return 0;
    check_values(schema, subschema);
    schema_check_entry(schema, subschema, NULL);
    schema_entry_is(schema, subschema, "top");
    schema_find(schema, subschema, "a;b");
    return 0;
}
