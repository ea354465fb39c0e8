/*
 * address_generate.c - addresses from the generators, each of them free
 *
 * All wants of a batch that have the same template go to its generator together.
 * Whose address is taken asks again with a higher number: first 1, which may give
 * something quite different, then the number after the highest one that was used
 * for that first alternative. So people of one name cost a few calls each however
 * many they are, and people who are known to be in such a crowd cost one.
 */
#include "dirsync/address_step_internal.h"
#include "dirsync/interrupt.h"

#include <string.h>

#define ERRORS_IN_A_ROW 3    /* of one recipient, with three numbers */
#define NUMBER_MAX 1000000   /* what generators must be able to tell apart */
#define REPEATS_MAX 3        /* of an address that was taken */
#define HOPELESS 20          /* recipients without one success: the type is disabled */
#define NUMBERS_RECOGNISED 3 /* in an address that somebody has */

/* One recipient's want of the template, until it is settled. */
typedef struct {
    Recipient *recipient;
    Want *want;
    unsigned number, errors, repeats;
    char *first, *base, *last; /* candidates: of number 0, of number 1, the last one; folded */
} Ask;

static void ask_clear(void *data)
{
    Ask *ask = data;
    g_free(ask->first);
    g_free(ask->base);
    g_free(ask->last);
}

/* --- legacyExchangeDN, which needs no plugin --- */

static char *legacy_dn(const AddressStep *step, const char *alias, unsigned number)
{
    const char *group = step->settings->admin_group;
    g_autofree char *suffix = number ? g_strdup_printf("%u", number) : g_strdup("");
    return g_strdup_printf("/o=%s/ou=%s/cn=Recipients/cn=%s%s", step->connector->organisation->name, group,
                           alias, suffix);
}

static void make_legacy_dns(AddressStep *step, GeneratorRequest *requests, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        requests[i].kind = GENERATED;
        requests[i].address = legacy_dn(step, requests[i].recipient.alias, requests[i].retry);
    }
}

/* --- who is in a crowd --- */

static Fingerprint crowd_key(const Ask *ask)
{
    const ProxygenRecipient *info = &ask->recipient->info;
    const char *const texts[] = {info->alias,        info->first_name, info->last_name,
                                 info->display_name, info->initials,   info->fax_number};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const guint8 *)&ask->want->template, sizeof ask->want->template);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_byte_array_append(bytes, (const guint8 *)(texts[i] ? texts[i] : ""),
                            (guint)(texts[i] ? strlen(texts[i]) : 0) + 1);
    return fingerprint_bytes(bytes->data, bytes->len);
}

static bool join_crowd(AddressStep *step, Ask *ask, GError **error)
{
    Fingerprint key = crowd_key(ask);
    const char *base = ask->want->applied ? NULL : g_hash_table_lookup(step->crowded, &key);
    if (!base)
        return true;
    ask->base = g_strdup(base);
    return address_next_number(step, base, &ask->number, error);
}

static void note_crowd(AddressStep *step, const Ask *ask)
{
    Fingerprint key = crowd_key(ask);
    if (!g_hash_table_contains(step->crowded, &key))
        g_hash_table_insert(step->crowded, g_memdup2(&key, sizeof key), g_strdup(ask->base));
}

/* --- one answer --- */

static void give_up(AddressStep *step, Ask *ask, const char *why)
{
    Want *want = ask->want;
    want->problem = g_strdup(why);
    ask->recipient->pending->failed = true;
    TypeState *type = want->template == LEGACY_DN ? NULL : template_at(step, want->template)->type;
    event_emit(EVENT_ADDRESS_FAILED, entry_dn(ask->recipient->entry), "%s: %s",
               type ? type->name : "legacyExchangeDN", why);
    if (type && ++type->failed >= HOPELESS && !type->answered)
        address_disable_type(step, type, why);
}

/* A generator should give something else for each number; by chance it may not. */
static bool repeats_itself(Ask *ask, const char *candidate)
{
    bool known = !g_strcmp0(candidate, ask->first) || !g_strcmp0(candidate, ask->base) ||
                 !g_strcmp0(candidate, ask->last);
    ask->repeats += known;
    return ask->repeats >= REPEATS_MAX || ask->number >= NUMBER_MAX;
}

/* *again: ask once more, with the number that is in @ask now. */
static bool next_number(AddressStep *step, Ask *ask, char *folded, bool *again, GError **error)
{
    g_autofree char *candidate = folded;
    *again = !repeats_itself(ask, candidate);
    if (!*again) {
        give_up(step, ask, "the generator gives the same address for every number, and it is taken");
        return true;
    }
    if (ask->number == 0) {
        ask->first = g_steal_pointer(&candidate);
        ask->number = 1;
        return true;
    }
    if (!ask->base) {
        ask->base = g_strdup(candidate);
        note_crowd(step, ask);
    }
    g_free(ask->last);
    ask->last = g_steal_pointer(&candidate);
    return address_next_number(step, ask->base, &ask->number, error);
}

static bool take_address(AddressStep *step, Ask *ask, const GeneratorRequest *answer, bool *again,
                         GError **error)
{
    bool free;
    if (ask->want->template != LEGACY_DN)
        template_at(step, ask->want->template)->type->answered = true;
    if (!address_is_free(step, ask->recipient, ask->want, answer->address, &free, error))
        return false;
    if (!free)
        return next_number(step, ask, address_normalise(answer->address, strlen(answer->address)), again,
                           error);
    ask->want->address = g_strdup(answer->address);
    address_claim(step, ask->recipient, ask->want, answer->address);
    if (ask->want->template != LEGACY_DN)
        event_emit(EVENT_ADDRESS_GIVEN, entry_dn(ask->recipient->entry), "%s, by %s", answer->address,
                   template_at(step, ask->want->template)->because);
    return true;
}

static bool take_answer(AddressStep *step, Ask *ask, const GeneratorRequest *answer, bool *again,
                        GError **error)
{
    *again = false;
    switch (answer->kind) {
    case GENERATED:
        return take_address(step, ask, answer, again, error);
    case GENERATED_NONE:
        return true;
    case GENERATED_ERROR:
        break;
    }
    *again = ++ask->errors < ERRORS_IN_A_ROW;
    ask->number++;
    if (!*again)
        give_up(step, ask, answer->message ? answer->message : "the generator gives no reason");
    return true;
}

/* --- one round of calls --- */

static bool call(AddressStep *step, guint template, GeneratorRequest *requests, size_t n)
{
    g_autoptr(GError) error = NULL;
    if (template == LEGACY_DN) {
        make_legacy_dns(step, requests, n);
        return true;
    }
    Template *used = template_at(step, template);
    Generator *generator = address_session(step, used);
    if (!generator)
        return false;
    if (generator_generate(generator, requests, n, &step->calls, &error))
        return true;
    address_disable_type(step, used->type, error->message);
    return false;
}

static bool take_answers(AddressStep *step, GArray *asks, GeneratorRequest *requests, GArray *left,
                         GError **error)
{
    for (guint i = 0; i < asks->len; i++) {
        Ask *ask = &g_array_index(asks, Ask, i);
        bool again;
        if (!take_answer(step, ask, &requests[i], &again, error))
            return false;
        if (!again)
            continue;
        g_array_append_val(left, *ask);
        *ask = (Ask){0};
    }
    return true;
}

/* Calls once for each ask; *asks become those that have to ask again. */
static bool ask_once(AddressStep *step, guint template, GArray **asks, GError **error)
{
    size_t n = (*asks)->len;
    g_autofree GeneratorRequest *requests = g_new0(GeneratorRequest, n);
    GArray *left = g_array_new(FALSE, TRUE, sizeof(Ask));
    g_array_set_clear_func(left, ask_clear);
    for (size_t i = 0; i < n; i++) {
        const Ask *ask = &g_array_index(*asks, Ask, i);
        requests[i].recipient = ask->recipient->info;
        requests[i].retry = ask->number;
    }
    bool ok = !call(step, template, requests, n) || take_answers(step, *asks, requests, left, error);
    for (size_t i = 0; i < n; i++)
        generator_request_clear(&requests[i]);
    g_array_unref(*asks);
    *asks = left;
    return ok && !interrupt_pending(error);
}

/* --- a policy that is applied anew: who has an address of the template keeps it --- */

/* The numbers in an address, of which one may be that of its retry. */
static size_t numbers_in(const char *address, unsigned numbers[NUMBERS_RECOGNISED])
{
    size_t n = 0;
    for (const char *p = address; *p && n < NUMBERS_RECOGNISED;) {
        if (!g_ascii_isdigit(*p)) {
            p++;
            continue;
        }
        char *end;
        guint64 number = g_ascii_strtoull(p, &end, 10);
        if (number > 1 && number <= NUMBER_MAX)
            numbers[n++] = (unsigned)number;
        p = end;
    }
    return n;
}

/* Whether the template gives @address with one of the numbers in it. */
static bool fits(AddressStep *step, const Ask *ask, const char *address)
{
    unsigned numbers[NUMBERS_RECOGNISED + 1] = {0};
    size_t n = 1 + numbers_in(address, numbers + 1);
    bool found = false;
    for (size_t i = 0; i < n && !found; i++) {
        GeneratorRequest request = {.recipient = ask->recipient->info, .retry = numbers[i]};
        found = call(step, ask->want->template, &request, 1) && request.kind == GENERATED &&
                address_equal(request.address, address);
        generator_request_clear(&request);
    }
    return found;
}

/* True: it keeps one that it has, of the primary ones or of the others. */
static bool keep_one_of(AddressStep *step, const Ask *ask, bool primary)
{
    const char *type = template_at(step, ask->want->template)->type->name;
    g_autoptr(GPtrArray) own = entry_get_values(home_schema(step), ask->recipient->entry, "proxyAddresses");
    for (guint i = 0; i < own->len; i++) {
        const char *address = g_ptr_array_index(own, i);
        if (!address_is_of_type(address, type) || (bool)g_ascii_isupper(*address) != primary ||
            !fits(step, ask, address))
            continue;
        ask->want->address = g_strconcat(type, address + strlen(type), NULL);
        return true;
    }
    return false;
}

static bool keep_own(AddressStep *step, const Ask *ask)
{
    return keep_one_of(step, ask, true) || keep_one_of(step, ask, false);
}

/* What a person gave by hand under the old template is kept under the new one where the generator can. */
static bool update_own(AddressStep *step, const Ask *ask, GError **error)
{
    Template *template = template_at(step, ask->want->template);
    g_autofree char *current = address_primary(step, ask->recipient->entry, template->type->name);
    Generator *generator = step->options.old_site ? address_session(step, template) : NULL;
    g_autofree char *address = NULL;
    g_autoptr(GError) why = NULL;
    bool free;
    if (!generator || !current || !template->primary ||
        !address_is_of_type(step->options.old_site, template->type->name))
        return true;
    if (!generator_update(generator, &ask->recipient->info, step->options.old_site, current, &address,
                          &why)) {
        address_disable_type(step, template->type, why->message);
        return true;
    }
    if (!address)
        return true;
    if (!address_is_free(step, ask->recipient, ask->want, address, &free, error))
        return false;
    if (free) {
        address_claim(step, ask->recipient, ask->want, address);
        ask->want->address = g_steal_pointer(&address);
    }
    return true;
}

/* --- mail without an SMTP address --- */

/* The address that somebody is known by stays: it becomes the primary one, not that of the template. */
static bool keep_mail(AddressStep *step, const Ask *ask, GError **error)
{
    const Template *template =
        ask->want->template == LEGACY_DN ? NULL : template_at(step, ask->want->template);
    const char *mail = schema_find_string(home_schema(step), ask->recipient->entry, "mail");
    bool free;
    if (!mail || !template || !template->primary || strcmp(template->type->name, "SMTP") != 0 ||
        address_has_type(step, ask->recipient->entry, "SMTP") || !address_validate("SMTP", mail, NULL))
        return true;
    g_autofree char *address = address_format("SMTP", true, mail);
    if (!address_is_free(step, ask->recipient, ask->want, address, &free, error))
        return false;
    if (free) {
        address_claim(step, ask->recipient, ask->want, address);
        ask->want->address = g_steal_pointer(&address);
    }
    return true;
}

/* --- a batch --- */

static bool add_ask(AddressStep *step, Recipient *recipient, Want *want, GArray *asks, GError **error)
{
    Ask ask = {.recipient = recipient, .want = want};
    if (want->applied) {
        if (keep_own(step, &ask))
            return true;
        if (!update_own(step, &ask, error))
            return false;
    } else if (!keep_mail(step, &ask, error)) {
        return false;
    }
    if (want->address)
        return true;
    if (!join_crowd(step, &ask, error))
        return false;
    g_array_append_val(asks, ask);
    return true;
}

static bool ask_template(AddressStep *step, guint template, GPtrArray *batch, GError **error)
{
    GArray *asks = g_array_new(FALSE, TRUE, sizeof(Ask));
    g_array_set_clear_func(asks, ask_clear);
    bool ok = true;
    for (guint i = 0; i < batch->len && ok; i++) {
        Recipient *recipient = g_ptr_array_index(batch, i);
        for (guint j = 0; j < recipient->wants->len && ok; j++) {
            Want *want = &g_array_index(recipient->wants, Want, j);
            if (want->template == template)
                ok = add_ask(step, recipient, want, asks, error);
        }
    }
    while (ok && asks->len)
        ok = ask_once(step, template, &asks, error);
    g_array_unref(asks);
    return ok;
}

bool address_generate(AddressStep *step, GPtrArray *batch, GError **error)
{
    for (guint i = 0; i < step->templates->len; i++)
        if (!ask_template(step, i, batch, error))
            return false;
    return ask_template(step, LEGACY_DN, batch, error);
}
