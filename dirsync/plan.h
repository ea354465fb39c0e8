/*
 * plan.h - the ordered changes of a run, on disk
 *
 * A folder: 1-home.ldif (import), 2-addresses.ldif and 3-foreign.ldif (export) hold the change
 * records (RFC 2849) in the order of their waves, plan.json what they belong to,
 * undo/ the inverse plan in the same form, to be carried out in reverse: the
 * export first. Written as it is made, so memory is bounded by a few bytes a
 * change; plan.json comes last, atomically: a folder without it is no plan, and a
 * step that it does not name is not planned. Files are 0600, folders 0700.
 */
#ifndef DIRSYNC_PLAN_H
#define DIRSYNC_PLAN_H

#include "dirsync/change.h"
#include "dirsync/connector.h"
#include "dirsync/error.h"
#include "dirsync/ldif.h"

/** What plan.json says of one step. Strings belong to the structure. */
typedef struct {
    bool planned;  /* the plan has this step; without it nothing below counts */
    char *digest;  /* of the definitions and the mapping */
    char *uri;     /* of the directory that the changes go to */
    bool asserts;  /* the changes carry RFC 4528 controls */
    char *summary; /* "import: 4 created, ..." */
    char *refused; /* limits that the plan exceeds; NULL: none */
    size_t changes;
    size_t *waves; /* changes in each wave that has any, in order */
    size_t n_waves;
} PlanStep;

/** What plan.json says. */
typedef struct {
    char *run;
    char *kind;    /* "plan" or "undo" */
    char *created; /* ISO 8601 UTC */
    char *connector_path, *connector_name, *connector_uuid;
    PlanStep step[STEPS];
    size_t changes; /* of all steps */
} PlanHead;

void plan_head_clear(PlanHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PlanHead, plan_head_clear)

typedef struct PlanWriter PlanWriter;

/** A step of the plan in @folder, which is made, or holds the plan's earlier steps. ERROR_IO when it holds
 *  anything else. */
PlanWriter *plan_writer_new(const char *folder, Step step, bool asserts, GError **error);
/** Adds a change (wave >= 1, any order) with its inverse, whose wave does not count. Does not keep
 *  either. */
bool plan_add(PlanWriter *writer, const Change *change, const Change *inverse, GError **error);
size_t plan_changes(const PlanWriter *writer);
/** Writes the files, the changes in order of wave, then plan.json; fsyncs. @head gives what the writer
 *  does not know of the plan, head->step[] of this step. */
bool plan_writer_finish(PlanWriter *writer, const PlanHead *head, GError **error);
/** Without plan_writer_finish() what this step wrote is removed. */
void plan_writer_free(PlanWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanWriter, plan_writer_free)

/** Puts into plan.json that limits refuse the step; apply.h then does so too. */
bool plan_refuse(const char *folder, Step step, const char *why, GError **error);

/** Reads plan.json and checks that the change file is there. ERROR_SOURCE. */
bool plan_load(const char *folder, PlanHead *head, GError **error);

typedef struct PlanReader PlanReader;
/** The changes of one step. */
PlanReader *plan_reader_new(const char *folder, Step step, GError **error);
void plan_reader_free(PlanReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanReader, plan_reader_free)
/** Next change in order; *change NULL at the end. */
bool plan_read(PlanReader *reader, Change **change, GError **error);

/** Adds to @anchors (of Fingerprint *, freed by it) those for which the step's changes make an object.
 * ERROR_SOURCE. */
bool plan_add_made(const char *folder, Step step, GHashTable *anchors, GError **error);

/** Removes a plan folder and nothing else: only files that a plan is made of. */
void plan_remove(const char *folder);

#endif
