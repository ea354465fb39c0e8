/*
 * apply_internal.h - what the files of apply share
 *
 * apply.c          waves and slices: what is journalled when, what is sent when
 * apply_look.c     who has an object by now, before an add
 * apply_send.c     one change on its way: whether it may go, at which pace
 * apply_follow.c   whoever is called something else by now
 * apply_settle.c   what became of it: asked for, sent again, reported, counted
 */
#ifndef DIRSYNC_APPLY_INTERNAL_H
#define DIRSYNC_APPLY_INTERNAL_H

#include "dirsync/apply.h"

#include "dirsync/pace.h"

typedef struct Slice Slice;

/** One change on its way. */
typedef struct {
    Change *change;
    Slice *slice;
    size_t seq;
    JournalOutcome outcome;
    GError *error;
    const char *sent_to; /* interned URI or file; NULL: not sent */
    char *there;         /* of an add, looked: the object that the person has by now; NULL: none */
    bool looked;
    bool waiting; /* sent, and not answered */
    bool asked;   /* sent again after the directory said it had not happened */
} Item;

/** Changes of one wave whose intents are journalled together. */
struct Slice {
    GPtrArray *items; /* of Item */
    size_t waiting;   /* items that are */
};

typedef struct {
    const Apply *apply;
    ApplyResult *result;
    Slice *sent;        /* its intents are journalled and it was sent; answers may be missing */
    Slice *settled;     /* before that one: settled, but not recorded yet */
    GHashTable *undone; /* fingerprints (hex) of the anchors of which a change was not done */
    bool cut;           /* the directory is gone */
    GError *forbidden;  /* the first refusal for want of permission */
    GError *stop;       /* why the work cannot go on */
    Pace pace;
} Work;

/* apply_look.c */

/** Looks for those whom the slice would add, where the plan may be old. */
void apply_look(const Work *work, const Slice *slice);
/** Some time has passed: each is looked for in its turn. */
void apply_look_again(const Slice *slice);
/** False: the person has an object by now, or it cannot be told; the item's error says so. */
bool apply_may_add(const Work *work, Item *item);

/* apply_send.c */

/** Sends the change, unless it must not go; an answer may be missing afterwards. */
void apply_send(Work *work, Item *item);
/** Waits until every change that was sent has an answer, or none is to be expected. */
void apply_flush(Work *work);
/** Waits; less when somebody asked to stop. */
void apply_sleep(gint64 microseconds);

/* apply_follow.c */

/** Whether the object that a delete is meant for is there under another name. */
bool apply_is_called_otherwise(const Work *work, const Change *change);
/** Sends once more, under the name of now, what was not found by its name; says of the rest why it is lost.
 */
void apply_follow(Work *work, const Slice *slice);

/* apply_settle.c */

/** What comes after it in the plan, and hangs on it, is left out. */
void apply_note_undone(Work *work, const Item *item);

/** Every change of the slice has its outcome afterwards; the slice is reported and counted. */
void apply_settle(Work *work, Slice *slice);

#endif
