/*
 * change.c - building, inverting and naming of changes
 *
 * Everything in a change but its new entry lives in the arena of @holder, an
 * entry that is never looked at. Names are compared without a schema (exact
 * descriptions but for ASCII case): a plan spells an attribute in one way.
 */
#include "dirsync/change.h"

#include "dirsync/dn.h"

#include <string.h>

const char *const change_kind_names[CHANGE_KINDS] = {
    [CHANGE_ADD] = "add",
    [CHANGE_MODIFY] = "modify",
    [CHANGE_RENAME] = "modrdn",
    [CHANGE_DELETE] = "delete",
};

#define FIRST_SLOTS 4

Change *change_new(ChangeKind kind, const char *dn)
{
    Change *change = g_new0(Change, 1);
    change->kind = kind;
    change->holder = entry_new("");
    change->dn = change_strdup(change, dn);
    return change;
}

void change_free(Change *change)
{
    if (!change)
        return;
    entry_free(change->entry);
    entry_free(change->holder);
    g_free(change);
}

static char *copy_bytes(Change *change, const char *data, size_t len)
{
    char *copy = entry_alloc(change->holder, len + 1);
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

const char *change_strdup(Change *change, const char *text)
{
    return text ? copy_bytes(change, text, strlen(text)) : NULL;
}

/* The array is full when its length is a power of two from FIRST_SLOTS on, so no size need be kept. */
static Modification *next_slot(Change *change)
{
    size_t n = change->n_modifications;
    bool full = n >= FIRST_SLOTS && (n & (n - 1)) == 0;
    if (n == 0 || full) {
        Modification *more = entry_alloc(change->holder, (n ? n * 2 : FIRST_SLOTS) * sizeof(Modification));
        if (n)
            memcpy(more, change->modifications, n * sizeof(Modification));
        change->modifications = more;
    }
    change->n_modifications++;
    return &change->modifications[n];
}

void change_modify(Change *change, ModifyKind kind, const char *name, const Value *values, size_t n_values)
{
    Value *copies = n_values ? entry_alloc(change->holder, n_values * sizeof(Value)) : NULL;
    for (size_t i = 0; i < n_values; i++) {
        copies[i].data = copy_bytes(change, values[i].data, values[i].len);
        copies[i].len = values[i].len;
    }
    const char *name_copy = change_strdup(change, name);
    *next_slot(change) =
        (Modification){.kind = kind, .name = name_copy, .values = copies, .n_values = n_values};
}

/* The RDNs of @rdn in front of those of @parent from @first on. */
static char *join_names(const Dn *rdn, const Dn *parent, size_t first)
{
    size_t above = parent->n_rdns > first ? parent->n_rdns - first : 0;
    g_autofree DnRdn *rdns = g_new(DnRdn, rdn->n_rdns + above + 1);
    memcpy(rdns, rdn->rdns, rdn->n_rdns * sizeof(DnRdn));
    if (above)
        memcpy(rdns + rdn->n_rdns, parent->rdns + first, above * sizeof(DnRdn));
    Dn joined = {.rdns = rdns, .n_rdns = rdn->n_rdns + above};
    return dn_format(&joined, 0);
}

/* A name that cannot be parsed stays as it is: the server will refuse the change, not we. */
char *change_resulting_dn(const Change *change)
{
    if (change->kind != CHANGE_RENAME)
        return g_strdup(change->dn);
    g_autoptr(Dn) rdn = dn_parse(change->new_rdn ? change->new_rdn : "", NULL);
    g_autoptr(Dn) parent = dn_parse(change->new_superior ? change->new_superior : change->dn, NULL);
    if (!rdn || rdn->n_rdns != 1 || !parent)
        return g_strdup(change->dn);
    return join_names(rdn, parent, change->new_superior ? 0 : 1);
}

static bool same_bytes(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && g_ascii_strncasecmp(a, b, a_len) == 0;
}

static bool entry_has_ava(const Entry *entry, const DnAva *ava)
{
    gssize index = entry_index(entry, ava->type);
    const Attribute *attribute = index < 0 ? NULL : entry_attribute(entry, (size_t)index);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (same_bytes(attribute->values[i].data, attribute->values[i].len, ava->value, ava->len))
            return true;
    return false;
}

static bool rdn_has_ava(const DnRdn *rdn, const DnAva *ava)
{
    for (size_t i = 0; i < rdn->n_avas; i++)
        if (g_ascii_strcasecmp(rdn->avas[i].type, ava->type) == 0 &&
            same_bytes(rdn->avas[i].value, rdn->avas[i].len, ava->value, ava->len))
            return true;
    return false;
}

/* Going back may drop the newer name only where none of its values was on the entry before; a value too
 * many is better than one lost. */
static bool may_drop_new_name(const DnRdn *old_rdn, const DnRdn *new_rdn, const Entry *before)
{
    for (size_t i = 0; i < new_rdn->n_avas; i++)
        if (!rdn_has_ava(old_rdn, &new_rdn->avas[i]) && entry_has_ava(before, &new_rdn->avas[i]))
            return false;
    return true;
}

static Change *invert_rename(const Change *change, const Entry *before)
{
    g_autoptr(Dn) old_dn = dn_parse(change->dn, NULL);
    g_autoptr(Dn) new_rdn = dn_parse(change->new_rdn ? change->new_rdn : "", NULL);
    if (!before || !old_dn || old_dn->n_rdns == 0 || !new_rdn || new_rdn->n_rdns != 1)
        return NULL;
    g_autofree char *renamed = change_resulting_dn(change);
    g_autofree char *rdn = dn_first_rdn(change->dn);
    Change *inverse = change_new(CHANGE_RENAME, renamed);
    inverse->new_rdn = change_strdup(inverse, rdn);
    inverse->delete_old_rdn = may_drop_new_name(&old_dn->rdns[0], &new_rdn->rdns[0], before);
    if (change->new_superior) {
        g_autofree char *parent = dn_format(old_dn, 1);
        inverse->new_superior = change_strdup(inverse, parent);
    }
    return inverse;
}

static Change *invert_delete(const Change *change, const Entry *before)
{
    if (!before)
        return NULL;
    Change *inverse = change_new(CHANGE_ADD, change->dn);
    inverse->entry = entry_copy(before);
    entry_set_dn(inverse->entry, change->dn);
    return inverse;
}

static bool deletes_whole(const Modification *modification)
{
    return modification->kind == MODIFY_DELETE && modification->n_values == 0;
}

/* Index of the first modification before @end of that attribute; @end when there is none. */
static size_t earlier_modification(const Change *change, size_t end, const char *name)
{
    for (size_t i = 0; i < end; i++)
        if (g_ascii_strcasecmp(change->modifications[i].name, name) == 0)
            return i;
    return end;
}

static bool has_whole_delete(const Change *change, const char *name)
{
    for (size_t i = 0; i < change->n_modifications; i++)
        if (deletes_whole(&change->modifications[i]) &&
            g_ascii_strcasecmp(change->modifications[i].name, name) == 0)
            return true;
    return false;
}

/* What "delete the attribute" took away; unknown when an earlier part had already changed it. */
static bool restore_whole(Change *inverse, const Change *change, size_t i, const Entry *before)
{
    const char *name = change->modifications[i].name;
    gssize index = before ? entry_index(before, name) : -1;
    if (index < 0 || earlier_modification(change, i, name) != i)
        return false;
    const Attribute *attribute = entry_attribute(before, (size_t)index);
    if (attribute->n_values == 0)
        return false;
    change_modify(inverse, MODIFY_ADD, name, attribute->values, attribute->n_values);
    return true;
}

static bool invert_modification(Change *inverse, const Change *change, size_t i, const Entry *before)
{
    const Modification *modification = &change->modifications[i];
    if (deletes_whole(modification))
        return restore_whole(inverse, change, i, before);
    if (modification->kind == MODIFY_DELETE) {
        change_modify(inverse, MODIFY_ADD, modification->name, modification->values, modification->n_values);
    } else if (!has_whole_delete(change, modification->name)) {
        change_modify(inverse, MODIFY_DELETE, modification->name, modification->values,
                      modification->n_values);
    } else if (!has_whole_delete(inverse, modification->name)) {
        /* Deleted whole and added again: its values cannot be deleted by name on the way back either. */
        change_modify(inverse, MODIFY_DELETE, modification->name, NULL, 0);
    }
    return true;
}

static Change *invert_modify(const Change *change, const Entry *before)
{
    g_autoptr(Change) inverse = change_new(CHANGE_MODIFY, change->dn);
    for (size_t i = change->n_modifications; i > 0; i--)
        if (!invert_modification(inverse, change, i - 1, before))
            return NULL;
    return g_steal_pointer(&inverse);
}

static Change *invert(const Change *change, const Entry *before)
{
    switch (change->kind) {
    case CHANGE_ADD:
        return change_new(CHANGE_DELETE, change->dn);
    case CHANGE_MODIFY:
        return invert_modify(change, before);
    case CHANGE_RENAME:
        return invert_rename(change, before);
    case CHANGE_DELETE:
        return invert_delete(change, before);
    case CHANGE_KINDS:
        break;
    }
    return NULL;
}

/* The assertion is not taken over: it speaks of the state before, the inverse works on the one after. */
Change *change_invert(const Change *change, const Entry *before)
{
    Change *inverse = invert(change, before);
    if (inverse) {
        inverse->situation = change_strdup(inverse, change->situation);
        inverse->anchor = change_strdup(inverse, change->anchor);
    }
    return inverse;
}
