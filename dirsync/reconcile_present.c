/*
 * reconcile_present.c - people whom the source shows
 *
 * invalid, out-of-scope, new, changed, moved, returned, unowned, ambiguous,
 * conflict, moved-home, and homonyms: which of them it is, and the changes that
 * follow from it.
 */
#include "dirsync/dn.h"
#include "dirsync/pass_internal.h"

#include <string.h>

bool is_address_attribute(const char *name)
{
    return !g_ascii_strcasecmp(name, "proxyAddresses") || !g_ascii_strcasecmp(name, "targetAddress") ||
           !g_ascii_strcasecmp(name, "mail");
}

static const Schema *home_schema(const Pass *pass)
{
    return pass->side[TARGET].schema;
}

static const StampSettings *stamp_of(const Pass *pass)
{
    return &pass->connector->organisation->stamp;
}

/* Recorded as left alone: the object, where there is one, stays as it is. */
static bool put_aside(Pass *pass, Subject *subject, EventId event, const char *reason)
{
    emit_quarantine(pass, event, subject->anchor, reason);
    emit_retry(pass, subject);
    subject->item->state = ITEM_DONE;
    return true;
}

static bool leave_out_of_scope(Pass *pass, Subject *subject, const char *why, GError **error)
{
    if (subject->current && pass->connector->import.out_of_scope_is_missing) {
        subject->item->confirmed = true;
        return reconcile_gone(pass, subject, error);
    }
    event_emit(EVENT_OUT_OF_SCOPE, subject->anchor, "%s; %s", why,
               subject->current ? "its object stays" : "not imported");
    if (subject->current)
        pass->planned.of[COUNT_UNCHANGED]++;
    subject->item->state = ITEM_DONE;
    return true;
}

/* One of us coming back: an address in a domain that the organisation itself is the authority of. */
static bool is_one_of_us(const Pass *pass, const Entry *desired)
{
    static const char *const names[] = {"targetAddress", "mail"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *address = schema_find_string(home_schema(pass), desired, names[i]);
        if (address && organisation_is_ours(pass->connector->organisation, address))
            return true;
    }
    return false;
}

/* --- names --- */

static void set_name(const Pass *pass, Entry *desired, const char *value, const char *parent)
{
    const char *type = mapping_name_rule(pass->mapping)->name;
    gssize at = entry_index(desired, type);
    if (at >= 0)
        entry_remove(desired, (size_t)at);
    entry_add_string(desired, type, value);
    g_autofree char *dn = dn_build(type, value, strlen(value), parent);
    entry_set_dn(desired, dn);
}

/* "Jane Doe (1f2e3d)": made from the anchor, so that it does not depend on order. */
static char *suffixed(const Pass *pass, const Subject *subject, const char *plain, int digits)
{
    const AttributeType *type = schema_attribute(home_schema(pass), mapping_name_rule(pass->mapping)->name);
    Fingerprint anchor = item_link(pass, subject->item)->anchor;
    g_autofree char *hex = g_strdup_printf("%016" G_GINT64_MODIFIER "x", anchor.high);
    size_t room = type && type->max_length ? type->max_length : 256;
    size_t tail = (size_t)digits + 3;
    g_autofree char *head =
        g_utf8_substring(plain, 0, (glong)MIN((size_t)g_utf8_strlen(plain, -1), room - MIN(room, tail)));
    return g_strdup_printf("%s (%.*s)", head, digits, hex);
}

static const int suffix_digits[] = {6, 16};

/* The value of the single RDN, NULL when the RDN is of another attribute or has several parts. */
static char *current_name(const Pass *pass, const Entry *current)
{
    g_autoptr(Dn) dn = dn_parse(entry_dn(current), NULL);
    if (!dn || !dn->n_rdns || dn->rdns[0].n_avas != 1 ||
        !schema_same_attribute(home_schema(pass), dn->rdns[0].avas[0].type,
                               mapping_name_rule(pass->mapping)->name))
        return NULL;
    return g_strndup(dn->rdns[0].avas[0].value, dn->rdns[0].avas[0].len);
}

static bool same_name(const Pass *pass, const char *a, const char *b)
{
    const AttributeType *type = schema_attribute(home_schema(pass), mapping_name_rule(pass->mapping)->name);
    return schema_values_equal(home_schema(pass), type, (Value){a, strlen(a)}, (Value){b, strlen(b)});
}

/* An object elsewhere was adopted or moved by an administrator: it keeps its place and name. */
static bool is_in_container(const Pass *pass, const Entry *current)
{
    g_autofree char *parent = dn_parent(entry_dn(current));
    return parent && schema_dn_equal(home_schema(pass), parent, pass->connector->import.container);
}

/* True when the name that the object has is the one it should have, with or without a suffix. */
static bool keeps_name(const Pass *pass, const Subject *subject, const char *plain)
{
    if (!is_in_container(pass, subject->current))
        return true;
    g_autofree char *name = current_name(pass, subject->current);
    bool same = name && same_name(pass, name, plain);
    for (size_t i = 0; name && !same && i < G_N_ELEMENTS(suffix_digits); i++) {
        g_autofree char *with = suffixed(pass, subject, plain, suffix_digits[i]);
        same = same_name(pass, name, with);
    }
    return same;
}

static char *plain_name(const Entry *desired)
{
    g_autoptr(Dn) dn = dn_parse(entry_dn(desired), NULL);
    return dn && dn->n_rdns ? g_strndup(dn->rdns[0].avas[0].value, dn->rdns[0].avas[0].len) : g_strdup("");
}

static void keep_name(const Pass *pass, Subject *subject)
{
    const char *type = mapping_name_rule(pass->mapping)->name;
    g_autofree char *name = current_name(pass, subject->current);
    gssize at = name ? entry_index(subject->desired, type) : -1;
    if (at >= 0)
        entry_remove(subject->desired, (size_t)at);
    if (name)
        entry_add_string(subject->desired, type, name);
    entry_set_dn(subject->desired, entry_dn(subject->current));
}

bool reconcile_prepare(Pass *pass, Subject *subject, bool *decided, GError **error)
{
    g_autoptr(GError) why = NULL;
    *decided = true;
    subject->desired =
        mapping_apply(pass->mapping, home_schema(pass), pass->side[SOURCE].schema, subject->source, &why);
    if (!subject->desired)
        return put_aside(pass, subject, EVENT_QUARANTINED, why->message);
    if (is_one_of_us(pass, subject->desired))
        return leave_out_of_scope(pass, subject, "its address lies in one of our own domains", error);
    Stamp stamp = {pass->connector->uuid, subject->anchor, NULL};
    stamp_write(stamp_of(pass), &stamp, subject->desired);
    g_autofree char *plain = plain_name(subject->desired);
    if (subject->current && keeps_name(pass, subject, plain))
        keep_name(pass, subject);
    else
        set_name(pass, subject->desired, plain, pass->connector->import.container);
    if (!schema_check_entry(home_schema(pass), subject->desired, &why))
        return put_aside(pass, subject, EVENT_QUARANTINED, why->message);
    *decided = false;
    return true;
}

/* --- names and addresses against everybody else's --- */

static bool wait_for_others(Pass *pass, Subject *subject)
{
    subject->item->state = ITEM_WAITING;
    claim_offer(pass, subject);
    return true;
}

/* Finds a name that is free; *wait: one may become so. */
static bool choose_name(Pass *pass, Subject *subject, bool last, bool *wait, GError **error)
{
    if (subject->current && !strcmp(entry_dn(subject->current), entry_dn(subject->desired)))
        return true;
    g_autofree char *plain = plain_name(subject->desired);
    for (size_t i = 0; i <= G_N_ELEMENTS(suffix_digits); i++) {
        g_autofree char *name = i ? suffixed(pass, subject, plain, suffix_digits[i - 1]) : g_strdup(plain);
        set_name(pass, subject->desired, name, pass->connector->import.container);
        g_autofree char *key = claim_dn_key(pass, entry_dn(subject->desired));
        g_autofree char *by = NULL;
        Claim claim;
        if (!claim_key(pass, subject, KEY_DN, key, last, &claim, &subject->wave, &by, error))
            return false;
        *wait = claim == CLAIM_WAIT;
        if (claim != CLAIM_TAKEN)
            return true;
    }
    error_set(error, ERROR_INVALID, "anchor %s: no free name found for %s", subject->anchor, plain);
    return false;
}

static bool is_address(const char *name, Value value, const char *folded)
{
    g_autofree char *whole = g_strconcat(g_ascii_strcasecmp(name, "mail") ? "" : "smtp:", value.data, NULL);
    g_autofree char *other = address_fold(whole, strlen(whole));
    return !strcmp(other, folded);
}

/* Puts @values in the place of what @entry has of the attribute. */
static void set_values(Entry *entry, const char *name, const GPtrArray *values)
{
    gssize at = entry_index(entry, name);
    if (at >= 0)
        entry_remove(entry, (size_t)at);
    for (guint i = 0; i < values->len; i++)
        entry_add_string(entry, name, g_ptr_array_index(values, i));
}

/* Takes @folded away from @values; true when one of them was it. */
static bool take_out(GPtrArray *values, const char *name, const char *folded)
{
    guint before = values->len;
    for (guint i = values->len; i-- > 0;) {
        const char *text = g_ptr_array_index(values, i);
        if (is_address(name, (Value){text, strlen(text)}, folded))
            g_ptr_array_remove_index(values, i);
    }
    return values->len != before;
}

/* The primary address of that type stays when the one that was to follow it is taken. */
static void keep_primary(const Pass *pass, const Subject *subject, const char *folded, GPtrArray *values)
{
    g_autofree char *type = g_ascii_strup(folded, (gssize)strcspn(folded, ":") + 1);
    const Attribute *had =
        subject->current ? schema_find(home_schema(pass), subject->current, "proxyAddresses") : NULL;
    for (guint i = 0; i < values->len; i++)
        if (g_str_has_prefix(g_ptr_array_index(values, i), type))
            return;
    for (size_t i = 0; had && i < had->n_values; i++)
        if (g_str_has_prefix(had->values[i].data, type)) {
            g_autofree char *primary = address_fold(had->values[i].data, had->values[i].len);
            take_out(values, "proxyAddresses", primary);
            g_ptr_array_add(values, g_strdup(had->values[i].data));
            return;
        }
}

/* Takes a colliding address out; a single value or primary address that was there before stays. */
static void drop_address(const Pass *pass, Subject *subject, const char *folded)
{
    static const char *const names[] = {"proxyAddresses", "targetAddress", "mail"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const Attribute *attribute = schema_find(home_schema(pass), subject->desired, names[i]);
        g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *name = g_strdup(attribute ? attribute->name : NULL);
        for (size_t j = 0; attribute && j < attribute->n_values; j++)
            g_ptr_array_add(values, g_strdup(attribute->values[j].data));
        if (!take_out(values, names[i], folded))
            continue;
        const char *before =
            i && subject->current ? schema_find_string(home_schema(pass), subject->current, names[i]) : NULL;
        if (!i)
            keep_primary(pass, subject, folded, values);
        else if (!values->len && before)
            g_ptr_array_add(values, g_strdup(before));
        set_values(subject->desired, name, values);
    }
}

/* Tells what was left out; the link is looked at again in every run until it fits. */
static void report_conflicts(Pass *pass, Subject *subject)
{
    for (guint i = 0; subject->taken && i < subject->taken->len; i += 2) {
        g_autofree char *reason = g_strdup_printf("address %s is held by %s; it was left out",
                                                  (char *)g_ptr_array_index(subject->taken, i),
                                                  (char *)g_ptr_array_index(subject->taken, i + 1));
        emit_quarantine(pass, EVENT_CONFLICT, subject->anchor, reason);
        subject->retry = true;
    }
}

static bool holds(const GArray *keys, const HolderKey *key)
{
    for (guint i = 0; keys && i < keys->len; i++)
        if (!strcmp(g_array_index(keys, HolderKey, i).value, key->value) &&
            !strcmp(g_array_index(keys, HolderKey, i).kind, key->kind))
            return true;
    return false;
}

/* Claims the addresses that are new to the object; what is taken is left out. */
static bool claim_addresses(Pass *pass, Subject *subject, bool last, bool *wait, GError **error)
{
    g_autoptr(GArray) want = pass_keys(pass, subject->desired);
    g_autoptr(GArray) have = subject->current ? pass_keys(pass, subject->current) : NULL;
    for (guint i = 0; i < want->len && !*wait; i++) {
        const HolderKey *key = &g_array_index(want, HolderKey, i);
        if (strcmp(key->kind, KEY_ADDRESS) != 0 || holds(have, key))
            continue;
        g_autofree char *by = NULL;
        Claim claim;
        if (!claim_key(pass, subject, key->kind, key->value, last, &claim, &subject->wave, &by, error))
            return false;
        *wait = claim == CLAIM_WAIT;
        if (claim != CLAIM_TAKEN)
            continue;
        if (!subject->taken)
            subject->taken = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(subject->taken, g_strdup(key->value));
        g_ptr_array_add(subject->taken, g_steal_pointer(&by));
        drop_address(pass, subject, key->value);
    }
    return true;
}

/* Judges first, and takes only when everything is decided: nobody's grace may end for a newcomer who is then
 * not written. @named: the name is claimed too. */
static bool claim_all(Pass *pass, Subject *subject, bool named, bool last, bool *wait, GError **error)
{
    return (!named || choose_name(pass, subject, last, wait, error)) &&
           (*wait || claim_addresses(pass, subject, last, wait, error));
}

static bool take_all(Pass *pass, Subject *subject, bool named, bool last, GError **error)
{
    bool wait = false;
    subject->act = true;
    report_conflicts(pass, subject);
    return claim_all(pass, subject, named, last, &wait, error);
}

/* --- natives --- */

static bool collect_natives(Pass *pass, const char *kind, const char *value, GPtrArray *natives,
                            GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    if (!home_index_find(state_home(pass->state), kind, value, found, error))
        return false;
    for (guint i = 0; i < found->len; i++) {
        Holder *holder = g_ptr_array_index(found, i);
        bool there = holder->owner != NULL;
        for (guint j = 0; j < natives->len && !there; j++)
            there = ((Holder *)g_ptr_array_index(natives, j))->row == holder->row;
        if (!there)
            g_ptr_array_add(natives, g_steal_pointer(&found->pdata[i]));
    }
    return true;
}

/* Natives that have one of this person's addresses, or the key of a join rule. For somebody who has an object
 * only addresses count that it has already: an address that is new to them and belongs to a native is a
 * conflict, or whoever writes the source could take over anybody. */
static GPtrArray *find_natives(Pass *pass, Subject *subject, GError **error)
{
    g_autoptr(GPtrArray) natives = g_ptr_array_new_with_free_func((GDestroyNotify)holder_free);
    g_autoptr(GArray) keys = pass_keys(pass, subject->desired);
    g_autoptr(GArray) have = subject->current ? pass_keys(pass, subject->current) : NULL;
    for (guint i = 0; i < keys->len; i++) {
        const HolderKey *key = &g_array_index(keys, HolderKey, i);
        if (!strcmp(key->kind, KEY_ADDRESS) && (!have || holds(have, key)) &&
            !collect_natives(pass, key->kind, key->value, natives, error))
            return NULL;
    }
    for (size_t i = 0; i < pass->connector->import.n_joins; i++) {
        const JoinRule *join = &pass->connector->import.joins[i];
        const Attribute *values = schema_find(pass->side[SOURCE].schema, subject->source, join->source);
        g_autofree char *kind = g_ascii_strdown(join->home, -1);
        for (size_t j = 0; values && j < values->n_values; j++) {
            g_autoptr(GString) text = g_string_new(NULL);
            schema_normalise(home_schema(pass), schema_attribute(home_schema(pass), join->home),
                             values->values[j], text);
            if (!collect_natives(pass, kind, text->str, natives, error))
                return NULL;
        }
    }
    return g_steal_pointer(&natives);
}

static char *list_natives(const GPtrArray *natives)
{
    GString *list = g_string_new(NULL);
    for (guint i = 0; i < natives->len; i++)
        g_string_append_printf(list, "%s%s", i ? "; " : "", ((Holder *)g_ptr_array_index(natives, i))->dn);
    return g_string_free(list, FALSE);
}

static bool report_ambiguous(Pass *pass, Subject *subject, const GPtrArray *natives)
{
    g_autofree char *list = list_natives(natives);
    g_autofree char *reason =
        g_strdup_printf("%u recipients of the home directory have an address or key of this person: "
                        "%s; see to it that at most one has",
                        natives->len, list);
    return put_aside(pass, subject, EVENT_AMBIGUOUS, reason);
}

/* --- writing --- */

typedef struct {
    Pass *pass;
    Subject *subject;
    const char *because;
} Telling;

static void tell_difference(const char *attribute, const char *where, bool emptied, void *data)
{
    Telling *telling = data;
    if (where && !telling->because)
        telling->because = where;
    if (emptied && where)
        tally_add_of(telling->pass->tally, LIMIT_EMPTY, attribute, where);
    if (is_address_attribute(attribute) && !telling->subject->addresses) {
        telling->subject->addresses = true;
        tally_add(telling->pass->tally, LIMIT_ADDRESS, where);
    }
}

/* A spelling that only the source changed is written; one that only the server changed is not. */
static bool is_respelled(const Pass *pass, const Subject *subject)
{
    if (!subject->row.row || fingerprint_is_zero(subject->row.exact) || subject->stamp.grace)
        return false;
    return !fingerprint_equal(subject->row.exact,
                              managed_fingerprint(pass->managed, subject->desired, true, false));
}

static bool write_rename(Pass *pass, Subject *subject, const Entry *before, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_RENAME, entry_dn(before));
    g_autofree char *rdn = dn_first_rdn(entry_dn(subject->desired));
    change->new_rdn = change_strdup(change, rdn);
    change->delete_old_rdn = true;
    return emit_change(pass, subject, change, before, subject->wave++, "moved",
                       mapping_name_rule(pass->mapping)->where, error);
}

static Change *difference_of(Pass *pass, Subject *subject, Telling *telling)
{
    DifferenceOptions options = {is_respelled(pass, subject), subject->stamp.grace != NULL};
    return managed_difference(pass->managed, subject->current, subject->desired, options, tell_difference,
                              telling);
}

static bool write_existing(Pass *pass, Subject *subject, const char *situation, GError **error)
{
    Telling telling = {pass, subject, NULL};
    g_autoptr(Change) change = difference_of(pass, subject, &telling);
    g_autoptr(Entry) result = managed_result(pass->managed, subject->current, change);
    unsigned wave = subject->wave;
    if (change) {
        if (!emit_change(pass, subject, change, subject->current, subject->wave++, situation, telling.because,
                         error))
            return false;
    }
    if (strcmp(entry_dn(subject->current), entry_dn(subject->desired)) != 0) {
        if (!write_rename(pass, subject, subject->current, error))
            return false;
        entry_set_dn(result, entry_dn(subject->desired));
    }
    claim_register(pass, subject, subject->current, result, MAX(wave, subject->wave - 1));
    emit_settlement(pass, subject, result, false, 0, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

static bool reconcile_existing(Pass *pass, Subject *subject, bool last, GError **error)
{
    bool wait = false;
    if (!claim_all(pass, subject, true, last, &wait, error))
        return false;
    if (wait)
        return wait_for_others(pass, subject);
    if (!take_all(pass, subject, true, last, error))
        return false;
    if (subject->stamp.grace)
        event_emit(EVENT_RETURNED, entry_dn(subject->current), "back in the source");
    return write_existing(pass, subject, subject->stamp.grace ? "returned" : "changed", error);
}

/* --- new people --- */

static bool write_adoption(Pass *pass, Subject *subject, const Holder *native, GError **error)
{
    Telling telling = {pass, subject, NULL};
    g_autoptr(Change) change = difference_of(pass, subject, &telling);
    g_autoptr(Entry) result = managed_result(pass->managed, subject->current, change);
    event_emit(EVENT_ADOPTED, native->dn, "adopted for anchor %s", subject->anchor);
    tally_add(pass->tally, LIMIT_NATIVE, "adoption");
    if (!emit_change(pass, subject, change, subject->current, subject->wave, "unowned", "adoption", error))
        return false;
    claim_register(pass, subject, subject->current, result, subject->wave);
    emit_settlement(pass, subject, result, false, 0, native->id);
    subject->item->state = ITEM_DONE;
    return true;
}

static bool adopt(Pass *pass, Subject *subject, const Holder *native, bool last, GError **error)
{
    ReadRequest request = {
        .base = native->dn, .scope = SEARCH_BASE, .attributes = (const char *const *)pass->requests[TARGET]};
    g_autoptr(GPtrArray) found = directory_search(pass->side[TARGET].directory, &request, 1, error);
    if (!found)
        return false;
    const char *class = mapping_object_classes(pass->mapping)[0];
    for (const char *const *name = mapping_object_classes(pass->mapping); *name; name++)
        class = *name;
    Entry *entry = found->len ? g_ptr_array_index(found, 0) : NULL;
    if (!entry || !schema_entry_is(home_schema(pass), entry, class)) {
        g_autofree char *reason =
            g_strdup_printf("%s is this person, but not a %s, so it is not adopted", native->dn, class);
        return put_aside(pass, subject, EVENT_UNOWNED, reason);
    }
    if (!claim_object(pass, subject, native->id)) {
        g_autofree char *reason =
            g_strdup_printf("%s is somebody else of the source as well; see to it that it "
                            "fits one person only",
                            native->dn);
        return put_aside(pass, subject, EVENT_AMBIGUOUS, reason);
    }
    bool wait = false;
    subject->current = entry_copy(entry);
    keep_name(pass, subject);
    if (!claim_all(pass, subject, false, last, &wait, error))
        return false;
    if (wait)
        return wait_for_others(pass, subject);
    return take_all(pass, subject, false, last, error) && write_adoption(pass, subject, native, error);
}

static bool reconcile_unowned(Pass *pass, Subject *subject, const Holder *native, bool last, GError **error)
{
    if (pass->connector->import.adopt)
        return adopt(pass, subject, native, last, error);
    g_autofree char *reason = g_strdup_printf(
        "%s is this person and not ours; not imported (<adopt/> would take it over)", native->dn);
    return put_aside(pass, subject, EVENT_UNOWNED, reason);
}

static bool create(Pass *pass, Subject *subject, GError **error)
{
    g_autoptr(Change) change = change_new(CHANGE_ADD, entry_dn(subject->desired));
    change->entry = entry_copy(subject->desired);
    if (pass->container_missing)
        subject->wave = MAX(subject->wave, 2);
    if (!emit_change(pass, subject, change, NULL, subject->wave, "new", NULL, error))
        return false;
    g_clear_pointer(&subject->row.id, g_free); /* the server gives it a new one */
    claim_register(pass, subject, NULL, subject->desired, subject->wave);
    emit_settlement(pass, subject, subject->desired, false, 0, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

/* A contact that mail cannot reach is of no use to anybody. */
static bool lost_its_address(const Pass *pass, const Subject *subject, const Entry *wanted)
{
    return schema_find(home_schema(pass), wanted, "targetAddress") &&
           !schema_find(home_schema(pass), subject->desired, "targetAddress");
}

static bool reconcile_new(Pass *pass, Subject *subject, bool last, GError **error)
{
    bool wait = false;
    g_autoptr(Entry) wanted = entry_copy(subject->desired);
    if (!claim_all(pass, subject, true, last, &wait, error))
        return false;
    if (wait)
        return wait_for_others(pass, subject);
    if (lost_its_address(pass, subject, wanted)) {
        report_conflicts(pass, subject);
        emit_retry(pass, subject);
        subject->item->state = ITEM_DONE;
        return true;
    }
    return take_all(pass, subject, true, last, error) && create(pass, subject, error);
}

static bool is_among(const GPtrArray *natives, const char *id)
{
    for (guint i = 0; i < natives->len; i++)
        if (!g_strcmp0(((Holder *)g_ptr_array_index(natives, i))->id, id))
            return true;
    return false;
}

static bool reconcile_yielded(Pass *pass, Subject *subject)
{
    emit_settlement(pass, subject, NULL, false, LINK_YIELDED, NULL);
    subject->item->state = ITEM_DONE;
    return true;
}

/* It was created or found once; a link alone may be that of a creation that failed. */
static bool had_object(const Subject *subject)
{
    return subject->row.id || !fingerprint_is_zero(subject->row.desired);
}

static bool is_duplicated(const Pass *pass, const Item *item)
{
    bool record =
        item->source != NOWHERE && g_array_index(pass->side[SOURCE].records, Record, item->source).duplicate;
    return record || pass->side[SOURCE].duplicates[item->link];
}

bool reconcile_present(Pass *pass, Subject *subject, bool last, GError **error)
{
    const Item *item = subject->item;
    if (is_duplicated(pass, item))
        return put_aside(pass, subject, EVENT_QUARANTINED, "its anchor occurs more than once in the source");
    if (!pass_in_scope(pass, subject->source))
        return leave_out_of_scope(pass, subject, "filtered out", error);
    bool decided;
    if (!reconcile_prepare(pass, subject, &decided, error) || decided)
        return decided;
    g_autoptr(GPtrArray) natives = find_natives(pass, subject, error);
    if (!natives)
        return false;
    if (item_link(pass, item)->flags & LINK_YIELDED && !subject->current &&
        is_among(natives, subject->row.id))
        return reconcile_yielded(pass, subject);
    if (natives->len > 1)
        return report_ambiguous(pass, subject, natives);
    if (natives->len && (subject->current || had_object(subject)))
        return reconcile_moved_home(pass, subject, g_ptr_array_index(natives, 0), error);
    if (subject->current)
        return reconcile_existing(pass, subject, last, error);
    return natives->len ? reconcile_unowned(pass, subject, g_ptr_array_index(natives, 0), last, error)
                        : reconcile_new(pass, subject, last, error);
}
