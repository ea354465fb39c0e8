/*
 * claims.c - names and addresses that change hands
 *
 * A name or address may be used when nobody has it, or in the wave after the
 * change that frees it. What another item may still free is waited for. All
 * tables are keyed by a fingerprint of (kind, value[, holder]).
 */
#include "dirsync/pass_internal.h"

#include <string.h>

/* Who gives a key up, and in which wave. */
typedef struct {
    unsigned wave;
    Fingerprint anchor;
} Freed;

/* Claims what no item of ours has: see claim_foreign_names(). */
#define NO_RECIPIENT NOWHERE

static Fingerprint key_of(const char *kind, const char *value, const char *holder)
{
    g_autofree char *text = g_strconcat(kind, "\n", value, "\n", holder, NULL);
    return fingerprint_string(text);
}

static void put(GHashTable *table, const char *kind, const char *value, const char *holder, gpointer data)
{
    Fingerprint key = key_of(kind, value, holder);
    g_hash_table_insert(table, g_memdup2(&key, sizeof key), data);
}

static bool look_up(GHashTable *table, const char *kind, const char *value, const char *holder,
                    gpointer *data)
{
    Fingerprint key = key_of(kind, value, holder);
    return g_hash_table_lookup_extended(table, &key, NULL, data);
}

/* Our item that holds the key, NULL when the holder is not ours or known to be in sync: every item's link is
 * in the table. */
static Item *item_of_holder(Pass *pass, const Holder *holder)
{
    if (g_strcmp0(holder->owner, pass->connector->uuid) != 0)
        return NULL;
    return link_item(pass,
                     fingerprint_index_find(&pass->links->by_anchor, fingerprint_string(holder->anchor)));
}

static bool is_self(const Pass *pass, const Subject *subject, const Holder *holder)
{
    return !g_strcmp0(holder->owner, pass->connector->uuid) && !g_strcmp0(holder->anchor, subject->anchor);
}

/* The wave after, and only if what was to be done until then has been done. */
static void wait_for_wave(Subject *subject, unsigned freed, Fingerprint anchor, unsigned *wave)
{
    *wave = MAX(*wave, freed + 1);
    if (!subject->after)
        subject->after = g_array_new(FALSE, FALSE, sizeof(Fingerprint));
    for (guint i = 0; i < subject->after->len; i++)
        if (fingerprint_equal(g_array_index(subject->after, Fingerprint, i), anchor))
            return;
    g_array_append_val(subject->after, anchor);
}

/* How the claim stands against one holder. */
static bool claim_against(Pass *pass, Subject *subject, const Holder *holder, const char *kind,
                          const char *value, bool last, Claim *claim, unsigned *wave, GError **error)
{
    gpointer found;
    if (look_up(pass->freed, kind, value, holder->id, &found)) {
        const Freed *freed = found;
        wait_for_wave(subject, freed->wave, freed->anchor, wave);
        return true;
    }
    Item *item = item_of_holder(pass, holder);
    if (item && item->state == ITEM_LEAVING && pass->may_remove && !item->unconfirmed && !item->is_account) {
        unsigned gone = 0;
        subject->supersedes = true;
        if (!subject->act) /* only when it is certain that the newcomer will be written */
            return true;
        if (!reconcile_supersede(pass, holder, subject->anchor, &gone, error))
            return false;
        wait_for_wave(subject, gone, fingerprint_string(holder->anchor), wave);
        return true;
    }
    bool may_come =
        item && (item->state == ITEM_OPEN ||
                 (item->state == ITEM_WAITING && look_up(pass->offered, kind, value, holder->id, &found)));
    *claim = may_come && !last ? CLAIM_WAIT : CLAIM_TAKEN;
    if (*claim == CLAIM_WAIT)
        subject->item->waits_for = link_at(pass->links, item->link)->item;
    return true;
}

static bool describe_claimant(Pass *pass, uint32_t claimant, char **by, GError **error)
{
    g_auto(LinkRow) row = {0};
    if (claimant == NO_RECIPIENT)
        *by = g_strdup("an entry that is no recipient");
    else if (item_identity(pass, item_at(pass, claimant), &row, error))
        *by = g_strdup_printf("the entry with anchor %s in this run", row.anchor);
    return *by != NULL;
}

bool claim_key(Pass *pass, Subject *subject, const char *kind, const char *value, bool last, Claim *claim,
               unsigned *wave, char **by, GError **error)
{
    *claim = CLAIM_FREE;
    uint32_t claimant;
    bool claims;
    if (!claim_table_find(pass->claimed, key_of(kind, value, ""), &claims, &claimant, error))
        return false;
    if (claims && claimant != subject->index) {
        *claim = CLAIM_TAKEN;
        return !by || describe_claimant(pass, claimant, by, error);
    }
    g_autoptr(GPtrArray) holders = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    bool ok = !strcmp(kind, KEY_DN) ? holder_index_find_dn(pass->index, value, holders, error)
                                    : holder_index_find(pass->index, kind, value, holders, error);
    for (guint i = 0; ok && i < holders->len && *claim == CLAIM_FREE; i++) {
        const Holder *holder = g_ptr_array_index(holders, i);
        if (is_self(pass, subject, holder))
            continue;
        ok = claim_against(pass, subject, holder, kind, value, last, claim, wave, error);
        if (*claim == CLAIM_TAKEN && by)
            *by = g_strdup(holder->dn);
    }
    return ok;
}

bool claim_has_key(const GArray *keys, const HolderKey *key)
{
    for (guint i = 0; keys && i < keys->len; i++) {
        const HolderKey *other = &g_array_index(keys, HolderKey, i);
        if (!strcmp(other->kind, key->kind) && !strcmp(other->value, key->value))
            return true;
    }
    return false;
}

/* Calls @told for each key of @a that @b does not have, the name included. */
static void keys_without(const Pass *pass, const Entry *a, const Entry *b,
                         void (*told)(const char *kind, const char *value, void *data), void *data)
{
    if (!a)
        return;
    g_autoptr(GArray) had = holder_keys(&pass->view, a);
    g_autoptr(GArray) has = b ? holder_keys(&pass->view, b) : NULL;
    for (guint i = 0; i < had->len; i++) {
        const HolderKey *key = &g_array_index(had, HolderKey, i);
        if (!claim_has_key(has, key))
            told(key->kind, key->value, data);
    }
    g_autofree char *name = holder_dn_key(&pass->view, entry_dn(a));
    g_autofree char *other = b ? holder_dn_key(&pass->view, entry_dn(b)) : NULL;
    if (g_strcmp0(name, other) != 0)
        told(KEY_DN, name, data);
}

/* What is put into a table for every key: a copy of @size bytes. */
typedef struct {
    GHashTable *table;
    const char *holder;
    gconstpointer value;
    size_t size;
} Put;

static void put_key(const char *kind, const char *value, void *data)
{
    const Put *to = data;
    put(to->table, kind, value, to->holder, g_memdup2(to->value, to->size));
}

typedef struct {
    ClaimTable *table;
    uint32_t item;
} Claiming;

static void put_claim(const char *kind, const char *value, void *data)
{
    const Claiming *claiming = data;
    claim_table_put(claiming->table, key_of(kind, value, ""), claiming->item);
}

void claim_register(Pass *pass, Subject *subject, const Entry *before, const Entry *after, unsigned wave)
{
    g_autofree char *id = before ? holder_id(&pass->view, before) : NULL;
    Freed how = {wave, fingerprint_string(subject->anchor)};
    Put freed = {pass->freed, id, &how, sizeof how};
    Claiming claiming = {pass->claimed, subject->index};
    keys_without(pass, before, after, put_key, &freed);
    keys_without(pass, after, before, put_claim, &claiming);
}

void claim_offer(Pass *pass, Subject *subject)
{
    if (!subject->current || !subject->desired)
        return;
    g_autofree char *id = holder_id(&pass->view, subject->current);
    Put offered = {pass->offered, id, NULL, 0};
    keys_without(pass, subject->current, subject->desired, put_key, &offered);
}

bool claim_foreign_names(Pass *pass, GError **error)
{
    g_autofree char *recipients = holder_filter(&pass->view);
    g_autofree char *filter = g_strconcat("(!", recipients, ")", NULL);
    ReadRequest request = {.base = pass->settings->container,
                           .scope = SEARCH_ONE,
                           .filter = filter,
                           .attributes = (const char *const[]){"1.1", NULL}};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 100000, error);
    for (guint i = 0; found && i < found->len; i++) {
        g_autofree char *name = holder_dn_key(&pass->view, entry_dn(g_ptr_array_index(found, i)));
        claim_table_put(pass->claimed, key_of(KEY_DN, name, ""), NO_RECIPIENT);
    }
    return found != NULL;
}

bool claim_object(Pass *pass, const Subject *subject, const char *id, bool *claimed, GError **error)
{
    Fingerprint key = key_of(KEY_OBJECT, id, "");
    uint32_t claimant;
    bool claims;
    if (!claim_table_find(pass->claimed, key, &claims, &claimant, error))
        return false;
    if (!claims)
        claim_table_put(pass->claimed, key, subject->index);
    *claimed = !claims || claimant == subject->index;
    return true;
}
