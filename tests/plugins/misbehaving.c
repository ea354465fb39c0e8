/*
 * misbehaving.c - a generator that does what the setting "behaviour=" says, most of it wrong
 *
 * Without a setting it is a good one: "TYPE:alias@site", with the retry number behind
 * the alias. It stands in for plugins by other people in tests of the seam.
 */
#include "proxygen/proxygen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct Session Session;

/** Makes the address of a recipient that is called @name; NULL none. */
typedef char *(*Maker)(const Session *session, const char *name, unsigned retry);

typedef struct {
    const char *name;
    Maker make;                       /* NULL: a good address */
    ProxygenStatus opened, generated; /* what the functions answer */
    ProxygenStatus updated, validated;
    int valid; /* 0: what validate_*() say; 1: not valid; else that number less one */
    int loud;  /* fills the whole of each message, without an end */
} Behaviour;

struct Session {
    const Behaviour *behaviour;
    const char *type, *site;
    unsigned calls;
};

static char *format_address(const char *type, const char *value)
{
    char *address = NULL;
    return asprintf(&address, "%s:%s", type, value) < 0 ? NULL : address;
}

static char *make_good(const Session *session, const char *name, unsigned retry)
{
    char *address = NULL;
    int len = retry ? asprintf(&address, "%s:%s%u@site", session->type, name, retry)
                    : asprintf(&address, "%s:%s@site", session->type, name);
    return len < 0 ? NULL : address;
}

/* --- wrong addresses ---------------------------------------------------------------------------- */

static char *make_nothing(const Session *session, const char *name, unsigned retry)
{
    return NULL;
}

static char *make_junk(const Session *session, const char *name, unsigned retry)
{
    return strdup("%$ no address at all");
}

static char *make_empty(const Session *session, const char *name, unsigned retry)
{
    return format_address(session->type, "");
}

static char *make_wrong_type(const Session *session, const char *name, unsigned retry)
{
    return format_address("OTHER", name);
}

static char *make_small_type(const Session *session, const char *name, unsigned retry)
{
    return format_address("free", name);
}

static char *make_blank_in_front(const Session *session, const char *name, unsigned retry)
{
    return format_address(session->type, " anna");
}

static char *make_blank_behind(const Session *session, const char *name, unsigned retry)
{
    return format_address(session->type, "anna ");
}

static char *make_invalid_utf8(const Session *session, const char *name, unsigned retry)
{
    return format_address(session->type, "an\xc3(na");
}

static char *make_control_characters(const Session *session, const char *name, unsigned retry)
{
    return format_address(session->type, "anna\nproxyAddresses: FREE:root");
}

static char *make_of_length(const Session *session, size_t len)
{
    char *value = calloc(len + 1, 1);
    memset(value, 'a', len);
    char *address = format_address(session->type, value);
    free(value);
    return address;
}

static char *make_longest(const Session *session, const char *name, unsigned retry)
{
    return make_of_length(session, PROXYGEN_ADDRESS_MAX - strlen(session->type) - 1);
}

static char *make_too_long(const Session *session, const char *name, unsigned retry)
{
    return make_of_length(session, PROXYGEN_ADDRESS_MAX - strlen(session->type));
}

static char *make_endless(const Session *session, const char *name, unsigned retry)
{
    return make_of_length(session, 16 * 1024 * 1024);
}

static char *make_another_each_time(const Session *session, const char *name, unsigned retry)
{
    return make_good(session, name, session->calls);
}

/* --- ends of the process ------------------------------------------------------------------------ */

static char *fault(const Session *session, const char *name, unsigned retry)
{
    *(volatile char *)(volatile size_t){0} = 1;
    return NULL;
}

static char *bus_error(const Session *session, const char *name, unsigned retry)
{
    raise(SIGBUS);
    return NULL;
}

static char *divide(const Session *session, const char *name, unsigned retry)
{
    raise(SIGFPE);
    return NULL;
}

static char *illegal_instruction(const Session *session, const char *name, unsigned retry)
{
    raise(SIGILL);
    return NULL;
}

static char *call_abort(const Session *session, const char *name, unsigned retry)
{
    abort();
}

static char *call_exit(const Session *session, const char *name, unsigned retry)
{
    exit(0);
}

static int use_stack(volatile char *before, int depth)
{
    volatile char room[4096];
    room[0] = *before;
    return depth ? use_stack(room, depth - 1) + room[0] : room[0];
}

static char *overflow_stack(const Session *session, const char *name, unsigned retry)
{
    volatile char start = 1;
    return use_stack(&start, 1 << 30) ? NULL : make_good(session, name, retry);
}

/* As if somebody from outside did it while the plugin runs. */
static char *is_killed(const Session *session, const char *name, unsigned retry)
{
    kill(getpid(), SIGKILL);
    return NULL;
}

static char *is_aborted_from_outside(const Session *session, const char *name, unsigned retry)
{
    char command[64];
    snprintf(command, sizeof command, "kill -ABRT %ld", (long)getpid());
    return system(command) == 0 ? make_good(session, name, retry) : NULL;
}

/* --- the table ---------------------------------------------------------------------------------- */

static const Behaviour behaviours[] = {
    {.name = "good"},
    {.name = "null-with-ok", .make = make_nothing},
    {.name = "junk", .make = make_junk},
    {.name = "empty", .make = make_empty},
    {.name = "wrong-type", .make = make_wrong_type},
    {.name = "small-type", .make = make_small_type},
    {.name = "blank-in-front", .make = make_blank_in_front},
    {.name = "blank-behind", .make = make_blank_behind},
    {.name = "invalid-utf8", .make = make_invalid_utf8},
    {.name = "control-characters", .make = make_control_characters},
    {.name = "longest", .make = make_longest},
    {.name = "too-long", .make = make_too_long},
    {.name = "endless", .make = make_endless},
    {.name = "not-deterministic", .make = make_another_each_time},
    {.name = "none", .generated = PROXYGEN_NOT_IMPLEMENTED},
    {.name = "errors", .generated = PROXYGEN_ERROR},
    {.name = "loud-errors", .generated = PROXYGEN_ERROR, .loud = 1},
    {.name = "no-memory", .generated = PROXYGEN_NO_MEMORY},
    {.name = "unknown-status", .generated = (ProxygenStatus)7},
    {.name = "update-none", .updated = PROXYGEN_NOT_IMPLEMENTED},
    {.name = "update-error", .updated = PROXYGEN_ERROR},
    {.name = "update-unknown-status", .updated = (ProxygenStatus)-1},
    {.name = "validate-none", .validated = PROXYGEN_NOT_IMPLEMENTED},
    {.name = "validate-error", .validated = PROXYGEN_ERROR},
    {.name = "validate-no-memory", .validated = PROXYGEN_NO_MEMORY},
    {.name = "validate-unknown-status", .validated = (ProxygenStatus)4},
    {.name = "never-valid", .valid = 1},
    {.name = "neither-valid-nor-not", .valid = 43},
    {.name = "open-none", .opened = PROXYGEN_NOT_IMPLEMENTED},
    {.name = "open-error", .opened = PROXYGEN_ERROR},
    {.name = "open-loud-error", .opened = PROXYGEN_ERROR, .loud = 1},
    {.name = "open-no-memory", .opened = PROXYGEN_NO_MEMORY},
    {.name = "open-unknown-status", .opened = (ProxygenStatus)99},
    {.name = "fault", .make = fault},
    {.name = "bus-error", .make = bus_error},
    {.name = "divides", .make = divide},
    {.name = "illegal", .make = illegal_instruction},
    {.name = "abort", .make = call_abort},
    {.name = "exit", .make = call_exit},
    {.name = "stack-overflow", .make = overflow_stack},
    {.name = "killed", .make = is_killed},
    {.name = "aborted-from-outside", .make = is_aborted_from_outside},
};

static const Behaviour *find_behaviour(const char *const *settings)
{
    static const char name[] = "behaviour=";
    for (; *settings; settings++)
        for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++)
            if (strncmp(*settings, name, strlen(name)) == 0 &&
                strcmp(*settings + strlen(name), behaviours[i].name) == 0)
                return &behaviours[i];
    return &behaviours[0];
}

/* --- the interface ------------------------------------------------------------------------------ */

static ProxygenStatus answer(const Behaviour *behaviour, ProxygenStatus status, char *message)
{
    if (status != PROXYGEN_ERROR)
        return status;
    if (behaviour->loud)
        memset(message, '!', PROXYGEN_MESSAGE_SIZE);
    else
        snprintf(message, PROXYGEN_MESSAGE_SIZE, "two\nlines, \x1b[31mred\x1b[0m, not \xff UTF-8");
    return status;
}

static ProxygenStatus begin(const ProxygenSession *what, void **handle, char *message)
{
    const Behaviour *behaviour = find_behaviour(what->settings);
    if (behaviour->opened != PROXYGEN_OK)
        return answer(behaviour, behaviour->opened, message);
    Session *session = calloc(1, sizeof *session);
    if (!session)
        return PROXYGEN_NO_MEMORY;
    *session = (Session){.behaviour = behaviour, .type = what->type, .site = what->site};
    *handle = session;
    return PROXYGEN_OK;
}

/* Recipients named "nobody" have no address, those named "trouble" cannot have one, whatever the behaviour.
 */
static ProxygenStatus generate(void *handle, const ProxygenRecipient *recipient, unsigned retry,
                               char **address, char *message)
{
    Session *session = handle;
    const Behaviour *behaviour = session->behaviour;
    const char *name = recipient->alias ? recipient->alias : "";
    session->calls++;
    if (strcmp(name, "nobody") == 0)
        return PROXYGEN_NOT_IMPLEMENTED;
    if (strcmp(name, "trouble") == 0)
        return answer(behaviour, PROXYGEN_ERROR, message);
    if (behaviour->generated == PROXYGEN_OK)
        *address = (behaviour->make ? behaviour->make : make_good)(session, name, retry);
    return answer(behaviour, behaviour->generated, message);
}

/* The name of @current at the new site. */
static ProxygenStatus update(void *handle, const ProxygenRecipient *recipient, const char *old_site,
                             const char *new_site, const char *current, char **address, char *message)
{
    const Session *session = handle;
    const Behaviour *behaviour = session->behaviour;
    if (behaviour->updated != PROXYGEN_OK)
        return answer(behaviour, behaviour->updated, message);
    if (behaviour->make) {
        *address = behaviour->make(session, recipient->alias, 0);
        return PROXYGEN_OK;
    }
    int len = (int)strcspn(current, "@");
    if (asprintf(address, "%.*s%s", len, current, strchr(new_site, '@')) < 0)
        return PROXYGEN_NO_MEMORY;
    return PROXYGEN_OK;
}

static ProxygenStatus judge(const Session *session, int is_valid, int *valid, char *message)
{
    const Behaviour *behaviour = session->behaviour;
    if (behaviour->validated != PROXYGEN_OK)
        return answer(behaviour, behaviour->validated, message);
    *valid = behaviour->valid ? behaviour->valid - 1 : is_valid;
    if (!*valid)
        snprintf(message, PROXYGEN_MESSAGE_SIZE, "has no @");
    return PROXYGEN_OK;
}

static ProxygenStatus validate_address(void *handle, const char *address, int *valid, char *message)
{
    const Session *session = handle;
    return judge(session, session->behaviour->make || strchr(address, '@'), valid, message);
}

static ProxygenStatus validate_template(void *handle, const char *site, int *valid, char *message)
{
    return judge(handle, strchr(site, '@') != NULL, valid, message);
}

static void free_address(char *address)
{
    free(address);
}

static void end(void *handle)
{
    free(handle);
}

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi);

PROXYGEN_EXPORT const ProxygenGenerator *proxygen_entry(uint32_t abi)
{
    static const char *const types[] = {"FREE", "OTHER", NULL};
    static const ProxygenGenerator generator = {
        .abi = PROXYGEN_ABI,
        .size = sizeof generator,
        .version = {5, 5, 1960, 5},
        .name = "misbehaving",
        .types = types,
        .open = begin,
        .generate = generate,
        .update = update,
        .validate_address = validate_address,
        .validate_template = validate_template,
        .free_address = free_address,
        .close = end,
    };
    return abi == PROXYGEN_ABI ? &generator : NULL;
}
