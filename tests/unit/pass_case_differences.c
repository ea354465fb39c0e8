/*
 * pass_case_differences.c - what became of a directory; see pass_case.h
 *
 * Compares two dumps by identity, so that a rename can be told from a deletion
 * and a creation.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#include "dirsync/ldif.h"

#include <stdio.h>
#include <string.h>

static GPtrArray *parse_dump(const char *dump)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(dump, strlen(dump), "dump");
    for (;;) {
        g_autoptr(GError) error = NULL;
        Entry *entry;
        RecordStatus status = ldif_read_entry(reader, &entry, &error);
        if (status == RECORD_END)
            return entries;
        if (status != RECORD_GOOD)
            fail_msg("the dump cannot be read: %s", error ? error->message : "cut off");
        g_ptr_array_add(entries, entry);
    }
}

/* Length of a time of the last minutes, with a fraction or without; 0: it is none. */
static size_t recent_length(const char *text)
{
    int year, month, day, hour, minute, second;
    size_t len = g_str_has_prefix(text + strnlen(text, 14), ".0") ? 16 : 14;
    if (strspn(text, "0123456789") != 14 || text[len] != 'Z' ||
        sscanf(text, "%4d%2d%2d%2d%2d%2d", &year, &month, &day, &hour, &minute, &second) != 6)
        return 0;
    g_autoptr(GDateTime) then = g_date_time_new_utc(year, month, day, hour, minute, second);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    GTimeSpan age = then ? g_date_time_difference(now, then) : -1;
    return age >= 0 && age < 10 * G_TIME_SPAN_MINUTE ? len + 1 : 0;
}

/* The server made it up: it is another one each time. */
static bool is_random_uuid(const char *text)
{
    static const char *const known[] = {CASE_UUID, OTHER_UUID, ID("")};
    g_autofree char *start = g_strndup(text, 36);
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_str_has_prefix(start, known[i]))
            return false;
    return g_uuid_string_is_valid(start);
}

static void append_text(GString *out, const char *text)
{
    for (const char *p = text; *p;) {
        size_t time_length = recent_length(p);
        if (time_length) {
            g_string_append(out, "NOW");
            p += time_length;
        } else if (is_random_uuid(p)) {
            g_string_append(out, "UUID");
            p += 36;
        } else {
            g_string_append_c(out, *p++);
        }
    }
}

static void append_value(GString *out, const char *sign, const char *name, Value value)
{
    g_string_append_printf(out, "  %s%s: ", sign, name);
    if (value.len <= 300 && g_utf8_validate(value.data, (gssize)value.len, NULL) &&
        !strpbrk(value.data, "\n\r"))
        append_text(out, value.data);
    else
        g_string_append_printf(out, "<%zu bytes, %08x>", value.len,
                               (unsigned)fingerprint_bytes(value.data, value.len).low);
    g_string_append_c(out, '\n');
}

static bool has_value(const Entry *entry, const char *name, Value value)
{
    gssize at = entry_index(entry, name);
    for (size_t i = 0; at >= 0 && i < entry_attribute(entry, (size_t)at)->n_values; i++) {
        Value other = entry_attribute(entry, (size_t)at)->values[i];
        if (other.len == value.len && !memcmp(other.data, value.data, value.len))
            return true;
    }
    return false;
}

/* The values of @entry that @other (NULL: none) does not have. */
static void append_values_without(GString *out, const char *sign, const Entry *entry, const Entry *other)
{
    for (size_t i = 0; i < entry_n_attributes(entry); i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        if (!strcmp(attribute->name, "entryUUID"))
            continue;
        for (size_t j = 0; j < attribute->n_values; j++)
            if (!other || !has_value(other, attribute->name, attribute->values[j]))
                append_value(out, sign, attribute->name, attribute->values[j]);
    }
}

static const Entry *find_same(const GPtrArray *entries, const Entry *entry)
{
    Value uuid = entry_attribute(entry, (size_t)entry_index(entry, "entryUUID"))->values[0];
    for (guint i = 0; i < entries->len; i++)
        if (has_value(g_ptr_array_index(entries, i), "entryUUID", uuid))
            return g_ptr_array_index(entries, i);
    return NULL;
}

static void append_changed(GString *out, const Entry *before, const Entry *after)
{
    bool renamed = strcmp(entry_dn(before), entry_dn(after)) != 0;
    g_autoptr(GString) values = g_string_new(NULL);
    append_values_without(values, "- ", before, after);
    append_values_without(values, "+ ", after, before);
    if (renamed)
        g_string_append_printf(out, "> %s\n  to %s\n%s", entry_dn(before), entry_dn(after), values->str);
    else if (values->len)
        g_string_append_printf(out, "* %s\n%s", entry_dn(after), values->str);
}

char *case_differences(const char *before, const char *after)
{
    g_autoptr(GPtrArray) old = parse_dump(before), new = parse_dump(after);
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < old->len; i++)
        if (!find_same(new, g_ptr_array_index(old, i)))
            g_string_append_printf(out, "- %s\n", entry_dn(g_ptr_array_index(old, i)));
    for (guint i = 0; i < new->len; i++) {
        const Entry *entry = g_ptr_array_index(new, i), *same = find_same(old, entry);
        if (same) {
            append_changed(out, same, entry);
            continue;
        }
        g_string_append_printf(out, "+ %s\n", entry_dn(entry));
        append_values_without(out, "", entry, NULL);
    }
    return g_string_free(out, FALSE);
}
