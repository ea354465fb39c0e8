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

#endif
