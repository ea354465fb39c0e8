/*
 * audit_keys.h - what of each object must be compared with all others, sorted on disk
 *
 * An audit looks for what two objects have in common: addresses, names, members. Of
 * each such thing there is a key of 64 bits; keys are sorted in pieces of bounded
 * size, which lie in an unlinked temporary file and are merged when they are read.
 * So memory does not grow with the directory, and no key costs a statement of SQLite.
 * Two things with the same key by accident are told apart by whoever looks at them,
 * since their text is at hand then.
 */
#ifndef DIRSYNC_AUDIT_KEYS_H
#define DIRSYNC_AUDIT_KEYS_H

#include "dirsync/error.h"

#include <stdint.h>

typedef struct {
    uint64_t key;
    uint64_t at;     /* the caller's; where the text stands in a spool */
    uint32_t object; /* the caller's */
    uint32_t kind;   /* the caller's */
} AuditKey;

typedef struct AuditKeys AuditKeys;

/** Records that are sorted in memory at once. */
#define AUDIT_KEYS_PIECE (256 * 1024)

/** @folder: where the temporary file is made; @piece: records sorted at once, 0: AUDIT_KEYS_PIECE. ERROR_IO.
 */
AuditKeys *audit_keys_new(const char *folder, size_t piece, GError **error);
void audit_keys_free(AuditKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditKeys, audit_keys_free)

bool audit_keys_add(AuditKeys *keys, const AuditKey *key, GError **error);
/** No more are added; reading begins. */
bool audit_keys_sort(AuditKeys *keys, GError **error);
/** All records with the next key, in order of object and kind, replace what is in @group (of AuditKey); none
 * at the end. */
bool audit_keys_next(AuditKeys *keys, GArray *group, GError **error);

#endif
