/*
 * audit.h - is the address list sound?
 *
 * Reads the home directory once, and of each connector both directories, and tells
 * what is wrong there: findings, each of one of the kinds of a table. Nothing is ever
 * written to a directory. What was found is kept in the organisation's audit.db, by which
 * the next audit of the same scope knows what is new and what is gone; losing that file
 * loses the comparison and nothing else.
 *
 * Memory is tens of bytes an object and a finding; what objects contain lies in
 * unlinked temporary files in the state folder. Results are handed out one by one as
 * JSON, from which text and page are made alike.
 */
#ifndef DIRSYNC_AUDIT_H
#define DIRSYNC_AUDIT_H

#include "dirsync/audit_scope.h"
#include "dirsync/step.h"

#include <jansson.h>

typedef enum { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_INFO, SEVERITIES } AuditSeverity;

/** Keep in step with audit_kinds[]. The order is that of reports. */
typedef enum {
    AUDIT_DUPLICATE_ADDRESS,
    AUDIT_PRIMARY_SEVERAL,
    AUDIT_INVALID_ADDRESS,
    AUDIT_TARGET_NOWHERE,
    AUDIT_TARGET_LOOP,
    AUDIT_LEGACY_DUPLICATE,
    AUDIT_GENERATOR_MISSING,
    AUDIT_GENERATOR_OLDER,
    AUDIT_LOCAL_AND_CONTACT,
    AUDIT_CONTACT_TWICE,
    AUDIT_PRIMARY_MISSING,
    AUDIT_MAIL_NOT_PRIMARY,
    AUDIT_TYPE_UNREGISTERED,
    AUDIT_STAMP_UNKNOWN,
    AUDIT_OBJECT_WITHOUT_SOURCE,
    AUDIT_SOURCE_WITHOUT_OBJECT,
    AUDIT_CHANGED_BY_HAND,
    AUDIT_MEMBER_UNRESOLVED,
    AUDIT_GROUP_CYCLE,
    AUDIT_LIST_AS_CONTACT,
    AUDIT_GRACE_OVER,
    AUDIT_VALUE_TOO_LONG,
    AUDIT_VALUE_INVALID,
    AUDIT_DIFFERS,
    AUDIT_LEGACY_MISSING,
    AUDIT_NAME_COLLISION,
    AUDIT_KINDS
} AuditKind;

typedef struct {
    const char *id; /* "duplicate-address" */
    AuditSeverity severity;
    const char *title;
    const char *remedy; /* in general; a finding may have a more concrete one */
} AuditKindInfo;

extern const AuditKindInfo audit_kinds[AUDIT_KINDS];
extern const char *const audit_severity_names[SEVERITIES]; /* "error", "warning", "info" */
/** -1 when there is none of that name. */
int audit_kind_parse(const char *id);
int audit_severity_parse(const char *name);

typedef struct {
    const char *state_folder; /* as for state_open(); NULL */
    const char *since;        /* id of the audit to compare with; NULL: the last one of the scope */
    StepProgress progress;    /* may be NULL */
    void *data;
} AuditOptions;

/** An audit that is done, and what it came to. */
typedef struct Audit Audit;

/** Every error means that nothing was kept. What could not be looked at (a connector whose server is
 *  down) is no error: it is told in the head ("incomplete"), and earlier findings about it stand. */
Audit *audit_run(const AuditScope *scope, const AuditOptions *options, GError **error);
void audit_free(Audit *audit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Audit, audit_free)

/** Members id, started, finished, organisation, connectors, since (or null), objects, incomplete. Borrowed.
 */
const json_t *audit_head(const Audit *audit);

/** Every part was looked at; else earlier findings about the others stand as they were. */
bool audit_is_whole(const Audit *audit);

typedef struct {
    size_t count, fresh, cleared; /* fresh and cleared: against since; 0 where there is none */
} AuditCount;

bool audit_counts(Audit *audit, AuditCount counts[AUDIT_KINDS], GError **error);

/** One row, borrowed. Return false with @error set to stop. */
typedef bool (*AuditSeen)(const json_t *row, void *data, GError **error);

/** Findings of a kind: key, id, severity, state ("new" or "standing"), objects, attribute, evidence, remedy.
 */
bool audit_findings(Audit *audit, AuditKind kind, AuditSeen seen, void *data, GError **error);
/** Those that the audit before had and this one has not; without state. */
bool audit_cleared(Audit *audit, AuditKind kind, AuditSeen seen, void *data, GError **error);
/** The address lists compared: who is in one and not in the other, and who differs. */
bool audit_reconciliation(Audit *audit, AuditSeen seen, void *data, GError **error);
/** Audits of the same scope, the oldest first, this one last: id, finished, counts, total. */
bool audit_history(Audit *audit, AuditSeen seen, void *data, GError **error);

/** Earlier audits of the organisation, of whatever scope, the oldest first; as audit_history(), with
 * connectors (empty: everything). */
bool audit_list(const Organisation *organisation, const char *state_folder, AuditSeen seen, void *data,
                GError **error);

#endif
