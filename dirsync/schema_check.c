/*
 * schema_check.c - would a server take this entry?
 *
 * Finds what a server refuses for good (LDAP 19, 21, 64 apart from naming, 65)
 * before anything is sent. Operational attributes are left to the server.
 * Upper bounds are binding in the built-in schema alone: what a server prints
 * as {n} is what it takes at least (RFC 4512 section 4.1.2), not at most.
 */
#include "dirsync/schema_internal.h"

#include <string.h>

#include "dirsync/error.h"

typedef struct {
    const Schema *schema;
    const Entry *entry;
    GPtrArray *classes; /* ClassRecord of each objectClass value */
    const ClassRecord *structural;
    bool anything; /* extensibleObject */
    GError **error;
} Check;

/** Sets the error; false, so that it can be returned. */
static bool refuse(const Check *check, const char *attribute, const char *format, ...) G_GNUC_PRINTF(3, 4);

static bool refuse(const Check *check, const char *attribute, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *cause = g_strdup_vprintf(format, args);
    va_end(args);
    error_set(check->error, ERROR_INVALID, "entry \"%s\": attribute %s: %s", entry_dn(check->entry),
              attribute, cause);
    return false;
}

static bool collect_classes(Check *check)
{
    const Attribute *classes = schema_find(check->schema, check->entry, "objectClass");
    if (!classes)
        return refuse(check, "objectClass", "missing; an entry needs a structural class");
    for (size_t i = 0; i < classes->n_values; i++) {
        Value value = classes->values[i];
        ClassRecord *class = schema_table_find(&check->schema->classes, value.data, value.len);
        if (!class)
            return refuse(check, "objectClass", "class \"%s\" is not in the server's schema", value.data);
        g_ptr_array_add(check->classes, class);
        check->anything = check->anything || strcmp(class->class.oid, "1.3.6.1.4.1.1466.101.120.111") == 0;
    }
    return true;
}

/** The lowest structural class; every other one must lie above it. */
static bool find_structural(Check *check)
{
    for (guint i = 0; i < check->classes->len; i++) {
        const ClassRecord *class = g_ptr_array_index(check->classes, i);
        if (class->class.kind == CLASS_STRUCTURAL &&
            (!check->structural || schema_class_within(class, check->structural)))
            check->structural = class;
    }
    if (!check->structural)
        return refuse(check, "objectClass", "no structural class; one is needed");
    for (guint i = 0; i < check->classes->len; i++) {
        const ClassRecord *class = g_ptr_array_index(check->classes, i);
        if (class->class.kind == CLASS_STRUCTURAL && !schema_class_within(check->structural, class))
            return refuse(check, "objectClass", "structural classes %s and %s do not go together; keep one",
                          check->structural->class.name, class->class.name);
    }
    return true;
}

/** An abstract class counts only as superior of another class of the entry. */
static bool check_abstract(const Check *check)
{
    for (guint i = 0; i < check->classes->len; i++) {
        const ClassRecord *abstract = g_ptr_array_index(check->classes, i);
        bool above = abstract->class.kind != CLASS_ABSTRACT;
        for (guint j = 0; !above && j < check->classes->len; j++)
            above = i != j && schema_class_within(g_ptr_array_index(check->classes, j), abstract);
        if (!above && g_ascii_strcasecmp(abstract->class.name, "top") != 0)
            return refuse(check, "objectClass", "abstract class %s has no class below it here",
                          abstract->class.name);
    }
    return true;
}

bool schema_server_provides(const AttributeType *type)
{
    static const char *const by_active_directory[] = {"nTSecurityDescriptor", "objectCategory",
                                                      "instanceType"};
    for (size_t i = 0; i < G_N_ELEMENTS(by_active_directory); i++)
        if (g_ascii_strcasecmp(type->name, by_active_directory[i]) == 0)
            return true;
    return type->operational || type->no_user_modification || type->constructed;
}

static bool check_must(const Check *check)
{
    for (guint i = 0; i < check->classes->len; i++) {
        const ClassRecord *class = g_ptr_array_index(check->classes, i);
        for (const AttributeType *const *type = class->class.must; *type; type++)
            if (!schema_server_provides(*type) && !schema_find(check->schema, check->entry, (*type)->name))
                return refuse(check, (*type)->name, "missing; class %s requires it", class->class.name);
    }
    return true;
}

static bool list_holds(const AttributeType *const *list, const AttributeType *type)
{
    for (; *list; list++)
        if (*list == type)
            return true;
    return false;
}

static bool is_allowed(const Check *check, const AttributeType *type)
{
    for (guint i = 0; i < check->classes->len; i++) {
        const ClassRecord *class = g_ptr_array_index(check->classes, i);
        if (list_holds(class->class.must, type) || list_holds(class->class.may, type))
            return true;
    }
    return check->anything || type->operational;
}

static size_t count_characters(Value value)
{
    size_t n = 0;
    for (size_t i = 0; i < value.len; i++)
        n += ((unsigned char)value.data[i] & 0xc0) != 0x80;
    return n;
}

/** Whether the value has a canonical form of its syntax. */
static bool is_of_syntax(const Check *check, SyntaxKind syntax, Value value)
{
    g_autoptr(GString) form = g_string_sized_new(64);
    return syntax == SYNTAX_INTEGER ? schema_normalise_integer(value, form)
                                    : schema_append_dn(check->schema, value, form);
}

/** What is wrong with a value by its syntax; NULL for nothing. */
static const char *find_fault(const Check *check, SyntaxKind syntax, Value value)
{
    const char *fault = NULL;
    switch (syntax) {
    case SYNTAX_DIRECTORY_STRING:
        if (!value.len)
            fault = "empty value; leave the attribute out instead";
        else if (!g_utf8_validate_len(value.data, value.len, NULL))
            fault = "not valid UTF-8; convert the source";
        break;
    case SYNTAX_IA5:
        for (size_t i = 0; i < value.len; i++)
            if ((unsigned char)value.data[i] >= 0x80)
                fault = "characters outside ASCII are not allowed";
        break;
    case SYNTAX_BOOLEAN:
        if (strcmp(value.data, "TRUE") != 0 && strcmp(value.data, "FALSE") != 0)
            fault = "allowed are TRUE and FALSE";
        break;
    case SYNTAX_INTEGER:
        if (!is_of_syntax(check, syntax, value))
            fault = "a whole number is needed";
        break;
    case SYNTAX_DN:
        if (!is_of_syntax(check, syntax, value))
            fault = "a distinguished name is needed";
        break;
    case SYNTAX_ANY:
        break;
    }
    return fault;
}

static bool check_values(const Check *check, const Attribute *attribute, const TypeRecord *record)
{
    size_t bound = check->schema->lenient ? record->type.max_length : 0;
    if (record->type.single_value && attribute->n_values > 1)
        return refuse(check, attribute->name, "%zu values; one is allowed", attribute->n_values);
    for (size_t i = 0; i < attribute->n_values; i++) {
        Value value = attribute->values[i];
        const char *fault = find_fault(check, record->syntax, value);
        if (fault)
            return refuse(check, attribute->name, "value \"%.60s\": %s",
                          g_utf8_validate_len(value.data, value.len, NULL) ? value.data : "(binary)", fault);
        if (bound && count_characters(value) > bound)
            return refuse(check, attribute->name, "value of %zu characters; at most %zu are allowed",
                          count_characters(value), bound);
    }
    return true;
}

static bool check_attribute(const Check *check, const Attribute *attribute)
{
    size_t len = schema_base_length(attribute->name);
    const TypeRecord *record = schema_table_find(&check->schema->types, attribute->name, len);
    if (!attribute->n_values)
        return true;
    if (!record)
        return refuse(check, attribute->name, "not in the server's schema");
    if (!is_allowed(check, &record->type))
        return refuse(check, attribute->name, "no class of the entry allows it; the structural one is %s",
                      check->structural->class.name);
    return record->type.operational || check_values(check, attribute, record);
}

static bool check_all(Check *check)
{
    if (!collect_classes(check) || !find_structural(check) || !check_abstract(check) || !check_must(check))
        return false;
    for (size_t i = 0; i < entry_n_attributes(check->entry); i++)
        if (!check_attribute(check, entry_attribute(check->entry, i)))
            return false;
    return true;
}

bool schema_check_entry(const Schema *schema, const Entry *entry, GError **error)
{
    Check check = {.schema = schema, .entry = entry, .classes = g_ptr_array_new(), .error = error};
    bool good = check_all(&check);
    g_ptr_array_free(check.classes, TRUE);
    return good;
}
