/*
 * migration.h - the report of a migration: who was matched with whom, and what becomes of them
 *
 * Takes every match as it is told (Migration.told) and keeps what will be shown:
 * figures, and lists, of which text shows the beginning. A file of it goes row
 * by row to where it is wanted.
 */
#ifndef DIRSYNC_REPORT_MIGRATION_H
#define DIRSYNC_REPORT_MIGRATION_H

#include "dirsync/migration.h"

#include <jansson.h>
#include <stdio.h>

typedef struct MigrationReport MigrationReport;

/** @everybody: all are kept, not only the first of those whom somebody must look at. @path: of a CSV file, a
 *  row for each candidate; NULL: none. */
MigrationReport *migration_report_new(bool everybody, const char *path, GError **error);
void migration_report_free(MigrationReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigrationReport, migration_report_free)

/** Migration.told; @report is the data. */
void migration_report_take(const Match *match, void *report);
/** Those of ours that were not told; puts the file in its place. ERROR_IO, also of a row before. */
bool migration_report_finish(MigrationReport *report, size_t in_sync, GError **error);

size_t migration_report_count(const MigrationReport *report, MatchClass class);
/** Of everybody but those who are ours already. */
size_t migration_report_actions(const MigrationReport *report, MatchAction action);

/** The figures, then the lists; in 80 columns, but for long names. */
void migration_report_print(const MigrationReport *report, FILE *out);
/** {"classes":{"exact":{"people":2,"adopt":2,...},...},"people":[...]}. */
json_t *migration_report_json(const MigrationReport *report);

#endif
