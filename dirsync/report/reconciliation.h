/*
 * report/reconciliation.h - how a reconciliation looks: text for people, JSON for programs
 *
 * The rows of reconciliation.h come in no order and may be as many as there are
 * entries. For text they are kept in a temporary file, eight bytes of memory for
 * each, and printed by reason. What is in sync is counted only.
 */
#ifndef DIRSYNC_REPORT_RECONCILIATION_H
#define DIRSYNC_REPORT_RECONCILIATION_H

#include "dirsync/reconciliation.h"

#include <jansson.h>
#include <stdio.h>

/** "only-source", "only-target", "differs", "same" */
const char *report_verdict_name(ReconciliationVerdict verdict);

/** A row as an object: connector, step, verdict, source_dn, target_dn, name, mail, anchor, reason_id, reason,
 * detail, remedy, differences ([{attribute, have, want}]); what there is none of is null. */
json_t *report_reconciliation_json(const char *connector, const Reconciliation *row);

typedef struct ReconciliationReport ReconciliationReport;

/** @folder: where the temporary file is made; NULL: where such files go. @most: rows of a reason that are
 * kept to be printed, 0: all; all are counted. ERROR_IO. */
ReconciliationReport *reconciliation_report_new(const char *folder, size_t most, GError **error);
void reconciliation_report_free(ReconciliationReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ReconciliationReport, reconciliation_report_free)

/** Whose rows come from now on. */
void reconciliation_report_begin(ReconciliationReport *report, const char *connector);
/** A ReconciliationSeen; @report: a ReconciliationReport. */
void reconciliation_report_take(const Reconciliation *row, void *report);
/** Rows that are not in sync, of all connectors. */
size_t reconciliation_report_open(const ReconciliationReport *report);

/** For each connector and step a heading with its counts, then the rows by reason, those first that need
 * somebody to act. @values: the values of attributes that differ as well. ERROR_IO when the temporary file
 * failed. */
bool reconciliation_report_print(ReconciliationReport *report, FILE *out, bool values, GError **error);
/** [{connector, step, verdict, reason_id, title, count}], what is in sync with reason_id null. */
json_t *reconciliation_report_counts(const ReconciliationReport *report);

#endif
