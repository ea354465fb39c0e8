/*
 * fault.c - the hook behind fault.h
 *
 * Holds nothing but the pointer: NULL in production, set by crash tests before
 * any thread is started.
 */
#include "dirsync/fault.h"

#include <stddef.h>

FaultHook fault_hook = NULL;
