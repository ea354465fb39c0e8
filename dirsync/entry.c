/*
 * entry.c - entries, each in an arena of its own
 *
 * The Entry, its DN, names and values lie in a chain of blocks that only
 * grows and is freed at once. What is dropped (a grown array, an old DN, a
 * removed attribute) stays in the arena until the entry goes, so addresses
 * handed out never move. Knows neither schema nor DN syntax.
 */
#include "dirsync/entry.h"

#include <stdalign.h>
#include <string.h>
#include <xxhash.h>

#include "dirsync/error.h"

#define FIRST_BLOCK 2048
#define LARGEST_BLOCK ((size_t)256 * 1024)
#define FIRST_ATTRIBUTES 16
#define FIRST_VALUES 2
#define SERIAL_MAGIC                                                                                         \
    0x31454e44u /* "DNE1"; spool files never leave the machine, so host byte order will do                   \
                 */

typedef struct Block {
    struct Block *next;
    size_t size, used;
    alignas(max_align_t) char data[];
} Block;

struct Entry {
    Block *blocks; /* the one being filled first */
    const char *dn;
    Attribute *attributes;
    size_t n_attributes, size;
};

static size_t align_up(size_t size)
{
    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static Block *block_new(size_t size, Block *next)
{
    Block *block = g_malloc(sizeof(Block) + size);
    block->next = next;
    block->size = size;
    block->used = 0;
    return block;
}

/** A new block for @size bytes. A large value gets its own, behind the one being filled. */
static void *alloc_block(Entry *entry, size_t size)
{
    Block *current = entry->blocks;
    if (size > LARGEST_BLOCK / 4) {
        Block *own = block_new(size, current->next);
        current->next = own;
        own->used = size;
        return own->data;
    }
    size_t grown = MIN(current->size * 2, LARGEST_BLOCK);
    entry->blocks = block_new(MAX(grown, size), current);
    entry->blocks->used = size;
    return entry->blocks->data;
}

void *entry_alloc(Entry *entry, size_t size)
{
    Block *block = entry->blocks;
    size = align_up(MAX(size, 1));
    if (size > block->size - block->used)
        return alloc_block(entry, size);
    void *data = block->data + block->used;
    block->used += size;
    return data;
}

static char *copy_bytes(Entry *entry, const void *data, size_t len)
{
    char *copy = entry_alloc(entry, len + 1);
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

Entry *entry_new(const char *dn)
{
    Block *block = block_new(FIRST_BLOCK, NULL);
    Entry *entry = (Entry *)(void *)block->data;
    block->used = align_up(sizeof(Entry));
    *entry = (Entry){.blocks = block};
    entry->size = FIRST_ATTRIBUTES;
    entry->attributes = entry_alloc(entry, FIRST_ATTRIBUTES * sizeof(Attribute));
    entry_set_dn(entry, dn);
    return entry;
}

void entry_free(Entry *entry)
{
    if (!entry)
        return;
    Block *next;
    for (Block *block = entry->blocks; block; block = next) {
        next = block->next; /* the entry itself is in the last one */
        g_free(block);
    }
}

const char *entry_dn(const Entry *entry)
{
    return entry->dn;
}

void entry_set_dn(Entry *entry, const char *dn)
{
    entry->dn = copy_bytes(entry, dn, strlen(dn));
}

size_t entry_n_attributes(const Entry *entry)
{
    return entry->n_attributes;
}

const Attribute *entry_attribute(const Entry *entry, size_t i)
{
    return &entry->attributes[i];
}

static bool same_name(const char *a, const char *b)
{
    if ((a[0] ^ b[0]) & ~0x20) /* most differ here, without a call */
        return false;
    return g_ascii_strcasecmp(a, b) == 0;
}

gssize entry_index(const Entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->n_attributes; i++)
        if (same_name(entry->attributes[i].name, name))
            return (gssize)i;
    return -1;
}

static Attribute *new_attribute(Entry *entry, const char *name)
{
    if (entry->n_attributes == entry->size) {
        Attribute *grown = entry_alloc(entry, 2 * entry->size * sizeof(Attribute));
        memcpy(grown, entry->attributes, entry->size * sizeof(Attribute));
        entry->attributes = grown;
        entry->size *= 2;
    }
    Attribute *attribute = &entry->attributes[entry->n_attributes++];
    *attribute = (Attribute){.name = copy_bytes(entry, name, strlen(name))};
    return attribute;
}

static Attribute *find_or_make(Entry *entry, const char *name)
{
    size_t n = entry->n_attributes;
    /* values mostly arrive attribute by attribute */
    if (n && same_name(entry->attributes[n - 1].name, name))
        return &entry->attributes[n - 1];
    gssize i = entry_index(entry, name);
    return i >= 0 ? &entry->attributes[i] : new_attribute(entry, name);
}

static void reserve_values(Entry *entry, Attribute *attribute, size_t n)
{
    if (n <= attribute->size)
        return;
    size_t size = MAX(MAX(FIRST_VALUES, 2 * attribute->size), n);
    Value *grown = entry_alloc(entry, size * sizeof(Value));
    if (attribute->n_values)
        memcpy(grown, attribute->values, attribute->n_values * sizeof(Value));
    attribute->values = grown;
    attribute->size = size;
}

static void append_value(Entry *entry, Attribute *attribute, const void *data, size_t len)
{
    const char *copy = copy_bytes(entry, data, len);
    reserve_values(entry, attribute, attribute->n_values + 1);
    attribute->values[attribute->n_values++] = (Value){copy, len};
}

void entry_add(Entry *entry, const char *name, const void *data, size_t len)
{
    append_value(entry, find_or_make(entry, name), data, len);
}

void entry_add_string(Entry *entry, const char *name, const char *text)
{
    entry_add(entry, name, text, strlen(text));
}

void entry_add_empty(Entry *entry, const char *name)
{
    find_or_make(entry, name);
}

void entry_remove(Entry *entry, size_t i)
{
    entry->n_attributes--;
    memmove(&entry->attributes[i], &entry->attributes[i + 1], (entry->n_attributes - i) * sizeof(Attribute));
}

Entry *entry_copy(const Entry *entry)
{
    Entry *copy = entry_new(entry->dn);
    for (size_t i = 0; i < entry->n_attributes; i++) {
        const Attribute *from = &entry->attributes[i];
        Attribute *to = new_attribute(copy, from->name);
        reserve_values(copy, to, from->n_values);
        for (size_t j = 0; j < from->n_values; j++)
            append_value(copy, to, from->values[j].data, from->values[j].len);
    }
    return copy;
}

static void put_number(GByteArray *out, guint32 number)
{
    g_byte_array_append(out, (const guint8 *)&number, sizeof number);
}

static void put_bytes(GByteArray *out, const char *data, size_t len)
{
    put_number(out, (guint32)len);
    g_byte_array_append(out, (const guint8 *)data, (guint)len);
}

void entry_serialise(const Entry *entry, GByteArray *out)
{
    put_number(out, SERIAL_MAGIC);
    put_bytes(out, entry->dn, strlen(entry->dn));
    put_number(out, (guint32)entry->n_attributes);
    for (size_t i = 0; i < entry->n_attributes; i++) {
        const Attribute *attribute = &entry->attributes[i];
        put_bytes(out, attribute->name, strlen(attribute->name));
        put_number(out, (guint32)attribute->n_values);
        for (size_t j = 0; j < attribute->n_values; j++)
            put_bytes(out, attribute->values[j].data, attribute->values[j].len);
    }
}

typedef struct {
    const char *data;
    size_t left;
} Reader;

static bool get_number(Reader *in, guint32 *number)
{
    if (in->left < sizeof *number)
        return false;
    memcpy(number, in->data, sizeof *number);
    in->data += sizeof *number;
    in->left -= sizeof *number;
    return true;
}

static bool get_bytes(Reader *in, Value *value)
{
    guint32 len;
    if (!get_number(in, &len) || len > in->left)
        return false;
    *value = (Value){in->data, len};
    in->data += len;
    in->left -= len;
    return true;
}

/** A name or DN as a C string in @buffer; false when it holds a NUL. */
static bool get_string(Reader *in, GString *buffer)
{
    Value text;
    if (!get_bytes(in, &text) || memchr(text.data, '\0', text.len))
        return false;
    g_string_truncate(buffer, 0);
    g_string_append_len(buffer, text.data, (gssize)text.len);
    return true;
}

static bool get_attribute(Reader *in, Entry *entry, GString *buffer)
{
    guint32 n_values;
    if (!get_string(in, buffer) || !get_number(in, &n_values) || entry_index(entry, buffer->str) >= 0)
        return false;
    if (n_values > in->left / sizeof(guint32)) /* every value takes a length */
        return false;
    Attribute *attribute = new_attribute(entry, buffer->str);
    reserve_values(entry, attribute, n_values);
    for (guint32 i = 0; i < n_values; i++) {
        Value value;
        if (!get_bytes(in, &value))
            return false;
        append_value(entry, attribute, value.data, value.len);
    }
    return true;
}

static bool get_entry(Reader *in, Entry *entry, GString *buffer)
{
    guint32 magic, n_attributes;
    if (!get_number(in, &magic) || magic != SERIAL_MAGIC || !get_string(in, buffer))
        return false;
    entry_set_dn(entry, buffer->str);
    if (!get_number(in, &n_attributes))
        return false;
    for (guint32 i = 0; i < n_attributes; i++)
        if (!get_attribute(in, entry, buffer))
            return false;
    return in->left == 0;
}

Entry *entry_deserialise(const void *data, size_t len, GError **error)
{
    g_autoptr(Entry) entry = entry_new("");
    Reader in = {data, len};
    GString *buffer = g_string_sized_new(256);
    bool read = get_entry(&in, entry, buffer);
    g_string_free(buffer, TRUE);
    if (read)
        return g_steal_pointer(&entry);
    error_set(error, ERROR_INVALID, "spooled entry: %zu bytes are not an entry; the file was damaged", len);
    return NULL;
}

guint fingerprint_hash(gconstpointer key)
{
    return (guint)((const Fingerprint *)key)->low;
}

gboolean fingerprint_same(gconstpointer a, gconstpointer b)
{
    return fingerprint_equal(*(const Fingerprint *)a, *(const Fingerprint *)b);
}

Fingerprint fingerprint_bytes(const void *data, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits(data, len);
    return (Fingerprint){hash.low64, hash.high64};
}

Fingerprint fingerprint_string(const char *text)
{
    return fingerprint_bytes(text, strlen(text));
}

char *fingerprint_hex(Fingerprint fingerprint)
{
    return g_strdup_printf("%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", fingerprint.high,
                           fingerprint.low);
}
