/*
 * fuzz_ldif.c - LDIF of any kind: read as content and as changes
 *
 * Checks that skipping and decoding agree on every record, and that what the
 * writer makes of a record reads back the same.
 */
#include "dirsync/ldif.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static bool same_entry(const Entry *a, const Entry *b)
{
    g_autoptr(GByteArray) left = g_byte_array_new(), right = g_byte_array_new();
    entry_serialise(a, left);
    entry_serialise(b, right);
    return left->len == right->len && memcmp(left->data, right->data, left->len) == 0;
}

static void check_entry_comes_back(const Entry *entry)
{
    GString *text = g_string_new(NULL);
    Entry *again = NULL;
    ldif_write_entry(text, entry);
    LdifReader *reader = ldif_reader_new_memory(text->str, text->len, "written");
    demand(ldif_read_entry(reader, &again, NULL) == RECORD_GOOD && same_entry(entry, again));
    entry_free(again);
    demand(ldif_read_entry(reader, &again, NULL) == RECORD_END);
    ldif_reader_free(reader);
    g_string_free(text, TRUE);
}

static void read_content(const uint8_t *data, size_t size)
{
    LdifReader *skipping = ldif_reader_new_memory(data, size, "skip");
    LdifReader *reading = ldif_reader_new_memory(data, size, "read");
    RecordStatus status;
    do {
        GError *error = NULL;
        Entry *entry = NULL;
        status = ldif_skip_entry(skipping, &error);
        demand((status == RECORD_BAD) == (error != NULL));
        g_clear_error(&error);
        demand(ldif_read_entry(reading, &entry, NULL) == status);
        demand(fingerprint_equal(ldif_reader_fingerprint(skipping), ldif_reader_fingerprint(reading)));
        if (status == RECORD_GOOD) {
            Entry *decoded = ldif_decode_last(skipping, NULL);
            demand(decoded && same_entry(entry, decoded));
            check_entry_comes_back(entry);
            entry_free(decoded);
            entry_free(entry);
        }
    } while (status == RECORD_GOOD || status == RECORD_BAD);
    demand(ldif_reader_offset(skipping) <= size);
    ldif_reader_free(reading);
    ldif_reader_free(skipping);
}

static void check_change_comes_back(const Change *change)
{
    GString *text = g_string_new(NULL), *second = g_string_new(NULL);
    Change *again = NULL;
    ldif_write_change(text, change, true);
    LdifReader *reader = ldif_reader_new_memory(text->str, text->len, "written");
    demand(ldif_read_change(reader, &again, NULL) == RECORD_GOOD);
    ldif_write_change(second, again, true);
    demand(g_string_equal(text, second));
    change_free(again);
    demand(ldif_read_change(reader, &again, NULL) == RECORD_END);
    ldif_reader_free(reader);
    g_string_free(second, TRUE);
    g_string_free(text, TRUE);
}

static void read_changes(const uint8_t *data, size_t size)
{
    LdifReader *reader = ldif_reader_new_memory(data, size, "changes");
    RecordStatus status;
    do {
        GError *error = NULL;
        Change *change = NULL;
        status = ldif_read_change(reader, &change, &error);
        demand((status == RECORD_BAD) == (error != NULL) && (status == RECORD_GOOD) == (change != NULL));
        g_clear_error(&error);
        if (change) {
            check_change_comes_back(change);
            g_free(change_resulting_dn(change));
            change_free(change_invert(change, change->entry));
            change_free(change);
        }
    } while (status == RECORD_GOOD || status == RECORD_BAD);
    ldif_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_content(data, size);
    read_changes(data, size);
    return 0;
}
