/*
 * claim_table.c - see claim_table.h
 */
#include "dirsync/claim_table.h"

#include <string.h>

struct ClaimTable {
    GArray *keys;      /* of Fingerprint */
    GArray *claimants; /* of each key: uint64_t, where its claimant begins in @anchors */
    FingerprintIndex by_key;
    GByteArray *anchors; /* each with its NUL */
    uint64_t last;       /* the anchor that was put last begins there */
};

static Fingerprint key_at(const void *table, uint32_t i)
{
    return g_array_index(((const ClaimTable *)table)->keys, Fingerprint, i);
}

ClaimTable *claim_table_new(void)
{
    ClaimTable *table = g_new0(ClaimTable, 1);
    table->keys = g_array_new(FALSE, FALSE, sizeof(Fingerprint));
    table->claimants = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    table->anchors = g_byte_array_new();
    fingerprint_index_init(&table->by_key, key_at, table);
    return table;
}

void claim_table_free(ClaimTable *table)
{
    if (!table)
        return;
    g_array_unref(table->keys);
    g_array_unref(table->claimants);
    g_byte_array_unref(table->anchors);
    fingerprint_index_clear(&table->by_key);
    g_free(table);
}

static const char *anchor_at(const ClaimTable *table, uint64_t at)
{
    return (const char *)table->anchors->data + at;
}

static uint64_t keep_anchor(ClaimTable *table, const char *anchor)
{
    if (!table->anchors->len || strcmp(anchor_at(table, table->last), anchor) != 0) {
        table->last = table->anchors->len;
        g_byte_array_append(table->anchors, (const guint8 *)anchor, (guint)strlen(anchor) + 1);
    }
    return table->last;
}

void claim_table_put(ClaimTable *table, Fingerprint key, const char *claimant)
{
    uint64_t at = keep_anchor(table, claimant);
    uint32_t i = fingerprint_index_find(&table->by_key, key);
    if (i != NOWHERE) {
        g_array_index(table->claimants, uint64_t, i) = at;
        return;
    }
    i = table->keys->len;
    g_array_append_val(table->keys, key);
    g_array_append_val(table->claimants, at);
    fingerprint_index_add(&table->by_key, i);
}

const char *claim_table_find(const ClaimTable *table, Fingerprint key)
{
    uint32_t i = fingerprint_index_find(&table->by_key, key);
    return i == NOWHERE ? NULL : anchor_at(table, g_array_index(table->claimants, uint64_t, i));
}
