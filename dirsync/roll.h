/*
 * roll.h - a roll call: identities that a server tells of, held against those that are known
 *
 * For servers that tell who is there, not who has gone. 24 bytes an identity.
 */
#ifndef DIRSYNC_ROLL_H
#define DIRSYNC_ROLL_H

#include "dirsync/entry.h"

typedef struct Roll Roll;

Roll *roll_new(void);
void roll_free(Roll *roll);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Roll, roll_free)

/** Somebody is there. @as_before: as before; else the entry itself came. Both may be told of one. */
void roll_add(Roll *roll, Fingerprint id, bool as_before);
/** Whether somebody who is known is there. Not before the last roll_add(). */
bool roll_call(Roll *roll, Fingerprint id);
/** How many are there as before whom nobody has called: they are not known. */
size_t roll_strangers(Roll *roll);

#endif
