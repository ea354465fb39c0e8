/*
 * step.h - one step of a run, whichever it is
 *
 * A run is three steps: import, addresses, export. What the verbs do with a step
 * is the same for all: open, plan into a folder, be told what became of each
 * change, settle. A step writes nothing to a directory; apply.h does.
 */
#ifndef DIRSYNC_STEP_H
#define DIRSYNC_STEP_H

#include "dirsync/apply.h"
#include "dirsync/connector.h"
#include "dirsync/inquiry.h"
#include "dirsync/limits.h"
#include "dirsync/migration.h"
#include "dirsync/observation.h"
#include "dirsync/plan.h"
#include "dirsync/state.h"

/** The figures of the summary line; also in JSON, in the run's record and in the metrics. Keep in
 *  step with count_names[]. */
typedef enum {
    COUNT_CREATED,
    COUNT_MODIFIED,
    COUNT_RENAMED,
    COUNT_DISABLED, /* hidden: grace began */
    COUNT_DELETED,
    COUNT_UNCHANGED,
    COUNT_FAILED,
    COUNT_QUARANTINED, /* could not be applied as they are; reasons in the quarantine */
    COUNTS
} CountKind;

extern const char *const count_names[COUNTS];

typedef struct {
    size_t of[COUNTS];
    size_t newly_quarantined;
} Counts;

/** Called now and then while work goes on. @what: "reading source", ...; @total 0: unknown. */
typedef void (*StepProgress)(const char *what, size_t done, size_t total, void *data);

typedef struct {
    bool full;            /* compare everything again */
    bool allow_empty;     /* an empty source counts as proof that all are gone */
    const char *only;     /* filter over source entries: no deletes, nothing else is settled */
    Migration *migration; /* the import is one that is done once; NULL: it is not */
    const char *planned;  /* folder of a plan whose earlier steps count as done; NULL none */
    /* of the address step */
    const char *apply_policy; /* name of a policy that is applied anew to all its recipients; NULL none */
    const char *old_site;     /* with it: the template that there was before; NULL: not known */
    const char *remove_type;  /* address type whose addresses are taken away; nothing else is done then */
    Inquiry *inquiry;         /* whom to tell of; NULL: nobody asks */
    StepProgress progress;
    void *data;
} StepOptions;

/** What is remembered of how a step has read. The address step has one side, the home directory: TARGET. */
typedef struct {
    gint64 everything;   /* seconds since 1970; 0: never, or it is not remembered */
    bool changes[SIDES]; /* there is a cursor to go on from */
    char way[SIDES][16]; /* how changes are told: the kind of the cursor, "sync1"; "" none */
} StepReading;

typedef struct StepWork StepWork;

/** What a step can do. */
typedef struct {
    /** Opens what it needs and checks the definitions against it. Borrows everything. */
    StepWork *(*open)(const Connector *connector, Step step, State *state, const StepOptions *options,
                      GError **error);
    /** Reads, decides, and writes this step's part of the plan into @folder (plan.h). */
    bool (*plan)(StepWork *work, const char *folder, const char *run, GError **error);
    /** Instead of plan: reads and decides as plan does, writes no plan, and tells of everybody on either
     * side. NULL: there is nobody to tell of. See step_observe(). */
    bool (*observe)(StepWork *work, Observer observer, void *data, char **incomplete, GError **error);
    /** Before the first change of the plan is sent: has everything that it is about looked at again by the
     * next run, until record() says what became of it. One transaction. NULL: what was not done shows by
     * itself. */
    bool (*intend)(StepWork *work, GError **error);
    /** Told about each change that was carried out, within the transaction that records it. */
    bool (*record)(StepWork *work, const Applied *applied, GError **error);
    /** Records what needed no change. One transaction. Not after a refused plan. @finished: every change has
     *  been answered. */
    bool (*settle)(StepWork *work, const char *run, bool finished, GError **error);
    void (*close)(StepWork *work);
    /** Of everything that makes the step's plan what it is: the definitions, the mapping. ERROR_DEFINITION.
     * g_free(). */
    char *(*digest)(const Connector *connector, Step step, GError **error);
    /** How the next run will read, as far as the state tells. Asks no server. */
    bool (*recall_reading)(const Connector *connector, Step step, State *state, StepReading *reading,
                           GError **error);
    /** Changes that the server refuses are planned anew in the same run: they never end it. */
    bool tries_again;
} StepKind;

/** First member of what each kind makes. To be read by everybody. */
struct StepWork {
    const StepKind *kind;
    Directory *target; /* the directory that the changes go to */
    Counts planned;
    Counts done; /* what was carried out so far */
    Tally *tally;
    size_t population;    /* objects that the limits' percentages are of */
    size_t read;          /* entries that the directories delivered; those asked for singly aside */
    char *full_reason;    /* why everything was read and compared again; NULL when it was not, or always is */
    char *partial_reason; /* why nothing was removed; NULL when removing was allowed */
    bool again;           /* after settle: what was refused may be tried once more, in another plan */
};

/** Ends a step's part of the plan: its head, with what was counted as summary. @digest: as the kind's. */
bool step_finish_plan(const StepWork *work, const Connector *connector, Step step, PlanWriter *plan,
                      const char *run, const char *digest, GError **error);

#define STEP_FULL_READ_DUE "the last time is as long ago as full-read says"

/** Whether everything must be read again because of the time. @last: what step_now() said when it was; NULL:
 *  never. */
bool step_full_read_is_due(const Connector *connector, const char *last);
/** Notes the kind of a cursor. @cursor may be NULL. */
void step_note_way(StepReading *reading, int side, const char *cursor);
/** g_free(). */
char *step_now(void);
/** What a step remembers in the state, by a name of its own. *value NULL: nothing. g_free(). */
bool step_recall(State *state, Step step, const char *name, char **value, GError **error);
bool step_remember(State *state, Step step, const char *name, const char *value, GError **error);

/** Thin calls through the kind. */
StepWork *step_open(const Connector *connector, Step step, State *state, const StepOptions *options,
                    GError **error);
bool step_plan(StepWork *work, const char *folder, const char *run, GError **error);
/** To be opened with StepOptions.full, so that everything is compared. *incomplete: why somebody may not have
 *  been told of, for people; NULL: everybody was. g_free(). The state is written to as plan does it: use a
 * copy (state_open_copy()). */
bool step_observe(StepWork *work, Observer observer, void *data, char **incomplete, GError **error);
bool step_intend(StepWork *work, GError **error);
bool step_record(StepWork *work, const Applied *applied, GError **error);
bool step_settle(StepWork *work, const char *run, bool finished, GError **error);
void step_close(StepWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StepWork, step_close)

/** @base (home) as the steps before @before in the plan of @folder will leave it; used through @base, which
 *  outlives it. */
Directory *step_see_planned(Directory *base, const char *folder, Step before, GError **error);

char *step_digest(const Connector *connector, Step step, GError **error);
/** What the next run will read, unless a definition changes or the server raises a doubt. */
bool step_recall_reading(const Connector *connector, Step step, State *state, StepReading *reading,
                         GError **error);

#endif
