/*
 * ldap_search.c - one search, with pages where the server needs them
 *
 * Streams: one message at a time is taken from libldap. Every answer has its
 * time-out. Never starts a search again, so nothing is delivered twice.
 */
#include "dirsync/directory/ldap_internal.h"

#include <sys/time.h>

static const int search_scopes[] = {
    [SEARCH_BASE] = LDAP_SCOPE_BASE,
    [SEARCH_ONE] = LDAP_SCOPE_ONELEVEL,
    [SEARCH_SUBTREE] = LDAP_SCOPE_SUBTREE,
};

void ldap_directory_search_end_clear(SearchEnd *end)
{
    g_free(end->diagnostic);
    *end = (SearchEnd){0};
}

int ldap_directory_send_search(LdapDirectory *self, const ReadRequest *request, LDAPControl **controls,
                               int *id)
{
    const char *base = request->base ? request->base : self->endpoint->base;
    return ldap_search_ext(self->handle, base ? base : "", search_scopes[request->scope],
                           request->filter ? request->filter : "(objectClass=*)",
                           (char **)request->attributes, 0, controls, NULL, NULL, LDAP_NO_LIMIT, id);
}

unsigned ldap_directory_timeout(const LdapDirectory *self)
{
    return self->endpoint->timeout ? self->endpoint->timeout : 30;
}

int ldap_directory_await_for(LdapDirectory *self, int id, gint64 microseconds, LDAPMessage **message)
{
    struct timeval timeout = {.tv_sec = microseconds / G_USEC_PER_SEC,
                              .tv_usec = microseconds % G_USEC_PER_SEC};
    *message = NULL;
    if (!self->handle)
        return LDAP_SERVER_DOWN;
    int kind = ldap_result(self->handle, id, LDAP_MSG_ONE, &timeout, message);
    if (kind > 0)
        return LDAP_SUCCESS;
    int result = LDAP_SERVER_DOWN;
    if (kind == 0)
        return LDAP_TIMEOUT;
    ldap_get_option(self->handle, LDAP_OPT_RESULT_CODE, &result);
    return ldap_directory_is_lost(result) ? result : LDAP_SERVER_DOWN;
}

int ldap_directory_await(LdapDirectory *self, int id, LDAPMessage **message)
{
    return ldap_directory_await_for(self, id, (gint64)ldap_directory_timeout(self) * G_USEC_PER_SEC, message);
}

int ldap_directory_parse(LdapDirectory *self, LDAPMessage *message, char **diagnostic,
                         LDAPControl ***controls)
{
    int result = LDAP_DECODING_ERROR;
    char *text = NULL;
    int parsed = ldap_parse_result(self->handle, message, &result, NULL, &text, NULL, controls, 0);
    *diagnostic = g_strdup(text ? text : "");
    ldap_memfree(text);
    return parsed == LDAP_SUCCESS ? result : parsed;
}

/* The cookie of the next page; empty after the last one, or when the server does not page. */
static void take_cookie(LdapDirectory *self, LDAPControl **controls, struct berval *cookie)
{
    LDAPControl *control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
    ber_int_t estimate = 0;
    ber_memfree(cookie->bv_val);
    *cookie = (struct berval){0};
    if (control && ldap_parse_pageresponse_control(self->handle, control, &estimate, cookie) != LDAP_SUCCESS)
        *cookie = (struct berval){0};
}

/* Takes every message of one page. False when the consumer said stop. */
static bool receive_page(LdapDirectory *self, int id, SearchConsumer consumer, void *data,
                         struct berval *cookie, SearchEnd *end, GError **error)
{
    LDAP *handle = self->handle;
    for (;;) {
        g_autoptr(LDAPMessage) message = NULL;
        end->result = ldap_directory_await(self, id, &message);
        if (end->result != LDAP_SUCCESS)
            return true;
        switch (ldap_msgtype(message)) {
        case LDAP_RES_SEARCH_ENTRY:
            if (!consumer(self, message, data, error)) {
                if (self->handle == handle)
                    ldap_abandon_ext(handle, id, NULL, NULL);
                return false;
            }
            end->entries++;
            break;
        case LDAP_RES_SEARCH_REFERENCE:
            end->references++;
            break;
        case LDAP_RES_SEARCH_RESULT: {
            LDAPControl **controls = NULL;
            g_free(end->diagnostic);
            end->result = ldap_directory_parse(self, message, &end->diagnostic, &controls);
            take_cookie(self, controls, cookie);
            ldap_controls_free(controls);
            return true;
        }
        default:
            break; /* intermediate responses say nothing that we asked for */
        }
        if (self->handle != handle) { /* the consumer's own questions lost it */
            end->result = LDAP_SERVER_DOWN;
            return true;
        }
    }
}

/* Not critical: a server that does not page answers with everything, or with its limit. */
static int send_page(LdapDirectory *self, const ReadRequest *request, struct berval *cookie, int *id)
{
    LDAPControl *page = NULL;
    LDAPControl scope = {.ldctl_oid = (char[]){LDAP_CONTROL_X_DOMAIN_SCOPE}};
    LDAPControl *controls[3] = {NULL};
    size_t n = 0;
    if (self->page_size) {
        int result = ldap_create_page_control(self->handle, (ber_int_t)self->page_size, cookie, 0, &page);
        if (result != LDAP_SUCCESS)
            return result;
        controls[n++] = page;
    }
    if (self->scope_control)
        controls[n++] = &scope;
    int result = ldap_directory_send_search(self, request, controls, id);
    ldap_control_free(page);
    return result;
}

bool ldap_directory_search(LdapDirectory *self, const ReadRequest *request, SearchConsumer consumer,
                           void *data, SearchEnd *end, GError **error)
{
    struct berval cookie = {0};
    bool going = true;
    *end = (SearchEnd){0};
    do {
        int id = 0;
        end->result = send_page(self, request, &cookie, &id);
        if (end->result == LDAP_SUCCESS)
            going = receive_page(self, id, consumer, data, &cookie, end, error);
    } while (going && end->result == LDAP_SUCCESS && cookie.bv_len);
    ber_memfree(cookie.bv_val);
    if (going && ldap_directory_is_lost(end->result))
        ldap_directory_lose(self);
    return going;
}
