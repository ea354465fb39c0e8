/*
 * address_step.c - the states of the address step; see address_step.h
 *
 * Opened (definitions, policies and registered types loaded), read, generated (all
 * addresses, so that a generator that breaks its contract at the end has written
 * nothing), planned, and, when the plan has been applied, settled. What the server
 * refused because somebody else was faster is planned once more in the same run.
 */
#include "dirsync/address_step_internal.h"

#include "dirsync/interrupt.h"
#include "dirsync/pass.h"
#include "proxygen/registrar.h"

#include <string.h>

#define BATCH 500 /* recipients between two calls of a generator */

const char *const address_index_kinds[] = {"legacyexchangedn", NULL};

/* --- open --- */

static void type_free(void *data)
{
    TypeState *type = data;
    g_free(type->name);
    g_free(type->disabled);
    g_free(type);
}

static void template_free(void *data)
{
    Template *template = data;
    generator_close(template->generator);
    g_free(template->site);
    g_free(template->because);
    g_free(template);
}

static void pending_free(void *data)
{
    Pending *pending = data;
    g_free(pending->anchor);
    g_free(pending->id);
    g_free(pending);
}

static bool see_as_planned(AddressStep *step, GError **error)
{
    step->seen = step->real;
    if (step->options.planned)
        step->seen = step_see_planned(step->real, step->options.planned, STEP_ADDRESSES, error);
    return step->seen != NULL;
}

/* What of an imported object is the mapping's. */
static bool load_mapping(AddressStep *step, GError **error)
{
    const PassSettings *import = &step->connector->pass[STEP_IMPORT];
    if (!import->wanted)
        return true;
    step->mapping = mapping_load(import->mapping, MAPPING_IMPORT, error);
    if (!step->mapping)
        return false;
    size_t n = mapping_n_recipients(step->mapping);
    step->managed = g_new0(Managed *, n + 1);
    for (size_t i = 0; i < n; i++)
        step->managed[i] =
            managed_new(mapping_recipient(step->mapping, i), step->view.stamp, home_schema(step), 0);
    return true;
}

/* Types need not be registered: the definition is the authority. But where they are, versions count. */
static bool load_registered(AddressStep *step, GError **error)
{
    g_autoptr(GError) none = NULL;
    g_autofree char *container = registrar_container(step->connector->organisation, step->real, &none);
    if (container)
        step->registered = registrar_list(step->connector->organisation, step->real, error);
    else if (error_is(none, ERROR_DEFINITION))
        step->registered = g_ptr_array_new();
    else
        g_propagate_error(error, g_steal_pointer(&none));
    return step->registered != NULL;
}

static char *digest_of(const Connector *connector, const Policies *policies, GError **error)
{
    g_autofree char *mapping = NULL;
    if (connector->pass[STEP_IMPORT].wanted && !(mapping = step_digest(connector, STEP_IMPORT, error)))
        return NULL;
    g_autofree char *all = g_strjoin(" ", connector->digest, connector->organisation->digest,
                                     policies_digest(policies), mapping, NULL);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
}

static bool check_policy_name(const AddressStep *step, GError **error)
{
    const char *name = step->options.apply_policy;
    g_autoptr(GString) names = g_string_new(NULL);
    for (size_t i = 0; name && i < policies_count(step->policies); i++) {
        const char *known = policies_at(step->policies, i)->name;
        if (!strcmp(known, name))
            return true;
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", known);
    }
    if (name)
        error_set(error, ERROR_DEFINITION, "policy %s: there is none of that name in %s; there are: %s", name,
                  step->connector->organisation->addresses.policies_from_directory
                      ? "the directory"
                      : step->connector->organisation->path,
                  names->len ? names->str : "none");
    return !name;
}

static bool parse_only(AddressStep *step, GError **error)
{
    if (!step->options.only || (step->only = filter_parse_resolved(step->options.only, NULL)))
        return true;
    error_set(error, ERROR_DEFINITION, "--only %s: not a filter (RFC 4515), such as (uid=jane)",
              step->options.only);
    return false;
}

static AddressStep *step_new(const Connector *connector, State *state, const StepOptions *options)
{
    AddressStep *step = g_new0(AddressStep, 1);
    step->work.kind = &address_step_kind;
    step->connector = connector;
    step->settings = &connector->organisation->addresses;
    step->state = state;
    step->options = *options;
    step->crash_file = g_build_filename(state_folder(state), GENERATOR_CRASH_FILE, NULL);
    step->types = g_ptr_array_new_with_free_func(type_free);
    step->templates = g_ptr_array_new_with_free_func(template_free);
    step->singly = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    step->refused = g_ptr_array_new_with_free_func(g_free);
    step->doubtful = g_ptr_array_new_with_free_func(g_free);
    return step;
}

static void close_step(StepWork *work);

static StepWork *open_step(const Connector *connector, Step which, State *state, const StepOptions *options,
                           GError **error)
{
    AddressStep *step = step_new(connector, state, options);
    step->index = state_index(state, which, error);
    step->real = step->index ? directory_open(&connector->organisation->home, error) : NULL;
    if (step->real)
        step->view = holder_view_of(step->real, step->index, &connector->organisation->stamp);
    step->work.target = step->real;
    if (step->real && see_as_planned(step, error) && load_mapping(step, error) &&
        (step->policies = policies_load(connector->organisation, step->real, error)) != NULL &&
        load_registered(step, error) && check_policy_name(step, error) && parse_only(step, error) &&
        address_check_old_site(step, error) &&
        (step->digest = digest_of(connector, step->policies, error)) != NULL)
        return &step->work;
    close_step(&step->work);
    return NULL;
}

/* What belongs to one plan. */
static void forget_round(AddressStep *step)
{
    if (step->open)
        holder_index_rollback(step->index);
    step->open = false;
    plan_writer_free(step->plan);
    step->plan = NULL;
    g_clear_pointer(&step->holders, holder_table_free);
    g_clear_pointer(&step->spool, spool_free);
    g_clear_pointer(&step->pending, g_ptr_array_unref);
    g_clear_pointer(&step->settled, g_array_unref);
    g_clear_pointer(&step->newly_settled, g_array_unref);
    g_clear_pointer(&step->gone, g_array_unref);
    fingerprint_index_clear(&step->by_dn);
    fingerprint_index_clear(&step->by_fingerprint);
    g_clear_pointer(&step->claimed, g_hash_table_unref);
    g_clear_pointer(&step->highest, g_hash_table_unref);
    g_clear_pointer(&step->crowded, g_hash_table_unref);
    g_clear_pointer(&step->work.tally, tally_free);
    g_clear_pointer(&step->work.full_reason, g_free);
    g_clear_pointer(&step->run, g_free);
    g_clear_pointer(&step->cursor, g_free);
    g_clear_pointer(&step->next, g_free);
    g_clear_pointer(&step->roll, roll_free);
}

static void close_step(StepWork *work)
{
    AddressStep *step = (AddressStep *)work;
    forget_round(step);
    for (size_t i = 0; step->managed && step->managed[i]; i++)
        managed_free(step->managed[i]);
    g_free(step->managed);
    mapping_free(step->mapping);
    policies_free(step->policies);
    if (step->registered)
        g_ptr_array_unref(step->registered);
    filter_free(step->only);
    if (step->seen != step->real)
        directory_close(step->seen);
    directory_close(step->real);
    g_ptr_array_unref(step->templates);
    g_ptr_array_unref(step->types);
    g_hash_table_unref(step->singly);
    g_ptr_array_unref(step->refused);
    g_ptr_array_unref(step->doubtful);
    g_free(step->digest);
    g_free(step->crash_file);
    g_free(step);
}

/* --- plan --- */

static Fingerprint pending_dn(const void *step, uint32_t i)
{
    return ((const Pending *)g_ptr_array_index(((const AddressStep *)step)->pending, i))->dn;
}

static Fingerprint settled_fingerprint(const void *step, uint32_t i)
{
    return g_array_index(((const AddressStep *)step)->settled, Settled, i).known.fingerprint;
}

static void load_settled(const Addressed *addressed, void *data)
{
    AddressStep *step = data;
    Settled settled = {*addressed, false};
    uint32_t i = step->settled->len;
    g_array_append_val(step->settled, settled);
    if (!step->work.full_reason)
        fingerprint_index_add(&step->by_fingerprint, i);
}

bool address_is_special(const AddressStep *step)
{
    return step->options.apply_policy || step->options.remove_type;
}

static bool decide_fullness(AddressStep *step, GError **error)
{
    g_autofree char *known = NULL;
    if (!step_recall(step->state, STEP_ADDRESSES, "definitions", &known, error))
        return false;
    if (step->options.full || address_is_special(step))
        step->work.full_reason = g_strdup("asked for");
    else if (!known)
        step->work.full_reason = g_strdup("first run, or the state was lost");
    else if (strcmp(known, step->digest) != 0)
        step->work.full_reason = g_strdup("a definition, a policy or the mapping has changed");
    return true;
}

static bool begin_round(AddressStep *step, GError **error)
{
    g_auto(GStrv) attributes = holder_request(&step->view);
    g_autofree char *request = g_strjoinv(" ", attributes);
    forget_round(step);
    memset(&step->work.planned, 0, sizeof step->work.planned);
    step->seen_entries = step->natives = step->settled_natives = step->calls = 0;
    step->work.again = false;
    step->work.tally = tally_new();
    step->pending = g_ptr_array_new_with_free_func(pending_free);
    step->settled = g_array_new(FALSE, FALSE, sizeof(Settled));
    step->newly_settled = g_array_new(FALSE, FALSE, sizeof(Addressed));
    step->gone = g_array_new(FALSE, FALSE, sizeof(Fingerprint));
    fingerprint_index_init(&step->by_dn, pending_dn, step);
    fingerprint_index_init(&step->by_fingerprint, settled_fingerprint, step);
    step->claimed = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, g_free);
    step->crowded = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, g_free);
    step->highest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < step->types->len; i++)
        ((TypeState *)g_ptr_array_index(step->types, i))->holders = 0;
    step->spool = spool_new(state_folder(step->state), error);
    return step->spool && decide_fullness(step, error) &&
           holder_index_prepare(step->index, address_index_kinds, request, error) &&
           address_recall_cursor(step, error);
}

bool address_load_known(AddressStep *step, GError **error)
{
    step->seen_entries = step->natives = step->settled_natives = 0;
    g_ptr_array_set_size(step->pending, 0);
    g_array_set_size(step->newly_settled, 0);
    g_array_set_size(step->gone, 0);
    for (guint i = 0; i < step->types->len; i++)
        ((TypeState *)g_ptr_array_index(step->types, i))->holders = 0;
    step->holders = holder_table_load(step->index, step->connector->uuid, error);
    return step->holders && state_scan_addressed(step->state, load_settled, step, error);
}

/* What the generators gave one recipient: "12" -> address, for template 12. */
static bool keep_given(AddressStep *step, const Recipient *recipient, GError **error)
{
    g_autoptr(Entry) given = entry_new(entry_dn(recipient->entry));
    for (guint i = 0; i < recipient->wants->len; i++) {
        const Want *want = &g_array_index(recipient->wants, Want, i);
        g_autofree char *name = g_strdup_printf("%u%s", want->template, want->applied ? "a" : "");
        if (want->address)
            entry_add_string(given, name, want->address);
    }
    return spool_append(step->spool, given, &recipient->pending->given, error);
}

static void recall_given(const Entry *given, Recipient *recipient)
{
    for (size_t i = 0; i < entry_n_attributes(given); i++) {
        const Attribute *attribute = entry_attribute(given, i);
        for (size_t j = 0; j < attribute->n_values; j++) {
            Want want = {.template = (guint)g_ascii_strtoull(attribute->name, NULL, 10),
                         .applied = g_str_has_suffix(attribute->name, "a"),
                         .address = g_strdup(attribute->values[j].data)};
            g_array_append_val(recipient->wants, want);
        }
    }
}

static Recipient *load_recipient(AddressStep *step, Pending *pending, GError **error)
{
    Entry *entry = spool_read(step->spool, pending->at, error);
    return entry ? address_recipient(step, pending, entry) : NULL;
}

static GPtrArray *load_batch(AddressStep *step, guint from, GError **error)
{
    g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func(address_recipient_free);
    for (guint i = from; i < step->pending->len && i < from + BATCH; i++) {
        Recipient *recipient = load_recipient(step, g_ptr_array_index(step->pending, i), error);
        if (!recipient)
            return NULL;
        address_decide(step, recipient, false);
        g_ptr_array_add(batch, recipient);
    }
    return g_steal_pointer(&batch);
}

static bool generate_all(AddressStep *step, GError **error)
{
    for (guint from = 0; from < step->pending->len; from += BATCH) {
        g_autoptr(GPtrArray) batch = load_batch(step, from, error);
        if (!batch || !address_generate(step, batch, error))
            return false;
        for (guint i = 0; i < batch->len; i++)
            if (!keep_given(step, g_ptr_array_index(batch, i), error))
                return false;
        if (step->options.progress)
            step->options.progress("making addresses", from + batch->len, step->pending->len,
                                   step->options.data);
    }
    for (guint i = 0; i < step->types->len; i++) {
        TypeState *type = g_ptr_array_index(step->types, i);
        if (type->failed && !type->answered)
            address_disable_type(step, type, "its generator made no address for anybody");
    }
    event_emit(EVENT_ADDRESSES_MADE, NULL, "%u recipients looked at, %zu calls of generators",
               step->pending->len, step->calls);
    return true;
}

static bool plan_one(AddressStep *step, Pending *pending, GError **error)
{
    Recipient *recipient = load_recipient(step, pending, error);
    g_autoptr(Entry) given = recipient ? spool_read(step->spool, pending->given, error) : NULL;
    bool ok = given != NULL;
    if (ok) {
        address_decide(step, recipient, false); /* only to see whom a disabled type has failed */
        for (guint i = 0; i < recipient->wants->len; i++) {
            const Want *want = &g_array_index(recipient->wants, Want, i);
            pending->failed |=
                want->template != LEGACY_DN && template_at(step, want->template)->type->disabled != NULL;
        }
        g_array_set_size(recipient->wants, 0);
        recall_given(given, recipient);
        address_complete(step, recipient);
        ok = address_emit(step, recipient, error);
        step->work.planned.of[COUNT_FAILED] += pending->failed;
        if (!pending->changes && !pending->failed && !fingerprint_is_zero(pending->fingerprint)) {
            Addressed settled = {pending->identity, pending->fingerprint, pending->native};
            g_array_append_val(step->newly_settled, settled);
        }
    }
    if (recipient)
        address_recipient_free(recipient);
    return ok;
}

static bool plan(StepWork *work, const char *folder, const char *run, GError **error)
{
    AddressStep *step = (AddressStep *)work;
    bool asserts = directory_describe(step->real)->capabilities & CAN_ASSERT;
    if (!begin_round(step, error))
        return false;
    step->run = g_strdup(run);
    step->plan = plan_writer_new(folder, STEP_ADDRESSES, asserts, error);
    if (!step->plan || !address_read(step, error) || !generate_all(step, error))
        return false;
    for (guint i = 0; i < step->pending->len; i++)
        if (!plan_one(step, g_ptr_array_index(step->pending, i), error))
            return false;
    step->work.population = step->natives;
    step->work.planned.of[COUNT_UNCHANGED] += step->settled_natives;
    return step_finish_plan(&step->work, step->connector, STEP_ADDRESSES, step->plan, step->run, step->digest,
                            error);
}

static char *digest(const Connector *connector, Step which, GError **error)
{
    (void)which;
    g_autoptr(Directory) home = NULL;
    if (connector->organisation->addresses.policies_from_directory ||
        connector->organisation->addresses.lists_from_directory)
        if (!(home = directory_open(&connector->organisation->home, error)))
            return NULL;
    g_autoptr(Policies) policies = policies_load(connector->organisation, home, error);
    return policies ? digest_of(connector, policies, error) : NULL;
}

const StepKind address_step_kind = {.open = open_step,
                                    .plan = plan,
                                    .record = address_record,
                                    .settle = address_settle,
                                    .close = close_step,
                                    .digest = digest,
                                    .recall_reading = address_recall_reading,
                                    .tries_again = true};

/* --- preview --- */

static char *generator_text(const AddressStep *step, const Template *template)
{
    const char *file, *display_name;
    const char *const *settings;
    if (!template->generator || !registrar_generator(step->connector->organisation, template->type->name,
                                                     &file, &display_name, &settings, NULL))
        return NULL;
    g_autofree char *version = generator_version_text(generator_version(template->generator));
    return g_strconcat(file, " ", version, NULL);
}

static void preview_recipient(AddressStep *step, const Recipient *recipient, AddressPreviewed previewed,
                              void *data)
{
    bool any = false;
    for (guint i = 0; i < recipient->wants->len; i++) {
        const Want *want = &g_array_index(recipient->wants, Want, i);
        if (want->template == LEGACY_DN)
            continue;
        any = true;
        const Template *template = template_at(step, want->template);
        g_autofree char *value = want->address
                                     ? address_format(template->type->name, template->primary,
                                                      want->address + strlen(template->type->name) + 1)
                                     : NULL;
        g_autofree char *generator = generator_text(step, template);
        AddressPreview preview = {.address = value,
                                  .generator = generator,
                                  .type = template->type->name,
                                  .problem = want->problem              ? want->problem
                                             : template->type->disabled ? template->type->disabled
                                             : value                    ? NULL
                                                     : "what its template needs is not known of this "
                                                       "recipient, or cannot be in such an address",
                                  .site = template->site,
                                  .because = template->because};
        previewed(entry_dn(recipient->entry), &preview, data);
    }
    if (!any)
        previewed(entry_dn(recipient->entry),
                  &(AddressPreview){.problem = "no policy and no connector gives it an address"}, data);
}

static bool preview_all(AddressStep *step, AddressPreviewed previewed, void *data, GError **error)
{
    for (guint i = 0; i < step->pending->len; i++) {
        g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func(address_recipient_free);
        Recipient *recipient = load_recipient(step, g_ptr_array_index(step->pending, i), error);
        if (!recipient)
            return false;
        g_ptr_array_add(batch, recipient);
        address_decide(step, recipient, true);
        if (!address_generate(step, batch, error))
            return false;
        preview_recipient(step, recipient, previewed, data);
    }
    return true;
}

bool address_step_preview(const Connector *connector, State *state, const char *filter, const char *planned,
                          AddressPreviewed previewed, void *data, GError **error)
{
    StepOptions options = {.only = filter, .planned = planned};
    g_autoptr(StepWork) work = open_step(connector, STEP_ADDRESSES, state, &options, error);
    AddressStep *step = (AddressStep *)work;
    if (step) {
        step->previewed = previewed;
        step->previewing = data;
    }
    return step && begin_round(step, error) && address_read(step, error) &&
           preview_all(step, previewed, data, error);
}
