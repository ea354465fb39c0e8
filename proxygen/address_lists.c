/*
 * address_lists.c - the address lists of the definition or the directory
 *
 * In the directory they are the objects addressBookContainer below CN=Address Lists
 * Container of the organisation's configuration container, global address lists
 * included. One without purportedSearch lists nobody, it only holds others.
 */
#include "proxygen/policy_internal.h"

#include <string.h>

#define CONTAINER "Address Lists Container"
#define MAX_LISTS 10000

static void add_list(Policies *policies, const char *dn, const char *filter, const char *where,
                     GString **problems)
{
    AddressList list = {.dn = g_strdup(dn), .filter = policies_filter(filter, where, problems)};
    g_array_append_val(policies->lists, list);
}

static int compare_lists(const void *a, const void *b)
{
    return strcmp(((const AddressList *)a)->dn, ((const AddressList *)b)->dn);
}

/* Sorted, so that the order in which a server answers makes no other digest. */
static bool read_directory(Policies *policies, const Organisation *organisation, Directory *home,
                           GString **problems, GError **error)
{
    static const char *const attributes[] = {"purportedSearch", NULL};
    ReadRequest request = {
        .scope = SEARCH_SUBTREE, .filter = "(objectClass=addressBookContainer)", .attributes = attributes};
    g_autoptr(GPtrArray) found = policies_search(organisation, home, CONTAINER, &request, MAX_LISTS, error);
    const Schema *schema = found ? directory_describe(home)->schema : NULL;
    for (guint i = 0; found && i < found->len; i++) {
        const Entry *entry = found->pdata[i];
        const char *filter = schema_find_string(schema, entry, attributes[0]);
        if (filter)
            add_list(policies, entry_dn(entry), filter, entry_dn(entry), problems);
    }
    g_array_sort(policies->lists, compare_lists);
    return found != NULL;
}

bool address_lists_read(Policies *policies, const Organisation *organisation, Directory *home,
                        GString **problems, GError **error)
{
    const AddressSettings *settings = &organisation->addresses;
    if (settings->lists_from_directory)
        return read_directory(policies, organisation, home, problems, error);
    for (size_t i = 0; i < settings->n_lists; i++)
        add_list(policies, settings->lists[i].dn, settings->lists[i].filter, settings->lists[i].where,
                 problems);
    return true;
}
