/*
 * metrics.h - figures of the runs for a monitoring system
 *
 * One text file for each connector, written after every run that may write
 * (sync, apply, revert; not plan), in the exposition format OpenMetrics 1.0,
 * such that the textfile collector of the Prometheus node exporter, which knows
 * the text format 0.0.4, reads it too. Totals are kept in the connector's state,
 * so they go on over runs; with a state that was lost they begin at 0 again,
 * which every reader of counters allows for. dirsync-metrics(7) lists them all.
 */
#ifndef DIRSYNC_METRICS_H
#define DIRSYNC_METRICS_H

#include "dirsync/run.h"

/** Keep in step with metric_table[]. */
typedef enum {
    METRIC_CHANGES,
    METRIC_ENTRIES,
    METRIC_LINKS,
    METRIC_IN_GRACE,
    METRIC_RETRY,
    METRIC_QUARANTINE,
    METRIC_PLANNED,
    METRIC_LEFT_OVER,
    METRIC_PARTIAL,
    METRIC_DURATION,
    METRIC_RUNS,
    METRIC_LAST_STATUS,
    METRIC_LAST_RUN,
    METRIC_LAST_SUCCESS,
    METRIC_PARKED,
    METRICS
} MetricId;

/** What samples are told apart by, beside the connector. Keep in step with metric_label_names[]. */
typedef enum {
    LABEL_NONE,
    LABEL_STEP,
    LABEL_KIND,  /* of a change */
    LABEL_STATE, /* of an entry that no change was planned for */
    LABEL_VERB,
    LABEL_STATUS, /* exit status */
    METRIC_LABELS
} MetricLabel;

typedef struct {
    const char *name; /* of the samples, as the manual has it; those of a counter end in "_total" */
    const char *type; /* "counter" or "gauge": the only ones that both formats know by the same name */
    const char *unit; /* NULL: none; else the name ends in it */
    MetricLabel first, second;
    bool from_zero;   /* 0 until something happens; else left out until it is known */
    const char *help; /* the same for every connector, or files of several could not be read together */
} Metric;

extern const Metric metric_table[METRICS];
extern const char *const metric_label_names[METRIC_LABELS]; /* "step", "kind", ...; NULL for LABEL_NONE */

/**
 * Adds the run to the totals and writes connector->metrics anew, readable by everybody; nothing without that
 * path.
 *
 * @kind    "sync", "apply" or "revert"
 * @status  the exit status it ends with
 * ERROR_STATE, or ERROR_IO that names the path; the totals have the run in them even when the file could not
 * be written.
 */
bool metrics_write(const Connector *connector, State *state, const RunResult *result, const char *kind,
                   int status, GError **error);

/** The connector is parked by dirsync run, or is not any more: says so in the file. Takes no lock; nothing
 * where it has not run here yet, or says so already. Errors as above. */
bool metrics_note_parked(const Connector *connector, const char *state_folder, bool parked, GError **error);

#endif
