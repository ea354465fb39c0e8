/*
 * spool.h - entries, and other content, kept on disk while a pass needs them
 *
 * Memory is bounded by identity, not by content: entries that a pass has to
 * look at again are appended to an unlinked temporary file and read back by
 * position. Lives as long as the pass; nothing of it survives a crash. Reads
 * and appends may come from different threads, one appending at a time.
 */
#ifndef DIRSYNC_SPOOL_H
#define DIRSYNC_SPOOL_H

#include "dirsync/entry.h"

typedef struct Spool Spool;

#define SPOOL_NOWHERE UINT64_MAX

/** @folder: where the file is made (and unlinked at once). ERROR_IO. */
Spool *spool_new(const char *folder, GError **error);
void spool_free(Spool *spool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spool, spool_free)

/** Appends the entry; *position is where spool_read() finds it. ERROR_IO (disk full). */
bool spool_append(Spool *spool, const Entry *entry, uint64_t *position, GError **error);
/** The caller owns the entry. */
Entry *spool_read(Spool *spool, uint64_t position, GError **error);
/** An entry (or NULL) with a note of @len bytes, which spool_read_bytes() gives at the same position. */
bool spool_append_noted(Spool *spool, const void *note, size_t len, const Entry *entry, uint64_t *position,
                        GError **error);
/** The same for what is no entry: a note alone. */
bool spool_append_bytes(Spool *spool, const void *data, size_t len, uint64_t *position, GError **error);
/** Replaces what is in @bytes. */
bool spool_read_bytes(Spool *spool, uint64_t position, GByteArray *bytes, GError **error);

/** Reads what was appended before, by any one thread, whatever happens to the spool meanwhile. */
typedef struct SpoolReader SpoolReader;

/** Of what has been appended so far; nobody may append meanwhile. The spool must outlive it. ERROR_IO. */
SpoolReader *spool_reader_new(Spool *spool, GError **error);
void spool_reader_free(SpoolReader *reader);
/** As spool_read(). */
Entry *spool_reader_read(const SpoolReader *reader, uint64_t position, GError **error);

#endif
