/*
 * ldap_write.c - pipelined changes
 *
 * Up to a window of changes is outstanding. Every change that was sent ends
 * exactly once as done, failed or uncertain; one whose answer did not come is
 * uncertain and is never sent again from here. Answers are taken in the order
 * of sending; libldap keeps those that overtake.
 */
#include "dirsync/directory/ldap_internal.h"

#include "dirsync/fault.h"

#include <string.h>

#define NO_ANSWER (-1)

typedef struct {
    int message_id; /* NO_ANSWER: none will come */
    const Change *change;
    DirectoryDone done;
    void *data;
    bool looked; /* its assertion was looked at here, see is_misread() */
} Outstanding;

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

static int send_change(LdapDirectory *self, const Change *change, LDAPControl **controls, int *id)
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

/* Sends with the assertion, where the server takes one. @assertion is the BER of the filter, or NULL. */
static int send_asserting(LdapDirectory *self, const Change *change, GBytes *assertion, int *id)
{
    if (!assertion)
        return send_change(self, change, NULL, id);
    size_t len = 0;
    const void *data = g_bytes_get_data(assertion, &len);
    LDAPControl control = {
        .ldctl_oid = (char[]){LDAP_CONTROL_ASSERT},
        .ldctl_value = {.bv_len = len, .bv_val = (char *)data},
        .ldctl_iscritical = 1,
    };
    LDAPControl *controls[] = {&control, NULL};
    return send_change(self, change, controls, id);
}

static void finish(const Outstanding *one, Outcome outcome, const GError *error)
{
    one->done(one->change, outcome, error, one->data);
}

/* "modify cn=a,dc=b", for messages; g_free(). */
static char *change_subject(const Change *change)
{
    return g_strdup_printf("%s %s", change_kind_names[change->kind], change->dn);
}

static void finish_with_result(LdapDirectory *self, const Outstanding *one, int result,
                               const char *diagnostic)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *subject = change_subject(one->change);
    if (result != LDAP_SUCCESS)
        ldap_directory_error(&error, self->uri, subject, result, diagnostic);
    finish(one, error ? OUTCOME_FAILED : OUTCOME_DONE, error);
}

static void finish_uncertain(LdapDirectory *self, const Outstanding *one)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *subject = change_subject(one->change);
    error_set(
        &error, ERROR_UNCERTAIN,
        "%s: %s: sent, but the connection was lost before the answer; the entry is read before anything else",
        self->uri, subject);
    finish(one, OUTCOME_UNCERTAIN, error);
}

void ldap_directory_orphan_changes(LdapDirectory *self)
{
    for (GList *link = self->outstanding.head; link; link = link->next)
        ((Outstanding *)link->data)->message_id = NO_ANSWER;
}

void ldap_directory_forget_changes(LdapDirectory *self)
{
    g_queue_clear_full(&self->outstanding, g_free);
}

/* Reports the changes whose connection is gone. */
static void settle_orphans(LdapDirectory *self)
{
    Outstanding *one;
    while ((one = g_queue_peek_head(&self->outstanding)) && one->message_id == NO_ANSWER) {
        g_queue_pop_head(&self->outstanding);
        finish_uncertain(self, one);
        g_free(one);
    }
}

/* slapd's overlay unique looks for duplicates with the controls of the change that it looks at, so that the
 * assertion is held against the overlay's own base and fails (2.5.13). */
static bool is_misread(const Outstanding *one, int result, const char *diagnostic)
{
    return result == LDAP_ASSERTION_FAILED && one->change->assertion && !one->looked && diagnostic &&
           strstr(diagnostic, "unique_search failed");
}

/* Looks at the assertion here, then sends the change without it. */
static void send_after_looking(LdapDirectory *self, Outstanding *one)
{
    static const char *const nothing[] = {"1.1", NULL};
    ReadRequest request = {.base = one->change->dn,
                           .scope = SEARCH_BASE,
                           .filter = one->change->assertion,
                           .attributes = nothing};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = ldap_directory_find(&self->directory, &request, 1, &error);
    if (!found) {
        finish(one, OUTCOME_FAILED, error);
        return;
    }
    int result = found->len ? send_change(self, one->change, NULL, &one->message_id) : LDAP_ASSERTION_FAILED;
    if (result != LDAP_SUCCESS) {
        finish_with_result(self, one, result, NULL);
        return;
    }
    one->looked = true;
    g_queue_push_tail(&self->outstanding, g_memdup2(one, sizeof *one));
}

/* Waits for the oldest answer. On a lost connection everything outstanding is settled. */
static void take_answer(LdapDirectory *self)
{
    Outstanding *oldest = g_queue_peek_head(&self->outstanding);
    g_autoptr(LDAPMessage) message = NULL;
    if (oldest->message_id != NO_ANSWER &&
        ldap_directory_await(self, oldest->message_id, &message) != LDAP_SUCCESS)
        ldap_directory_lose(self);
    if (oldest->message_id == NO_ANSWER) {
        settle_orphans(self);
        return;
    }
    g_autofree char *diagnostic = NULL;
    g_queue_pop_head(&self->outstanding);
    int result = ldap_directory_parse(self, message, &diagnostic, NULL);
    if (is_misread(oldest, result, diagnostic))
        send_after_looking(self, oldest);
    else
        finish_with_result(self, oldest, result, diagnostic);
    g_free(oldest);
}

static bool make_assertion(LdapDirectory *self, const Change *change, GBytes **assertion, GError **error)
{
    *assertion = NULL;
    /* Elsewhere the engine reads before it writes; a control that is ignored would only look safe. */
    if (!change->assertion || !(self->description.capabilities & CAN_ASSERT))
        return true;
    g_autoptr(Filter) filter = filter_parse(change->assertion, error);
    if (!filter)
        return false;
    *assertion = filter_to_ber(filter);
    return true;
}

static bool sets_password(const Change *change)
{
    return change->kind == CHANGE_MODIFY && change->random_password;
}

/* Sends, after the password was given where that is an operation of its own. */
static int send_whole(LdapDirectory *self, const Change *change, GBytes *assertion, int *id,
                      char **diagnostic)
{
    int result = LDAP_SUCCESS;
    if (sets_password(change) && !ldap_directory_is_protected(self)) {
        *diagnostic = g_strdup("an account may only get a password over a protected connection");
        return LDAP_CONFIDENTIALITY_REQUIRED;
    }
    if (sets_password(change) && self->password_way == PASSWORD_OPERATION) {
        result = ldap_directory_set_password(self, change->dn, diagnostic);
        fault_step("password given");
    }
    return result == LDAP_SUCCESS ? send_asserting(self, change, assertion, id) : result;
}

/* Sends, on a new connection when the present one turns out to be dead: then nothing of it was sent, but
 * perhaps a password, which may be another one the second time. */
static int send_somehow(LdapDirectory *self, const Change *change, GBytes *assertion, int *id,
                        char **diagnostic, GError **error)
{
    int result = LDAP_SERVER_DOWN;
    for (int attempt = 0; attempt < 2; attempt++) {
        if (!ldap_directory_ensure(self, error))
            return LDAP_SERVER_DOWN;
        g_clear_pointer(diagnostic, g_free);
        result = send_whole(self, change, assertion, id, diagnostic);
        if (!ldap_directory_is_lost(result))
            return result;
        ldap_directory_lose(self);
        settle_orphans(self);
    }
    ldap_directory_error(error, self->uri, "writing", result, NULL);
    return result;
}

static bool can_be_sent(LdapDirectory *self, const Change *change, GBytes **assertion, GError **error)
{
    if (!sets_password(change) || self->password_way != PASSWORD_NO_WAY)
        return make_assertion(self, change, assertion, error);
    error_set(error, ERROR_DEFINITION,
              "%s: %s %s: the server has no way to give an account a password; use a server that offers RFC "
              "3062, or leave accounts disabled",
              self->uri, change_kind_names[change->kind], change->dn);
    return false;
}

bool ldap_directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                           GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    Outstanding one = {.change = change, .done = done, .data = data};
    g_autoptr(GError) bad = NULL;
    g_autoptr(GBytes) assertion = NULL;
    g_autofree char *diagnostic = NULL;
    unsigned window = CLAMP(self->endpoint->window, 1, 256);

    settle_orphans(self);
    while (g_queue_get_length(&self->outstanding) >= window)
        take_answer(self);
    if (!can_be_sent(self, change, &assertion, &bad)) {
        finish(&one, OUTCOME_FAILED, bad);
        return true;
    }
    int result = send_somehow(self, change, assertion, &one.message_id, &diagnostic, error);
    if (ldap_directory_is_lost(result))
        return false;
    if (result != LDAP_SUCCESS)
        finish_with_result(self, &one, result, diagnostic);
    else
        g_queue_push_tail(&self->outstanding, g_memdup2(&one, sizeof one));
    return true;
}

bool ldap_directory_flush(Directory *directory, GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    settle_orphans(self);
    while (!g_queue_is_empty(&self->outstanding))
        take_answer(self);
    return ldap_directory_ensure(self, error);
}
