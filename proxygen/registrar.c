/*
 * registrar.c - where the objects lie, and the errand that deals with them
 *
 * The configuration container is the definition's, else that of Exchange in the
 * configuration partition of a forest. Below it the names are Exchange's own, so
 * that its tools find them.
 */
#include "proxygen/registrar_internal.h"

#include "dirsync/dn.h"

#include <string.h>

const char *registrar_cpu(void)
{
#if defined(__x86_64__)
    return "x86_64";
#elif defined(__i386__)
    return "i386";
#elif defined(__aarch64__)
    return "aarch64";
#elif defined(__riscv) && __riscv_xlen == 64
    return "riscv64";
#elif defined(__powerpc64__)
    return "ppc64";
#elif defined(__s390x__)
    return "s390x";
#else
    return "unknown";
#endif
}

/* NULL without an error: the directory has none. */
static char *configuration_partition(Directory *home, GError **error)
{
    static const char *const wanted[] = {"configurationNamingContext", NULL};
    ReadRequest request = {.base = "", .scope = SEARCH_BASE, .attributes = wanted};
    g_autoptr(GPtrArray) found = directory_search(home, &request, 1, error);
    if (!found || !found->len)
        return NULL;
    return g_strdup(
        schema_find_string(directory_describe(home)->schema, g_ptr_array_index(found, 0), wanted[0]));
}

/* @path from the top; g_free(). */
static char *below(const char *base, const char *const *path)
{
    char *dn = g_strdup(base);
    for (; *path; path++) {
        char *next = dn_build("CN", *path, strlen(*path), dn);
        g_free(dn);
        dn = next;
    }
    return dn;
}

char *registrar_container(const Organisation *organisation, Directory *home, GError **error)
{
    if (organisation->addresses.container)
        return g_strdup(organisation->addresses.container);
    GError *why = NULL;
    g_autofree char *partition = configuration_partition(home, &why);
    if (why) {
        g_propagate_error(error, why);
        return NULL;
    }
    if (!partition) {
        error_set(error, ERROR_DEFINITION,
                  "%s: the home directory has no configuration partition; say with <configuration "
                  "dn=\"...\"/> where address types, policies and address lists stand",
                  organisation->path);
        return NULL;
    }
    const char *const path[] = {"Services", "Microsoft Exchange", organisation->name, NULL};
    return below(partition, path);
}

bool registrar_open(Registrar *registrar, const Organisation *organisation, Directory *home, GError **error)
{
    *registrar = (Registrar){.organisation = organisation,
                             .home = home,
                             .schema = directory_describe(home)->schema,
                             .container = registrar_container(organisation, home, error)};
    return registrar->container != NULL;
}

void registrar_clear(Registrar *registrar)
{
    g_clear_pointer(&registrar->container, g_free);
}

char *registrar_place(const Registrar *registrar, const char *const *path)
{
    return below(registrar->container, path);
}

Entry *registrar_look(const Registrar *registrar, const char *dn, GError **error)
{
    ReadRequest request = {.base = dn, .scope = SEARCH_BASE};
    g_autoptr(GPtrArray) found = directory_search(registrar->home, &request, 1, error);
    return found && found->len ? g_ptr_array_steal_index(found, 0) : NULL;
}
