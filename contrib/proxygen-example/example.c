/*
 * example.c - a generator of one's own: PAGER:alias@organisation
 *
 * Shows every function of the interface at its smallest. The alias keeps its ASCII
 * letters and digits, at most ALIAS_MAX of them; a retry number follows them. There
 * is no template: the address depends on organisation and recipient alone.
 */
#include <dirsync/proxygen.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE "PAGER"
#define ALIAS_MAX 16

/** A session is a copy of nothing: strings of ProxygenSession stay valid until close(). */
typedef struct {
    const char *organisation;
} Session;

static ProxygenStatus say(ProxygenStatus status, char *message, const char *text)
{
    snprintf(message, PROXYGEN_MESSAGE_SIZE, "%s", text);
    return status;
}

static int is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static ProxygenStatus example_open(const ProxygenSession *what, void **handle, char *message)
{
    Session *session = NULL;
    if (what->site)
        return say(PROXYGEN_ERROR, message, TYPE " has no templates; give the type alone");
    session = malloc(sizeof *session);
    if (!session)
        return PROXYGEN_NO_MEMORY;
    session->organisation = what->organisation;
    *handle = session;
    return PROXYGEN_OK;
}

static void example_close(void *handle)
{
    free(handle);
}

/** Writes the plain characters of @alias; returns how many there are. */
static size_t copy_plain(char plain[ALIAS_MAX + 1], const char *alias)
{
    size_t n = 0;
    for (; alias && *alias && n < ALIAS_MAX; alias++)
        if (is_plain(*alias))
            plain[n++] = *alias;
    plain[n] = '\0';
    return n;
}

static ProxygenStatus example_generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                                       char **address, char *message)
{
    const Session *session = handle;
    char alias[ALIAS_MAX + 1], number[16] = "";
    size_t size = sizeof TYPE ":@" + sizeof alias + sizeof number + strlen(session->organisation);
    if (!copy_plain(alias, recipient->alias))
        return say(PROXYGEN_ERROR, message, "the alias has no letters or digits of ASCII; give one that has");
    /* The dot keeps alias "kim1" without a number apart from "kim" with the number 1. */
    if (retry)
        snprintf(number, sizeof number, ".%u", retry);
    *address = malloc(size);
    if (!*address)
        return PROXYGEN_NO_MEMORY;
    snprintf(*address, size, TYPE ":%s%s@%s", alias, number, session->organisation);
    return PROXYGEN_OK;
}

/** There is nothing of a template in an address that could be changed. */
static ProxygenStatus example_update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                                     const char *new_site, const char *current, char **address, char *message)
{
    (void)handle, (void)recipient, (void)old_site, (void)new_site, (void)current, (void)address,
        (void)message;
    return PROXYGEN_NOT_IMPLEMENTED;
}

static ProxygenStatus example_validate_address(void *handle, const char *address, int *valid, char *message)
{
    const char *at = strchr(address, '@');
    (void)handle;
    *valid = strncmp(address, TYPE ":", sizeof TYPE) == 0 && at && at[1];
    return say(PROXYGEN_OK, message, *valid ? "" : "an address looks like " TYPE ":kim@Acme");
}

static ProxygenStatus example_validate_template(void *handle, const char *site, int *valid, char *message)
{
    (void)handle, (void)site;
    *valid = 0;
    return say(PROXYGEN_OK, message, TYPE " has no templates; give the type alone");
}

static void example_free_address(char *address)
{
    free(address);
}

static const char *const types[] = {TYPE, NULL};

static const ProxygenGenerator generator = {
    PROXYGEN_ABI,
    sizeof(ProxygenGenerator),
    {1, 0, 0, 0},
    "example: pagers",
    types,
    example_open,
    example_generate,
    example_update,
    example_validate_address,
    example_validate_template,
    example_free_address,
    example_close,
};

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    return abi == PROXYGEN_ABI ? &generator : NULL;
}
