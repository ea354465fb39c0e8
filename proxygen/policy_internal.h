/*
 * policy_internal.h - what the files of policies share while they are read
 *
 * Problems are collected as lines "where: what"; with any, nothing is loaded: half a
 * set of policies would give wrong addresses.
 */
#ifndef PROXYGEN_POLICY_INTERNAL_H
#define PROXYGEN_POLICY_INTERNAL_H

#include "proxygen/policy.h"

/** Priorities of a directory's policies that have no msExchPolicyOrder: the weakest of all, and what is
 * weaker still. */
#define PRIORITY_NOT_SAID (G_MAXUINT - 1)
#define PRIORITY_OF_DEFAULT G_MAXUINT

struct Policies {
    GArray *policies; /* of Policy */
    GArray *lists;    /* of AddressList */
    char *digest;
};

void policies_problem(GString **problems, const char *where, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** NULL for NULL, and with a problem for what is no filter. */
Filter *policies_filter(const char *text, const char *where, GString **problems);

/** Takes the templates over, in their order, and what is in @disabled of the types that are left without one.
 *  Problems: no type, two primaries of a type. */
void policy_take_templates(Policy *policy, const char *const *texts, const char *const *disabled,
                           GString **problems);

/** Objects of a container of Exchange, CN=@name below the organisation's configuration container. At most
 *  @max. */
GPtrArray *policies_search(const Organisation *organisation, Directory *home, const char *name,
                           const ReadRequest *what, size_t max, GError **error);
/** The values of @name as text, sorted, since a server has no order of values; NULL-terminated. */
char **policies_values(const Schema *schema, const Entry *entry, const char *name, GString **problems);

/** Each appends what it finds. False when the directory cannot be read. */
bool policies_read_directory(Policies *policies, const Organisation *organisation, Directory *home,
                             GString **problems, GError **error);
bool address_lists_read(Policies *policies, const Organisation *organisation, Directory *home,
                        GString **problems, GError **error);

#endif
