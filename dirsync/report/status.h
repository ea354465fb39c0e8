/*
 * status.h - what is known of a connector and its runs
 *
 * Gathered as JSON from the definition, the state, the folders of the runs and
 * what the daemon has written; the text is made from that JSON, so it cannot show
 * more. Asks no server, takes no lock and writes nothing. What cannot be read is
 * said in "problems", and the rest is there all the same.
 */
#ifndef DIRSYNC_STATUS_H
#define DIRSYNC_STATUS_H

#include "dirsync/report/report.h"

/** @runs: how many runs of the history at most. */
json_t *status_connector(const Connector *connector, const char *state_folder, size_t runs);
/** A connector whose definition cannot be loaded. */
json_t *status_broken(const char *name, const GError *error);
/** One run, with what became of each change of its plan. NULL with ERROR_DEFINITION when there is no such
 * run.
 *  @id may be "last". */
json_t *status_run(const Connector *connector, const char *state_folder, const char *id, GError **error);

/** How it ended, in a few words: "done". */
const char *status_result(const json_t *run);
/** A run of the history as JSON. @going_on: somebody holds the connector's lock. */
json_t *status_record(const RunRecord *record, bool going_on);
/** Adds to it whether it can be taken back, and by which run it was. */
bool status_add_revert(json_t *json, State *state, const RunRecord *record, GError **error);

/** All of them, one line each. @list: of status_connector() and status_broken(). */
void status_print_overview(FILE *out, const json_t *list);
void status_print_connector(FILE *out, const json_t *connector, bool verbose);
void status_print_run(FILE *out, const json_t *run);

#endif
