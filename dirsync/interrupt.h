/*
 * interrupt.h - the wish to stop
 *
 * Set by a signal handler, looked at between the units of work that may stand
 * alone, so that a run ends in good order. Never reset by the library.
 */
#ifndef DIRSYNC_INTERRUPT_H
#define DIRSYNC_INTERRUPT_H

#include "dirsync/error.h"

/** Safe to call from a signal handler. */
void interrupt_request(void);
/** True and ERROR_INTERRUPTED when somebody asked to stop. */
bool interrupt_pending(GError **error);

#endif
