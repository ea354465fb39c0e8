/*
 * audit_scope.h - what an audit is about: an organisation and its connectors
 *
 * All connectors that the definitions folder has for the organisation are known, so that a
 * stamp of another one is a finding; those that were named, or all, are looked at.
 */
#ifndef DIRSYNC_AUDIT_SCOPE_H
#define DIRSYNC_AUDIT_SCOPE_H

#include "dirsync/connector.h"

typedef struct {
    const Organisation *organisation;
    GPtrArray *known;    /* Connector, each once */
    GPtrArray *chosen;   /* borrowed from known */
    bool everything;     /* the whole home directory: no connector was named */
    GPtrArray *problems; /* char *: definitions that cannot be read, and why */
    Organisation *own;   /* the organisation where no connector has it */
} AuditScope;

/** @names: connectors, as for connector_load(); none: the organisation @organisation (organisation_path()),
 * or (NULL) the only one of the definitions folder. ERROR_DEFINITION. */
bool audit_scope_load(AuditScope *scope, const char *organisation, char *const *names, size_t n_names,
                      GError **error);
void audit_scope_clear(AuditScope *scope);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AuditScope, audit_scope_clear)

#endif
