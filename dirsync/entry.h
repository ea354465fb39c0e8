/*
 * entry.h - the one thing that flows: a DN and its attributes
 *
 * Values are counted bytes; one allocation arena per entry, freed in one call.
 * An entry owns everything in it; pointers handed out live as long as the
 * entry (values keep their address when others are added).
 *
 * Knows nothing of schema: names are kept as received. To find an attribute
 * by name, alias or OID use schema_find() (schema.h), never strcmp.
 */
#ifndef DIRSYNC_ENTRY_H
#define DIRSYNC_ENTRY_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Entry Entry;

/** Counted bytes. data[len] is always a NUL that does not count. */
typedef struct {
    const char *data;
    size_t len;
} Value;

/** One attribute description ("cn", "sn;lang-en") and its values, in order of arrival. */
typedef struct {
    const char *name;
    Value *values;
    size_t n_values;
    size_t size; /* private: slots of values */
} Attribute;

/** 128-bit hash of an entry as received, or of its canonical form; XXH3, change detection only. */
typedef struct {
    uint64_t low, high;
} Fingerprint;

/** @dn is copied; any string, checked by whoever cares (dn.h). */
Entry *entry_new(const char *dn);
void entry_free(Entry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Entry, entry_free)

const char *entry_dn(const Entry *entry);
void entry_set_dn(Entry *entry, const char *dn);

/** Bytes from the entry's arena, aligned for any type; live as long as the entry. */
void *entry_alloc(Entry *entry, size_t size);

size_t entry_n_attributes(const Entry *entry);
/** @i < entry_n_attributes(); the pointer is valid until the next entry_add or entry_remove. They lie side by
 *  side: 0 of an entry without attributes is where the first would be. */
const Attribute *entry_attribute(const Entry *entry, size_t i);

/** Appends a value (copied) to the attribute whose name is the same but for ASCII case; makes the
 *  attribute when it is new. Does not look for duplicates. */
void entry_add(Entry *entry, const char *name, const void *data, size_t len);
void entry_add_string(Entry *entry, const char *name, const char *text);
/** Makes the attribute without a value (an attribute that is known to be empty). */
void entry_add_empty(Entry *entry, const char *name);
/** Removes attribute @i; the order of the others stays. */
void entry_remove(Entry *entry, size_t i);

/** Index of the attribute of that exact description but for ASCII case; -1 when there is none.
 *  For code that made the entry itself; everybody else uses schema_find(). */
gssize entry_index(const Entry *entry, const char *name);

Entry *entry_copy(const Entry *entry);

/** Appends a self-contained binary form to @out, for spool files of this process only. */
void entry_serialise(const Entry *entry, GByteArray *out);
/** NULL with ERROR_INVALID when the bytes are not what entry_serialise() writes. */
Entry *entry_deserialise(const void *data, size_t len, GError **error);

Fingerprint fingerprint_bytes(const void *data, size_t len);
/** Of a string, for anchors, ids and keys. */
Fingerprint fingerprint_string(const char *text);
/** 32 digits; g_free(). */
char *fingerprint_hex(Fingerprint fingerprint);
static inline bool fingerprint_equal(Fingerprint a, Fingerprint b)
{
    return a.low == b.low && a.high == b.high;
}
/** Their order; as strcmp(). */
static inline int fingerprint_compare(Fingerprint a, Fingerprint b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}
/** For tables whose keys are Fingerprint *. */
guint fingerprint_hash(gconstpointer key);
gboolean fingerprint_same(gconstpointer a, gconstpointer b);
static inline bool fingerprint_is_zero(Fingerprint a)
{
    return !a.low && !a.high;
}

#endif
