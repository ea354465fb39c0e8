/*
 * ldap_bulk.c - adds in transactions, RFC 5805
 *
 * For a first import where the definition says transactions="bulk". Adds are
 * collected, sent together in one transaction, and written by the server at its
 * end, with one look at the disk for all. While it does that the next ones are
 * collected. Nothing else of ours is on its way meanwhile, and few adds (a
 * daily run) go singly, as everything else does.
 *
 * A transaction that the server refuses is sent again singly, so that only
 * those fail that are at fault. One whose end was not answered is uncertain, each
 * of its adds, as the engine knows it from single ones.
 *
 * The hazard, tried on slapd 2.5.13 and 2.6.10: it can end the server (a queued
 * operation is freed while another thread still uses it; the pause before the
 * end makes that rare), and with the overlays accesslog or "unique serialize" and
 * a second writer all writes stop for good. Hence what is asked before.
 */
#include "dirsync/directory/ldap_internal.h"

#include <string.h>

#define BATCH 500
#define WORTH_IT 100 /* fewer go singly */
#define PAUSE 10000  /* microseconds from the last answer to the end */
#define NO_ANSWER (-1)

typedef struct {
    const Change *change;
    DirectoryDone done;
    void *data;
    int message_id;
} Queued;

struct LdapBulk {
    GArray *collected; /* of Queued: not sent yet */
    GArray *ending;    /* of Queued: their transaction's end was sent */
    int end_id;        /* its message; NO_ANSWER: none will come */
};

/* --- may it be used? --- */

static bool refuse(const LdapDirectory *self, GError **error, const char *why)
{
    error_set(error, ERROR_DEFINITION, "%s: transactions=\"bulk\": %s", self->uri, why);
    return false;
}

static const Attribute *exact(const Entry *entry, const char *name)
{
    gssize at = entry_index(entry, name);
    return at < 0 ? NULL : entry_attribute(entry, (size_t)at);
}

static bool any_value_has(const Entry *entry, const char *name, const char *part)
{
    const Attribute *attribute = exact(entry, name);
    for (size_t i = 0; attribute && i < attribute->n_values; i++)
        if (strcasestr(attribute->values[i].data, part))
            return true;
    return false;
}

/* The DN in cn=config of the database that holds the base; NULL: not found. */
static const char *database_of(const LdapDirectory *self, const GPtrArray *config)
{
    for (guint i = 0; i < config->len; i++) {
        const Entry *entry = g_ptr_array_index(config, i);
        const Attribute *suffix = exact(entry, "olcSuffix");
        for (size_t j = 0; suffix && j < suffix->n_values; j++)
            if (schema_dn_within(self->description.schema, self->endpoint->base, suffix->values[j].data))
                return entry_dn(entry);
    }
    return NULL;
}

/* The overlays of a database stand below it; those below the frontend are everybody's. */
static bool check_overlays(const LdapDirectory *self, const GPtrArray *config, const char *database,
                           GError **error)
{
    for (guint i = 0; i < config->len; i++) {
        const Entry *entry = g_ptr_array_index(config, i);
        if (!schema_dn_within(self->description.schema, entry_dn(entry), database) &&
            !strcasestr(entry_dn(entry), "{-1}frontend"))
            continue;
        if (any_value_has(entry, "olcOverlay", "accesslog"))
            return refuse(self, error,
                          "the database has the overlay accesslog, with which a second writer would stop all "
                          "writes for good; leave the attribute out");
        if (any_value_has(entry, "olcUniqueURI", "serialize"))
            return refuse(self, error,
                          "the database has the overlay unique with serialize, with which a second writer "
                          "would stop all writes for good; leave the attribute out");
    }
    return true;
}

static bool check_configuration(LdapDirectory *self, GError **error)
{
    static const char *const attributes[] = {"olcSuffix", "olcOverlay", "olcUniqueURI", NULL};
    ReadRequest request = {.base = "cn=config",
                           .scope = SEARCH_SUBTREE,
                           .filter = "(|(olcSuffix=*)(olcOverlay=*))",
                           .attributes = attributes};
    g_autoptr(GPtrArray) config = ldap_directory_find(&self->directory, &request, 1000, NULL);
    const char *database = config ? database_of(self, config) : NULL;
    if (!database)
        return refuse(self, error,
                      "the server's settings (cn=config) cannot be read by this account, so nobody knows "
                      "whether the overlays accesslog or unique would stop all writes; let it read them, or "
                      "leave the attribute out");
    return check_overlays(self, config, database, error);
}

bool ldap_bulk_open(LdapDirectory *self, bool offered, GError **error)
{
    if (!self->endpoint->bulk)
        return true;
    if (!offered)
        return refuse(self, error, "the server offers no transactions (RFC 5805); leave the attribute out");
    if (!check_configuration(self, error))
        return false;
    self->description.batch = BATCH;
    self->bulk = g_new0(LdapBulk, 1);
    self->bulk->collected = g_array_new(FALSE, FALSE, sizeof(Queued));
    self->bulk->ending = g_array_new(FALSE, FALSE, sizeof(Queued));
    return true;
}

void ldap_bulk_free(LdapBulk *bulk)
{
    if (!bulk)
        return;
    g_array_unref(bulk->collected);
    g_array_unref(bulk->ending);
    g_free(bulk);
}

bool ldap_bulk_takes(const LdapDirectory *self, const Change *change)
{
    return self->bulk && change->kind == CHANGE_ADD;
}

void ldap_bulk_orphan(LdapDirectory *self)
{
    if (self->bulk)
        self->bulk->end_id = NO_ANSWER;
}

/* --- how a batch ends --- */

static void end_all(LdapDirectory *self, GArray *queue, size_t from, Outcome outcome)
{
    for (size_t i = from; i < queue->len; i++) {
        const Queued *one = &g_array_index(queue, Queued, i);
        if (outcome == OUTCOME_DONE)
            one->done(one->change, OUTCOME_DONE, NULL, one->data);
        else
            ldap_directory_finish_uncertain(self, one->change, one->done, one->data);
    }
    g_array_set_size(queue, 0);
}

/* Each for itself: only those at fault fail. Those that cannot be sent any more are asked for by the engine.
 */
static void send_singly(LdapDirectory *self, GArray *queue)
{
    for (size_t i = 0; i < queue->len; i++) {
        const Queued *one = &g_array_index(queue, Queued, i);
        if (ldap_directory_submit_single(self, one->change, one->done, one->data, NULL))
            continue;
        end_all(self, queue, i, OUTCOME_UNCERTAIN);
        return;
    }
    ldap_directory_settle_all(self);
    g_array_set_size(queue, 0);
}

/* The result of a message that was sent; a lost connection is one too. @message may be NULL. */
static int result_of(LdapDirectory *self, int id, LDAPMessage **message)
{
    g_autoptr(LDAPMessage) answer = NULL;
    g_autofree char *diagnostic = NULL;
    int result = ldap_directory_await(self, id, &answer);
    if (result != LDAP_SUCCESS)
        return result;
    result = ldap_directory_parse(self, answer, &diagnostic, NULL);
    if (message)
        *message = g_steal_pointer(&answer);
    return result;
}

static void settle_ending(LdapDirectory *self)
{
    LdapBulk *bulk = self->bulk;
    if (!bulk->ending->len)
        return;
    int result = bulk->end_id == NO_ANSWER ? LDAP_SERVER_DOWN : result_of(self, bulk->end_id, NULL);
    if (result == LDAP_SUCCESS) {
        end_all(self, bulk->ending, 0, OUTCOME_DONE);
    } else if (ldap_directory_is_lost(result)) {
        ldap_directory_lose(self);
        end_all(self, bulk->ending, 0, OUTCOME_UNCERTAIN);
    } else {
        send_singly(self, bulk->ending);
    }
}

/* --- a transaction --- */

/* @txn: what the server calls it; ber_bvfree(). */
static int start(LdapDirectory *self, struct berval **txn)
{
    g_autoptr(LDAPMessage) message = NULL;
    int id = 0;
    *txn = NULL;
    int result = ldap_txn_start(self->handle, NULL, NULL, &id);
    if (result == LDAP_SUCCESS)
        result = result_of(self, id, &message);
    if (result == LDAP_SUCCESS)
        result = ldap_parse_extended_result(self->handle, message, NULL, txn, 0);
    return result == LDAP_SUCCESS && !*txn ? LDAP_PROTOCOL_ERROR : result;
}

/* The server keeps it for later, which is not yet success; slapd has a result of its own for that. */
static bool is_kept(int result)
{
    return result == LDAP_SUCCESS || result == LDAP_TXN_SPECIFY_OKAY;
}

/* Sends all of them, never more at once than the definition allows. The first result that is not good. */
static int send_all(LdapDirectory *self, GArray *queue, const struct berval *txn)
{
    LDAPControl control = {
        .ldctl_oid = (char[]){LDAP_CONTROL_TXN_SPEC}, .ldctl_value = *txn, .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&control, NULL};
    int bad = LDAP_SUCCESS;
    for (size_t sent = 0, answered = 0; answered < queue->len && !ldap_directory_is_lost(bad);) {
        int result;
        if (sent < queue->len && sent - answered < self->window.limit) {
            Queued *one = &g_array_index(queue, Queued, sent++);
            result = ldap_directory_send_change(self, one->change, controls, &one->message_id);
            if (result != LDAP_SUCCESS)
                return result;
        } else {
            result = result_of(self, g_array_index(queue, Queued, answered++).message_id, NULL);
        }
        if (is_kept(bad) && !is_kept(result))
            bad = result;
    }
    return bad;
}

/* Sends the end without waiting for what the server says to it. */
static int end(LdapDirectory *self, struct berval *txn, bool commit, int *id)
{
    g_usleep(PAUSE);
    return ldap_txn_end(self->handle, commit, txn, NULL, NULL, id);
}

static int transact(LdapDirectory *self, GArray *queue, int *end_id)
{
    struct berval *txn = NULL;
    int result = start(self, &txn), aborted;
    if (result == LDAP_SUCCESS)
        result = send_all(self, queue, txn);
    if (is_kept(result) && txn)
        result = end(self, txn, true, end_id);
    else if (txn && !ldap_directory_is_lost(result) && end(self, txn, false, &aborted) == LDAP_SUCCESS &&
             ldap_directory_is_lost(result_of(self, aborted, NULL)))
        result = LDAP_SERVER_DOWN;
    ber_bvfree(txn);
    return result;
}

static void run_batch(LdapDirectory *self)
{
    LdapBulk *bulk = self->bulk;
    ldap_directory_settle_all(self); /* singles that came before */
    settle_ending(self);
    if (!bulk->collected->len)
        return;
    if (bulk->collected->len < WORTH_IT) {
        send_singly(self, bulk->collected);
        return;
    }
    int result = self->handle ? transact(self, bulk->collected, &bulk->end_id) : LDAP_SERVER_DOWN;
    if (ldap_directory_is_lost(result)) {
        ldap_directory_lose(self);
        end_all(self, bulk->collected, 0, OUTCOME_UNCERTAIN);
    } else if (result != LDAP_SUCCESS) {
        send_singly(self, bulk->collected);
    } else {
        GArray *empty = bulk->ending;
        bulk->ending = bulk->collected;
        bulk->collected = empty;
    }
}

bool ldap_bulk_submit(LdapDirectory *self, const Change *change, DirectoryDone done, void *data,
                      GError **error)
{
    Queued one = {.change = change, .done = done, .data = data};
    if (!ldap_directory_ensure(self, error))
        return false;
    g_array_append_val(self->bulk->collected, one);
    if (self->bulk->collected->len == BATCH)
        run_batch(self);
    return true;
}

void ldap_bulk_flush(LdapDirectory *self)
{
    if (!self->bulk)
        return;
    run_batch(self);
    settle_ending(self);
}
