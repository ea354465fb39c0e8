/*
 * plugin.h - what both plugins that ship do at the seam
 */
#ifndef PROXYGEN_PLUGIN_H
#define PROXYGEN_PLUGIN_H

#include "dirsync/error.h"
#include "proxygen/proxygen.h"

/** Of both; compared with what the directory has registered. */
#define PLUGIN_VERSION                                                                                       \
    {                                                                                                        \
        1, 0, 0, 0                                                                                           \
    }

/** Copies the error's message, cut between characters; frees the error; returns PROXYGEN_ERROR. */
ProxygenStatus plugin_fail(GError *error, char *message);

/** The answer of a validate function: *valid, and the reason of @error, which it frees. */
ProxygenStatus plugin_judge(GError *error, int *valid, char *message);

/** Hands over "TYPE:value". */
ProxygenStatus plugin_give(const char *type, const char *value, char **address);

/** As free_address(). */
void plugin_free_address(char *address);

#endif
