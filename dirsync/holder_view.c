/*
 * holder_view.c - see holder_view.h
 */
#include "dirsync/holder_view.h"

#include "dirsync/account.h"
#include "dirsync/managed.h"
#include "proxygen/address.h"

#include <string.h>

HolderView holder_view_of(Directory *directory, HolderIndex *index, const StampSettings *stamp)
{
    const DirectoryDescription *about = directory_describe(directory);
    return (HolderView){.index = index,
                        .schema = about->schema,
                        .stamp = stamp,
                        .id_attribute = about->default_anchor           ? about->default_anchor
                                        : about->capabilities & IS_FILE ? stamp->name
                                                                        : "entryUUID"};
}

/* Of the operational attributes only those that are ours to look at. */
char **holder_request(const HolderView *view)
{
    const char *locked = account_attribute(account_means(view->schema));
    const char *const names[] = {"*", view->id_attribute, locked, NULL};
    return g_strdupv((char **)names);
}

char *holder_filter(const HolderView *view)
{
    GString *filter =
        g_string_new("(|(proxyAddresses=*)(mail=*)(targetAddress=*)(mailNickname=*)(objectClass=contact)");
    for (const char *const *name = stamp_attributes(view->stamp); *name; name++)
        g_string_append_printf(filter, "(%s=*)", *name);
    for (const char *const *kind = holder_index_kinds(view->index); *kind; kind++)
        g_string_append_printf(filter, "(%s=*)", *kind);
    return g_string_free(g_string_append_c(filter, ')'), FALSE);
}

char *holder_id(const HolderView *view, const Entry *entry)
{
    const Attribute *id = schema_find(view->schema, entry, view->id_attribute);
    return id ? anchor_text(id->values[0]) : g_strdup(entry_dn(entry));
}

char *holder_dn_key(const HolderView *view, const char *dn)
{
    char *key = schema_normalise_dn(view->schema, dn);
    return key ? key : g_strdup(dn);
}

/* --- keys --- */

/* Takes @value and @text. */
static void add_key(GArray *keys, const char *kind, char *value, char *text, unsigned origin)
{
    HolderKey key = {kind, value, text, origin};
    g_array_append_val(keys, key);
}

static void key_clear(void *data)
{
    HolderKey *key = data;
    g_free(key->value);
    g_free(key->text);
}

static void add_addresses(const HolderView *view, const Entry *entry, const char *name, const char *type,
                          unsigned origin, GArray *keys)
{
    const Attribute *attribute = schema_find(view->schema, entry, name);
    g_autofree char *stamp = stamp_value_prefix(view->stamp);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        Value value = attribute->values[i];
        if (stamp && !g_ascii_strncasecmp(value.data, stamp, strlen(stamp)))
            continue;
        g_autofree char *whole = g_strconcat(type, value.data, NULL);
        char *folded = address_normalise(whole, strlen(whole));
        HolderKey *there = NULL;
        for (guint j = 0; j < keys->len && !there; j++)
            if (!strcmp(g_array_index(keys, HolderKey, j).value, folded))
                there = &g_array_index(keys, HolderKey, j);
        if (there) {
            there->origin |= origin;
            g_free(folded);
        } else {
            add_key(keys, KEY_ADDRESS, folded, g_steal_pointer(&whole), origin);
        }
    }
}

GArray *holder_keys(const HolderView *view, const Entry *entry)
{
    GArray *keys = g_array_new(FALSE, FALSE, sizeof(HolderKey));
    g_array_set_clear_func(keys, key_clear);
    add_addresses(view, entry, "proxyAddresses", "", ORIGIN_PROXY, keys);
    add_addresses(view, entry, "targetAddress", "", ORIGIN_TARGET, keys);
    add_addresses(view, entry, "mail", "SMTP:", ORIGIN_MAIL, keys);
    for (const char *const *kind = holder_index_kinds(view->index); *kind; kind++) {
        const Attribute *attribute = schema_find(view->schema, entry, *kind);
        for (size_t j = 0; attribute && j < attribute->n_values; j++) {
            GString *text = g_string_new(NULL);
            schema_normalise(view->schema, schema_attribute(view->schema, *kind), attribute->values[j], text);
            add_key(keys, *kind, g_string_free(text, FALSE), NULL, 0);
        }
    }
    return keys;
}

/* --- what is told of a holder --- */

/* The first that the entry is of counts. */
static const char *const kinds[][2] = {
    {"group", "group"},
    {"groupOfNames", "group"},
    {"groupOfUniqueNames", "group"},
    {"groupOfMembers", "group"},
    {"msExchDynamicDistributionList", "group"},
    {"publicFolder", "folder"},
    {"contact", "contact"},
    {"room", "room"},
};

static const char *kind_of(const HolderView *view, const Entry *entry)
{
    const Attribute *classes = schema_find(view->schema, entry, "objectClass");
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        for (size_t j = 0; classes && j < classes->n_values; j++)
            if (!g_ascii_strcasecmp(classes->values[j].data, kinds[i][0]))
                return kinds[i][1];
    return "user";
}

static void describe(const HolderView *view, const Entry *entry, Card *card)
{
    const char *name = schema_find_string(view->schema, entry, "displayName");
    const char *hidden = schema_find_string(view->schema, entry, HIDE_ATTRIBUTE);
    card->kind = kind_of(view, entry);
    card->name = g_strdup(name ? name : schema_find_string(view->schema, entry, "cn"));
    card->legacy = g_strdup(schema_find_string(view->schema, entry, "legacyExchangeDN"));
    card->target = g_strdup(schema_find_string(view->schema, entry, "targetAddress"));
    card->flags = (hidden && !g_ascii_strcasecmp(hidden, "TRUE") ? CARD_HIDDEN : 0) |
                  (account_is_disabled(view->schema, entry) ? CARD_DISABLED : 0);
}

/* --- the index --- */

/* Whether the index has the holder, just as it is; then holder->row is set. */
static bool find_known(const HolderView *view, HolderTable *table, Holder *holder, bool *known,
                       GError **error)
{
    *known = false;
    if (!table) {
        g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
        if (!holder_index_find_id(view->index, holder->id, found, error))
            return false;
        const Holder *there = found->len ? g_ptr_array_index(found, 0) : NULL;
        *known = there && fingerprint_equal(there->fingerprint, holder->fingerprint);
        holder->row = *known ? there->row : 0;
        return true;
    }
    uint32_t mark = fingerprint_index_find(&table->by_fingerprint, holder->fingerprint);
    if (mark == NOWHERE)
        return true;
    holder_at(table, mark)->seen = true;
    holder->row = holder_at(table, mark)->row;
    *known = true;
    return true;
}

bool holder_note(const HolderView *view, HolderTable *table, Fingerprint fingerprint, const Entry *entry,
                 Holder *holder, bool *changed, GError **error)
{
    holder->id = holder_id(view, entry);
    holder->dn = g_strdup(entry_dn(entry));
    holder->dn_key = holder_dn_key(view, holder->dn);
    holder->fingerprint = fingerprint;
    bool known;
    if (!find_known(view, table, holder, &known, error))
        return false;
    if (known)
        return true;
    *changed = true;
    describe(view, entry, &holder->card);
    g_autoptr(GArray) keys = holder_keys(view, entry);
    if (!holder_index_save(view->index, holder, (HolderKey *)(void *)keys->data, keys->len, error))
        return false;
    if (table)
        holder_table_see(table, holder->row);
    return true;
}

bool holder_forget_unseen(const HolderView *view, const HolderTable *table, bool *changed, GError **error)
{
    for (guint i = 0; i < table->marks->len; i++) {
        const HolderMark *mark = holder_at(table, i);
        if (mark->seen)
            continue;
        *changed = true;
        if (!holder_index_remove(view->index, mark->row, error))
            return false;
    }
    return true;
}

typedef struct {
    Roll *roll;
    GPtrArray *gone;
} RollCall;

static void call_holder(int64_t row, const Fingerprint *fingerprint, const char *id, const char *owner,
                        void *data)
{
    const RollCall *call = data;
    (void)row;
    (void)fingerprint;
    (void)owner;
    if (!roll_call(call->roll, fingerprint_string(id)))
        g_ptr_array_add(call->gone, g_strdup(id));
}

bool holder_call_roll(const HolderView *view, Roll *roll, GPtrArray *gone, GError **error)
{
    RollCall call = {roll, gone};
    return holder_index_scan(view->index, call_holder, &call, error);
}

bool holder_forget(const HolderView *view, const char *id, bool *changed, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (!holder_index_find_id(view->index, id, found, error))
        return false;
    *changed |= found->len > 0;
    return !found->len ||
           holder_index_remove(view->index, ((Holder *)g_ptr_array_index(found, 0))->row, error);
}
