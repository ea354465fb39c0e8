/*
 * audit_report.h - how an audit looks: text for people, JSON for programs
 *
 * Both are written piece by piece, however many findings there are.
 */
#ifndef DIRSYNC_AUDIT_REPORT_H
#define DIRSYNC_AUDIT_REPORT_H

#include "dirsync/audit.h"

#include <stdio.h>

/** What is shown. The head, the history and the reconciliation always are. */
typedef struct {
    bool kinds[AUDIT_KINDS];
    bool verbose;   /* every object, and the reconciliation one by one */
    double seconds; /* that it took */
} AuditView;

/** Of the kinds that are shown. */
typedef struct {
    size_t of[SEVERITIES], fresh, cleared;
} AuditTotals;

bool report_audit_totals(Audit *audit, const AuditView *view, AuditTotals *totals, GError **error);
/** One document; its form stands in dirsync-audit(1). */
bool report_audit_json(FILE *out, Audit *audit, const AuditView *view, GError **error);
/** Grouped by kind, the worst first; at most 80 columns, but for names that are longer themselves. */
bool report_audit_text(FILE *out, Audit *audit, const AuditView *view, GError **error);
/** "audit: 3 errors, 12 warnings, 5 notes; 2 new, 1 cleared in 2.1 s"; g_free(). */
char *report_audit_summary(const Audit *audit, const AuditView *view, const AuditTotals *totals);

#endif
