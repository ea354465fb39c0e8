/*
 * retry.h - another address for another number
 */
#ifndef PROXYGEN_RETRY_H
#define PROXYGEN_RETRY_H

#include <stddef.h>

/**
 * @text with @retry (not 0) behind it, within @room characters: SMITHJOHNSON in 10 is SMITHJOHN1.
 *
 * For one @text that itself fits the room, any two numbers give texts that differ from each other and from
 * @text, also without regard to case. NULL when there is no room. g_free().
 */
char *retry_number(const char *text, unsigned retry, size_t room);

#endif
