/*
 * settlements.c - see settlements.h
 */
#include "dirsync/settlements.h"

#include "dirsync/link_table.h"
#include "dirsync/spool.h"

#include <string.h>

struct Settlements {
    GArray *all; /* of Settlement */
    Spool *spool;
    GByteArray *bytes; /* of the content that is being written or read */
    GError *error;     /* the first that could not be kept */
};

Settlements *settlements_new(const char *folder, GError **error)
{
    g_autoptr(Settlements) settlements = g_new0(Settlements, 1);
    settlements->all = g_array_new(FALSE, FALSE, sizeof(Settlement));
    settlements->bytes = g_byte_array_new();
    settlements->spool = spool_new(folder, error);
    return settlements->spool ? g_steal_pointer(&settlements) : NULL;
}

void settlements_free(Settlements *settlements)
{
    if (!settlements)
        return;
    g_array_unref(settlements->all);
    g_byte_array_unref(settlements->bytes);
    spool_free(settlements->spool);
    g_clear_error(&settlements->error);
    g_free(settlements);
}

/* The strings follow the struct, each with its NUL; one that is not there is still a pointer that is NULL. */
static void pack(const Settled *settled, GByteArray *bytes)
{
    Settled copy = *settled;
    char **strings[LINK_ROW_STRINGS];
    link_row_strings(&copy.row, strings);
    g_byte_array_set_size(bytes, 0);
    g_byte_array_append(bytes, (const guint8 *)settled, sizeof *settled);
    for (size_t i = 0; i < LINK_ROW_STRINGS; i++)
        if (*strings[i])
            g_byte_array_append(bytes, (const guint8 *)*strings[i], (guint)strlen(*strings[i]) + 1);
}

static void unpack(const GByteArray *bytes, Settled *settled)
{
    memcpy(settled, bytes->data, sizeof *settled);
    char **strings[LINK_ROW_STRINGS];
    link_row_strings(&settled->row, strings);
    const char *at = (const char *)bytes->data + sizeof *settled;
    for (size_t i = 0; i < LINK_ROW_STRINGS; i++) {
        if (!*strings[i])
            continue;
        *strings[i] = g_strdup(at);
        at += strlen(at) + 1;
    }
}

uint32_t settlements_add(Settlements *settlements, unsigned pending, unsigned kinds, const Settled *settled)
{
    Settlement settlement = {.pending = pending, .kinds = (uint16_t)kinds, .linked = settled->row.row != 0};
    uint32_t i = settlements->all->len;
    pack(settled, settlements->bytes);
    if (settlements->error ||
        !spool_append_bytes(settlements->spool, settlements->bytes->data, settlements->bytes->len,
                            &settlement.at, &settlements->error))
        return NOWHERE;
    g_array_append_val(settlements->all, settlement);
    return i;
}

bool settlements_check(const Settlements *settlements, GError **error)
{
    if (settlements->error)
        g_propagate_error(error, g_error_copy(settlements->error));
    return !settlements->error;
}

size_t settlements_count(const Settlements *settlements)
{
    return settlements->all->len;
}

Settlement *settlements_at(const Settlements *settlements, size_t i)
{
    return &g_array_index(settlements->all, Settlement, i);
}

bool settlements_read(const Settlements *settlements, const Settlement *settlement, Settled *settled,
                      GError **error)
{
    if (!spool_read_bytes(settlements->spool, settlement->at, settlements->bytes, error))
        return false;
    unpack(settlements->bytes, settled);
    return true;
}
