/*
 * holder_index.h - who holds which address and name in a directory that is written to
 *
 * One file for the home directory of the organisation (home.db) and one for the
 * foreign directory of each connector that exports (foreign.db): every recipient,
 * natives included, with its addresses and the values of the attributes by which
 * it is joined. A cache of what was read, refreshed by every read and healed by
 * the next; nothing in it is ever the truth.
 */
#ifndef DIRSYNC_HOLDER_INDEX_H
#define DIRSYNC_HOLDER_INDEX_H

#include "dirsync/entry.h"
#include "dirsync/error.h"

#define KEY_ADDRESS "address"

#define HOLDERS_FORM 3          /* of the file */
#define META_SERIAL "serial"    /* in meta: of the last transaction; none: nothing was read yet */
#define META_AS_OF "as-of"      /* when the directory was last read, in seconds since 1970 */
#define META_OWNER "connector:" /* and its UUID: its name */

typedef struct HolderIndex HolderIndex;

/** What is told of a recipient who is looked up (lookup/). Strings belong to the holder. */
typedef enum { CARD_HIDDEN = 1 << 0, CARD_DISABLED = 1 << 1 } CardFlags;
typedef struct {
    const char *kind;             /* constant: "user", "contact", ...; NULL: nothing is kept */
    char *name, *legacy, *target; /* displayName, legacyExchangeDN, targetAddress; NULL: has none */
    unsigned flags;               /* CardFlags */
} Card;

/** One recipient. Strings belong to the holder. */
typedef struct {
    int64_t row;       /* 0: not stored yet */
    char *id;          /* entryUUID or objectGUID as text */
    char *dn, *dn_key; /* as received, and canonical */
    Fingerprint fingerprint;
    char *owner, *anchor; /* connector that made it; NULL: native */
    bool graced;
    Card card; /* only to be saved; not among what is found */
} Holder;

void holder_free(Holder *holder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Holder, holder_free)

/** Where an address stands; one may stand in several. */
typedef enum { ORIGIN_PROXY = 1 << 0, ORIGIN_TARGET = 1 << 1, ORIGIN_MAIL = 1 << 2 } KeyOrigin;

/** One thing to look a holder up by. */
typedef struct {
    const char *kind; /* KEY_ADDRESS, or the index's: the lower-case attribute of a join rule */
    char *value;      /* canonical: of an address address_normalise() */
    char *text;       /* an address as it stands there; NULL for other kinds */
    unsigned origin;  /* KeyOrigin; 0 for other kinds */
} HolderKey;

/** Makes the file when there is none. One that an earlier version made is made anew, empty. */
HolderIndex *holder_index_open(const char *path, GError **error);
void holder_index_close(HolderIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HolderIndex, holder_index_close)

/** Sees to it that these kinds of key (besides addresses) are kept; when one is new every holder
 *  counts as changed, and the index gets another id. @request: digest of what is asked of the directory; a
 *  change has the same effect. */
bool holder_index_prepare(HolderIndex *index, const char *const *kinds, const char *request, GError **error);

/** All holders, in order of their rows: what is needed to recognise them when they are read again. */
typedef void (*HolderSeen)(int64_t row, const Fingerprint *fingerprint, const char *id, const char *owner,
                           void *data);
bool holder_index_scan(HolderIndex *index, HolderSeen seen, void *data, GError **error);

/** Everything between is one transaction. To be committed only when the index holds the whole directory:
 * those who look up take what is not in a committed index for unknown. */
bool holder_index_begin(HolderIndex *index, GError **error);
/** The same for who writes without having read: how old the index is stays as it was. */
bool holder_index_begin_writing(HolderIndex *index, GError **error);
bool holder_index_commit(HolderIndex *index, GError **error);
void holder_index_rollback(HolderIndex *index);

/** Until holder_index_let_go() everything is read as it is now, and a look-up costs no locks. A write between
 *  is an error. */
bool holder_index_hold(HolderIndex *index, GError **error);
/** While held: about @lookups of names and keys are to come, most of them of what nobody has. Where that is
 *  worth it those are answered from memory. */
bool holder_index_expect(HolderIndex *index, size_t lookups, GError **error);
void holder_index_let_go(HolderIndex *index);

/** Keeps the name of the connector with that UUID, for those who are told of its objects. */
bool holder_index_name_owner(HolderIndex *index, const char *owner, const char *name, GError **error);

/** Stores a holder (an earlier one of the same id is replaced) with its keys; sets holder->row. */
bool holder_index_save(HolderIndex *index, Holder *holder, const HolderKey *keys, size_t n_keys,
                       GError **error);
bool holder_index_remove(HolderIndex *index, int64_t row, GError **error);

/** Appends the holders found to @found (GPtrArray with holder_free). */
bool holder_index_find(HolderIndex *index, const char *kind, const char *value, GPtrArray *found,
                       GError **error);
/** The holder with that entryUUID or objectGUID. */
bool holder_index_find_id(HolderIndex *index, const char *id, GPtrArray *found, GError **error);
bool holder_index_find_dn(HolderIndex *index, const char *dn_key, GPtrArray *found, GError **error);

/** The addresses of a holder as they stand in the directory, "TYPE:primary" and "type:secondary"; appended to
 *  @addresses (g_free). With holder_index_find() the look-up in both directions. */
bool holder_index_addresses(HolderIndex *index, int64_t row, GPtrArray *addresses, GError **error);

/** How far the numbers have come that tell recipients with one and the same address apart; 0 none. */
bool holder_index_highest(HolderIndex *index, const char *base, unsigned *highest, GError **error);
bool holder_index_set_highest(HolderIndex *index, const char *base, unsigned highest, GError **error);
/** Addresses (folded) that the server has refused although nobody in the index has them. */
bool holder_index_refuse(HolderIndex *index, const char *address, GError **error);
bool holder_index_is_refused(HolderIndex *index, const char *address, bool *refused, GError **error);

/** Number of the transaction; each has a higher one than those before it. */
int64_t holder_index_serial(const HolderIndex *index);
/** Made with the file, and made anew when everything in it must be read again: serials and cursors that were
 * remembered with another id mean nothing. */
const char *holder_index_id(const HolderIndex *index);
/** The attributes whose values are kept as keys, of every connector that uses the file; lower case,
 *  NULL-terminated. After holder_index_prepare(). */
const char *const *holder_index_kinds(const HolderIndex *index);
/** Calls back with the anchor of every object of @owner that shares a key with a native saved in a
 *  transaction after @since. */
bool holder_index_rivals(HolderIndex *index, int64_t since, const char *owner,
                         void (*rival)(const char *anchor, void *data), void *data, GError **error);

/** Calls back with the values of that kind that natives saved after @since have. */
bool holder_index_new_keys(HolderIndex *index, int64_t since, const char *kind,
                           void (*seen)(const char *value, void *data), void *data, GError **error);

#endif
