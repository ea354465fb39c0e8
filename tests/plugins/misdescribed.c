/*
 * misdescribed.c - a generator with one fault in its description, or none
 *
 * $MISDESCRIBED names the fault, so that a test goes through all of them without a
 * shared object for each. "crash" ends the process already at loading.
 */
#include "proxygen/proxygen.h"

#include <stdlib.h>
#include <string.h>

static ProxygenStatus begin(const ProxygenSession *session, void **handle, char *message)
{
    return PROXYGEN_NOT_IMPLEMENTED;
}

static ProxygenStatus generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                               char **address, char *message)
{
    return PROXYGEN_NOT_IMPLEMENTED;
}

static ProxygenStatus update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                             const char *new_site, const char *current, char **address, char *message)
{
    return PROXYGEN_NOT_IMPLEMENTED;
}

static ProxygenStatus validate(void *handle, const char *text, int *valid, char *message)
{
    return PROXYGEN_NOT_IMPLEMENTED;
}

static void free_address(char *address)
{
    free(address);
}

static void end(void *handle)
{
}

static int is_fault(const char *name)
{
    const char *chosen = getenv("MISDESCRIBED");
    return chosen && strcmp(chosen, name) == 0;
}

__attribute__((constructor)) static void crash_if_wanted(void)
{
    if (is_fault("crash"))
        abort();
}

/* 100 types and no end among them. */
static const char *const *endless_types(void)
{
    static const char *types[101];
    for (size_t i = 0; i < 100; i++)
        types[i] = "FREE";
    return types;
}

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    static const char *const no_types[] = {NULL};
    static const char *const small_types[] = {"FREE", "notes", NULL};
    static const char *const long_types[] = {"A23456789012345678901234567890123", NULL};
    static char long_name[1000];
    static ProxygenGenerator generator;
    memset(long_name, 'n', sizeof long_name - 1);
    generator = (ProxygenGenerator){
        .abi = is_fault("abi") ? PROXYGEN_ABI + 1 : PROXYGEN_ABI,
        .size = is_fault("size") ? 16 : sizeof generator,
        .version = {1, 2, 3, 4},
        .name = is_fault("no-name")     ? NULL
                : is_fault("long-name") ? long_name
                                        : "misdescribed",
        .types = is_fault("no-types")        ? no_types
                 : is_fault("small-types")   ? small_types
                 : is_fault("long-types")    ? long_types
                 : is_fault("endless-types") ? endless_types()
                                             : NULL,
        .open = is_fault("open") ? NULL : begin,
        .generate = is_fault("generate") ? NULL : generate,
        .update = is_fault("update") ? NULL : update,
        .validate_address = is_fault("validate_address") ? NULL : validate,
        .validate_template = is_fault("validate_template") ? NULL : validate,
        .free_address = is_fault("free_address") ? NULL : free_address,
        .close = is_fault("close") ? NULL : end,
    };
    return abi == PROXYGEN_ABI && !is_fault("refuses") ? &generator : NULL;
}
