/*
 * state.h - what a connector remembers between runs
 *
 * One folder for each connector: state.db (links, quarantine, runs, journal),
 * runs/ (plans and their undo) and a lock; beside the connectors' folders the
 * organisation's home.db. All of it is a cache and a journal: deleting it costs
 * one full read. Nothing but this module and holder_index.h opens these files.
 */
#ifndef DIRSYNC_STATE_H
#define DIRSYNC_STATE_H

#include "dirsync/connector.h"
#include "dirsync/entry.h"
#include "dirsync/holder_index.h"

typedef struct State State;

/** @folder overrides what the organisation's definition says; NULL: that, else /var/lib/dirsync for
 *  root and $XDG_STATE_HOME/dirsync for others. Takes the connector's lock: ERROR_LOCKED when another
 *  process has it. */
State *state_open(const Connector *connector, const char *folder, GError **error);
/** The same for reading only: no lock; NULL without an error when there is no state yet. */
State *state_open_unlocked(const Connector *connector, const char *folder, GError **error);
/** Whether the files that are there can be opened and are this connector's. Makes and changes nothing. */
bool state_look(const Connector *connector, const char *folder, GError **error);
/** A copy of it in a scratch folder, which goes when it is closed: whoever plans without carrying out
 * anything may write to it. No lock; a run that is going on is not disturbed. Without a state the copy is an
 * empty one. */
State *state_open_copy(const Connector *connector, const char *folder, GError **error);
/** The folder that the connector's state is in, or would be; g_free(). */
char *state_folder_of(const Connector *connector, const char *folder);

/** Who holds the connector's lock. Asked without taking it, so nobody is disturbed. */
typedef struct {
    bool held;
    int pid;     /* 0: not told */
    char *since; /* ISO 8601, UTC; NULL: not told */
    char *who;   /* user@host; NULL: not told */
} LockHolder;

void lock_holder_clear(LockHolder *holder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LockHolder, lock_holder_clear)
/** @folder: as of state_open(). */
void state_lock_holder(const Connector *connector, const char *folder, LockHolder *holder);

/** The folder in which the connectors' are, absolute; g_free(). @connector NULL: where it is by default. */
char *state_place(const Connector *connector, const char *folder);
void state_close(State *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(State, state_close)

/** What STATE_INDEX is: who has which address in the home directory, as holder_index.h. */
#define STATE_INDEX "home.db"
/** The path of a file of the organisation beside the connectors' folders: "acme.home.db". @folder as for
 * state_open(). g_free(). */
char *state_organisation_file(const Organisation *organisation, const char *folder, const char *what);
/** The folder that these are in, made if need be; NULL with @error. g_free(). */
char *state_make_place(const Organisation *organisation, const char *folder, GError **error);

/** The connector's folder, absolute. */
const char *state_folder(const State *state);
/** True when state.db was made by this open. */
bool state_is_new(const State *state);
/** The index of the directory that a step writes to: home.db for import and addresses, foreign.db for the
 * export (opened by the first call). NULL with @error. */
HolderIndex *state_index(State *state, Step step, GError **error);

/** How many SQLite statements the process has run so far. */
size_t state_statements(void);

bool state_begin(State *state, GError **error);
bool state_commit(State *state, GError **error);
void state_rollback(State *state);
/** Until state_let_go() a look-up costs no locks. A write between is an error. */
bool state_hold(State *state, GError **error);
void state_let_go(State *state);

bool state_get(State *state, const char *name, char **value, GError **error);
bool state_set(State *state, const char *name, const char *value, GError **error);

/* --- links --- */

typedef enum {
    LINK_GRACED = 1 << 0,  /* the object is in grace */
    LINK_RETRY = 1 << 1,   /* something is left to do: look at it again in every run */
    LINK_YIELDED = 1 << 2, /* moved home: the target is a native, not ours */
    LINK_LOCKED = 1 << 3,  /* an account that we disabled when its grace began */
    LINK_PARTLY =
        1 << 5, /* a group of which members were not found: looked at again when there is somebody new */
    LINK_RELEASED =
        1 << 6 /* somebody let go of the object: without one of ours, nothing is made or adopted again */
} LinkFlags;

/** Links with one of these are looked at in every run. */
#define LINK_OPEN (LINK_GRACED | LINK_RETRY | LINK_YIELDED | LINK_PARTLY)

/** The recipient of the mapping that the object was made by stands in the flags too, plus one; 0: unknown. */
#define LINK_KIND_SHIFT 8

typedef struct {
    int64_t row; /* 0: not stored yet */
    Step step;
    char *anchor;           /* text form; owned, as are the others */
    char *dn;               /* of the target; NULL unknown */
    char *id;               /* entryUUID or objectGUID of the target; NULL unknown */
    char *source_dn;        /* of the source entry; NULL unknown */
    char *source_id;        /* its entryUUID or objectGUID where the anchor is something else; NULL: none */
    Fingerprint source_key; /* of the canonical form of source_dn */
    Fingerprint source, target, desired, exact; /* zero: unknown */
    unsigned flags;                             /* LinkFlags, and the kind of object above LINK_KIND_SHIFT */
} LinkRow;

#define LINK_ROW_STRINGS 5
/** Where the strings of a row stand, for those who copy or free all of them. */
void link_row_strings(LinkRow *row, char **strings[LINK_ROW_STRINGS]);
void link_row_clear(LinkRow *row);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LinkRow, link_row_clear)

typedef void (*LinkSeen)(const LinkRow *row, void *data);
typedef enum {
    LINKS_ALL,
    LINKS_OPEN,  /* with one of LINK_OPEN */
    LINKS_UNSEEN /* without an id: no read has shown the object since it was made */
} LinkScan;
/** Strings live during the callback only. */
bool state_scan_links(State *state, Step step, LinkScan which, LinkSeen seen, void *data, GError **error);
/** Fills *row (cleared before); row->row 0 when there is no such link. */
bool state_find_link(State *state, int64_t row, LinkRow *found, GError **error);
/** The link of the step with that anchor, or with that source_key; as state_find_link(). */
bool state_find_link_by_anchor(State *state, Step step, const char *anchor, LinkRow *found, GError **error);
bool state_find_link_by_source(State *state, Step step, Fingerprint source_key, LinkRow *found,
                               GError **error);
/** The link whose object in the target has that entryUUID or objectGUID. */
bool state_find_link_by_id(State *state, Step step, const char *id, LinkRow *found, GError **error);
/** Appends the anchors (g_free) of all links whose source entry has, or had, that entryUUID or objectGUID. */
bool state_anchors_by_source_id(State *state, Step step, const char *source_id, GPtrArray *anchors,
                                GError **error);
/** Stores by step and anchor. */
bool state_save_link(State *state, const LinkRow *row, GError **error);
/** Adds flags to a link, if it is there. */
bool state_mark_link(State *state, Step step, const char *anchor, unsigned flags, GError **error);
/** The object of a link looks like this now, and nothing else about it has changed. */
bool state_look_link(State *state, int64_t row, Fingerprint target, const char *dn, const char *id,
                     GError **error);
/** Which object it is; nothing when that is known. */
bool state_show_link(State *state, int64_t row, const char *id, GError **error);
bool state_remove_link(State *state, Step step, const char *anchor, GError **error);
bool state_count_links(State *state, Step step, int64_t *count, GError **error);

/** What is left to do, in links. */
typedef struct {
    int64_t graced, retry, yielded, partly, released; /* see LinkFlags; who was released has not yielded */
} Backlog;

bool state_backlog(State *state, Step step, Backlog *backlog, GError **error);

/* --- the address step --- */

/** An entry of the home directory that needs nothing, as it is. */
typedef struct {
    Fingerprint identity;    /* of the id */
    Fingerprint fingerprint; /* as received */
    bool native;             /* one that gets addresses */
} Addressed;

typedef void (*AddressedSeen)(const Addressed *addressed, void *data);
bool state_scan_addressed(State *state, AddressedSeen seen, void *data, GError **error);
bool state_count_addressed(State *state, size_t *natives, GError **error);
bool state_is_addressed_native(State *state, Fingerprint identity, bool *native, GError **error);
/** Replaces what was known of that identity. */
bool state_add_addressed(State *state, const Addressed *addressed, GError **error);
bool state_remove_addressed(State *state, Fingerprint identity, GError **error);

/* --- quarantine --- */

/** *is_new: it was not in quarantine before this run. */
bool state_quarantine(State *state, Step step, const char *subject, const char *reason, const char *run,
                      bool *is_new, GError **error);
/** *reason NULL when the subject is not in quarantine. */
bool state_quarantine_reason(State *state, Step step, const char *subject, char **reason, GError **error);
typedef void (*QuarantineSeen)(const char *subject, const char *reason, const char *first, const char *last,
                               void *data);
bool state_scan_quarantine(State *state, QuarantineSeen seen, void *data, GError **error);
/** The same of one step. */
bool state_scan_quarantine_of(State *state, Step step, QuarantineSeen seen, void *data, GError **error);
/** Appends the subjects of a step; g_free(). */
bool state_quarantined(State *state, Step step, GPtrArray *subjects, GError **error);
/** Drops what this run did not put in again; calls back for each. Only after a complete read. */
bool state_clear_quarantine(State *state, Step step, const char *run, QuarantineSeen cleared, void *data,
                            GError **error);

/* --- runs and their journal --- */

typedef struct {
    char *id, *kind, *started, *finished, *who, *folder, *summary, *counts;
    int status;
} RunRecord;

void run_record_clear(RunRecord *record);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunRecord, run_record_clear)

/** "20261122T143000Z-1a2b3c4d"; g_free(). */
char *run_new_id(void);
/** "2026-11-22T14:30:00Z"; g_free(). */
char *time_now_text(void);

bool state_begin_run(State *state, const char *id, const char *kind, const char *folder, GError **error);
/** @folder: of the plan, if it is worth keeping; NULL when the run wrote nothing. */
bool state_finish_run(State *state, const char *id, int status, const char *folder, const char *summary,
                      const char *counts, GError **error);
typedef void (*RunSeen)(const RunRecord *record, void *data);
/** Newest first, at most @max (0: all). */
bool state_scan_runs(State *state, size_t max, RunSeen seen, void *data, GError **error);
/** Those that need not be kept: began before @before ("2026-11-22T14:30:00Z"), or are not among the newest
 *  @newest of those that wrote something, or of those that did not. Never one that is not finished, never the
 *  last good one of either, never @keep (an id; NULL), and never one whose undo any of these carries out. */
bool state_scan_outdated(State *state, const char *before, size_t newest, const char *keep, RunSeen seen,
                         void *data, GError **error);
/** The runs that have taken back changes of @run, the oldest first; NULL with @error. g_strfreev(). */
char **state_reverts_of(State *state, const RunRecord *run, GError **error);
/** Whether anything that the run did, or may have done, was not taken back since. @changes: of its plan. */
bool state_run_stands(State *state, const RunRecord *run, size_t changes, bool *stands, GError **error);
/** With its journal. */
bool state_remove_run(State *state, const char *id, GError **error);
/** record->id NULL when there is none. @id NULL: the newest. */
bool state_find_run(State *state, const char *id, RunRecord *record, GError **error);

typedef enum {
    JOURNAL_INTENDED,
    JOURNAL_DONE,
    JOURNAL_FAILED,
    JOURNAL_UNCERTAIN,
    JOURNAL_NONE = -1
} JournalOutcome;

/** One row; call between state_begin() and state_commit(). */
bool state_journal(State *state, const char *run, size_t seq, JournalOutcome outcome, GError **error);
/** JOURNAL_NONE when the change was never begun. */
bool state_journal_outcome(State *state, const char *run, size_t seq, JournalOutcome *outcome,
                           GError **error);
/** Runs that have intended changes without an outcome (cut short), as ids; g_strfreev(). */
char **state_unfinished_runs(State *state, GError **error);

#endif
