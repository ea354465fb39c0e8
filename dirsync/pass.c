/*
 * pass.c - the states of a pass; see pass.h
 */
#include "dirsync/pass_internal.h"

#include "dirsync/address_step.h"
#include "dirsync/dn.h"
#include "dirsync/matching.h"

#include <string.h>

static void side_close(Side *side)
{
    directory_close(side->directory);
    directory_close(side->base);
    spool_free(side->spool);
    read_result_clear(&side->result);
    g_clear_pointer(&side->cursors, g_ptr_array_unref);
    g_clear_pointer(&side->next, g_ptr_array_unref);
    roll_free(side->roll);
    g_clear_pointer(&side->records, g_array_unref);
    g_clear_pointer(&side->anchors, g_array_unref);
    fingerprint_index_clear(&side->by_anchor);
    fingerprint_index_clear(&side->by_dn);
    g_clear_error(&side->error);
}

void pass_close(Pass *pass)
{
    if (!pass)
        return;
    plan_writer_free(pass->plan);
    for (size_t i = 0; pass->managed && pass->managed[i]; i++)
        managed_free(pass->managed[i]);
    g_free(pass->managed);
    mapping_free(pass->mapping);
    for (size_t i = 0; pass->scopes && i < pass->settings->n_sources; i++)
        filter_free(pass->scopes[i]);
    g_free(pass->scopes);
    filter_free(pass->only);
    link_table_free(pass->links);
    holder_table_free(pass->holders);
    g_clear_pointer(&pass->items, g_array_unref);
    for (int side = 0; side < SIDES; side++)
        g_clear_pointer(&pass->fetched[side], g_array_unref);
    g_clear_pointer(&pass->settlements, settlements_free);
    matching_free(pass->matching);
    g_clear_pointer(&pass->freed, g_hash_table_unref);
    g_clear_pointer(&pass->claimed, claim_table_free);
    g_clear_pointer(&pass->offered, g_hash_table_unref);
    for (int i = 0; i < SIDES; i++) {
        side_close(&pass->side[i]);
        g_strfreev(pass->requests[i]);
    }
    g_ptr_array_unref(pass->quarantined);
    observed_free(pass->observed);
    g_clear_pointer(&pass->memberships, g_hash_table_unref);
    g_clear_pointer(&pass->group_nodes, g_hash_table_unref);
    g_strfreev(pass->rejoins);
    if (pass->rejoins_now)
        g_string_free(pass->rejoins_now, TRUE);
    tally_free(pass->work.tally);
    g_free(pass->anchor);
    g_free(pass->target_filter);
    g_clear_error(&pass->trouble);
    g_free(pass->digest);
    g_free(pass->work.full_reason);
    g_free(pass->shown);
    g_free(pass->shown_before);
    g_free(pass->work.partial_reason);
    g_free(pass->run);
    g_free(pass);
}

/* --- read --- */

/* What is remembered of each step by itself. */
bool pass_recall(Pass *pass, const char *name, char **value, GError **error)
{
    return step_recall(pass->state, pass->step, name, value, error);
}

bool pass_remember(Pass *pass, const char *name, const char *value, GError **error)
{
    return step_remember(pass->state, pass->step, name, value, error);
}

static bool decide_fullness(Pass *pass, GError **error)
{
    g_autofree char *digest = NULL;
    const char *name = pass->options.migration ? PASS_MIGRATED : PASS_DEFINITIONS;
    if (!pass_recall(pass, name, &digest, error))
        return false;
    if (pass->options.migration) { /* who is done is in sync, until something is said otherwise */
        g_autofree char *now = pass_migration_digest(pass);
        pass->force = pass->options.full || g_strcmp0(digest, now) != 0;
        return true;
    }
    if (pass->options.full)
        pass->work.full_reason = g_strdup("asked for");
    else if (!digest)
        pass->work.full_reason = g_strdup("first run, or the state was lost");
    else if (!*digest)
        pass->work.full_reason = g_strdup("the last run was a migration");
    else if (strcmp(digest, pass->digest) != 0)
        pass->work.full_reason = g_strdup("a definition or the mapping has changed");
    pass->force = pass->work.full_reason != NULL;
    if (pass->force)
        event_emit(EVENT_SOURCE_FULL, NULL, "%s: everything is compared again: %s", step_names[pass->step],
                   pass->work.full_reason);
    return true;
}

/* The attributes, besides addresses, by which the index finds holders. */
static GPtrArray *index_kinds(const Pass *pass)
{
    GPtrArray *kinds = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < pass->settings->n_joins; i++)
        g_ptr_array_add(kinds, g_ascii_strdown(pass->settings->joins[i].target, -1));
    if (pass->options.migration)
        matching_add_kinds(pass, kinds);
    for (size_t i = 0; i < mapping_n_recipients(pass->mapping); i++) {
        const MappingRecipient *recipient = mapping_recipient(pass->mapping, i);
        for (size_t j = 0; j < recipient->n_rules; j++)
            if (recipient->rules[j]->is_unique)
                g_ptr_array_add(kinds, g_ascii_strdown(recipient->rules[j]->name, -1));
    }
    /* Else the address step would have the index made anew after us. */
    bool addresses = pass->step == STEP_IMPORT && pass->connector->pass[STEP_ADDRESSES].wanted;
    for (size_t i = 0; addresses && address_index_kinds[i]; i++)
        g_ptr_array_add(kinds, g_strdup(address_index_kinds[i]));
    g_ptr_array_add(kinds, NULL);
    return kinds;
}

static bool load_tables(Pass *pass, GError **error)
{
    g_autoptr(GPtrArray) kinds = index_kinds(pass);
    g_autofree char *request = g_strjoinv(" ", pass->requests[TARGET]);
    return decide_fullness(pass, error) &&
           holder_index_prepare(pass->index, (const char *const *)kinds->pdata, request, error) &&
           pass_decide_reading(pass, error);
}

/* --- planned --- */

static bool make_tables(Pass *pass, GError **error)
{
    pass->freed = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, g_free);
    pass->offered = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, NULL);
    pass->claimed = claim_table_new(state_folder(pass->state), error);
    pass->settlements = pass->claimed ? settlements_new(state_folder(pass->state), error) : NULL;
    return pass->settlements;
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
    const char *container = pass->settings->container;
    g_autoptr(Dn) dn = dn_parse(container, error);
    const char *class = dn && dn->n_rdns ? container_class(dn->rdns[0].avas[0].type) : NULL;
    if (!class || !schema_class(pass->side[TARGET].schema, class)) {
        g_clear_error(error);
        error_set(error, ERROR_DEFINITION,
                  "%s container %s: not there, and no class is known to make it with; make it by hand",
                  step_names[pass->step], container);
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

#define LOOKUPS_AN_ITEM 4

/* While nothing is written to the state and the index. */
static bool decide_held(Pass *pass, GError **error)
{
    return pass_make_items(pass, error) &&
           holder_index_expect(pass->index, pass->items->len * LOOKUPS_AN_ITEM, error) &&
           (!pass->options.migration || matching_make(pass, error)) && pass_reconcile(pass, error) &&
           settlements_check(pass->settlements, error) && claim_table_check(pass->claimed, error);
}

/* Everything is known and decided afterwards. */
static bool decide(Pass *pass, GError **error)
{
    if (!load_tables(pass, error) || !pass_read(pass, error) || !state_hold(pass->state, error))
        return false;
    bool held = holder_index_hold(pass->index, error);
    bool decided = held && decide_held(pass, error);
    if (held)
        holder_index_let_go(pass->index);
    state_let_go(pass->state);
    return decided && kinds_remember(pass, error);
}

static bool plan(StepWork *work, const char *folder, const char *run, GError **error)
{
    Pass *pass = (Pass *)work;
    bool asserts = directory_describe(pass->side[TARGET].directory)->capabilities & CAN_ASSERT;
    pass->run = g_strdup(run);
    if (!make_tables(pass, error))
        return false;
    pass->plan = plan_writer_new(folder, pass->step, asserts, error);
    if (!pass->plan || !decide(pass, error))
        return false;
    g_clear_pointer(&pass->claimed, claim_table_free);
    if (pass->container_missing && pass->work.planned.of[COUNT_CREATED] && !plan_container(pass, error))
        return false;
    return step_finish_plan(&pass->work, pass->connector, pass->step, pass->plan, pass->run, pass->digest,
                            error);
}

static bool observe(StepWork *work, Observer observer, void *data, char **incomplete, GError **error)
{
    Pass *pass = (Pass *)work;
    return observe_begin(pass, observer, data, error) && make_tables(pass, error) && decide(pass, error) &&
           observe_tell(pass, incomplete, error);
}

static void close_work(StepWork *work)
{
    pass_close((Pass *)work);
}

static char *digest(const Connector *connector, Step step, GError **error)
{
    g_autoptr(Mapping) mapping = mapping_load(connector->pass[step].mapping,
                                              step == STEP_IMPORT ? MAPPING_IMPORT : MAPPING_EXPORT, error);
    return mapping ? pass_digest(connector, mapping) : NULL;
}

const StepKind pass_kind = {.open = pass_open,
                            .plan = plan,
                            .observe = observe,
                            .intend = pass_intend,
                            .record = pass_record,
                            .settle = pass_settle,
                            .close = close_work,
                            .digest = digest,
                            .recall_reading = pass_recall_reading};
