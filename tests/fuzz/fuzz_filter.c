/*
 * fuzz_filter.c - any bytes as filter text and as BER: both forms must survive a round trip
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dirsync/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static Entry *sample_entry(const uint8_t *data, size_t size)
{
    Entry *entry = entry_new("cn=Anna,dc=x");
    entry_add_string(entry, "objectClass", "inetOrgPerson");
    entry_add_string(entry, "cn", "Anna Berg");
    entry_add_string(entry, "telephoneNumber", "+49 30 1234");
    entry_add_string(entry, "manager", "cn=Chef,dc=x");
    entry_add_string(entry, "internetEncoding", "1310720");
    entry_add_string(entry, "createTimestamp", "20240101120000Z");
    entry_add_string(entry, "postalAddress", "a$b");
    entry_add(entry, "sn", data, size);
    return entry;
}

static void check_round_trips(const Filter *filter, const Entry *entry)
{
    g_autofree char *text = filter_format(filter);
    g_autoptr(Filter) again = filter_parse(text, NULL);
    check(again);
    g_autofree char *second = filter_format(again);
    check(strcmp(text, second) == 0);
    g_autoptr(GBytes) ber = filter_to_ber(filter);
    g_autoptr(Filter) back = filter_from_ber(g_bytes_get_data(ber, NULL), g_bytes_get_size(ber), NULL);
    check(back);
    g_autofree char *third = filter_format(back);
    check(strcmp(text, third) == 0);
    bool matches = filter_matches(filter, schema_standard(), entry);
    check(matches == filter_matches(back, schema_standard(), entry));
}

/* The filter is another one then; done twice, nothing is left to do. */
static void check_categories(Filter *filter, const Entry *entry)
{
    filter_resolve_categories(filter);
    g_autofree char *once = filter_format(filter);
    filter_resolve_categories(filter);
    g_autofree char *twice = filter_format(filter);
    check(strcmp(once, twice) == 0);
    (void)filter_matches(filter, schema_standard(), entry);
}

static void check_filter(Filter *filter, const Entry *entry)
{
    check_round_trips(filter, entry);
    check_categories(filter, entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Entry) entry = sample_entry(data, size);
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(Filter) filter = filter_parse(text, NULL);
    g_autoptr(Filter) from_wire = filter_from_ber(data, size, NULL);
    if (filter)
        check_filter(filter, entry);
    if (from_wire)
        check_filter(from_wire, entry);
    g_autofree char *equals = filter_equals("sn", data, size);
    g_autoptr(Filter) safe = filter_parse(equals, NULL);
    check(safe && filter_matches(safe, schema_standard(), entry));
    return 0;
}
