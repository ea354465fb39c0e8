/*
 * claim_table.h - who claims which name and address in this run
 *
 * Keys are fingerprints, claimants are numbers. A first import claims some keys
 * for everybody there is, and asks for each of them once, when most are nobody's
 * yet: so memory holds some ten bytes a key, which tell that a key is new, and a
 * temporary file holds the keys and their claimants.
 */
#ifndef DIRSYNC_CLAIM_TABLE_H
#define DIRSYNC_CLAIM_TABLE_H

#include "dirsync/entry.h"

typedef struct ClaimTable ClaimTable;

/** @folder: where the file is made (and unlinked at once). ERROR_IO. */
ClaimTable *claim_table_new(const char *folder, GError **error);
void claim_table_free(ClaimTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClaimTable, claim_table_free)

/** The last one to claim a key has it. What goes wrong is told by claim_table_find(). */
void claim_table_put(ClaimTable *table, Fingerprint key, uint32_t claimant);
/** *claims: whether anybody claims the key, and then *claimant is who. ERROR_IO (disk full), also of an
 *  earlier claim_table_put(). */
bool claim_table_find(ClaimTable *table, Fingerprint key, bool *claims, uint32_t *claimant, GError **error);
/** False when a claim could not be kept (ERROR_IO). To be asked before anything is written to a directory. */
bool claim_table_check(const ClaimTable *table, GError **error);

#endif
