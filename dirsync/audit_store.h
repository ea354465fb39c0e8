/*
 * audit_store.h - what earlier audits found: the organisation's audit.db
 *
 * A finding that stands is one row, whatever the number of audits that found it; its
 * body is as the last one saw it. An audit is added in one transaction, so one that was cut
 * short leaves nothing. Audits and their counts are kept for AUDITS_KEPT audits of a scope.
 */
#ifndef DIRSYNC_AUDIT_STORE_H
#define DIRSYNC_AUDIT_STORE_H

#include "dirsync/audit.h"
#include "dirsync/database.h"

#define AUDITS_KEPT 400

typedef struct AuditStore AuditStore;

/** A number of 0 stands for none. */
typedef struct {
    int64_t scope, number, since; /* this audit and the one it is compared with */
} AuditPlace;

/** @folder: the organisation's state folder, which is made. Mode 0600. ERROR_STATE, ERROR_IO. */
AuditStore *audit_store_open(const Organisation *organisation, const char *folder, GError **error);
void audit_store_close(AuditStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditStore, audit_store_close)

/** Finds the audit to compare with; @id NULL: the last one of the scope, *since NULL when there is none. An
 * id that is not there, or of another scope, is ERROR_NOT_FOUND. */
bool audit_store_since(AuditStore *store, const char *scope, const char *id, AuditPlace *place, char **since,
                       GError **error);

/** Between are audit_store_add() and audit_store_carry(); @place gets the number. */
bool audit_store_begin(AuditStore *store, const char *id, const char *started, AuditPlace *place,
                       GError **error);
/** The same key a second time is left out. */
bool audit_store_add(AuditStore *store, const AuditPlace *place, const Fingerprint *key, const char *kind,
                     const char *part, const char *body, GError **error);
/** The part could not be looked at: what the audit before found there stands. */
bool audit_store_carry(AuditStore *store, const AuditPlace *place, const char *part, GError **error);
/** The parts in which the audit before found something; NULL with @error. g_strfreev(). */
char **audit_store_parts(AuditStore *store, const AuditPlace *place, GError **error);
bool audit_store_finish(AuditStore *store, const AuditPlace *place, const char *finished, GError **error);
void audit_store_rollback(AuditStore *store);

bool audit_store_counts(AuditStore *store, const AuditPlace *place, AuditCount counts[AUDIT_KINDS],
                        GError **error);
bool audit_store_findings(AuditStore *store, const AuditPlace *place, AuditKind kind, AuditSeen seen,
                          void *data, GError **error);
bool audit_store_cleared(AuditStore *store, const AuditPlace *place, AuditKind kind, AuditSeen seen,
                         void *data, GError **error);
/** @scope 0: of all scopes. */
bool audit_store_history(AuditStore *store, int64_t scope, AuditSeen seen, void *data, GError **error);

#endif
