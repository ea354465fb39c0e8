/*
 * claim_table.h - who claims which name and address in this run
 *
 * Keys are fingerprints, claimants are anchors. A first import claims some keys
 * for everybody there is, so a key costs some twenty bytes, and anchors stand
 * one after the other in one buffer, once for all keys that are claimed in a row.
 */
#ifndef DIRSYNC_CLAIM_TABLE_H
#define DIRSYNC_CLAIM_TABLE_H

#include "dirsync/link_table.h"

typedef struct ClaimTable ClaimTable;

ClaimTable *claim_table_new(void);
void claim_table_free(ClaimTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClaimTable, claim_table_free)

/** The last one to claim a key has it. */
void claim_table_put(ClaimTable *table, Fingerprint key, const char *claimant);
/** NULL: nobody claims it. Valid until the next claim_table_put(). */
const char *claim_table_find(const ClaimTable *table, Fingerprint key);

#endif
