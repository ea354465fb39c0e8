/*
 * ldap_write.c - pipelined changes
 *
 * Up to a window of changes is outstanding (write_window.h). Every change that
 * was sent ends exactly once as done, failed or uncertain; one whose answer did
 * not come is uncertain and is never sent again from here. Answers are taken as
 * they come, in any order; each change has the endpoint's time-out to itself.
 */
#include "dirsync/directory/ldap_internal.h"

#include "dirsync/fault.h"

#include <string.h>

#define NO_ANSWER (-1)

typedef struct {
    int message_id; /* NO_ANSWER: none will come */
    gint64 sent;    /* monotonic, microseconds */
    const Change *change;
    DirectoryDone done;
    void *data;
    bool looked; /* its assertion was looked at here, see is_misread() */
} Outstanding;

/* Sends with the assertion, where the server takes one. @assertion is the BER of the filter, or NULL. */
static int send_asserting(LdapDirectory *self, const Change *change, GBytes *assertion, int *id)
{
    if (!assertion)
        return ldap_directory_send_change(self, change, NULL, id);
    size_t len = 0;
    const void *data = g_bytes_get_data(assertion, &len);
    LDAPControl control = {
        .ldctl_oid = (char[]){LDAP_CONTROL_ASSERT},
        .ldctl_value = {.bv_len = len, .bv_val = (char *)data},
        .ldctl_iscritical = 1,
    };
    LDAPControl *controls[] = {&control, NULL};
    return ldap_directory_send_change(self, change, controls, id);
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
    if (result == LDAP_SUCCESS) {
        finish(one, OUTCOME_DONE, NULL);
        return;
    }
    g_autofree char *subject = change_subject(one->change);
    ldap_directory_error(&error, self->uri, subject, result, diagnostic);
    if (error_is(error, ERROR_SERVER_LIMIT)) /* of the entry (too many values), not of what we may read */
        error->code = ERROR_REFUSED;
    finish(one, OUTCOME_FAILED, error);
}

void ldap_directory_finish_uncertain(LdapDirectory *self, const Change *change, DirectoryDone done,
                                     void *data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *subject = change_subject(change);
    error_set(
        &error, ERROR_UNCERTAIN,
        "%s: %s: sent, but the connection was lost before the answer; the entry is read before anything else",
        self->uri, subject);
    done(change, OUTCOME_UNCERTAIN, error, data);
}

void ldap_directory_orphan_changes(LdapDirectory *self)
{
    for (GList *link = self->outstanding.head; link; link = link->next)
        ((Outstanding *)link->data)->message_id = NO_ANSWER;
    g_hash_table_remove_all(self->awaited); /* the next connection counts its messages anew */
    write_window_init(&self->window, self->endpoint->window);
    ldap_bulk_orphan(self);
}

void ldap_directory_forget_changes(LdapDirectory *self)
{
    g_hash_table_remove_all(self->awaited);
    g_queue_clear_full(&self->outstanding, g_free);
}

/* From now on an answer to it is waited for. */
static void await_answer(LdapDirectory *self, const Outstanding *one)
{
    Outstanding *kept = g_memdup2(one, sizeof *one);
    kept->sent = g_get_monotonic_time();
    g_queue_push_tail(&self->outstanding, kept);
    g_hash_table_insert(self->awaited, GINT_TO_POINTER(kept->message_id), self->outstanding.tail);
}

/* Reports the changes whose connection is gone. */
static void settle_orphans(LdapDirectory *self)
{
    Outstanding *one;
    while ((one = g_queue_peek_head(&self->outstanding)) && one->message_id == NO_ANSWER) {
        g_queue_pop_head(&self->outstanding);
        ldap_directory_finish_uncertain(self, one->change, one->done, one->data);
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
    int result = found->len ? ldap_directory_send_change(self, one->change, NULL, &one->message_id)
                            : LDAP_ASSERTION_FAILED;
    if (result != LDAP_SUCCESS) {
        finish_with_result(self, one, result, NULL);
        return;
    }
    one->looked = true;
    await_answer(self, one);
}

/* The next answer, whichever it is; the oldest change must not wait for longer than the time-out. */
static int next_answer(LdapDirectory *self, LDAPMessage **message)
{
    const Outstanding *oldest = g_queue_peek_head(&self->outstanding);
    gint64 due = oldest->sent + (gint64)ldap_directory_timeout(self) * G_USEC_PER_SEC;
    return ldap_directory_await_for(self, LDAP_RES_ANY, MAX(due - g_get_monotonic_time(), 0), message);
}

static void settle_answer(LdapDirectory *self, Outstanding *one, LDAPMessage *message)
{
    g_autofree char *diagnostic = NULL;
    int result = ldap_directory_parse(self, message, &diagnostic, NULL);
    if (ldap_directory_error_code(result) == ERROR_BUSY)
        write_window_busy(&self->window);
    else
        write_window_answered(&self->window, g_get_monotonic_time() - one->sent);
    if (is_misread(one, result, diagnostic))
        send_after_looking(self, one);
    else
        finish_with_result(self, one, result, diagnostic);
}

static void handle_message(LdapDirectory *self, LDAPMessage *message)
{
    gpointer id = GINT_TO_POINTER(ldap_msgid(message));
    GList *link = g_hash_table_lookup(self->awaited, id);
    if (!link)
        return; /* what is left of a search that nobody waits for */
    g_autofree Outstanding *one = link->data;
    g_hash_table_remove(self->awaited, id);
    g_queue_delete_link(&self->outstanding, link);
    settle_answer(self, one, message);
}

/* Waits for an answer. On a lost connection everything outstanding is settled. */
static void take_answer(LdapDirectory *self)
{
    g_autoptr(LDAPMessage) message = NULL;
    const Outstanding *oldest = g_queue_peek_head(&self->outstanding);
    if (oldest->message_id != NO_ANSWER && next_answer(self, &message) != LDAP_SUCCESS)
        ldap_directory_lose(self);
    if (message)
        handle_message(self, message);
    settle_orphans(self);
}

/* Takes what is there already: how long a change waited is to be known even when there is room for more. */
static void take_what_is_there(LdapDirectory *self)
{
    while (!g_queue_is_empty(&self->outstanding)) {
        g_autoptr(LDAPMessage) message = NULL;
        if (ldap_directory_await_for(self, LDAP_RES_ANY, 0, &message) != LDAP_SUCCESS)
            return; /* a lost connection shows when something is sent */
        handle_message(self, message);
    }
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

bool ldap_directory_submit_single(LdapDirectory *self, const Change *change, DirectoryDone done, void *data,
                                  GError **error)
{
    Outstanding one = {.change = change, .done = done, .data = data};
    g_autoptr(GError) bad = NULL;
    g_autoptr(GBytes) assertion = NULL;
    g_autofree char *diagnostic = NULL;

    settle_orphans(self);
    while (g_queue_get_length(&self->outstanding) >= self->window.size)
        take_answer(self);
    take_what_is_there(self);
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
        await_answer(self, &one);
    return true;
}

void ldap_directory_settle_all(LdapDirectory *self)
{
    settle_orphans(self);
    while (!g_queue_is_empty(&self->outstanding))
        take_answer(self);
}

bool ldap_directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                           GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    if (ldap_bulk_takes(self, change))
        return ldap_bulk_submit(self, change, done, data, error);
    ldap_bulk_flush(self); /* nothing else is on its way beside a transaction */
    return ldap_directory_submit_single(self, change, done, data, error);
}

bool ldap_directory_flush(Directory *directory, GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    ldap_bulk_flush(self);
    ldap_directory_settle_all(self);
    return ldap_directory_ensure(self, error);
}
