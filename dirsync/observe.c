/*
 * observe.c - the decisions of a pass are noted as they are taken
 *
 * For reconciling two address lists without writing: the pass reads and decides
 * as for a plan, and these calls stand where a decision becomes a change, a link
 * or an entry of the quarantine. They decide nothing themselves. In memory is
 * what identifies an item and its situation; entries wait in a spool.
 */
#include "dirsync/observe_internal.h"

#include <string.h>

static void seen_clear(void *seen)
{
    g_free(((Seen *)seen)->native);
}

static void trouble_clear(void *trouble)
{
    g_free(((Trouble *)trouble)->subject);
    g_free(((Trouble *)trouble)->reason);
}

/* What tells people apart, whatever the mapping reads. */
static void ask_for_names(Pass *pass)
{
    static const char *const names[] = {"objectClass", "displayName",    "cn",
                                        "mail",        "proxyAddresses", "targetAddress"};
    GPtrArray *all = g_ptr_array_new();
    for (char **name = pass->requests[SOURCE]; *name; name++)
        g_ptr_array_add(all, *name);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        bool there = false;
        for (char **name = pass->requests[SOURCE]; *name && !there; name++)
            there = !g_ascii_strcasecmp(*name, names[i]);
        if (!there)
            g_ptr_array_add(all, g_strdup(names[i]));
    }
    g_ptr_array_add(all, NULL);
    g_free(pass->requests[SOURCE]);
    pass->requests[SOURCE] = (char **)g_ptr_array_free(all, FALSE);
}

bool observe_begin(Pass *pass, Observer observer, void *data, GError **error)
{
    g_autofree char *digest = NULL;
    Observed *observed = pass->observed = g_new0(Observed, 1);
    observed->tell = observer;
    observed->data = data;
    observed->strangers = g_array_new(FALSE, TRUE, sizeof(Stranger));
    observed->troubles = g_array_new(FALSE, TRUE, sizeof(Trouble));
    g_array_set_clear_func(observed->troubles, trouble_clear);
    observed->trouble_of = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, NULL);
    observed->outsiders = g_hash_table_new_full(fingerprint_hash, fingerprint_same, g_free, g_free);
    observed->spool = spool_new(state_folder(pass->state), error);
    if (!observed->spool || !pass_recall(pass, "definitions", &digest, error))
        return false;
    observed->same_definitions = digest && !strcmp(digest, pass->digest);
    ask_for_names(pass);
    return true;
}

void observed_free(Observed *observed)
{
    if (!observed)
        return;
    g_clear_pointer(&observed->seen, g_array_unref);
    g_array_unref(observed->strangers);
    g_array_unref(observed->troubles);
    g_hash_table_unref(observed->trouble_of);
    g_hash_table_unref(observed->outsiders);
    spool_free(observed->spool);
    g_free(observed->refused);
    g_clear_error(&observed->error);
    g_free(observed);
}

/* --- names for people --- */

static const char *find_mail(const Schema *schema, const Entry *entry)
{
    const char *mail = schema_find_string(schema, entry, "mail");
    const Attribute *proxies = mail ? NULL : schema_find(schema, entry, "proxyAddresses");
    for (size_t i = 0; proxies && i < proxies->n_values && !mail; i++)
        if (g_str_has_prefix(proxies->values[i].data, "SMTP:"))
            mail = proxies->values[i].data + strlen("SMTP:");
    return mail ? mail : schema_find_string(schema, entry, "targetAddress");
}

void observe_describe(const Schema *schema, const Entry *entry, const char **name, const char **mail)
{
    const char *shown = schema_find_string(schema, entry, "displayName");
    if (!*name)
        *name = shown ? shown : schema_find_string(schema, entry, "cn");
    if (!*mail)
        *mail = find_mail(schema, entry);
}

Entry *observe_describe_source(Pass *pass, const Entry *source, const char **name, const char **mail)
{
    observe_describe(pass->side[SOURCE].schema, source, name, mail);
    if (*name && *mail)
        return NULL;
    g_auto(Mapped) mapped = {.source = (Entry *)source};
    mapped_make(&mapped, pass->mapping, pass->as, target_schema(pass), pass->side[SOURCE].schema);
    mapped.source = NULL;
    if (mapped.desired)
        observe_describe(target_schema(pass), mapped.desired, name, mail);
    return g_steal_pointer(&mapped.desired);
}

/* --- while reading --- */

bool observe_keep_texts(Pass *pass, const char *const *texts, size_t n, uint64_t *at, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (size_t i = 0; i < n; i++) {
        const char *text = texts[i] ? texts[i] : "";
        g_byte_array_append(bytes, (const guint8 *)text, (guint)strlen(text) + 1);
    }
    return spool_append_bytes(pass->observed->spool, bytes->data, bytes->len, at, error);
}

const char *observe_next_text(const char **at)
{
    const char *text = *at;
    *at += strlen(text) + 1;
    return *text ? text : NULL;
}

bool observe_stranger(Pass *pass, ObservedReason reason, const char *dn, const Entry *entry,
                      const char *detail, GError **error)
{
    if (!pass->observed)
        return true;
    Stranger stranger = {.reason = reason};
    const char *name = NULL, *mail = NULL;
    if (entry)
        observe_describe(target_schema(pass), entry, &name, &mail);
    const char *const texts[] = {dn, name, mail, detail};
    if (!observe_keep_texts(pass, texts, G_N_ELEMENTS(texts), &stranger.at, error))
        return false;
    g_array_append_val(pass->observed->strangers, stranger);
    return true;
}

/* The last trouble that the subject has; NULL: it has none. */
static Trouble *last_trouble(const Observed *observed, Fingerprint subject)
{
    guint at = GPOINTER_TO_UINT(g_hash_table_lookup(observed->trouble_of, &subject));
    Trouble *trouble = NULL;
    for (; at; at = trouble->next)
        trouble = &g_array_index(observed->troubles, Trouble, at - 1);
    return trouble;
}

void observe_trouble(Pass *pass, EventId event, const char *subject, const char *reason)
{
    if (!pass->observed)
        return;
    Trouble trouble = {event, g_strdup(subject), g_strdup(reason), 0, false};
    Fingerprint key = fingerprint_string(subject);
    Trouble *last = last_trouble(pass->observed, key);
    guint place = pass->observed->troubles->len + 1;
    if (last)
        last->next = place;
    else
        g_hash_table_insert(pass->observed->trouble_of, g_memdup2(&key, sizeof key), GUINT_TO_POINTER(place));
    g_array_append_val(pass->observed->troubles, trouble);
}

/* --- while deciding --- */

void observe_ready(Pass *pass)
{
    GArray **all = &pass->observed->seen;
    if (*all)
        return;
    *all = g_array_sized_new(FALSE, TRUE, sizeof(Seen), pass->items->len);
    g_array_set_clear_func(*all, seen_clear);
    g_array_set_size(*all, pass->items->len);
    for (guint i = 0; i < (*all)->len; i++)
        seen_at(pass, i)->original = seen_at(pass, i)->result = SPOOL_NOWHERE;
}

static Seen *see(Pass *pass, const Subject *subject)
{
    observe_ready(pass);
    return seen_at(pass, subject->index);
}

static void keep_entry(Pass *pass, const Entry *entry, uint64_t *at)
{
    GError **error = pass->observed->error ? NULL : &pass->observed->error;
    if (!spool_append(pass->observed->spool, entry, at, error))
        *at = SPOOL_NOWHERE;
}

/* Only who is adopted has an object that no read of ours has kept. */
static bool was_read(const Pass *pass, const Item *item)
{
    return item->target != NOWHERE || item_fetched(pass, item, TARGET) != SPOOL_NOWHERE;
}

void observe_change(Pass *pass, const Subject *subject, const Entry *before, const char *situation)
{
    if (!pass->observed)
        return;
    Seen *seen = see(pass, subject);
    if (!seen->situation && before && !was_read(pass, subject->item))
        keep_entry(pass, before, &seen->original);
    if (!seen->situation)
        seen->situation = situation;
}

void observe_result(Pass *pass, const Subject *subject, const Entry *result, bool remove, unsigned flags)
{
    if (!pass->observed)
        return;
    Seen *seen = see(pass, subject);
    seen->settled = true;
    seen->removed = remove;
    seen->flags = (uint16_t)flags;
    seen->kind = (uint16_t)subject->kind;
    bool was = was_read(pass, subject->item) || seen->original != SPOOL_NOWHERE;
    /* Of a group whose member leaves nothing is written on its own behalf. */
    if (result && was && (seen->situation || subject->is_group))
        keep_entry(pass, result, &seen->result);
}

void observe_unwanted(Pass *pass, const Subject *subject)
{
    if (pass->observed)
        see(pass, subject)->unwanted = true;
}

void observe_native(Pass *pass, const Subject *subject, const char *dn)
{
    if (!pass->observed)
        return;
    Seen *seen = see(pass, subject);
    g_free(seen->native);
    seen->native = g_strdup(dn);
}
