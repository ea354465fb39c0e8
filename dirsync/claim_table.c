/*
 * claim_table.c - see claim_table.h
 *
 * Each claim is a record of the file, found by its number. A slot in memory is
 * part of a key and the number of its claim; the whole key is compared in the
 * file, where the parts are alike. Slots are in many small tables that grow one
 * at a time and stay nearly full, since it is memory that counts here.
 */
#include "dirsync/claim_table.h"

#include "dirsync/scratch_file.h"

#include <string.h>
#include <unistd.h>

#define SHARDS 256
#define BUFFERED 4096 /* claims */

typedef struct {
    Fingerprint key;
    uint64_t claimant;
} Claimed;

/* A slot: the part of the key in its upper half, the number of the claim in its lower one. */
typedef uint64_t Slot;
#define EMPTY UINT64_MAX

typedef struct {
    Slot *slots;
    uint32_t size, used;
} Shard;

struct ClaimTable {
    Shard shards[SHARDS];
    int fd;
    uint32_t written; /* claims in the file */
    GArray *buffer;   /* of Claimed, those after them */
    GError *error;    /* the first claim that could not be kept */
};

ClaimTable *claim_table_new(const char *folder, GError **error)
{
    int fd = scratch_file_open(folder, error);
    if (fd < 0)
        return NULL;
    ClaimTable *table = g_new0(ClaimTable, 1);
    table->fd = fd;
    table->buffer = g_array_new(FALSE, FALSE, sizeof(Claimed));
    return table;
}

void claim_table_free(ClaimTable *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        g_free(table->shards[i].slots);
    close(table->fd);
    g_array_unref(table->buffer);
    g_clear_error(&table->error);
    g_free(table);
}

/* --- slots --- */

static Shard *shard_of(ClaimTable *table, Fingerprint key)
{
    return &table->shards[key.high % SHARDS];
}

static uint32_t part_of(Slot slot)
{
    return (uint32_t)(slot >> 32);
}

static Slot make_slot(Fingerprint key, uint32_t number)
{
    return key.low << 32 | number;
}

static uint32_t home_of(const Shard *shard, uint32_t part)
{
    return (uint32_t)((uint64_t)part * shard->size >> 32);
}

static uint32_t next_place(const Shard *shard, uint32_t place)
{
    return place + 1 < shard->size ? place + 1 : 0;
}

static void insert(Shard *shard, Slot slot)
{
    uint32_t place = home_of(shard, part_of(slot));
    while (shard->slots[place] != EMPTY)
        place = next_place(shard, place);
    shard->slots[place] = slot;
}

static void grow(Shard *shard)
{
    Shard old = *shard;
    shard->size = old.size + old.size / 4 + 16;
    shard->slots = g_new(Slot, shard->size);
    memset(shard->slots, 0xff, shard->size * sizeof *shard->slots);
    for (uint32_t place = 0; place < old.size; place++)
        if (old.slots[place] != EMPTY)
            insert(shard, old.slots[place]);
    g_free(old.slots);
}

/* --- claims --- */

static bool flush(ClaimTable *table, GError **error)
{
    const GArray *buffer = table->buffer;
    if (!scratch_file_write(table->fd, buffer->data, buffer->len * sizeof(Claimed),
                            table->written * sizeof(Claimed), error))
        return false;
    table->written += buffer->len;
    g_array_set_size(table->buffer, 0);
    return true;
}

static bool read_claim(const ClaimTable *table, uint32_t number, Claimed *claimed, GError **error)
{
    if (number < table->written)
        return scratch_file_read(table->fd, claimed, sizeof *claimed, number * sizeof *claimed, error);
    *claimed = g_array_index(table->buffer, Claimed, number - table->written);
    return true;
}

/* *slot NULL: nobody claims the key. */
static bool look_up(ClaimTable *table, Fingerprint key, Slot **slot, Claimed *claimed, GError **error)
{
    const Shard *shard = shard_of(table, key);
    uint32_t part = part_of(make_slot(key, 0));
    *slot = NULL;
    if (!shard->size)
        return true;
    for (uint32_t place = home_of(shard, part); shard->slots[place] != EMPTY;
         place = next_place(shard, place)) {
        if (part_of(shard->slots[place]) != part)
            continue;
        if (!read_claim(table, (uint32_t)shard->slots[place], claimed, error))
            return false;
        if (!fingerprint_equal(claimed->key, key))
            continue;
        *slot = &shard->slots[place];
        return true;
    }
    return true;
}

void claim_table_put(ClaimTable *table, Fingerprint key, uint32_t claimant)
{
    Claimed claimed;
    Slot *before;
    if (table->error || (table->buffer->len >= BUFFERED && !flush(table, &table->error)) ||
        !look_up(table, key, &before, &claimed, &table->error))
        return;
    Slot now = make_slot(key, table->written + table->buffer->len);
    claimed = (Claimed){key, claimant};
    g_array_append_val(table->buffer, claimed);
    if (before) {
        *before = now;
        return;
    }
    Shard *shard = shard_of(table, key);
    if (shard->used >= shard->size / 8 * 7)
        grow(shard);
    shard->used++;
    insert(shard, now);
}

bool claim_table_find(ClaimTable *table, Fingerprint key, bool *claims, uint32_t *claimant, GError **error)
{
    Claimed claimed;
    Slot *slot;
    *claims = false;
    if (!claim_table_check(table, error) || !look_up(table, key, &slot, &claimed, error))
        return false;
    *claims = slot != NULL;
    *claimant = slot ? (uint32_t)claimed.claimant : 0;
    return true;
}

bool claim_table_check(const ClaimTable *table, GError **error)
{
    if (table->error)
        g_propagate_error(error, g_error_copy(table->error));
    return !table->error;
}
