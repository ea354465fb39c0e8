/* policy_internal.h - what the files of the policy module share; nobody else includes it */
#ifndef PROXYGEN_POLICY_INTERNAL_H
#define PROXYGEN_POLICY_INTERNAL_H

#include "proxygen/policy.h"

struct Policies {
    GArray *policies; /* of Policy, strongest first */
    GArray *lists;    /* of AddressList */
    char *digest;
};

void policies_problem(GString *problems, const char *where, const char *what);
void policies_add(Policies *policies, const PolicySettings *settings, GString *problems);
void policies_add_list(Policies *policies, const AddressListSettings *settings, GString *problems);

/* policy_directory.c */
bool policies_read_directory(Policies *policies, const Organisation *organisation, Directory *home,
                             GString *problems, GError **error);
bool policies_read_lists(Policies *policies, const Organisation *organisation, Directory *home,
                         GString *problems, GError **error);

#endif
