/*
 * ldap_change.c - one change as a request of LDAP
 *
 * Hands the bytes of a change to libldap as they are; nothing is copied here
 * but pointers. Waits for no answer.
 */
#include "dirsync/directory/ldap_internal.h"

/** The modifications of one change as libldap wants them; points into the change. */
typedef struct {
    LDAPMod *mods;
    LDAPMod **list;           /* NULL-terminated */
    struct berval *values;    /* of all modifications */
    struct berval **pointers; /* NULL-terminated runs of them */
} ModList;

static void mod_list_clear(ModList *list)
{
    g_free(list->mods);
    g_free(list->list);
    g_free(list->values);
    g_free(list->pointers);
}

static bool mod_list_reserve(ModList *list, size_t n_mods, size_t n_values)
{
    *list = (ModList){
        .mods = g_try_new0(LDAPMod, n_mods + 1),
        .list = g_try_new0(LDAPMod *, n_mods + 1),
        .values = g_try_new0(struct berval, n_values + 1),
        .pointers = g_try_new0(struct berval *, n_values + n_mods + 1),
    };
    return list->mods && list->list && list->values && list->pointers;
}

/* Appends one; @at counts mods, values and pointers that are taken. */
static void mod_list_add(ModList *list, size_t at[3], int operation, const char *name, const Value *values,
                         size_t n)
{
    LDAPMod *mod = &list->mods[at[0]];
    mod->mod_op = operation | LDAP_MOD_BVALUES;
    mod->mod_type = (char *)name;
    mod->mod_bvalues = n ? &list->pointers[at[2]] : NULL;
    for (size_t i = 0; i < n; i++) {
        struct berval *value = &list->values[at[1]++];
        *value = (struct berval){.bv_len = values[i].len, .bv_val = (char *)values[i].data};
        list->pointers[at[2]++] = value;
    }
    at[2] += n > 0; /* the NULL at the end of the run */
    list->list[at[0]] = mod;
    at[0]++;
}

static bool mod_list_from_entry(ModList *list, const Entry *entry)
{
    size_t n = entry_n_attributes(entry), n_values = 0, at[3] = {0};
    for (size_t i = 0; i < n; i++)
        n_values += entry_attribute(entry, i)->n_values;
    if (!mod_list_reserve(list, n, n_values))
        return false;
    for (size_t i = 0; i < n; i++) {
        const Attribute *attribute = entry_attribute(entry, i);
        if (attribute->n_values)
            mod_list_add(list, at, LDAP_MOD_ADD, attribute->name, attribute->values, attribute->n_values);
    }
    return true;
}

/* @password: value of unicodePwd, which comes first; or NULL. */
static bool mod_list_from_change(ModList *list, const Change *change, const Value *password)
{
    size_t n_values = 1, at[3] = {0};
    for (size_t i = 0; i < change->n_modifications; i++)
        n_values += change->modifications[i].n_values;
    if (!mod_list_reserve(list, change->n_modifications + 1, n_values))
        return false;
    if (password)
        mod_list_add(list, at, LDAP_MOD_REPLACE, "unicodePwd", password, 1);
    for (size_t i = 0; i < change->n_modifications; i++) {
        const Modification *one = &change->modifications[i];
        int operation = one->kind == MODIFY_DELETE ? LDAP_MOD_DELETE : LDAP_MOD_ADD;
        mod_list_add(list, at, operation, one->name, one->values, one->n_values);
    }
    return true;
}

static int send_add(LdapDirectory *self, const Change *change, LDAPControl **controls, int *id)
{
    ModList list = {0};
    int result = LDAP_NO_MEMORY;
    if (mod_list_from_entry(&list, change->entry))
        result = ldap_add_ext(self->handle, change->dn, list.list, controls, NULL, id);
    mod_list_clear(&list);
    return result;
}

static int send_modify(LdapDirectory *self, const Change *change, LDAPControl **controls, int *id)
{
    ModList list = {0};
    char bytes[LDAP_UNICODE_LENGTH];
    Value password = {.data = bytes, .len = sizeof bytes};
    bool with_password = change->random_password && self->password_way == PASSWORD_ATTRIBUTE;
    int result = LDAP_NO_MEMORY;
    if (with_password && !ldap_directory_draw_unicode(bytes))
        return LDAP_OTHER;
    if (mod_list_from_change(&list, change, with_password ? &password : NULL))
        result = ldap_modify_ext(self->handle, change->dn, list.list, controls, NULL, id);
    mod_list_clear(&list);
    explicit_bzero(bytes, sizeof bytes);
    return result;
}

int ldap_directory_send_change(LdapDirectory *self, const Change *change, LDAPControl **controls, int *id)
{
    switch (change->kind) {
    case CHANGE_ADD:
        return send_add(self, change, controls, id);
    case CHANGE_MODIFY:
        return send_modify(self, change, controls, id);
    case CHANGE_RENAME:
        return ldap_rename(self->handle, change->dn, change->new_rdn, change->new_superior,
                           change->delete_old_rdn, controls, NULL, id);
    case CHANGE_DELETE:
        return ldap_delete_ext(self->handle, change->dn, controls, NULL, id);
    case CHANGE_KINDS:
        break;
    }
    return LDAP_PARAM_ERROR;
}
