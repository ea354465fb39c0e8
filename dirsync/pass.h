/*
 * pass.h - one pass: read both sides, reconcile, plan
 *
 * The states of a pass, in order: opened (both sides described, definitions
 * checked), read (identities of both sides, changed entries spooled), planned
 * (changes on disk), and, when its plan has been applied, settled (links
 * recorded). A pass writes nothing to either directory; apply.h does.
 */
#ifndef DIRSYNC_PASS_H
#define DIRSYNC_PASS_H

#include "dirsync/mapping.h"
#include "dirsync/step.h"

/** Import and export as steps. */
extern const StepKind pass_kind;

/** Which recipients the pass is about: as the definition says, else its defaults where the mapping offers
 * them. */
void pass_recipients(const PassSettings *settings, const Mapping *mapping, RecipientAs as[OF_KINDS]);

/** Of everything that makes a plan what it is: both definitions and the mapping. g_free(). */
char *pass_digest(const Connector *connector, const Mapping *mapping);

/** An object of ours that can be let go of. */
typedef struct {
    char *dn, *anchor;
} Released;

/** Appends the objects of ours in the target that @object (DN, address, anchor, of either side) means to
 * @ours (of Released, to be freed with released_free()), and the names (g_free) of those that are not ours to
 * @others. */
bool pass_find_ours(StepWork *work, const char *object, GPtrArray *ours, GPtrArray *others, GError **error);
void released_free(void *released);
/** Plans in @folder that our stamp comes off the object @dn, and what came with its grace; *row: the link
 * that keeps it let go of; *stays_disabled: the account was disabled when its grace began. ERROR_DEFINITION
 * where the stamp cannot be taken off. */
bool pass_plan_release(StepWork *work, const Released *released, const char *folder, const char *run,
                       LinkRow *row, bool *stays_disabled, GError **error);

#endif
