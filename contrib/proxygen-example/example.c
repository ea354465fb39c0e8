/*
 * example.c - a generator of telex addresses, to start from
 *
 * "TELEX:41 552 ACME/SMITH": the template gives the number of the machine and the
 * name of the organisation, the recipient the rest. Needs nothing but the installed
 * header: see Makefile. Copy it, and read dirsync/proxygen.h beside it.
 */
#include <dirsync/proxygen.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_LENGTH 20

/* What begin() makes and end() frees. */
typedef struct {
    char *site; /* "TELEX:41 552 ACME" */
} Session;

static ProxygenStatus say(char *message, ProxygenStatus status, const char *text)
{
    snprintf(message, PROXYGEN_MESSAGE_SIZE, "%s", text);
    return status;
}

static int is_telex(const char *text)
{
    return strncmp(text, "TELEX:", 6) == 0 && isdigit((unsigned char)text[6]);
}

static ProxygenStatus begin(const ProxygenSession *about, void **handle, char *message)
{
    if (!about->site || !is_telex(about->site))
        return say(message, PROXYGEN_ERROR, "the template is TELEX: and the number of the machine");
    Session *session = calloc(1, sizeof *session);
    if (!session || !(session->site = strdup(about->site))) {
        free(session);
        return PROXYGEN_NO_MEMORY;
    }
    *handle = session;
    return PROXYGEN_OK;
}

/* Capital letters and digits of the name: a telex has no others. */
static size_t spell(const char *name, char *out, size_t room)
{
    size_t len = 0;
    for (; name && *name && len + 1 < room; name++)
        if (isalnum((unsigned char)*name) && (unsigned char)*name < 0x80)
            out[len++] = (char)toupper((unsigned char)*name);
    out[len] = '\0';
    return len;
}

/* The same name and number always give the same address; another number, another address. */
static ProxygenStatus generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                               char **address, char *message)
{
    const Session *session = handle;
    char name[NAME_MAX_LENGTH + 1], number[12] = "";
    if (!spell(recipient->last_name, name, sizeof name) && !spell(recipient->alias, name, sizeof name))
        return say(message, PROXYGEN_ERROR, "neither surname nor alias has a letter that a telex knows");
    if (retry)
        snprintf(number, sizeof number, "%u", retry);
    size_t size = strlen(session->site) + strlen(name) + strlen(number) + 3;
    *address = malloc(size);
    if (!*address)
        return PROXYGEN_NO_MEMORY;
    snprintf(*address, size, "%s/%s%s%s", session->site, name, *number ? " " : "", number);
    return PROXYGEN_OK;
}

/* What a person gave by hand cannot be told from what we made: generate anew. */
static ProxygenStatus update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                             const char *new_site, const char *current, char **address, char *message)
{
    (void)handle, (void)recipient, (void)old_site, (void)new_site, (void)current, (void)address,
        (void)message;
    return PROXYGEN_NOT_IMPLEMENTED;
}

static ProxygenStatus validate_address(void *handle, const char *address, int *valid, char *message)
{
    (void)handle;
    *valid = is_telex(address) && strchr(address, '/') != NULL;
    return *valid ? PROXYGEN_OK : say(message, PROXYGEN_OK, "a telex address is TELEX:number/NAME");
}

static ProxygenStatus validate_template(void *handle, const char *site, int *valid, char *message)
{
    (void)handle;
    *valid = is_telex(site);
    return *valid ? PROXYGEN_OK
                  : say(message, PROXYGEN_OK, "the template is TELEX: and the number of the machine");
}

static void free_address(char *address)
{
    free(address);
}

static void end(void *handle)
{
    Session *session = handle;
    free(session->site);
    free(session);
}

static const char *const types[] = {"TELEX", NULL};

static const ProxygenGenerator generator = {
    .abi = PROXYGEN_ABI,
    .size = sizeof(ProxygenGenerator),
    .version = {1, 0, 0, 0},
    .name = "example: telex addresses",
    .types = types,
    .open = begin,
    .generate = generate,
    .update = update,
    .validate_address = validate_address,
    .validate_template = validate_template,
    .free_address = free_address,
    .close = end,
};

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    return abi == PROXYGEN_ABI ? &generator : NULL;
}
