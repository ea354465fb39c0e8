/*
 * address_step.h - the step between import and export: everybody gets their addresses
 *
 * Looks at the recipients that the connector imported, and at the natives in the
 * containers that its definition names. The recipient policy that applies says
 * which addresses somebody has; a type of which they have none is generated, under
 * the uniqueness of the whole organisation. Empty mail, mailNickname,
 * textEncodedORAddress and legacyExchangeDN are filled, membership in address lists
 * is kept. Nothing is taken away, but for two things that must be asked for: a
 * policy that is applied anew makes the former primary address a secondary one, and
 * a type that is given up can be removed.
 */
#ifndef DIRSYNC_ADDRESS_STEP_H
#define DIRSYNC_ADDRESS_STEP_H

#include "dirsync/step.h"

extern const StepKind address_step_kind;

/** One address that a recipient would get. */
typedef struct {
    const char *address;   /* "TYPE:value" or "type:value"; NULL with */
    const char *problem;   /* why there is none */
    const char *type;      /* NULL: nothing at all is given */
    const char *site;      /* template; NULL: the generator's default */
    const char *because;   /* "policy Staff" */
    const char *generator; /* "simple.so 1.0.0.0"; NULL: none was asked */
    bool outside;          /* nothing is given to the recipient, for the reason in problem */
} AddressPreview;

typedef void (*AddressPreviewed)(const char *dn, const AddressPreview *preview, void *data);

/** What the templates give the recipients that match @filter (RFC 4515), whether or not they have an address
 *  of the type already. @planned: folder of a plan whose import counts as done; NULL none. Writes nothing,
 * not even the state's counters. */
bool address_step_preview(const Connector *connector, State *state, const char *filter, const char *planned,
                          AddressPreviewed previewed, void *data, GError **error);

/** What the index of the home directory finds recipients by for this step, besides addresses;
 * NULL-terminated. */
extern const char *const address_index_kinds[];

#endif
