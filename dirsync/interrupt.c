/*
 * interrupt.c - see interrupt.h
 */
#include "dirsync/interrupt.h"

#include <signal.h>

static volatile sig_atomic_t requested;

void interrupt_request(void)
{
    requested = 1;
}

bool interrupt_pending(GError **error)
{
    if (!requested)
        return false;
    error_set(error, ERROR_INTERRUPTED,
              "interrupted; what was written is recorded, the next run does the rest");
    return true;
}
