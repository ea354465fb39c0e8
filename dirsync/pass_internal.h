/* pass_internal.h - what the files of the pass module share; nobody else includes it */
#ifndef DIRSYNC_PASS_INTERNAL_H
#define DIRSYNC_PASS_INTERNAL_H

#include "dirsync/claim_table.h"
#include "dirsync/delta.h"
#include "dirsync/event.h"
#include "dirsync/holder_view.h"
#include "dirsync/managed.h"
#include "dirsync/map_ahead.h"
#include "dirsync/pass.h"
#include "dirsync/settlements.h"
#include "dirsync/spool.h"

/** An entry that was decoded. There may be millions: what is not here is in the spool, see Noted. */
typedef struct {
    Fingerprint key; /* source: of the canonical DN, by which members are found; target: of the anchor */
    uint64_t at;     /* in the spool */
    uint32_t link;   /* NOWHERE: not linked yet */
    unsigned short source; /* which of them */
    uint8_t mark;          /* Mark */
    bool kept : 1;         /* the spool has the entry too */
    bool in_scope : 1;     /* source only */
    bool left_alone : 1;   /* target only: it carries the stamp of another object, and counts for nothing */
    bool duplicate : 1;
} Record;

/** What the spool has of each record, besides its entry. */
typedef struct {
    Fingerprint fingerprint;
    char *anchor;
    char *dn, *id; /* target only; id may be NULL */
} Noted;

static inline void noted_clear(Noted *noted)
{
    g_free(noted->anchor);
    g_free(noted->dn);
    g_free(noted->id);
    *noted = (Noted){0};
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Noted, noted_clear)

typedef struct {
    Directory *base; /* behind a planned one; else NULL */
    Directory *directory;
    const Schema *schema;
    const Endpoint *endpoint;
    const StampSettings *stamp; /* how our objects are marked there; NULL: there are none */
    Spool *spool;
    ReadResult result;
    GArray *records;            /* of Record */
    GArray *anchors;            /* source: of each record, until they are linked: Fingerprint */
    FingerprintIndex by_anchor; /* over records; see record_anchor() */
    FingerprintIndex by_dn;     /* over records; source */
    size_t seen;
    size_t lost; /* source: entries whose anchor could not be read */
    GError *error;
    bool ok;
    const char *what;   /* for progress */
    GPtrArray *cursors; /* of each request, to read the changes since; NULL: everything must be read */
    GPtrArray *next;    /* the cursors that the read gave; an element may be NULL */
    Roll *roll;         /* while changes are read: whom the server tells of */
    bool delta;         /* what was read are changes */
    bool must_read_all; /* ... and why was told */
} Side;

/** Where an item stands in reconciling. */
typedef enum {
    ITEM_OPEN,    /* not looked at yet */
    ITEM_WAITING, /* claims a name or address that another item may free */
    ITEM_LEAVING, /* gone from the source: grace begins or goes on, unless superseded */
    ITEM_DONE
} ItemState;

/** What few items have: those that change in several steps. */
typedef struct {
    Entry *released;         /* target as a first change of this run leaves it (cycles) */
    unsigned after;          /* wave of that change */
    unsigned emitted, kinds; /* what that came to, see Subject */

    /* A group that is decided and not written yet, see groups.c. */
    uint64_t postponed; /* in the target's spool, as it should be but for its members; or SPOOL_NOWHERE */
    char *planned_dn;
    GArray *postponed_after; /* Subject.after */
    unsigned postponed_wave;
    bool retry;         /* Subject.retry */
    bool remade;        /* the object that was there is deleted before */
    char *old_dn;       /* as the server has it, when another name is planned already */
    GPtrArray *rejoins; /* groups (Entry) that it comes back into when it has been made again */
} ItemMore;

/** See matching.h. */
typedef struct Matching Matching;

/** One pair that is not known to be in sync. There may be millions. */
typedef struct {
    uint32_t link;
    uint32_t source, target; /* records; NOWHERE: none */
    uint32_t waits_for;      /* ITEM_WAITING: the item that may free what is wanted; NOWHERE: not known */
    uint8_t mark[SIDES];     /* Mark */
    uint8_t state;           /* ItemState */
    bool confirmed : 1;      /* the source was asked and does not have it */
    bool unconfirmed : 1;    /* the source still has it, or could not be asked */
    bool out_of_scope : 1;   /* the source has it, outside the filter */
    bool is_account : 1;     /* leaving, and not to be deleted for a newcomer */
    uint32_t settlement;     /* what is recorded of it, see settlements.h; NOWHERE: nothing yet */
    ItemMore *more;          /* NULL: nothing of that */
} Item;

/** See observe.c. */
typedef struct Observed Observed;

typedef struct Pass {
    StepWork work; /* first: a Pass is one */
    const Connector *connector;
    const PassSettings *settings;
    Step step;
    State *state;
    HolderIndex *index; /* of the target */
    HolderView view;    /* of the target */
    StepOptions options;
    Mapping *mapping;
    RecipientAs as[OF_KINDS]; /* which recipients are wanted */
    Managed **managed;        /* one for each recipient of the mapping */
    Filter **scopes;          /* one for each source; NULL: everything */
    Filter *only;
    char *anchor;           /* source attribute */
    char **requests[SIDES]; /* attributes to ask for */
    char *digest;           /* of everything that makes a mapping result */
    bool force, may_remove, container_missing;
    Side side[SIDES];
    LinkTable *links;
    HolderTable *holders;
    const char *made_on;                /* interned: the server that took the changes; "": several did */
    int64_t index_serial;               /* transaction of the index in which this pass read the target */
    GArray *items;                      /* of Item */
    GArray *fetched[SIDES];             /* of items whose side had not changed: uint64_t, in the spool, or
                                           SPOOL_NOWHERE; may be shorter; NULL: nobody's */
    PlanWriter *plan;                   /* NULL: what is decided is observed only */
    Observed *observed;                 /* NULL: nobody observes */
    size_t source_count;                /* of the last complete read; 0: not known */
    size_t *shown;                      /* of each source: entries that are somebody to us */
    size_t *shown_before;               /* at the last settled read */
    size_t source_at;                   /* the one that is being read */
    bool outsiders_told;                /* some were decoded now */
    size_t outsiders, outsiders_before; /* entries of the source that are nobody to us; at the last read */
    char *target_filter;
    GError *trouble;      /* of a callback that cannot tell of it itself */
    bool holders_changed; /* somebody of the target is not as the index had them */
    bool made_elsewhere;  /* objects that no read has shown, on another server */
    bool newcomers;       /* there may be somebody new in the source */

    char *run;
    GHashTable *freed; /* key+holder -> Freed, see claims.c */
    ClaimTable *claimed;
    GHashTable *offered; /* key+holder that a waiting item would free */
    Settlements *settlements;
    Matching *matching;      /* of a migration; else NULL */
    MapAhead *ahead;         /* while many are decided: who comes next is mapped already; else NULL */
    uint32_t ahead_next;     /* the first item that it has not been asked about */
    GPtrArray *quarantined;  /* subject, reason, subject, reason ... */
    GHashTable *memberships; /* canonical DN of a group -> what was planned for it early, see memberships.c */
    GHashTable *group_nodes; /* canonical DN (Fingerprint) of a group -> see group_cycles.c */
    char **rejoins;          /* see kinds.c; NULL: not recalled yet */
    GString *rejoins_now;
} Pass;

/* pass_open.c */
StepWork *pass_open(const Connector *connector, Step step, State *state, const StepOptions *options,
                    GError **error);

/** The same, of a migration: with what its options change. g_free(). */
char *pass_migration_digest(const Pass *pass);

/* pass_settle.c */
bool pass_intend(StepWork *work, GError **error);
bool pass_record(StepWork *work, const Applied *applied, GError **error);
bool pass_settle(StepWork *work, const char *run, bool finished, GError **error);

/* pass_read.c */
bool pass_read(Pass *pass, GError **error);
/** Whether that name of the target lies in our container. */
bool pass_is_in_container(const Pass *pass, const char *dn);

/* pass_told.c */
static inline Record *record_at(const Side *side, uint32_t record)
{
    return &g_array_index(side->records, Record, record);
}
/** Fingerprint of a record's anchor; of the source, until they are linked. Zero: nobody is to find it. */
static inline Fingerprint record_anchor(const Side *side, uint32_t i)
{
    return side->anchors ? g_array_index(side->anchors, Fingerprint, i) : record_at(side, i)->key;
}
/** The caller clears @told. */
bool record_noted(const Pass *pass, int side, uint32_t record, Noted *noted, GError **error);
/** What is made of an entry of the source, of the target; a Pass is @data. */
bool pass_take_source(const DirectoryItem *item, void *data, GError **error);
bool pass_take_target(const DirectoryItem *item, void *data, GError **error);
/** An entry that was fetched, since nobody tells of it. */
bool pass_keep_source(Pass *pass, Fingerprint fingerprint, const char *where, const Entry *entry,
                      GError **error);
/** Told: a copy of a stamp. */
bool pass_leave_alone(Pass *pass, const char *dn, const char *anchor, GError **error);
/** What is made of an identity that is there no more. */
bool pass_lose_source(const char *id, void *data, GError **error);
bool pass_lose_target(const char *id, void *data, GError **error);
/** An object of ours is gone: Active Directory, 389 and slapd's refint take it out of its groups, and tell
 * nothing of those. */
void pass_doubt_groups(Pass *pass);

/* pass_unseen.c */
/** Of the objects that no read has shown since they were made, those are gone that the changes of the target
 * do not tell of either: nobody tells of what came and went in between. */
bool pass_look_for_unseen(Pass *pass, GError **error);
/** On which server objects are made: not known before anything is written; one that took a change; and what
 * is remembered of it when all is done. */
bool pass_forget_maker(Pass *pass, GError **error);
void pass_note_maker(Pass *pass, const char *sent_to);
bool pass_remember_maker(Pass *pass, GError **error);

/* pass_changes.c */
/** Loads the links, and what was remembered of where the last reads ended; decides how each side is read. */
bool pass_decide_reading(Pass *pass, GError **error);
/** Reads the changes of a side since its cursors. Side.cursors is NULL afterwards where they cannot be relied
 * on: then what was taken from the side counts for nothing. */
bool pass_read_changes(Pass *pass, int side, GError **error);
/** From now on the side is one that must be read whole; the reason is told, and is in the summary. */
void pass_must_read_all(Pass *pass, int side, const char *reason);
bool pass_can_tell(const Pass *pass, int side);
/** Reads those who are in quarantine and whom nobody told of. */
bool pass_look_for_quarantined(Pass *pass, GError **error);
/** How many requests a side takes, and which. */
size_t pass_n_requests(const Pass *pass, int side);
void pass_request(const Pass *pass, int side, size_t i, ReadRequest *request);
/** See StepKind. */
bool pass_recall_reading(const Connector *connector, Step step, State *state, StepReading *reading,
                         GError **error);
/** What was read is settled: the next run goes on from here. */
bool pass_remember_cursors(Pass *pass, GError **error);

/* pass_scope.c */
/** Why a source entry is none that the definition wants (for people); NULL: it is. */
const char *pass_out_of_scope(const Pass *pass, const Entry *entry);
/** What that asks, one after the other. Keep in step with scope_checks[]. */
typedef enum {
    SCOPE_SELECTED,
    SCOPE_NOT_OURS,
    SCOPE_SHOWN,
    SCOPE_ENABLED,
    SCOPE_RECIPIENT,
    SCOPE_CHECKS
} ScopeCheck;
/** The first of them that the source entry fails; SCOPE_CHECKS: none. */
ScopeCheck pass_failed_check(const Pass *pass, const Entry *entry);
/** Why the entry fails the check, NULL: it passes; *name (or NULL): what is checked. */
const char *pass_scope_check(const Pass *pass, ScopeCheck check, const Entry *entry, const char **name);
/** Why that source of the definition does not select the entry, for people; NULL: it does. g_free(). */
char *pass_why_not_selected(const Pass *pass, size_t source, const Entry *entry);
/** The value of the anchor as text; NULL when the entry has none. g_free(). */
char *pass_anchor_of(const Pass *pass, const Entry *entry);
/** The entryUUID or objectGUID of a source entry, where the anchor is something else; NULL: none. g_free().
 */
char *pass_source_id(const Pass *pass, const Entry *entry);
/** The attribute by which the source tells who has changed, where that is not the anchor; else NULL. */
const char *pass_source_id_attribute(const Pass *pass);
/** Fingerprint of the canonical form of a source DN. */
Fingerprint pass_source_key(const Pass *pass, const char *dn);

/* What a pass was carried out under, as remembered; a migration makes the next sync compare everything, and
 * the other way round. */
#define PASS_DEFINITIONS "definitions"
#define PASS_MIGRATED "migrated"

/* pass.c */
void pass_close(Pass *pass);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pass, pass_close)
/** A value of this step from the state; *value NULL: none. */
bool pass_recall(Pass *pass, const char *name, char **value, GError **error);
bool pass_remember(Pass *pass, const char *name, const char *value, GError **error);
/** The pass that goes the other way. */
static inline Step other_pass(Step step)
{
    return step == STEP_IMPORT ? STEP_EXPORT : STEP_IMPORT;
}
static inline const Schema *target_schema(const Pass *pass)
{
    return pass->side[TARGET].schema;
}
static inline const StampSettings *target_stamp(const Pass *pass)
{
    return pass->side[TARGET].stamp;
}
/** What of the objects made by that recipient of the mapping is ours. */
static inline const Managed *managed_of(const Pass *pass, int kind)
{
    return pass->managed[kind];
}
/** The recipient that an object of ours was made by: the link's, else by its classes. */
int pass_kind_of(const Pass *pass, unsigned flags, const Entry *current);
/** Whether entries of the target have no names of their own (rows of a file), so that the anchor serves. */
static inline bool pass_is_named_by_anchor(const Pass *pass)
{
    return target_stamp(pass)->form == STAMP_ANCHOR && !*pass->settings->container;
}
/** Whether the target has a schema of its own to check entries by. */
bool pass_has_schema(const Pass *pass);

/* pass_items.c */
bool pass_make_items(Pass *pass, GError **error);
static inline Item *item_at(const Pass *pass, uint32_t i)
{
    return &g_array_index(pass->items, Item, i);
}
/** What the item has besides, to be read. */
static inline const ItemMore *item_more(const Item *item)
{
    static const ItemMore none = {.postponed = SPOOL_NOWHERE};
    return item->more ? item->more : &none;
}
/** The same to be written. */
ItemMore *item_make_more(Item *item);
static inline Link *item_link(const Pass *pass, const Item *item)
{
    return link_at(pass->links, item->link);
}
/** The item of a link, NULL: none is. */
static inline Item *link_item(const Pass *pass, uint32_t link)
{
    uint32_t at = link == NOWHERE ? NOWHERE : link_at(pass->links, link)->item;
    return at == NOWHERE ? NULL : item_at(pass, at);
}

/** Whether the source has more than one entry of that anchor. */
static inline bool item_is_duplicated(const Pass *pass, const Item *item)
{
    bool record = item->source != NOWHERE && record_at(&pass->side[SOURCE], item->source)->duplicate;
    return record || item_link(pass, item)->twice;
}

/* pass_fetch.c */
/** Of the records of an item; both zero where it has none. The caller clears them. */
bool item_noted(const Pass *pass, const Item *item, Noted *source, Noted *target, GError **error);
/** Anchor, DN and id of an item, from the state or from what was just read. */
bool item_identity(Pass *pass, const Item *item, LinkRow *row, GError **error);
/** Where the spool has what was fetched of an item's side; SPOOL_NOWHERE: nothing was. */
uint64_t item_fetched(const Pass *pass, const Item *item, int side);
/** Asks the source for whoever it did not show. A file was read whole, which is the proof. */
bool pass_confirm_missing(Pass *pass, GError **error);
/** Fetches the side of each item that did not change itself. */
bool pass_fetch_partners(Pass *pass, GError **error);

/** What is recorded of an item (or NULL); NULL: nothing yet. Valid until the next is decided. */
static inline Settlement *item_settlement(const Pass *pass, const Item *item)
{
    return !item || item->settlement == NOWHERE ? NULL : settlements_at(pass->settlements, item->settlement);
}

/* reconcile.c */
bool pass_reconcile(Pass *pass, GError **error);
/** What was read of the item on that side, NULL: nothing. */
bool item_load_content(Pass *pass, const Item *item, int side, Entry **entry, GError **error);

/* reconcile_ahead.c */
/** Where there are many to decide, they are mapped ahead from now on, until ahead_stop(). */
bool ahead_start(Pass *pass, GError **error);
void ahead_stop(Pass *pass);
/** What was mapped ahead of the item; it is told what comes after. */
bool ahead_take(Pass *pass, uint32_t index, Mapped *mapped);

/** One pair being decided, with everything that is known about it. */
typedef struct {
    Item *item;
    uint32_t index;
    char *anchor;
    Fingerprint read[SIDES]; /* of its records */
    LinkRow row;             /* as stored; row.row 0: not stored */
    Entry *source;           /* NULL: gone */
    bool is_mapped;          /* ahead */
    Mapped mapped;           /* then; without its source, and empty once it was used */
    Entry *current;          /* our object as the server has it; NULL: none */
    Entry *desired;          /* as it should be, with its DN */
    Stamp stamp;             /* of current */
    int kind;                /* recipient of the mapping: of desired, else of current */
    bool partly;             /* members were not found */
    bool is_group;           /* it has members, which are written last */
    GPtrArray *members;      /* how the source names them */
    unsigned wave;           /* first wave it may use */
    unsigned kinds;          /* bits 1 << CountKind of what was planned */
    bool retry;              /* something was left out */
    bool supersedes;         /* what it claims is held by somebody who leaves */
    bool act;                /* claims are meant: a leaving holder is superseded now */
    GPtrArray *taken;        /* addresses that were left out: address, holder, address, ... */
    GArray *after;           /* Fingerprint of the anchors whose changes must have happened before */
    bool addresses;          /* its addresses change */
    bool takes_native;       /* current is a native, and becomes ours */
    bool beside_ours;        /* the object touched on the way is ours too */
    size_t emitted;
} Subject;

/** Frees the entries of who was mapped ahead. */
void ahead_drop(Pass *pass, Subject *subject);

/** The name that the subject's object has on the server. */
static inline const char *subject_server_dn(const Subject *subject)
{
    const char *old = item_more(subject->item)->old_dn;
    return old ? old : entry_dn(subject->current);
}

/* reconcile_present.c */
bool reconcile_present(Pass *pass, Subject *subject, bool last, GError **error);
/** Maps the source into subject->desired, with the name it should have. *decided: it turned out that
 *  nothing can or need be done, and that was recorded. */
bool reconcile_prepare(Pass *pass, Subject *subject, bool *decided, GError **error);
bool is_address_attribute(const char *name);
/** Why the mapped source can or shall not be imported at all, for people; NULL: it can, and is in
 *  subject->desired. Plans and reports nothing. g_free(). */
char *subject_unfit(Pass *pass, Subject *subject);
bool reconcile_new(Pass *pass, Subject *subject, bool last, GError **error);
/** It is looked at again when somebody has given up what it claims. */
bool subject_wait(Pass *pass, Subject *subject);
/** Plans that current, the native of that name and id, becomes ours, or waits for what it claims. */
bool subject_adopt(Pass *pass, Subject *subject, const char *dn, const char *id, bool last, GError **error);

/* matching.c */
/** Of a migration: who everybody is, and what becomes of them. Everybody is told. */
bool matching_make(Pass *pass, GError **error);
void matching_free(Matching *matching);

/* reconcile_matched.c */
/** Whether it is the item's turn in this round of the run: people first, groups when all people are done. */
bool matched_has_turn(Pass *pass, uint32_t index, bool groups);
/** To be told what was decided about an item. */
void matched_note(Pass *pass, const Subject *subject);
/** Somebody who has no object yet. */
bool reconcile_matched(Pass *pass, Subject *subject, bool last, GError **error);
/** Adds to desired, as secondary addresses, what current can be reached by and would lose, where the
 * definition or a migration wants that. */
void subject_keep_addresses(Pass *pass, Subject *subject);
/** A spelling that only the source changed is written; one that only the server changed is not. */
bool subject_is_respelled(const Pass *pass, const Subject *subject);
/** Why the desired entry is one of us coming back, for people; NULL: it is not. */
const char *subject_why_one_of_us(const Pass *pass, const Entry *desired);

/** Maps the source into subject->desired, stamped, named by its RDN alone; members set aside. False: it
 * cannot be mapped (ERROR_INVALID), or, with desired NULL and no error, is none of ours. */
bool subject_map(Pass *pass, Subject *subject, GError **why);
/** The modification of current into desired, counted under the limits; NULL: none. *because: the mapping's
 * line behind it. */
Change *subject_difference(Pass *pass, Subject *subject, const char **because);
/** Plans that current gets the name of desired, and that groups follow; subject->wave moves on. */
bool subject_rename(Pass *pass, Subject *subject, GError **error);
/** Plans the creation of desired. */
bool subject_create(Pass *pass, Subject *subject, const char *situation, GError **error);

/* groups.c */
void group_set_members_aside(const Pass *pass, Subject *subject);
/** Decided: written by reconcile_groups(). */
bool group_postpone(Pass *pass, Subject *subject, GError **error);
/** Writes the groups that were postponed. */
bool reconcile_groups(Pass *pass, GError **error);

/* members.c */
/** The target's DN (or NULL) of each of @names, in the same order. */
bool members_resolve(Pass *pass, MembersBy by, GPtrArray *names, GPtrArray *dns, GError **error);
/** How many were not found, and some of them, for people; NULL: none. g_free(). */
char *members_unresolved(const GPtrArray *names, const GPtrArray *dns);

/* group_cycles.c */
void group_note_members(Pass *pass, const Subject *subject, const GPtrArray *dns);
void group_report_cycles(Pass *pass);

/* memberships.c */
/** The groups of the target that @dn is a member of, as far as this run has planned. */
GPtrArray *membership_groups(Pass *pass, const char *dn, GError **error);
/** Plans for one of them that @dn leaves, and @heir comes where there is one. *left: it does leave (not who
 * is the last one where there must be one). subject->wave is the wave of it then, or later. */
bool membership_change(Pass *pass, Subject *subject, const Entry *group, const char *dn, const char *heir,
                       const char *situation, bool *left, GError **error);
/** Plans that the groups of @dn follow it to its new name, before it gets that; subject->wave moves on. */
bool membership_follow(Pass *pass, Subject *subject, const char *dn, const char *new_dn, GError **error);
/** Plans that @dn comes back in. Not for groups that are written later in this run anyway. */
bool membership_restore(Pass *pass, Subject *subject, const Entry *group, const char *dn,
                        const char *situation, GError **error);
/** Adds the group of that name to @groups when it is there and @member is not in it. */
bool membership_add_group(Pass *pass, const char *dn, const char *member, GPtrArray *groups, GError **error);
/** Does to @group what was planned for the members of the group that the server has as @dn. */
void membership_apply(const Pass *pass, const char *dn, Entry *group);
/** The wave after the last change of that group that was planned early; 0: there was none. */
unsigned membership_wave(const Pass *pass, const char *dn);
/** To be told about every object that is deleted or renamed; groups are remembered. */
void membership_note_deleted(Pass *pass, const Subject *subject);
void membership_note_renamed(Pass *pass, const Subject *subject, const char *new_dn, unsigned wave);
/** Calls back with the anchor of each group of ours that has one of these members. */
bool membership_open_groups(Pass *pass, const GPtrArray *dns, void (*open)(const char *anchor, void *data),
                            void *data, GError **error);

/* pass_accounts.c */
bool subject_is_user(const Pass *pass, const Subject *subject);
/** Adds to @change, with which grace begins, what disables the account. Flags for the link. */
unsigned account_lock(const Pass *pass, const Subject *subject, Change *change);
/** Adds to @change (or NULL), with which grace ends, what takes our lock off. */
void account_unlock(const Pass *pass, const Subject *subject, Change *change);
/** Plans after @change, which creates it, that the account is enabled, if it is to be. */
bool account_create(Pass *pass, Subject *subject, Change *change, GError **error);
/** The same for one that an earlier run did not come to. */
bool account_finish(Pass *pass, Subject *subject, GError **error);

/* kinds.c */
/** Whether the object is of another kind than the one it should be. */
bool subject_changed_kind(const Pass *pass, const Subject *subject);
bool reconcile_kind_changed(Pass *pass, Subject *subject, bool last, GError **error);
/** Plans that current is deleted and made again as desired, with what others know it by. */
bool subject_remake(Pass *pass, Subject *subject, bool last, const char *situation, GError **error);
/** Plans that the object comes into the groups that a run which was cut short has left it out of. */
bool subject_rejoin(Pass *pass, Subject *subject, GError **error);
/** The same for an account that is made disabled and enabled last. */
bool subject_note_enabling(Pass *pass, const Subject *subject, GError **error);
bool subject_was_to_be_enabled(Pass *pass, const Subject *subject, bool *was, GError **error);
/** Before anything is written: keeps what the next run would need for that. */
bool kinds_remember(Pass *pass, GError **error);

/* reconcile_names.c */
/** Sees to it that values that must be unique are so, for an object that is about to be made. */
bool subject_make_unique(Pass *pass, Subject *subject, GError **error);
/** The attribute of the RDN. */
const char *subject_name_type(const Pass *pass, const Subject *subject);
/** Gives @subject's desired entry that RDN, in the container. */
void subject_set_name(const Pass *pass, Subject *subject, const char *value);
/** Value of the RDN that the mapping gave. g_free(). */
char *subject_plain_name(const Entry *desired);
/** True when the name that the object has is the one it should have, with or without a suffix. */
bool subject_keeps_name(const Pass *pass, const Subject *subject, const char *plain);
void subject_keep_name(const Pass *pass, Subject *subject);
/** Judges the claims on addresses and, when @named, on a name; *wait: another item may free one. */
bool subject_claim(Pass *pass, Subject *subject, bool named, bool last, bool *wait, GError **error);
/** The same in earnest; what had to be left out is reported. */
bool subject_take(Pass *pass, Subject *subject, bool named, bool last, GError **error);
void subject_report_conflicts(Pass *pass, Subject *subject);

/* reconcile_leave.c */
bool reconcile_gone(Pass *pass, Subject *subject, GError **error);
/** Of an object that is in grace since then. */
bool grace_is_over(const Pass *pass, const char *since);
bool reconcile_supersede(Pass *pass, const Holder *holder, const char *by, unsigned *wave, GError **error);
bool reconcile_moved_home(Pass *pass, Subject *subject, const Holder *native, GError **error);
/** Plans that current is deleted in the wave after its memberships are gone; *wave: when. @left (may be NULL)
 *  gets those of the groups (of which it takes a copy) that it really leaves. */
bool subject_delete(Pass *pass, Subject *subject, const char *heir, const char *situation,
                    const char *because, GPtrArray *left, unsigned *wave, GError **error);
/** When grace that began at @since (generalized time) ends, in the same form; NULL: never known. g_free(). */
char *grace_end(const Pass *pass, const char *since);
/** Grace of everybody who is still leaving at the end. */
bool reconcile_leaving(Pass *pass, GError **error);
bool subject_load(Pass *pass, uint32_t index, Subject *subject, GError **error);
void subject_clear(Subject *subject);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Subject, subject_clear)

/* emit.c */
bool emit_change(Pass *pass, Subject *subject, Change *change, const Entry *before, unsigned wave,
                 const char *situation, const char *because, GError **error);
/** Told as an event unless it has been in quarantine for that reason before. */
void emit_quarantine(Pass *pass, EventId event, const char *subject, const char *reason);
/** Nothing is decided about the subject: the next run must look at it again. */
void emit_retry(Pass *pass, const Subject *subject);
/** The link as it will be when all emitted changes are done (at once when there are none). */
void emit_settlement(Pass *pass, Subject *subject, const Entry *result, bool remove, unsigned flags,
                     const char *id);

/* observe*.c: the decisions, told to somebody; each does nothing where nobody observes */
bool observe_begin(Pass *pass, Observer observer, void *data, GError **error);
void observed_free(Observed *observed);
/** An entry of the target that is not ours and yet in our container, or is a copy. @entry, @detail may be
 * NULL. From one thread at a time. */
bool observe_stranger(Pass *pass, ObservedReason reason, const char *dn, const Entry *entry,
                      const char *detail, GError **error);
/** emit_quarantine() */
void observe_trouble(Pass *pass, EventId event, const char *subject, const char *reason);
/** emit_change() of an object of ours. */
void observe_change(Pass *pass, const Subject *subject, const Entry *before, const char *situation);
/** emit_settlement() */
void observe_result(Pass *pass, const Subject *subject, const Entry *result, bool remove, unsigned flags);
/** Out of scope. */
void observe_unwanted(Pass *pass, const Subject *subject);
/** Who is this person by now. */
void observe_native(Pass *pass, const Subject *subject, const char *dn);
/** Tells of everybody. */
bool observe_tell(Pass *pass, char **incomplete, GError **error);
/* pass_inquiry.c: nothing is done where nobody asks (StepOptions.inquiry) */
/** The entries of that side which @object means: a DN, an address, an anchor. */
GPtrArray *inquire_search(Pass *pass, int side, const char *object, GError **error);
/** Makes a story of everybody whom the inquiry means. After reading. */
bool inquire_find(Pass *pass, GError **error);
/** Calls back with the anchors that are to be looked at, changed or not; a Pass is the data. */
void inquire_open(Pass *pass, void (*open)(const char *anchor, void *data));
bool inquire_wants(const Pass *pass, const Subject *subject);
/** A situation that was decided. */
void inquire_note(const Pass *pass, const char *anchor, const char *situation, const char *reason);
/** A change was planned in that situation. */
void inquire_change(const Pass *pass, const Subject *subject, const char *situation, const char *because);
/** A situation, by the event that emit_quarantine() tells. */
void inquire_trouble(const Pass *pass, EventId event, const char *anchor, const char *reason);
/** Who was found by a key (of that rule) of the subject. @is_new: its own object does not have that address.
 */
void inquire_candidates(const Pass *pass, const Subject *subject, const char *rule, const char *value,
                        const GPtrArray *holders, bool is_new);
/** The subject has been decided, once more perhaps. */
void inquire_decided(const Pass *pass, const Subject *subject);
/** Everybody has been decided. */
void inquire_finish(const Pass *pass);

/* pass_origins.c */
/** Tells of every attribute of the object. */
void inquire_attributes(const Pass *pass, const Subject *subject, PassStory *story);

/* claims.c */
typedef enum { CLAIM_FREE, CLAIM_WAIT, CLAIM_TAKEN } Claim;
/** Whether @subject may have the key in this run; *wave is raised to the first wave that may use it.
 *  *by (or NULL): who has it (text, g_free) when it is taken. */
bool claim_key(Pass *pass, Subject *subject, const char *kind, const char *value, bool last, Claim *claim,
               unsigned *wave, char **by, GError **error);
/** Registers what a planned change takes and gives up: keys and DN of @before and @after (NULL: none). */
void claim_register(Pass *pass, Subject *subject, const Entry *before, const Entry *after, unsigned wave);
/** What a waiting subject would free. */
void claim_offer(Pass *pass, Subject *subject);
/** Names in the import container that the home index does not know: entries that are no recipients. */
bool claim_foreign_names(Pass *pass, GError **error);
bool claim_has_key(const GArray *keys, const HolderKey *key);
/** *claimed: the native with that id is for @subject; false when another one has claimed it. */
bool claim_object(Pass *pass, const Subject *subject, const char *id, bool *claimed, GError **error);
#define KEY_DN "dn"
#define KEY_OBJECT "object"

#endif
