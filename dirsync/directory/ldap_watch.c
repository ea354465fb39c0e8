/*
 * ldap_watch.c - a server tells when something has changed
 *
 * By RFC 4533 (refreshAndPersist), begun with a cookie of now, so that nothing of
 * what is there is sent; or by Active Directory's change notification. Only that
 * something has changed is taken from it: what, a run asks for itself. The search
 * never ends; when it does, or the connection goes, the watch is lost.
 *
 * Of 389 and Active Directory whole naming contexts are watched, for the reasons
 * for which their changes are asked for so (ldap_sync.c, ldap_dirsync.c).
 */
#include "dirsync/directory/ldap_internal.h"
#include "dirsync/directory/ldap_sync_codec.h"

#define NOTIFICATION "1.2.840.113556.1.4.528" /* MS-ADTS 3.1.1.3.4.1.9 */
#define SHOW_DELETED "1.2.840.113556.1.4.417" /* else nobody tells of who was deleted */
#define EVERYTHING "(objectClass=*)"

typedef struct {
    DirectoryWatch watch;
    LdapDirectory *self;
} LdapWatch;

static const char *const no_attributes[] = {"1.1", NULL};

/* --- opening --- */

static int send_persistent(LdapDirectory *self, const ReadRequest *request, GBytes *cookie)
{
    g_autoptr(GBytes) value = sync_encode_persist(cookie);
    gsize len = 0;
    int id = 0;
    if (!value)
        return LDAP_NO_MEMORY;
    const void *data = g_bytes_get_data(value, &len);
    LDAPControl control = {.ldctl_oid = (char[]){LDAP_CONTROL_SYNC},
                           .ldctl_value = {.bv_len = len, .bv_val = (char *)data},
                           .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&control, NULL};
    return ldap_directory_send_search(self, request, controls, &id);
}

static int send_notification(LdapDirectory *self, const ReadRequest *request)
{
    int id = 0;
    LDAPControl notification = {.ldctl_oid = (char[]){NOTIFICATION}, .ldctl_iscritical = 1};
    LDAPControl deleted = {.ldctl_oid = (char[]){SHOW_DELETED}, .ldctl_iscritical = 1};
    LDAPControl *controls[] = {&notification, &deleted, NULL};
    return ldap_directory_send_search(self, request, controls, &id);
}

static void refuse(const LdapDirectory *self, const char *why, GError **error)
{
    error_set(error, ERROR_DEFINITION, "%s: cannot be watched: %s; see that it can, or leave watch out",
              self->uri, why);
}

/* Results with which a server says that it will not do this, today or tomorrow. With all others it may. */
static bool is_final(int result)
{
    return result == LDAP_UNAVAILABLE_CRITICAL_EXTENSION || result == LDAP_UNWILLING_TO_PERFORM ||
           result == LDAP_INSUFFICIENT_ACCESS;
}

static bool check_sent(LdapDirectory *self, int result, GError **error)
{
    if (result != LDAP_SUCCESS)
        ldap_directory_error(error, self->uri, "watching", result, NULL);
    return result == LDAP_SUCCESS;
}

/* Whole contexts, by any request in them. */
static bool watch_context(const Changes *changes, ReadRequest *asked, GError **error)
{
    *asked = (ReadRequest){.base = ldap_directory_context(changes),
                           .scope = SEARCH_SUBTREE,
                           .filter = EVERYTHING,
                           .attributes = no_attributes};
    if (!asked->base)
        refuse(changes->self, changes->result->no_cursor, error);
    return asked->base != NULL;
}

/* Why there is no cookie. A password that was refused on the way is not tried again by asking for it. */
static void fail_to_begin(const Changes *changes, GError **error)
{
    LdapDirectory *self = changes->self;
    const char *why = changes->result->no_cursor;
    if (!self->handle && !ldap_directory_ensure(self, error))
        return;
    if (changes->refused && !is_final(changes->refused))
        error_set(error, ldap_directory_error_code(changes->refused), "%s; try again later", why);
    else
        refuse(self, why, error);
}

/* With a cookie of now; the server says at once whether it takes the control there. */
static bool watch_by_sync(Changes *changes, const ReadRequest *asked, GError **error)
{
    LdapDirectory *self = changes->self;
    g_autoptr(GBytes) cookie =
        self->changes_way == CHANGES_IDS ? ldap_changes_begin_ids(changes) : ldap_changes_begin_sync(changes);
    if (cookie)
        return check_sent(self, send_persistent(self, asked, cookie), error);
    fail_to_begin(changes, error);
    return false;
}

static bool send_watch(Changes *changes, const ReadRequest *asked, GError **error)
{
    LdapDirectory *self = changes->self;
    if (self->changes_way == CHANGES_DIRSYNC)
        return check_sent(self, send_notification(self, asked), error);
    return watch_by_sync(changes, asked, error);
}

/* What @request is of, as its server can be asked for it. @contexts: those that are watched already; Active
 * Directory lets a connection wait for five searches at most. */
static bool watch_one(LdapDirectory *self, const ReadRequest *request, GPtrArray *contexts, GError **error)
{
    const char *const identity[] = {self->description.default_anchor, NULL};
    const ReadRequest identified = {request->base, request->scope, request->filter, identity, 0};
    ReadRequest asked = {request->base, request->scope, request->filter, no_attributes, 0};
    ChangesResult result = {0};
    Changes changes = {.self = self, .request = &identified, .result = &result};
    bool whole = self->changes_way != CHANGES_SYNC;
    bool good = !whole || watch_context(&changes, &asked, error);
    bool watched = good && whole && g_ptr_array_find(contexts, asked.base, NULL);
    if (good && !watched) {
        g_ptr_array_add(contexts, (gpointer)asked.base);
        good = send_watch(&changes, &asked, error);
    }
    changes_result_clear(&result);
    return good;
}

/* What asks before a search connects again where it must, and the searches before went with the old one. */
static bool watch_all(LdapDirectory *self, const ReadRequest *requests, size_t n_requests, GError **error)
{
    g_autoptr(GPtrArray) contexts = g_ptr_array_new();
    unsigned first = 0;
    for (size_t i = 0; i < n_requests; i++) {
        if (!watch_one(self, &requests[i], contexts, error))
            return false;
        if (i == 0)
            first = self->connections;
    }
    if (n_requests && self->connections != first) {
        error_set(error, ERROR_UNREACHABLE,
                  "%s: the connection was lost while its watches were opened; try again later", self->uri);
        return false;
    }
    return true;
}

static bool can_be_watched(const LdapDirectory *self, GError **error)
{
    bool offered = self->changes_way == CHANGES_SYNC || self->changes_way == CHANGES_IDS ||
                   (self->changes_way == CHANGES_DIRSYNC && self->notifies);
    if (!offered)
        refuse(self,
               "the server offers neither RFC 4533 (OpenLDAP: overlay syncprov) nor change notification",
               error);
    return offered;
}

/* --- watching --- */

/* A cookie alone says that something else has changed. What cannot be read counts as a change. */
static bool intermediate_tells(LdapDirectory *self, LDAPMessage *message)
{
    char *oid = NULL;
    struct berval *data = NULL;
    SyncInfoValue info = {0};
    bool tells = true;
    if (ldap_parse_intermediate(self->handle, message, &oid, &data, NULL, 0) == LDAP_SUCCESS && data &&
        sync_decode_info(data->bv_val, data->bv_len, &info))
        tells = info.kind == SYNC_INFO_SET;
    sync_info_clear(&info);
    ber_bvfree(data);
    ldap_memfree(oid);
    return tells;
}

static void fail_ended(LdapDirectory *self, LDAPMessage *message, GError **error)
{
    g_autofree char *diagnostic = NULL;
    int result = ldap_directory_parse(self, message, &diagnostic, NULL);
    if (result == LDAP_SUCCESS)
        error_set(error, ERROR_BUSY, "%s: the server has ended the watch", self->uri);
    else if (is_final(result))
        refuse(self, diagnostic && *diagnostic ? diagnostic : ldap_err2string(result), error);
    else
        ldap_directory_error(error, self->uri, "watching", result, diagnostic);
}

static bool ldap_watch_take(DirectoryWatch *watch, bool *changed, GError **error)
{
    LdapDirectory *self = ((LdapWatch *)watch)->self;
    *changed = false;
    for (;;) {
        g_autoptr(LDAPMessage) message = NULL;
        int result = ldap_directory_await_for(self, LDAP_RES_ANY, 0, &message);
        if (result == LDAP_TIMEOUT)
            return true;
        if (result != LDAP_SUCCESS) {
            ldap_directory_error(error, self->uri, "watching", result, NULL);
            return false;
        }
        switch (ldap_msgtype(message)) {
        case LDAP_RES_SEARCH_ENTRY:
            *changed = true;
            break;
        case LDAP_RES_INTERMEDIATE:
            *changed |= intermediate_tells(self, message);
            break;
        case LDAP_RES_SEARCH_RESULT:
            fail_ended(self, message, error);
            return false;
        default:
            break;
        }
    }
}

static void ldap_watch_close(DirectoryWatch *watch)
{
    LdapWatch *self = (LdapWatch *)watch;
    if (self->self)
        directory_close(&self->self->directory);
    g_free(self);
}

DirectoryWatch *ldap_directory_watch(const Endpoint *endpoint, const ReadRequest *requests, size_t n_requests,
                                     GError **error)
{
    LdapWatch *self = g_new0(LdapWatch, 1);
    self->watch = (DirectoryWatch){.take = ldap_watch_take, .close = ldap_watch_close};
    self->self = (LdapDirectory *)directory_open(endpoint, error);
    if (self->self && can_be_watched(self->self, error) &&
        watch_all(self->self, requests, n_requests, error) &&
        check_sent(self->self, ldap_get_option(self->self->handle, LDAP_OPT_DESC, &self->watch.descriptor),
                   error))
        return &self->watch;
    ldap_watch_close(&self->watch);
    return NULL;
}
