/*
 * inquiry.h - what a pass tells of single recipients while it plans
 *
 * Somebody asks for an address, a name or an anchor (StepOptions.inquiry); the pass
 * finds whom that means, looks at them even when nothing has changed, and writes
 * down what it found and decided: a PassStory for each. The decisions are those of
 * the plan, since it is the same code that takes them. Everything belongs to the
 * Inquiry.
 */
#ifndef DIRSYNC_INQUIRY_H
#define DIRSYNC_INQUIRY_H

#include "dirsync/connector.h"
#include "dirsync/entry.h"

/** A named situation, or what else became of it, and why. */
typedef struct {
    char *name;
    char *reason; /* NULL: the name says it all */
} StorySituation;

/** One thing that is asked before an entry counts. */
typedef struct {
    char *what;
    char *of;  /* base and filter that were asked; NULL: the name says it all */
    char *why; /* it fails; NULL: it passes */
} StoryCheck;

/** A recipient of the mapping. */
typedef struct {
    char *of, *as, *where;
    char *condition;          /* NULL: it has none */
    const char *verdict;      /* recipient_verdict_names[] */
    bool chosen, passed_over; /* passed over: its condition was not asked */
} StoryRecipient;

/** Somebody of the target who has an address or key of the entry. */
typedef struct {
    char *dn;
    char *owner; /* UUID of the connector that made it; NULL: a native */
    char *rule, *value;
    const char *refused; /* why it cannot be this person; NULL: it may be */
} StoryCandidate;

/** What becomes of one value of a target attribute. */
typedef enum { VALUE_STAYS, VALUE_ADDED, VALUE_REMOVED, VALUE_KEPT, VALUE_NOT_GIVEN } StoryFate;

extern const char *const story_fate_names[]; /* "same", "added", "removed", "kept", "not given" */

typedef struct {
    char *data; /* with a NUL that does not count */
    size_t len;
    StoryFate fate;
    char *where; /* "file:line" of the mapping that gave it; NULL: it did not */
    char *why;   /* for people; NULL: the fate says it all */
} StoryValue;

typedef struct {
    char *name;
    char *where;       /* of its rule; NULL: the mapping does not name it */
    const char *wins;  /* "replace", "initial", "merge"; "stamp"; NULL: not managed */
    char *owns;        /* prefixes, separated by blanks; NULL: not merged */
    GPtrArray *values; /* of StoryValue */
} StoryAttribute;

typedef struct {
    char *anchor;                      /* NULL: it has none */
    bool decided;                      /* the pass has looked at it */
    size_t changes;                    /* that were planned on its account */
    Entry *source, *current, *desired; /* each may be NULL; secrets left out */
    char *grace, *grace_until;         /* generalized time; NULL: not in grace; no end */
    GPtrArray *situations;             /* of StorySituation; the first is the main one */
    GPtrArray *checks;                 /* of StoryCheck */
    GPtrArray *recipients;             /* of StoryRecipient */
    GPtrArray *candidates;             /* of StoryCandidate */
    GPtrArray *attributes;             /* of StoryAttribute */
} PassStory;

/** Somebody of the target who was found and is not ours. */
typedef struct {
    char *dn, *owner; /* owner NULL: a native */
} Bystander;

typedef struct Inquiry {
    GPtrArray *objects;    /* what is asked for: char * */
    GPtrArray *stories;    /* of PassStory */
    GPtrArray *bystanders; /* of Bystander */
} Inquiry;

Inquiry *inquiry_new(void);
void inquiry_free(Inquiry *inquiry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Inquiry, inquiry_free)
PassStory *inquiry_story(Inquiry *inquiry, const char *anchor);
/** NULL: nobody asks for that one. @inquiry may be NULL. */
PassStory *inquiry_find(const Inquiry *inquiry, const char *anchor);

/** Nothing where the same is noted already. */
void story_note(PassStory *story, const char *situation, const char *reason);
/** Takes @of and @why. */
void story_check(PassStory *story, const char *what, char *of, char *why);
StoryAttribute *story_attribute(PassStory *story, const char *name);
StoryValue *story_value(StoryAttribute *attribute, Value value, StoryFate fate);
/** A copy of the entry without passwords and the like; NULL for NULL. */
Entry *story_copy(const Entry *entry);

/** How an object that somebody names is looked for. */
typedef enum { OBJECT_DN, OBJECT_ADDRESS, OBJECT_WORD } ObjectKind;
ObjectKind object_kind(const char *object);
/** As address_normalise() has it: of "x@y" that of "SMTP:x@y". g_free(). */
char *object_address(const char *object);
/** RFC 4515: who has the address in one of the attributes. g_free(). */
char *object_filter(const char *object, const char *const *attributes);

#endif
