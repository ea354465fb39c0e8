/*
 * pass_open.c - a pass opens both sides and checks the definitions against them
 *
 * Everything that can be known to be wrong before anything is read is found here,
 * with what to do about it.
 */
#include "dirsync/pass_internal.h"

#include "dirsync/account.h"

#include <string.h>

static const char *const reading[STEPS][SIDES] = {
    [STEP_IMPORT] = {"reading source", "reading home directory"},
    [STEP_EXPORT] = {"reading home directory", "reading target"},
};

static bool open_side(Pass *pass, int i, GError **error)
{
    Side *side = &pass->side[i];
    side->what = reading[pass->step][i];
    side->endpoint = connector_endpoint(pass->connector, pass->step, i);
    side->stamp = connector_stamp(pass->connector, pass->step, i);
    side->directory = directory_open(side->endpoint, error);
    if (!side->directory)
        return false;
    side->schema = directory_describe(side->directory)->schema;
    return true;
}

/* Nothing was written yet: the source is shown as the earlier steps will leave it. */
static bool see_as_planned(Pass *pass, GError **error)
{
    Side *side = &pass->side[SOURCE];
    if (!pass->options.planned)
        return true;
    Directory *planned = step_see_planned(side->directory, pass->options.planned, pass->step, error);
    if (!planned)
        return false;
    side->base = side->directory;
    side->directory = planned;
    return true;
}

static bool parse_filters(Pass *pass, GError **error)
{
    const PassSettings *settings = pass->settings;
    pass->scopes = g_new0(Filter *, settings->n_sources);
    for (size_t i = 0; i < settings->n_sources; i++)
        if (settings->sources[i].filter &&
            !(pass->scopes[i] = filter_parse_resolved(settings->sources[i].filter, error)))
            return false;
    if (!pass->options.only || (pass->only = filter_parse_resolved(pass->options.only, NULL)))
        return true;
    error_set(error, ERROR_DEFINITION, "--only %s: not a filter (RFC 4515), such as (uid=jane)",
              pass->options.only);
    return false;
}

static bool choose_anchor(Pass *pass, GError **error)
{
    const DirectoryDescription *source = directory_describe(pass->side[SOURCE].directory);
    const char *anchor = pass->settings->anchor ? pass->settings->anchor : source->default_anchor;
    pass->view = holder_view_of(pass->side[TARGET].directory, pass->index, target_stamp(pass));
    if (!anchor) {
        error_set(error, ERROR_DEFINITION,
                  "%s: a file has no identity of its own: name the column or attribute that never "
                  "changes with <anchor attribute=\"…\"/> in <%s>",
                  pass->connector->path, step_names[pass->step]);
        return false;
    }
    pass->anchor = g_strdup(anchor);
    return true;
}

static void add_name(GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (!g_ascii_strcasecmp(g_ptr_array_index(names, i), name))
            return;
    g_ptr_array_add(names, g_strdup(name));
}

static void add_filter_names(GPtrArray *names, const Filter *filter)
{
    if (!filter)
        return;
    g_autoptr(GHashTable) table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    filter_collect_attributes(filter, table);
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        add_name(names, name);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What tells that an entry is ours, hidden or locked. */
static void add_state_names(const Pass *pass, GPtrArray *names)
{
    const Side *side = &pass->side[SOURCE];
    for (const char *const *name = side->stamp ? stamp_attributes(side->stamp) : NULL; name && *name; name++)
        add_name(names, *name);
    if (!pass->settings->hidden)
        add_name(names, HIDE_ATTRIBUTE);
    for (AccountMeans means = 0; !pass->settings->disabled && means < ACCOUNT_BY_PASSWORD; means++)
        if (schema_attribute(side->schema, account_attribute(means)))
            add_name(names, account_attribute(means));
}

static char **source_request(const Pass *pass)
{
    GPtrArray *names = g_ptr_array_new();
    for (const char *const *name = mapping_source_attributes(pass->mapping); *name; name++)
        add_name(names, *name);
    for (size_t i = 0; i < pass->settings->n_sources; i++)
        add_filter_names(names, pass->scopes[i]);
    add_filter_names(names, pass->only);
    add_state_names(pass, names);
    add_name(names, pass->anchor);
    if (pass_source_id_attribute(pass))
        add_name(names, pass_source_id_attribute(pass));
    for (size_t i = 0; i < pass->settings->n_joins; i++)
        add_name(names, pass->settings->joins[i].source);
    for (size_t i = 0; pass->options.migration && match_attributes[i]; i++)
        add_name(names, match_attributes[i]);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static void make_requests(Pass *pass)
{
    pass->requests[SOURCE] = source_request(pass);
    pass->requests[TARGET] = holder_request(&pass->view);
}

bool pass_has_schema(const Pass *pass)
{
    return directory_describe(pass->side[TARGET].directory)->capabilities & HAS_SCHEMA;
}

static bool check_mapping(Pass *pass, GError **error)
{
    bool source_knows = directory_describe(pass->side[SOURCE].directory)->capabilities & HAS_SCHEMA;
    return mapping_check(pass->mapping, pass->as, pass_has_schema(pass) ? target_schema(pass) : NULL,
                         source_knows ? pass->side[SOURCE].schema : NULL, error);
}

/* What marks our objects must be nobody else's, the mapping's least of all. */
static bool check_stamp_unmapped(const Pass *pass, const MappingRecipient *recipient, const char *name,
                                 GError **error)
{
    for (size_t i = 0; i < recipient->n_rules && target_stamp(pass)->form == STAMP_ATTRIBUTE; i++) {
        if (!schema_same_attribute(target_schema(pass), recipient->rules[i]->name, name))
            continue;
        error_set(error, ERROR_DEFINITION,
                  "%s: %s marks our objects (<stamp>), so the mapping must not write it",
                  recipient->rules[i]->where, name);
        return false;
    }
    return true;
}

/* The class form brings its own auxiliary class; any other attribute must be one that the objects may have.
 */
static bool check_stamp_allowed(const Pass *pass, GError **error)
{
    const char *name = stamp_attributes(target_stamp(pass))[0];
    for (size_t i = 0; i < mapping_n_recipients(pass->mapping); i++) {
        const MappingRecipient *recipient = mapping_recipient(pass->mapping, i);
        if (pass->as[recipient->of] != recipient->as)
            continue;
        if (!check_stamp_unmapped(pass, recipient, name, error))
            return false;
        if (mapping_allows(recipient, target_schema(pass), name))
            continue;
        error_set(error, ERROR_DEFINITION,
                  "%s: attribute %s, which marks our objects, is allowed by none of the classes of what %s "
                  "creates; choose another one in <stamp>, or add a class there",
                  pass->connector->path, name, recipient->where);
        return false;
    }
    return true;
}

static bool check_stamp(const Pass *pass, GError **error)
{
    const Schema *schema = target_schema(pass);
    const char *subject = directory_describe(pass->side[TARGET].directory)->subject;
    if (!pass_has_schema(pass))
        return true;
    for (const char *const *name = stamp_attributes(target_stamp(pass)); *name; name++)
        if (!schema_attribute(schema, *name)) {
            error_set(error, ERROR_DEFINITION,
                      "%s: does not know attribute %s, which marks our objects; load "
                      "schema/openldap/dirsync.ldif, or choose another <stamp> (dirsync check says more)",
                      subject, *name);
            return false;
        }
    if (target_stamp(pass)->form != STAMP_CLASS && !check_stamp_allowed(pass, error))
        return false;
    if (pass->settings->grace_days && pass->settings->grace_action == HIDE_IN_GRACE &&
        !schema_attribute(schema, HIDE_ATTRIBUTE)) {
        error_set(error, ERROR_DEFINITION,
                  "%s: does not know attribute " HIDE_ATTRIBUTE ", which hides objects in "
                  "grace; load schema/openldap/dirsync.ldif, or say <grace action=\"keep\"/>",
                  subject);
        return false;
    }
    return true;
}

/* An enabled account without a password of its own would be open to anybody. */
static bool check_accounts(const Pass *pass, GError **error)
{
    const DirectoryDescription *target = directory_describe(pass->side[TARGET].directory);
    if (!pass->settings->enabled_accounts || target->capabilities & CAN_SET_PASSWORD)
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s: enabled accounts get a random password, which needs a protected connection (ldaps://, "
              "<tls start=\"yes\"/> or ldapi://); or say people=\"disabled-user\"",
              target->subject);
    return false;
}

static bool check_container(Pass *pass, GError **error)
{
    static const char *const attributes[] = {"objectClass", NULL};
    const PassSettings *settings = pass->settings;
    if (directory_describe(pass->side[TARGET].directory)->capabilities & IS_FILE)
        return true;
    ReadRequest request = {.base = settings->container, .scope = SEARCH_BASE, .attributes = attributes};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return false;
    pass->container_missing = !found->len;
    if (found->len || settings->create_container)
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s container %s: not there; make it, or say create-container=\"yes\" in <%s>",
              step_names[pass->step], settings->container, step_names[pass->step]);
    return false;
}

char *pass_digest(const Connector *connector, const Mapping *mapping)
{
    g_autofree char *all =
        g_strjoin(" ", connector->digest, connector->organisation->digest, mapping_digest(mapping), NULL);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
}

char *pass_migration_digest(const Pass *pass)
{
    const Endpoint *source = pass->side[SOURCE].endpoint;
    GString *all = g_string_new(pass->digest);
    for (int of = 0; of < OF_KINDS; of++)
        g_string_append_printf(all, " %d", (int)pass->as[of]);
    g_string_append_printf(all, " %d %s %s %s", pass->settings->enabled_accounts, pass->anchor,
                           source->path ? source->path : "", source->uris ? source->uris[0] : "");
    char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, -1);
    g_string_free(all, TRUE);
    return digest;
}

static bool offers(const Mapping *mapping, int of, RecipientAs as)
{
    for (size_t i = 0; i < mapping_n_recipients(mapping); i++)
        if ((int)mapping_recipient(mapping, i)->of == of && mapping_recipient(mapping, i)->as == as)
            return true;
    return false;
}

void pass_recipients(const PassSettings *settings, const Mapping *mapping, RecipientAs as[OF_KINDS])
{
    for (int of = 0; of < OF_KINDS; of++)
        as[of] = settings->said[of] || offers(mapping, of, settings->as[of]) ? settings->as[of] : AS_NOTHING;
}

static void make_managed(Pass *pass)
{
    unsigned flags = (schema_attribute(target_schema(pass), HIDE_ATTRIBUTE) ? MANAGED_HIDES : 0) |
                     (pass_is_named_by_anchor(pass) ? MANAGED_NAMED_BY_ANCHOR : 0);
    size_t n = mapping_n_recipients(pass->mapping);
    pass->managed = g_new0(Managed *, n + 1);
    for (size_t i = 0; i < n; i++)
        pass->managed[i] =
            managed_new(mapping_recipient(pass->mapping, i), target_stamp(pass), target_schema(pass), flags);
}

StepWork *pass_open(const Connector *connector, Step step, State *state, const StepOptions *options,
                    GError **error)
{
    g_autoptr(Pass) pass = g_new0(Pass, 1);
    pass->work.kind = &pass_kind;
    pass->connector = connector;
    pass->step = step;
    pass->settings = &connector->pass[step];
    pass->state = state;
    pass->options = *options;
    if (step != STEP_IMPORT)
        pass->options.migration = NULL;
    pass->work.tally = tally_new();
    pass->quarantined = g_ptr_array_new_with_free_func(g_free);
    pass->index = state_index(state, step, error);
    pass->mapping = pass->index ? mapping_load(pass->settings->mapping,
                                               step == STEP_IMPORT ? MAPPING_IMPORT : MAPPING_EXPORT, error)
                                : NULL;
    if (pass->mapping)
        pass_recipients(pass->settings, pass->mapping, pass->as);
    if (!pass->mapping || !open_side(pass, SOURCE, error) || !open_side(pass, TARGET, error) ||
        !see_as_planned(pass, error) || !parse_filters(pass, error) || !choose_anchor(pass, error) ||
        !check_stamp(pass, error) || !check_mapping(pass, error) || !check_accounts(pass, error) ||
        !check_container(pass, error))
        return NULL;
    make_requests(pass);
    pass->digest = pass_digest(connector, pass->mapping);
    make_managed(pass);
    pass->work.target = pass->side[TARGET].directory;
    return (StepWork *)g_steal_pointer(&pass);
}

static bool is_of_classes(const Pass *pass, const MappingRecipient *recipient, const Entry *entry)
{
    for (const char *const *name = recipient->classes; *name; name++)
        if (!schema_entry_is(target_schema(pass), entry, *name))
            return false;
    return true;
}

/* Accounts come first: who might be one is treated as one. */
static bool is_better(const Pass *pass, int found, size_t i)
{
    const MappingRecipient *recipient = mapping_recipient(pass->mapping, i);
    if (found < 0)
        return true;
    const MappingRecipient *other = mapping_recipient(pass->mapping, (size_t)found);
    bool wanted = pass->as[recipient->of] == recipient->as, had = pass->as[other->of] == other->as;
    if (wanted != had)
        return wanted;
    return recipient->as == AS_USER && other->as != AS_USER;
}

/* The link tells, unless the mapping may have changed meanwhile, in which it is a place. */
int pass_kind_of(const Pass *pass, unsigned flags, const Entry *current)
{
    size_t n = mapping_n_recipients(pass->mapping);
    size_t known = flags >> LINK_KIND_SHIFT;
    int found = -1;
    if (known && known <= n && !pass->force)
        return (int)known - 1;
    for (size_t i = 0; current && i < n; i++)
        if (is_of_classes(pass, mapping_recipient(pass->mapping, i), current) && is_better(pass, found, i))
            found = (int)i;
    return MAX(found, 0);
}
