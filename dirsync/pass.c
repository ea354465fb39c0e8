/*
 * pass.c - the states of a pass; see pass.h
 */
#include "dirsync/pass_internal.h"

#include "dirsync/dn.h"
#include "dirsync/fault.h"

#include <string.h>

const char *const count_names[COUNTS] = {
    [COUNT_CREATED] = "created",   [COUNT_MODIFIED] = "modified",       [COUNT_RENAMED] = "renamed",
    [COUNT_DISABLED] = "disabled", [COUNT_DELETED] = "deleted",         [COUNT_UNCHANGED] = "unchanged",
    [COUNT_FAILED] = "failed",     [COUNT_QUARANTINED] = "quarantined",
};

/* --- opened --- */

static bool open_side(Pass *pass, int i, const Endpoint *endpoint, const char *what, GError **error)
{
    Side *side = &pass->side[i];
    side->what = what;
    side->directory = directory_open(endpoint, error);
    if (!side->directory)
        return false;
    side->schema = directory_describe(side->directory)->schema;
    return true;
}

static bool parse_filters(Pass *pass, GError **error)
{
    const char *scope = pass->connector->import.filter;
    if (scope && !(pass->scope = filter_parse(scope, error)))
        return false;
    if (!pass->options.only || (pass->only = filter_parse(pass->options.only, NULL)))
        return true;
    error_set(error, ERROR_DEFINITION, "--only %s: not a filter (RFC 4515), such as (uid=jane)",
              pass->options.only);
    return false;
}

static bool choose_anchor(Pass *pass, GError **error)
{
    const DirectoryDescription *source = directory_describe(pass->side[SOURCE].directory);
    const DirectoryDescription *home = directory_describe(pass->side[TARGET].directory);
    const char *anchor =
        pass->connector->import.anchor ? pass->connector->import.anchor : source->default_anchor;
    pass->home_id = home->default_anchor ? home->default_anchor : "entryUUID";
    if (!anchor) {
        error_set(error, ERROR_DEFINITION,
                  "%s: a file has no identity of its own: name the column or attribute that never "
                  "changes with <anchor attribute=\"…\"/> in <import>",
                  pass->connector->path);
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

static char **source_request(const Pass *pass)
{
    GPtrArray *names = g_ptr_array_new();
    for (const char *const *name = mapping_source_attributes(pass->mapping); *name; name++)
        add_name(names, *name);
    add_filter_names(names, pass->scope);
    add_filter_names(names, pass->only);
    add_name(names, pass->anchor);
    for (size_t i = 0; i < pass->connector->import.n_joins; i++)
        add_name(names, pass->connector->import.joins[i].source);
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static void make_requests(Pass *pass)
{
    pass->requests[SOURCE] = source_request(pass);
    /* All user attributes: a delete can then be undone, and every connector sees the same fingerprint. */
    char *home[] = {(char *)"*", (char *)pass->home_id, NULL};
    pass->requests[TARGET] = g_strdupv(home);
}

static bool check_mapping(Pass *pass, GError **error)
{
    bool source_knows = directory_describe(pass->side[SOURCE].directory)->capabilities & HAS_SCHEMA;
    return mapping_check(pass->mapping, pass->side[TARGET].schema,
                         source_knows ? pass->side[SOURCE].schema : NULL, error);
}

static bool check_stamp(const Pass *pass, GError **error)
{
    const Schema *schema = pass->side[TARGET].schema;
    const StampSettings *stamp = &pass->connector->organisation->stamp;
    for (const char *const *name = stamp_attributes(stamp); *name; name++)
        if (!schema_attribute(schema, *name)) {
            error_set(error, ERROR_DEFINITION,
                      "home directory: does not know attribute %s, which marks our objects; load "
                      "schema/openldap/dirsync.ldif, or choose another <stamp> (dirsync check says more)",
                      *name);
            return false;
        }
    if (pass->connector->import.grace_days && pass->connector->import.grace_action == HIDE_IN_GRACE &&
        !schema_attribute(schema, HIDE_ATTRIBUTE)) {
        error_set(error, ERROR_DEFINITION,
                  "home directory: does not know attribute " HIDE_ATTRIBUTE ", which hides objects in "
                  "grace; load schema/openldap/dirsync.ldif, or say <grace action=\"keep\"/>");
        return false;
    }
    return true;
}

static bool check_container(Pass *pass, GError **error)
{
    static const char *const attributes[] = {"objectClass", NULL};
    const ImportSettings *import = &pass->connector->import;
    ReadRequest request = {.base = import->container, .scope = SEARCH_BASE, .attributes = attributes};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return false;
    pass->container_missing = !found->len;
    if (found->len || import->create_container)
        return true;
    error_set(error, ERROR_DEFINITION,
              "import container %s: not there; make it, or say create-container=\"yes\" in <import>",
              import->container);
    return false;
}

char *pass_digest(const Connector *connector, const Mapping *mapping)
{
    g_autofree char *all =
        g_strjoin(" ", connector->digest, connector->organisation->digest, mapping_digest(mapping), NULL);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
}

Pass *pass_open(const Connector *connector, State *state, const PassOptions *options, GError **error)
{
    g_autoptr(Pass) pass = g_new0(Pass, 1);
    pass->connector = connector;
    pass->state = state;
    pass->options = *options;
    pass->tally = tally_new();
    pass->quarantined = g_ptr_array_new_with_free_func(g_free);
    pass->mapping = mapping_load(connector->import.mapping, MAPPING_IMPORT, error);
    if (!pass->mapping || !open_side(pass, SOURCE, &connector->foreign, "reading source", error) ||
        !open_side(pass, TARGET, &connector->organisation->home, "reading home directory", error) ||
        !parse_filters(pass, error) || !choose_anchor(pass, error) || !check_stamp(pass, error) ||
        !check_mapping(pass, error) || !check_container(pass, error))
        return NULL;
    make_requests(pass);
    pass->digest = pass_digest(connector, pass->mapping);
    bool hide = schema_attribute(pass->side[TARGET].schema, HIDE_ATTRIBUTE) != NULL;
    pass->managed =
        managed_new(pass->mapping, &connector->organisation->stamp, pass->side[TARGET].schema, hide);
    return g_steal_pointer(&pass);
}

static void side_close(Side *side)
{
    directory_close(side->directory);
    spool_free(side->spool);
    read_result_clear(&side->result);
    g_free(side->marks);
    g_free(side->duplicates);
    g_clear_pointer(&side->records, g_array_unref);
    fingerprint_index_clear(&side->by_anchor);
    g_clear_error(&side->error);
}

static void settlement_clear(void *data)
{
    link_row_clear(&((Settlement *)data)->row);
}

void pass_close(Pass *pass)
{
    if (!pass)
        return;
    plan_writer_free(pass->plan);
    managed_free(pass->managed);
    mapping_free(pass->mapping);
    filter_free(pass->scope);
    filter_free(pass->only);
    link_table_free(pass->links);
    holder_table_free(pass->holders);
    g_clear_pointer(&pass->items, g_array_unref);
    g_clear_pointer(&pass->settlements, g_array_unref);
    fingerprint_index_clear(&pass->by_anchor_settlements);
    g_clear_pointer(&pass->freed, g_hash_table_unref);
    g_clear_pointer(&pass->claimed, g_hash_table_unref);
    g_clear_pointer(&pass->offered, g_hash_table_unref);
    for (int i = 0; i < SIDES; i++) {
        side_close(&pass->side[i]);
        g_strfreev(pass->requests[i]);
    }
    g_ptr_array_unref(pass->quarantined);
    tally_free(pass->tally);
    g_free(pass->item_of_link);
    g_free(pass->anchor);
    g_free(pass->digest);
    g_free(pass->full_reason);
    g_free(pass->partial_reason);
    g_free(pass->run);
    g_free(pass);
}

/* --- read --- */

static bool decide_fullness(Pass *pass, GError **error)
{
    g_autofree char *digest = NULL;
    if (!state_get(pass->state, "definitions", &digest, error))
        return false;
    if (pass->options.full)
        pass->full_reason = g_strdup("asked for");
    else if (!digest)
        pass->full_reason = g_strdup("first run, or the state was lost");
    else if (strcmp(digest, pass->digest) != 0)
        pass->full_reason = g_strdup("a definition or the mapping has changed");
    pass->force = pass->full_reason != NULL;
    if (pass->force)
        event_emit(EVENT_SOURCE_FULL, NULL, "everything is compared again: %s", pass->full_reason);
    return true;
}

static bool load_tables(Pass *pass, GError **error)
{
    HomeIndex *home = state_home(pass->state);
    const ImportSettings *import = &pass->connector->import;
    g_autoptr(GPtrArray) kinds = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < import->n_joins; i++)
        g_ptr_array_add(kinds, g_ascii_strdown(import->joins[i].home, -1));
    g_ptr_array_add(kinds, NULL);
    g_autofree char *request = g_strjoinv(" ", pass->requests[TARGET]);
    return decide_fullness(pass, error) &&
           home_index_prepare(home, (const char *const *)kinds->pdata, request, error) &&
           (pass->links = link_table_load(pass->state, pass->force, error)) != NULL &&
           (pass->holders = holder_table_load(home, pass->connector->uuid, error)) != NULL;
}

/* --- planned --- */

static guint hash_key(gconstpointer key)
{
    return (guint)((const Fingerprint *)key)->low;
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return fingerprint_equal(*(const Fingerprint *)a, *(const Fingerprint *)b);
}

static Fingerprint settlement_anchor(const void *pass, uint32_t i)
{
    return g_array_index(((const Pass *)pass)->settlements, Settlement, i).anchor;
}

static void make_tables(Pass *pass)
{
    pass->freed = g_hash_table_new_full(hash_key, equal_keys, g_free, g_free);
    pass->claimed = g_hash_table_new_full(hash_key, equal_keys, g_free, g_free);
    pass->offered = g_hash_table_new_full(hash_key, equal_keys, g_free, NULL);
    pass->settlements = g_array_new(FALSE, TRUE, sizeof(Settlement));
    g_array_set_clear_func(pass->settlements, settlement_clear);
    fingerprint_index_init(&pass->by_anchor_settlements, settlement_anchor, pass);
}

static const char *container_class(const char *type)
{
    static const char *const classes[][2] = {
        {"ou", "organizationalUnit"}, {"o", "organization"}, {"dc", "domain"}, {"cn", "container"}};
    for (size_t i = 0; i < G_N_ELEMENTS(classes); i++)
        if (!g_ascii_strcasecmp(type, classes[i][0]))
            return classes[i][1];
    return NULL;
}

static bool plan_container(Pass *pass, GError **error)
{
    const char *container = pass->connector->import.container;
    g_autoptr(Dn) dn = dn_parse(container, error);
    const char *class = dn && dn->n_rdns ? container_class(dn->rdns[0].avas[0].type) : NULL;
    if (!class || !schema_class(pass->side[TARGET].schema, class)) {
        g_clear_error(error);
        error_set(error, ERROR_DEFINITION,
                  "import container %s: not there, and no class is known to make it with; make it by hand",
                  container);
        return false;
    }
    g_autoptr(Change) change = change_new(CHANGE_ADD, container);
    change->entry = entry_new(container);
    change->wave = 1;
    change->situation = change_strdup(change, "container");
    entry_add_string(change->entry, "objectClass", class);
    entry_add(change->entry, dn->rdns[0].avas[0].type, dn->rdns[0].avas[0].value, dn->rdns[0].avas[0].len);
    g_autoptr(Change) inverse = managed_inverse(pass->side[TARGET].schema, change, NULL, error);
    return inverse && plan_add(pass->plan, change, inverse, error);
}

static char *planned_summary(const Pass *pass)
{
    GString *text = g_string_new("import:");
    for (int i = 0; i < COUNTS; i++)
        g_string_append_printf(text, "%s %zu %s", i ? "," : "", pass->planned.of[i], count_names[i]);
    return g_string_free(text, FALSE);
}

static bool finish_plan(Pass *pass, GError **error)
{
    const Connector *connector = pass->connector;
    g_autofree char *created = time_now_text();
    g_autofree char *summary = planned_summary(pass);
    PlanHead head = {.run = pass->run,
                     .created = created,
                     .connector_path = connector->path,
                     .connector_name = connector->name,
                     .connector_uuid = connector->uuid,
                     .digest = pass->digest,
                     .uri = (char *)directory_describe(pass->side[TARGET].directory)->subject,
                     .summary = summary};
    return plan_writer_finish(pass->plan, &head, error);
}

bool pass_plan(Pass *pass, const char *folder, const char *run, GError **error)
{
    bool asserts = directory_describe(pass->side[TARGET].directory)->capabilities & CAN_ASSERT;
    pass->run = g_strdup(run);
    make_tables(pass);
    pass->plan = plan_writer_new(folder, asserts, error);
    if (!pass->plan || !load_tables(pass, error) || !pass_read(pass, error) || !pass_make_items(pass, error))
        return false;
    if (!pass_reconcile(pass, error))
        return false;
    if (pass->container_missing && pass->planned.of[COUNT_CREATED] && !plan_container(pass, error))
        return false;
    return finish_plan(pass, error);
}

const Counts *pass_planned(const Pass *pass)
{
    return &pass->planned;
}

const Counts *pass_done(const Pass *pass)
{
    return &pass->done;
}

const Tally *pass_tally(const Pass *pass)
{
    return pass->tally;
}

size_t pass_population(const Pass *pass)
{
    return pass->population;
}

Directory *pass_home(const Pass *pass)
{
    return pass->side[TARGET].directory;
}

const char *pass_full_reason(const Pass *pass)
{
    return pass->full_reason;
}

const char *pass_partial_reason(const Pass *pass)
{
    return pass->partial_reason;
}

/* --- settled --- */

static bool store(Pass *pass, Settlement *settlement, GError **error)
{
    LinkRow *row = &settlement->row;
    if (settlement->remove && !settlement->failed)
        return state_remove_link(pass->state, row->anchor, error);
    if (settlement->failed) {
        /* Whatever was planned did not come about: forget what we knew, the next run looks again. */
        row->source = row->target = row->desired = (Fingerprint){0, 0};
        row->exact = settlement->exact_before;
        row->flags = (row->flags | LINK_RETRY) & ~(unsigned)LINK_YIELDED;
    }
    return state_save_link(pass->state, row, error);
}

static void count_done(Pass *pass, const Settlement *settlement)
{
    if (settlement->failed) {
        pass->done.of[COUNT_FAILED]++;
        return;
    }
    for (int kind = 0; kind < COUNTS; kind++)
        if (settlement->kinds & 1u << kind)
            pass->done.of[kind]++;
}

bool pass_record(const Applied *applied, void *data, GError **error)
{
    Pass *pass = data;
    if (!applied->change->anchor)
        return true;
    uint32_t i =
        fingerprint_index_find(&pass->by_anchor_settlements, fingerprint_string(applied->change->anchor));
    if (i == NOWHERE)
        return true;
    Settlement *settlement = &g_array_index(pass->settlements, Settlement, i);
    settlement->failed |= applied->outcome != JOURNAL_DONE;
    if (--settlement->pending)
        return true;
    count_done(pass, settlement);
    return store(pass, settlement, error);
}

static bool store_unchanged(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->settlements->len; i++) {
        Settlement *settlement = &g_array_index(pass->settlements, Settlement, i);
        if (settlement->kinds || settlement->pending)
            continue;
        if (!store(pass, settlement, error))
            return false;
    }
    return true;
}

/* Links in sync whose object merely looks different now (our own echo, most of the time). */
static bool store_new_looks(Pass *pass, GError **error)
{
    for (guint i = 0; i < pass->side[TARGET].records->len; i++) {
        const Record *record = &g_array_index(pass->side[TARGET].records, Record, i);
        if (record->mark != MARK_EQUAL || pass->item_of_link[record->link] != NOWHERE)
            continue;
        g_auto(LinkRow) row = {0};
        if (!state_find_link(pass->state, link_at(pass->links, record->link)->row, &row, error))
            return false;
        row.target = record->fingerprint;
        g_free(row.dn);
        g_free(row.id);
        row.dn = g_strdup(record->dn);
        row.id = g_strdup(record->id);
        if (!state_save_link(pass->state, &row, error))
            return false;
    }
    return true;
}

static void tell_cleared(const char *subject, const char *reason, const char *first, const char *last,
                         void *data)
{
    (void)first;
    (void)last;
    (void)data;
    event_emit(EVENT_QUARANTINE_CLEARED, subject, "in order again (was: %s)", reason);
}

static bool store_quarantine(Pass *pass, const char *run, GError **error)
{
    for (guint i = 0; i < pass->quarantined->len; i += 2) {
        const char *subject = g_ptr_array_index(pass->quarantined, i),
                   *reason = g_ptr_array_index(pass->quarantined, i + 1);
        bool is_new = false;
        if (!state_quarantine(pass->state, subject, reason, run, &is_new, error))
            return false;
        pass->done.newly_quarantined += is_new;
    }
    return pass->partial_reason || state_clear_quarantine(pass->state, run, tell_cleared, NULL, error);
}

static bool store_read(Pass *pass, GError **error)
{
    const ReadResult *result = &pass->side[SOURCE].result;
    if (pass->options.only)
        return true;
    g_autofree char *count = g_strdup_printf("%zu", result->entries + result->bad);
    if (result->proof == PROOF_COMPLETE && !pass->partial_reason &&
        !state_set(pass->state, "source-count", count, error))
        return false;
    g_autofree char *serial =
        g_strdup_printf("%s %" G_GINT64_FORMAT, home_index_id(state_home(pass->state)), pass->home_serial);
    if (!state_set(pass->state, "home-serial", serial, error))
        return false;
    return state_set(pass->state, "definitions", pass->digest, error);
}

bool pass_settle(Pass *pass, const char *run, bool finished, GError **error)
{
    pass->done.of[COUNT_UNCHANGED] = pass->planned.of[COUNT_UNCHANGED];
    pass->done.of[COUNT_QUARANTINED] = pass->planned.of[COUNT_QUARANTINED];
    if (!state_begin(pass->state, error))
        return false;
    if (store_unchanged(pass, error) && store_new_looks(pass, error) && store_quarantine(pass, run, error) &&
        (!finished || store_read(pass, error)) && state_commit(pass->state, error)) {
        fault_step("settled");
        return true;
    }
    state_rollback(pass->state);
    return false;
}
