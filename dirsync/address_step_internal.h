/* address_step_internal.h - what the files of the address step share; nobody else includes it */
#ifndef DIRSYNC_ADDRESS_STEP_INTERNAL_H
#define DIRSYNC_ADDRESS_STEP_INTERNAL_H

#include "dirsync/address_step.h"
#include "dirsync/event.h"
#include "dirsync/holder_view.h"
#include "dirsync/managed.h"
#include "dirsync/spool.h"
#include "proxygen/address.h"
#include "proxygen/generator.h"
#include "proxygen/policy.h"

/** Everything that is known about an address type in this run. */
typedef struct {
    char *name;
    char *disabled; /* why no address of it is given in this run; NULL: it is not disabled */
    size_t holders; /* natives in scope that have an address of it already */
    size_t given, failed;
    bool answered; /* its generator has made an address */
} TypeState;

/** A template, and the generator's session for it, opened when it is first needed. */
typedef struct {
    TypeState *type;
    char *site;    /* NULL: the generator's default */
    char *because; /* "policy Staff" */
    bool primary;
    bool opened;
    Generator *generator; /* NULL: the type has no addresses, or is disabled */
} Template;

/** Somebody who may get something. */
typedef struct {
    char *anchor;         /* of the stamp; of a native its id */
    char *id;             /* entryUUID or objectGUID */
    Fingerprint identity; /* of the id */
    Fingerprint dn, fingerprint;
    uint64_t at;    /* in the spool: the entry as received */
    uint64_t given; /* in the spool: what the generators gave, see Given; SPOOL_NOWHERE: nothing */
    bool native;
    bool failed;      /* something is missing that a later run may give */
    bool refused;     /* the server did not take a change, which may be planned anew */
    bool unwritten;   /* a change failed for another reason */
    bool became;      /* a change was done: what lies in the spool is what it has become */
    unsigned changes; /* planned and not answered */
} Pending;

/** An entry, as received, that needs nothing. */
typedef struct {
    Addressed known;
    bool seen; /* in this read */
} Settled;

/** What somebody wants of a template, and gets. */
typedef struct {
    guint template; /* place in AddressStep.templates; LEGACY_DN */
    bool applied;   /* the policy is applied anew: the address becomes the primary one, if it is one */
    char *address;  /* "TYPE:value" in capitals; of LEGACY_DN the name alone; NULL: none (yet) */
    char *problem;  /* why not */
} Want;

#define LEGACY_DN G_MAXUINT

/** One of a batch, as it is being decided. */
typedef struct {
    Pending *pending;
    Entry *entry;  /* as received */
    Entry *result; /* as it will be; alias and class are filled in */
    const Policy *policy;
    ProxygenRecipient info; /* strings are the result's */
    char *name;             /* info.display_name */
    GArray *wants;          /* of Want */
} Recipient;

typedef struct {
    StepWork work; /* first: an AddressStep is one */
    const Connector *connector;
    const AddressSettings *settings;
    State *state;
    StepOptions options;
    Directory *real, *seen; /* home as it is; as the plan's earlier steps will leave it, or the same */
    HolderIndex *index;
    HolderView view;
    HolderTable *holders;
    Policies *policies;
    Mapping *mapping;      /* of the import; NULL: there is none */
    Managed **managed;     /* one for each of its recipients, NULL-terminated */
    GPtrArray *registered; /* of RegisteredType */
    Filter *only;
    char *digest;
    char *crash_file;
    GPtrArray *types;     /* of TypeState */
    GPtrArray *templates; /* of Template */
    GArray *settled;      /* of Settled, known before */
    FingerprintIndex by_fingerprint;
    GArray *newly_settled; /* of Addressed */
    GArray *gone;          /* Fingerprint of the ids of those who are no more, where changes are read */
    Spool *spool;
    GPtrArray *pending;     /* of Pending */
    FingerprintIndex by_dn; /* over pending */
    GHashTable *claimed;    /* Fingerprint of a folded address -> identity of who gets it in this run */
    GHashTable *highest;    /* base -> GUINT, see holder_index_highest() */
    GHashTable
        *crowded; /* Fingerprint of template and recipient -> base: others of the very same name were there */
    GHashTable
        *singly;  /* ids of those whose addresses go one by one: nobody knows which one the server refused */
    size_t given; /* changes done that the index has not been told of */
    GPtrArray *refused;  /* addresses (char *) of single changes that the server refused, and */
    GPtrArray *doubtful; /* ids of those of whom nobody knows which one */
    PlanWriter *plan;
    char *run;
    size_t seen_entries, natives, settled_natives, calls, round;
    bool open;                  /* the transaction of the index */
    char *cursor;               /* changes since then are read; NULL: everything */
    char *next;                 /* the cursor that the read gave; NULL: none */
    Roll *roll;                 /* while changes are read: whom the server tells of */
    AddressPreviewed previewed; /* NULL: it is no preview */
    void *previewing;
} AddressStep;

static inline const Schema *home_schema(const AddressStep *step)
{
    return step->view.schema;
}

/* address_read.c */
/** Reads home: fills the index, and step->pending with those who are not known to need nothing. */
bool address_read(AddressStep *step, GError **error);
/** The reason why nothing is given to the entry (for people); NULL: it is looked at. */
const char *address_out_of_scope(const AddressStep *step, const Entry *entry, bool *native, char **anchor);

/** Loads who was known, and who needed nothing, before everything is read; what was read before is forgotten.
 */
bool address_load_known(AddressStep *step, GError **error);
/** Whether it does something that somebody has asked for: nothing of it is remembered as settled. */
bool address_is_special(const AddressStep *step);
/** What is made of an entry; an AddressStep is @data. */
bool address_take(const DirectoryItem *item, void *data, GError **error);
/** The same for one that was fetched. */
bool address_keep(AddressStep *step, Fingerprint fingerprint, const Entry *entry, GError **error);
/** Puts an entry into the index as it has become by what it was given; whoever reads it next looks at it
 * anew. */
bool address_note_holder(AddressStep *step, const Entry *entry, GError **error);

/* address_settle.c */
/** See StepKind. */
bool address_record(StepWork *work, const Applied *applied, GError **error);
bool address_settle(StepWork *work, const char *run, bool finished, GError **error);

/* address_changes.c */
/** Whether the home directory is asked for changes in this run, or for a cursor at least. */
bool address_can_tell(const AddressStep *step);
bool address_recall_cursor(AddressStep *step, GError **error);
/** See StepKind. */
bool address_recall_reading(const Connector *connector, Step step, State *state, StepReading *reading,
                            GError **error);
/** step->cursor is NULL afterwards where the answer cannot be relied on. */
bool address_read_changes(AddressStep *step, const ReadRequest *request, GError **error);
/** That one of the home directory is not as it was. */
bool address_note_told(AddressStep *step, Fingerprint identity, GError **error);
void address_must_read_all(AddressStep *step, const char *reason);
bool address_remember_cursor(AddressStep *step, GError **error);

/* address_templates.c */
TypeState *address_type_state(AddressStep *step, const char *type);
void address_disable_type(AddressStep *step, TypeState *type, const char *why);
guint address_template(AddressStep *step, const char *type, const char *site, bool primary,
                       const char *because);
/** The open session, or NULL: the type is disabled, or has no addresses. */
Generator *address_session(AddressStep *step, Template *template);
/** Whether the template of before, if one was named, can be one of the policy that is applied. */
bool address_check_old_site(AddressStep *step, GError **error);
static inline Template *template_at(const AddressStep *step, guint i)
{
    return g_ptr_array_index(step->templates, i);
}

/* address_wants.c */
Recipient *address_recipient(AddressStep *step, Pending *pending, Entry *entry);
void address_recipient_free(void *recipient);
/** Fills recipient->wants. @all: also of types that the recipient has addresses of. */
void address_decide(AddressStep *step, Recipient *recipient, bool all);
/** Whether values of that attribute in an object of the import are the mapping's. */
bool address_is_mapped(const AddressStep *step, const char *attribute, const char *value);

/* address_unique.c */
bool address_is_free(AddressStep *step, const Recipient *recipient, const Want *want, const char *address,
                     bool *free, GError **error);
void address_claim(AddressStep *step, const Recipient *recipient, const Want *want, const char *address);
/** The next number after the highest one used for that address. */
bool address_next_number(AddressStep *step, const char *base, unsigned *number, GError **error);

/* address_generate.c */
/** Gives the wants of the batch (GPtrArray of Recipient) their addresses. */
bool address_generate(AddressStep *step, GPtrArray *batch, GError **error);

/* address_emit.c */
/** Makes @recipient->result what it will be, from what the wants got. */
void address_complete(AddressStep *step, Recipient *recipient);
/** Plans the difference; counts. */
bool address_emit(AddressStep *step, Recipient *recipient, GError **error);

/* address_values.c */
/** Puts @values in the place of what @entry has of the attribute. */
void entry_set_values(const Schema *schema, Entry *entry, const char *name, const GPtrArray *values);
GPtrArray *entry_get_values(const Schema *schema, const Entry *entry, const char *name);
/** Whether "TYPE:value" is of that type (in capitals), primary or not. */
bool address_is_of_type(const char *address, const char *type);
bool address_has_type(const AddressStep *step, const Entry *entry, const char *type);
/** "TYPE:value", or NULL. g_free(). */
char *address_primary(const AddressStep *step, const Entry *entry, const char *type);
/** Adds the value, and the auxiliary class where no class of the entry allows the attribute. False: the
 *  schema does not let the entry have it. */
bool address_put(const AddressStep *step, Entry *result, const char *attribute, const char *value);
/** The modification of @before into @after over the attributes of this step; NULL: no difference. */
Change *address_difference(const Schema *schema, const Entry *before, const Entry *after);

#endif
