/*
 * check.h - is everything there that a run will need?
 *
 * Looks at the definition, the mapping, both connections, the schema, the
 * permissions and the server's settings, and collects every problem in one go,
 * each with what to do. Writes nothing: permission to write is tried with a
 * change that cannot take effect.
 */
#ifndef DIRSYNC_CHECK_H
#define DIRSYNC_CHECK_H

#include "dirsync/connector.h"

typedef enum { FINDING_ERROR, FINDING_WARNING, FINDING_NOTE, FINDING_OK } FindingKind;

typedef struct {
    FindingKind kind;
    ErrorCode code; /* of an error: decides the exit status */
    char *text;     /* subject: cause */
    char *remedy;   /* what to do, may be several lines of LDIF; NULL: nothing */
} Finding;

/** All findings (GPtrArray of Finding, with free function). */
GPtrArray *check_connector(const Connector *connector);
/** A definition or mapping that cannot be loaded, as findings. */
void check_add_error(GPtrArray *findings, const GError *error);
GPtrArray *check_findings_new(void);

#endif
