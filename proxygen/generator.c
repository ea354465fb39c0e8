/*
 * generator.c - calls of generators, in batches
 *
 * Every call goes through the same gate: the crash frame is up, the answer's number
 * is one of the four, what was given is copied and checked (generator_answer.c).
 * Whoever breaks the contract once is not called again in this session, but to
 * close it.
 */
#include "proxygen/generator_internal.h"

#define WHOM_BYTES 64 /* of a recipient's name, in a message */

/* --- one call ------------------------------------------------------------------------------------ */

typedef enum { VERDICT_BROKEN, VERDICT_BAD, VERDICT_GOOD } Verdict;

/* validate_address() and validate_template() have the same form. */
typedef ProxygenStatus (*Validator)(void *handle, const char *text, int *valid, char *message);

/* *reason is set with VERDICT_BAD, @cause with VERDICT_BROKEN. */
static Verdict judge(Generator *generator, Validator validator, const char *text, char **reason,
                     GError **cause)
{
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    int valid = -1;
    ProxygenStatus status = validator(generator->handle, text, &valid, message);
    if (!answer_status_is_known(status, cause))
        return VERDICT_BROKEN;
    if (status == PROXYGEN_NOT_IMPLEMENTED)
        return VERDICT_GOOD;
    if (status == PROXYGEN_OK && valid != 0 && valid != 1) {
        error_set(cause, ERROR_PROTOCOL, "it said neither valid nor not valid, but %d", valid);
        return VERDICT_BROKEN;
    }
    if (status == PROXYGEN_OK && valid)
        return VERDICT_GOOD;
    *reason = answer_message(message);
    return VERDICT_BAD;
}

/* An address that its own generator does not take would be refused at the next look at it. */
static char *take_address(Generator *generator, char *given, GError **cause)
{
    g_autofree char *address =
        answer_take_address(generator->functions, given, generator->session.type, cause);
    g_autofree char *reason = NULL;
    if (!address)
        return NULL;
    Verdict verdict = judge(generator, generator->functions->validate_address, address, &reason, cause);
    if (verdict == VERDICT_BAD)
        error_set(cause, ERROR_PROTOCOL, "it made %s and does not take it as valid: %s", address, reason);
    return verdict == VERDICT_GOOD ? g_steal_pointer(&address) : NULL;
}

static char *whom(const ProxygenRecipient *recipient, const char *what)
{
    const char *name = recipient->alias ? recipient->alias : recipient->display_name;
    g_autofree char *shown = answer_text(name ? name : "", WHOM_BYTES);
    return g_strdup_printf("%s for \"%s\"", what, shown);
}

static bool may_be_used(const Generator *generator, GError **error)
{
    if (generator->broken)
        error_set(error, ERROR_PROTOCOL,
                  "generator %s: broke its contract before and is not used again in this run",
                  generator->file);
    return !generator->broken;
}

/* --- batches ------------------------------------------------------------------------------------ */

void generator_request_clear(GeneratorRequest *request)
{
    g_clear_pointer(&request->address, g_free);
    g_clear_pointer(&request->message, g_free);
    request->kind = GENERATED_NONE;
}

/* One call, with all that comes back of it. False with @cause when the contract is broken. */
static bool ask(Generator *generator, GeneratorRequest *request, GError **cause)
{
    static const GeneratedKind kinds[] = {
        [PROXYGEN_OK] = GENERATED,
        [PROXYGEN_NOT_IMPLEMENTED] = GENERATED_NONE,
        [PROXYGEN_ERROR] = GENERATED_ERROR,
    };
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    char *given = NULL;
    request->recipient.size = sizeof request->recipient;
    ProxygenStatus status = generator->functions->generate(generator->handle, &request->recipient,
                                                           request->retry, &given, message);
    if (!answer_status_is_known(status, cause))
        return false;
    request->kind = kinds[status];
    if (status == PROXYGEN_ERROR)
        request->message = answer_message(message);
    else if (status == PROXYGEN_OK)
        request->address = take_address(generator, given, cause);
    return status != PROXYGEN_OK || request->address;
}

/* Addresses that depend on anything but the question would change at the next run. */
static bool ask_again(Generator *generator, const GeneratorRequest *request, GError **cause)
{
    GeneratorRequest again = {.recipient = request->recipient, .retry = request->retry};
    bool good = ask(generator, &again, cause);
    if (good && g_strcmp0(again.address, request->address) != 0) {
        error_set(cause, ERROR_PROTOCOL, "it made %s and, asked the same again, %s", request->address,
                  again.address ? again.address : "no address");
        good = false;
    }
    generator_request_clear(&again);
    return good;
}

static bool generate_one(Generator *generator, GeneratorRequest *request, size_t *calls, GError **error)
{
    g_autoptr(GError) cause = NULL;
    bool good = ask(generator, request, &cause);
    ++*calls;
    if (good && request->address && !generator->repeated) {
        generator->repeated = true;
        good = ask_again(generator, request, &cause);
        ++*calls;
    }
    if (good)
        return true;
    g_autofree char *what = g_strdup_printf("%s address, retry %u,", generator->session.type, request->retry);
    g_autofree char *subject = whom(&request->recipient, what);
    return generator_breach(generator, subject, cause, error);
}

bool generator_generate(Generator *generator, GeneratorRequest *requests, size_t n, size_t *calls,
                        GError **error)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++)
        generator_request_clear(&requests[i]);
    bool good = may_be_used(generator, error);
    crash_frame_enter(&generator->frame);
    for (size_t i = 0; good && i < n; i++)
        good = generate_one(generator, &requests[i], &made, error);
    crash_frame_leave();
    for (size_t i = 0; !good && i < n; i++)
        generator_request_clear(&requests[i]);
    if (calls)
        *calls += made;
    return good;
}

/* --- single calls ------------------------------------------------------------------------------- */

static bool update(Generator *generator, const ProxygenRecipient *recipient, const char *old_site,
                   const char *current, char **address, GError **cause)
{
    char message[PROXYGEN_MESSAGE_SIZE] = "";
    char *given = NULL;
    ProxygenRecipient whose = *recipient;
    whose.size = sizeof whose;
    ProxygenStatus status = generator->functions->update(generator->handle, &whose, old_site,
                                                         generator->session.site, current, &given, message);
    if (!answer_status_is_known(status, cause))
        return false;
    *address = status == PROXYGEN_OK ? take_address(generator, given, cause) : NULL;
    return status != PROXYGEN_OK || *address;
}

bool generator_update(Generator *generator, const ProxygenRecipient *recipient, const char *old_site,
                      const char *current, char **address, GError **error)
{
    *address = NULL;
    if (!may_be_used(generator, error))
        return false;
    if (!old_site || !generator->session.site)
        return true;
    g_autoptr(GError) cause = NULL;
    crash_frame_enter(&generator->frame);
    bool good = update(generator, recipient, old_site, current, address, &cause);
    crash_frame_leave();
    if (good)
        return true;
    g_autofree char *subject = whom(recipient, "update of an address");
    return generator_breach(generator, subject, cause, error);
}

static bool validate(Generator *generator, Validator validator, const char *what, const char *text,
                     GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *reason = g_strdup(answer_address_fault(text));
    g_autofree char *shown = answer_text(text, WHOM_BYTES);
    if (!may_be_used(generator, error))
        return false;
    Verdict verdict = VERDICT_BAD;
    if (!reason) {
        crash_frame_enter(&generator->frame);
        verdict = judge(generator, validator, text, &reason, &cause);
        crash_frame_leave();
    }
    g_autofree char *subject = g_strdup_printf("%s \"%s\"", what, shown);
    if (verdict == VERDICT_BROKEN)
        return generator_breach(generator, subject, cause, error);
    if (verdict == VERDICT_BAD)
        error_set(error, ERROR_INVALID, "%s: %s", subject, reason);
    return verdict == VERDICT_GOOD;
}

bool generator_validate(Generator *generator, const char *address, GError **error)
{
    return validate(generator, generator->functions->validate_address, "address", address, error);
}

bool generator_validate_template(Generator *generator, const char *site, GError **error)
{
    return validate(generator, generator->functions->validate_template, "template", site, error);
}
