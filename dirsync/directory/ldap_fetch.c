/*
 * ldap_fetch.c - fetching by identity
 *
 * First by the names that are known, many searches outstanding; an object that
 * is not there any more, or is another one now, is looked for by its identity
 * below the endpoint's base, many in one filter. "There is no such object" is
 * said only when the server answered the question without any reservation.
 */
#include "dirsync/directory/ldap_internal.h"

#define IDS_A_FILTER 100

typedef enum {
    FETCH_BY_NAME,
    FETCH_BY_ID, /* not found by name */
    FETCH_DONE   /* the callee knows */
} FetchState;

typedef struct {
    LdapDirectory *self;
    const FetchId *ids;
    size_t n_ids;
    FetchState *states;
    const char *const *attributes;
    DirectoryFetched fetched;
    void *data;
    size_t batch[IDS_A_FILTER]; /* ids of the filter that is out */
    size_t n_batch;
} Fetch;

/** A search by name that waits for its answer. */
typedef struct {
    int message_id;
    size_t i;
} Asked;

static bool is_the_one(Fetch *fetch, const Entry *entry, const FetchId *id)
{
    const Schema *schema = fetch->self->description.schema;
    if (!id->id_attribute)
        return true;
    const Attribute *attribute = schema_find(schema, entry, id->id_attribute);
    const AttributeType *type = schema_attribute(schema, id->id_attribute);
    for (size_t i = 0; attribute && i < attribute->n_values; i++) {
        if (schema_values_equal(schema, type, attribute->values[i], id->id))
            return true;
    }
    return false;
}

/* The caller's attributes and the identity itself; a NULL-terminated array, strings not owned. */
static GPtrArray *wanted_attributes(Fetch *fetch)
{
    GPtrArray *names = g_ptr_array_new();
    if (!fetch->attributes)
        g_ptr_array_add(names, (void *)"*");
    for (size_t i = 0; fetch->attributes && fetch->attributes[i]; i++)
        g_ptr_array_add(names, (void *)fetch->attributes[i]);
    const char *last = NULL;
    for (size_t i = 0; i < fetch->n_ids; i++) {
        const char *name = fetch->ids[i].id_attribute;
        if (name && g_strcmp0(last, name) != 0)
            g_ptr_array_add(names, (void *)name);
        last = name ? name : last;
    }
    g_ptr_array_add(names, NULL);
    return names;
}

static bool hand_over(Fetch *fetch, size_t i, Entry *entry, GError **error)
{
    fetch->states[i] = FETCH_DONE;
    return fetch->fetched(fetch->ids[i].index, entry, fetch->data, error);
}

/* Results that say "not under this name" as opposed to "no answer". */
static bool is_absent(int result)
{
    return result == LDAP_SUCCESS || result == LDAP_NO_SUCH_OBJECT || result == LDAP_INVALID_DN_SYNTAX ||
           result == LDAP_REFERRAL;
}

/* Takes the answer to one search by name. @result is that of the connection or the server. */
static bool take_by_name(Fetch *fetch, const Asked *asked, int *result, GError **error)
{
    LdapDirectory *self = fetch->self;
    g_autoptr(Entry) entry = NULL;
    for (;;) {
        g_autoptr(LDAPMessage) message = NULL;
        *result = ldap_directory_await(self, asked->message_id, &message);
        if (*result != LDAP_SUCCESS)
            return true;
        int kind = ldap_msgtype(message);
        if (kind == LDAP_RES_SEARCH_ENTRY && !entry) {
            entry = ldap_directory_decode_message(self, message, error);
            if (!entry)
                return false;
        } else if (kind == LDAP_RES_SEARCH_RESULT) {
            g_autofree char *diagnostic = NULL;
            *result = ldap_directory_parse(self, message, &diagnostic, NULL);
            if (!is_absent(*result)) {
                ldap_directory_error(error, self->uri, fetch->ids[asked->i].dn, *result, diagnostic);
                return false;
            }
            break;
        }
    }
    *result = LDAP_SUCCESS;
    if (entry && is_the_one(fetch, entry, &fetch->ids[asked->i]))
        return hand_over(fetch, asked->i, g_steal_pointer(&entry), error);
    if (!fetch->ids[asked->i].id_attribute)
        return hand_over(fetch, asked->i, NULL, error);
    fetch->states[asked->i] = FETCH_BY_ID;
    return true;
}

static void abandon(LdapDirectory *self, const GArray *asked, guint from)
{
    for (guint i = from; self->handle && i < asked->len; i++)
        ldap_abandon_ext(self->handle, g_array_index(asked, Asked, i).message_id, NULL, NULL);
}

/* Sends searches by name, from id @next on, until a window full of them is outstanding. */
static int send_by_name(Fetch *fetch, const char *const *attributes, size_t *next, GArray *asked, guint taken)
{
    size_t window = CLAMP(fetch->self->endpoint->window, 1, 256);
    for (; *next < fetch->n_ids && asked->len - taken < window; (*next)++) {
        Asked one = {.i = *next};
        if (fetch->states[*next] != FETCH_BY_NAME)
            continue;
        ReadRequest request = {.base = fetch->ids[*next].dn, .scope = SEARCH_BASE, .attributes = attributes};
        int result = ldap_directory_send_search(fetch->self, &request, NULL, &one.message_id);
        if (result != LDAP_SUCCESS)
            return result;
        g_array_append_val(asked, one);
    }
    return LDAP_SUCCESS;
}

static bool fetch_by_name(Fetch *fetch, const char *const *attributes, int *result, GError **error)
{
    g_autoptr(GArray) asked = g_array_new(FALSE, FALSE, sizeof(Asked));
    LDAP *handle = fetch->self->handle;
    size_t next = 0;
    for (guint taken = 0;; taken++) {
        *result = send_by_name(fetch, attributes, &next, asked, taken);
        if (*result != LDAP_SUCCESS || taken == asked->len)
            return true;
        if (!take_by_name(fetch, &g_array_index(asked, Asked, taken), result, error)) {
            abandon(fetch->self, asked, taken);
            return false;
        }
        if (fetch->self->handle != handle) /* lost while decoding or by the callee */
            *result = LDAP_SERVER_DOWN;
        if (*result != LDAP_SUCCESS)
            return true;
    }
}

static char *batch_filter(Fetch *fetch)
{
    GString *filter = g_string_new("(|");
    for (size_t i = 0; i < fetch->n_batch; i++) {
        const FetchId *id = &fetch->ids[fetch->batch[i]];
        g_autofree char *term = filter_equals(id->id_attribute, id->id.data, id->id.len);
        g_string_append(filter, term);
    }
    g_string_append_c(filter, ')');
    return g_string_free(filter, FALSE);
}

static bool take_by_id(LdapDirectory *self, LDAPMessage *message, void *data, GError **error)
{
    Fetch *fetch = data;
    g_autoptr(Entry) entry = ldap_directory_decode_message(self, message, error);
    if (!entry)
        return false;
    for (size_t i = 0; i < fetch->n_batch; i++) {
        size_t id = fetch->batch[i];
        if (fetch->states[id] == FETCH_DONE || !is_the_one(fetch, entry, &fetch->ids[id]))
            continue;
        if (!hand_over(fetch, id, entry_copy(entry), error))
            return false;
    }
    return true;
}

/* The ids that did not come back: gone, provided that the answer was a whole one. */
static bool settle_batch(Fetch *fetch, const SearchEnd *end, GError **error)
{
    LdapDirectory *self = fetch->self;
    if (end->result != LDAP_SUCCESS) {
        ldap_directory_error(error, self->uri, "looking for objects by identity", end->result,
                             end->diagnostic);
        return false;
    }
    for (size_t i = 0; i < fetch->n_batch; i++) {
        if (fetch->states[fetch->batch[i]] == FETCH_DONE)
            continue;
        if (end->references) {
            error_set(error, ERROR_PROTOCOL,
                      "%s: parts of the tree are on other servers, so that nothing can be "
                      "said about what is missing; use a base without referrals",
                      self->uri);
            return false;
        }
        if (!hand_over(fetch, fetch->batch[i], NULL, error))
            return false;
    }
    return true;
}

static bool fetch_by_id(Fetch *fetch, const char *const *attributes, int *result, GError **error)
{
    for (size_t next = 0; next < fetch->n_ids;) {
        fetch->n_batch = 0;
        for (; next < fetch->n_ids && fetch->n_batch < IDS_A_FILTER; next++) {
            if (fetch->states[next] == FETCH_BY_ID)
                fetch->batch[fetch->n_batch++] = next;
        }
        if (!fetch->n_batch)
            break;
        g_autofree char *filter = batch_filter(fetch);
        ReadRequest request = {.scope = SEARCH_SUBTREE, .filter = filter, .attributes = attributes};
        SearchEnd end;
        bool going = ldap_directory_search(fetch->self, &request, take_by_id, fetch, &end, error);
        *result = end.result;
        bool lost = ldap_directory_is_lost(end.result);
        going = going && (lost || settle_batch(fetch, &end, error));
        ldap_directory_search_end_clear(&end);
        if (!going || lost)
            return going;
    }
    return true;
}

static bool fetch_all(Fetch *fetch, const char *const *attributes, GError **error)
{
    /* A second time for what is left when the connection was lost; ids are called back once all the same. */
    for (int attempt = 0; attempt < 2; attempt++) {
        int result = LDAP_SUCCESS;
        if (!ldap_directory_ensure(fetch->self, error) || !fetch_by_name(fetch, attributes, &result, error))
            return false;
        if (result == LDAP_SUCCESS && !fetch_by_id(fetch, attributes, &result, error))
            return false;
        if (result == LDAP_SUCCESS)
            return true;
        ldap_directory_lose(fetch->self);
        if (attempt || result == LDAP_TIMEOUT || !ldap_directory_is_lost(result)) {
            ldap_directory_error(error, fetch->self->uri, "fetching", result, NULL);
            return false;
        }
    }
    return false;
}

bool ldap_directory_fetch(Directory *directory, const FetchId *ids, size_t n_ids,
                          const char *const *attributes, DirectoryFetched fetched, void *data, GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    g_autofree FetchState *states = g_try_new0(FetchState, n_ids + 1);
    Fetch fetch = {.self = self,
                   .ids = ids,
                   .n_ids = n_ids,
                   .states = states,
                   .attributes = attributes,
                   .fetched = fetched,
                   .data = data};
    if (!states) {
        error_set(error, ERROR_IO, "%s: no memory to fetch %zu objects; fetch fewer", self->uri, n_ids);
        return false;
    }
    for (size_t i = 0; i < n_ids; i++)
        states[i] = ids[i].dn && *ids[i].dn ? FETCH_BY_NAME : FETCH_BY_ID;
    g_autoptr(GPtrArray) names = wanted_attributes(&fetch);
    return fetch_all(&fetch, (const char *const *)names->pdata, error);
}
