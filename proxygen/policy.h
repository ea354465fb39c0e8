/*
 * policy.h - recipient policies: who gets which addresses; and address lists
 *
 * Read from the organisation's definition or from the directory
 * (msExchRecipientPolicy), never both. Exactly one policy applies to a recipient:
 * the strongest (lowest priority number) whose filter matches; there is no merging.
 * Read-only once loaded.
 */
#ifndef PROXYGEN_POLICY_H
#define PROXYGEN_POLICY_H

#include "dirsync/directory/directory.h"
#include "dirsync/filter.h"
#include "dirsync/organisation.h"

/** The constant that stands for the kind of policy which gives addresses (msExchPoliciesExcluded). */
#define POLICY_EXCLUDED "{26491CFC-9E50-4857-861B-0CB8DF22B5D7}"

typedef struct {
    char *text;   /* "SMTP:%g.%s@acme.example"; the type in capitals, as generators want it */
    char *type;   /* "SMTP" */
    bool primary; /* the type was written in capitals */
} PolicyTemplate;

typedef struct {
    char *name;
    char *where;               /* "file:line" or DN, for messages */
    unsigned priority;         /* lower is stronger; of a directory's Default Policy UINT_MAX */
    Filter *filter;            /* NULL: everybody; objectCategory resolved, see filter.h */
    PolicyTemplate *templates; /* those that are enabled, in order; at most one primary of a type */
    size_t n_templates;
    char **disabled_types;  /* types with disabled templates alone: nobody else gives them either */
    char **foreign_domains; /* domains in its templates that the organisation is not the authority of */
} Policy;

typedef struct {
    char *dn;       /* of the address list */
    Filter *filter; /* purportedSearch; NULL: everybody */
} AddressList;

typedef struct Policies Policies;

/** Policies and address lists of the organisation. @home is searched where the definition says
 *  from="directory"; it may be NULL where nothing is. Every problem in one go: ERROR_DEFINITION. */
Policies *policies_load(const Organisation *organisation, Directory *home, GError **error);
void policies_free(Policies *policies);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Policies, policies_free)

/** In order of strength. */
size_t policies_count(const Policies *policies);
const Policy *policies_at(const Policies *policies, size_t i);

/** The one that applies; NULL: none matches, or the recipient opted out (policy_opted_out()). */
const Policy *policies_choose(const Policies *policies, const Schema *schema, const Entry *recipient);
/** msExchPoliciesExcluded holds POLICY_EXCLUDED (in any case of letters). */
bool policy_opted_out(const Schema *schema, const Entry *recipient);

size_t address_lists_count(const Policies *policies);
const AddressList *address_lists_at(const Policies *policies, size_t i);

/** Attributes that filters of policies and lists look at, and what opting out needs; added to the table (keys
 *  owned by it, g_free). */
void policies_collect_attributes(const Policies *policies, GHashTable *names);
/** Hex digest of everything above: another one means that everybody is looked at again. */
const char *policies_digest(const Policies *policies);

#endif
