/*
 * ldap_connect.c - options, TLS, binding, reconnecting
 *
 * A password travels over TLS, a local socket or loopback, or the definition
 * says otherwise. TLS is always verified. Wrong credentials end the directory:
 * neither another URI nor a reconnection tries them again.
 *
 * libldap reads ldap.conf, ldaprc and LDAP* variables when it is first used
 * and copies what it found into each handle. Each option that could weaken or
 * divert us is therefore set on the handle itself, and the TLS context is made
 * anew from them, so that "TLS_REQCERT never" in an environment has no say.
 *
 * SIGPIPE is ignored from the first connection on, unless the program handles
 * it already.
 */
#include "dirsync/bind_gate.h"
#include "dirsync/directory/ldap_internal.h"

#include "dirsync/event.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sasl/sasl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

typedef struct {
    int option;
    int value;
} IntOption;

static const IntOption int_options[] = {
    {LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3},
    {LDAP_OPT_DEREF, LDAP_DEREF_NEVER},
    {LDAP_OPT_SIZELIMIT, LDAP_NO_LIMIT},
    {LDAP_OPT_TIMELIMIT, LDAP_NO_LIMIT},
    /* A watch would wait for ever on a server that went without a word. */
    {LDAP_OPT_X_KEEPALIVE_IDLE, 60},
    {LDAP_OPT_X_KEEPALIVE_INTERVAL, 20},
    {LDAP_OPT_X_KEEPALIVE_PROBES, 3},
};

static const IntOption tls_options[] = {
    {LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND},
    {LDAP_OPT_X_TLS_REQUIRE_SAN, LDAP_OPT_X_TLS_ALLOW},
    {LDAP_OPT_X_TLS_PROTOCOL_MIN, LDAP_OPT_X_TLS_PROTOCOL_TLS1_2},
};

static bool scheme_is(const char *uri, const char *scheme)
{
    return g_ascii_strncasecmp(uri, scheme, strlen(scheme)) == 0;
}

/* The system's bundle; libldap has no default of its own once ldap.conf has no say. */
static const char *system_authorities(void)
{
    static const char *const bundles[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bundles); i++) {
        if (g_file_test(bundles[i], G_FILE_TEST_IS_REGULAR))
            return bundles[i];
    }
    return NULL;
}

static bool set_int_options(LDAP *handle, const IntOption *options, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (ldap_set_option(handle, options[i].option, &options[i].value) != LDAP_OPT_SUCCESS)
            return false;
    }
    return true;
}

static bool set_options(LDAP *handle, const Endpoint *endpoint)
{
    struct timeval timeout = {.tv_sec = endpoint->timeout ? (time_t)endpoint->timeout : 30};
    return set_int_options(handle, int_options, G_N_ELEMENTS(int_options)) &&
           ldap_set_option(handle, LDAP_OPT_REFERRALS, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
           ldap_set_option(handle, LDAP_OPT_RESTART, LDAP_OPT_ON) == LDAP_OPT_SUCCESS &&
           ldap_set_option(handle, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_OFF) == LDAP_OPT_SUCCESS &&
           ldap_set_option(handle, LDAP_OPT_NETWORK_TIMEOUT, &timeout) == LDAP_OPT_SUCCESS &&
           ldap_set_option(handle, LDAP_OPT_TIMEOUT, &timeout) == LDAP_OPT_SUCCESS &&
           ldap_set_option(handle, LDAP_OPT_X_SASL_SECPROPS, "noanonymous,noplain") == LDAP_OPT_SUCCESS;
}

static bool set_tls_options(LDAP *handle, const Endpoint *endpoint, const char *uri, GError **error)
{
    const char *authorities = endpoint->tls_ca ? endpoint->tls_ca : system_authorities();
    int client = 0;
    bool set =
        set_int_options(handle, tls_options, G_N_ELEMENTS(tls_options)) &&
        ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTDIR, NULL) == LDAP_OPT_SUCCESS &&
        ldap_set_option(handle, LDAP_OPT_X_TLS_CACERTFILE, authorities) == LDAP_OPT_SUCCESS &&
        ldap_set_option(handle, LDAP_OPT_X_TLS_CIPHER_SUITE, NULL) == LDAP_OPT_SUCCESS &&
        ldap_set_option(handle, LDAP_OPT_X_TLS_CERTFILE, endpoint->tls_certificate) == LDAP_OPT_SUCCESS &&
        ldap_set_option(handle, LDAP_OPT_X_TLS_KEYFILE, endpoint->tls_key) == LDAP_OPT_SUCCESS;
    if (set && ldap_set_option(handle, LDAP_OPT_X_TLS_NEWCTX, &client) == LDAP_OPT_SUCCESS)
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s: TLS cannot be set up with the CA file %s%s%s; see that the files are PEM %s", uri,
              authorities ? authorities : "(none found)",
              endpoint->tls_certificate ? " and the certificate " : "",
              endpoint->tls_certificate ? endpoint->tls_certificate : "", "and can be read");
    return false;
}

/* "localhost" by name, else by number only: a name could resolve to anything. */
static bool host_is_local(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (!host || !*host || g_ascii_strcasecmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    g_autofree char *bare = g_strdup(*host == '[' ? host + 1 : host);
    bare[strcspn(bare, "]")] = '\0';
    return inet_pton(AF_INET6, bare, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool check_uri(const Endpoint *endpoint, const char *uri, GError **error)
{
    LDAPURLDesc *parts = NULL;
    if (ldap_url_parse(uri, &parts) != LDAP_URL_SUCCESS) {
        error_set(error, ERROR_DEFINITION,
                  "%s: not a URI of an LDAP server; use ldap://, ldaps:// or ldapi://", uri);
        return false;
    }
    bool open_to_all =
        scheme_is(uri, "ldap://") && endpoint->tls != TLS_START && !host_is_local(parts->lud_host);
    ldap_free_urldesc(parts);
    if (endpoint->bind != BIND_SIMPLE || !open_to_all || endpoint->cleartext_allowed)
        return true;
    error_set(error, ERROR_DEFINITION,
              "%s: the password would travel unprotected; use ldaps:// or tls=\"start\", or say "
              "cleartext=\"allow\"",
              uri);
    return false;
}

/* Answers SASL's questions from the definition alone: who to act as, and nothing else. */
static int answer_sasl(LDAP *handle, unsigned flags, void *defaults, void *questions)
{
    (void)handle;
    (void)flags;
    const Endpoint *endpoint = defaults;
    for (sasl_interact_t *question = questions; question->id != SASL_CB_LIST_END; question++) {
        const char *answer = question->id == SASL_CB_USER ? endpoint->bind_dn : NULL;
        question->result = answer ? answer : "";
        question->len = (unsigned)strlen(question->result);
    }
    return LDAP_SUCCESS;
}

static int bind_simple(LDAP *handle, const Endpoint *endpoint, const char *uri, GError **error)
{
    char *password = secret_fetch(&endpoint->password, error);
    if (!password)
        return LDAP_OTHER;
    int result = LDAP_OTHER;
    /* RFC 4513 section 5.1.2: a DN without a password is an anonymous bind that looks like success. */
    if (!endpoint->bind_dn || !*endpoint->bind_dn || !*password) {
        error_set(error, ERROR_DEFINITION,
                  "%s: a simple bind needs a DN and a password that is not empty; %s", uri,
                  "see the definition, or use bind=\"anonymous\"");
    } else {
        struct berval credentials = {.bv_len = strlen(password), .bv_val = password};
        result =
            ldap_sasl_bind_s(handle, endpoint->bind_dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);
    }
    secret_free(password);
    return result;
}

static int bind_as_defined(LDAP *handle, const Endpoint *endpoint, const char *uri, GError **error)
{
    struct berval nothing = {.bv_len = 0, .bv_val = (char[]){""}};
    switch (endpoint->bind) {
    case BIND_ANONYMOUS:
        return ldap_sasl_bind_s(handle, "", LDAP_SASL_SIMPLE, &nothing, NULL, NULL, NULL);
    case BIND_SIMPLE:
        return bind_simple(handle, endpoint, uri, error);
    case BIND_EXTERNAL:
        return ldap_sasl_interactive_bind_s(handle, NULL, "EXTERNAL", NULL, NULL, LDAP_SASL_QUIET,
                                            answer_sasl, (void *)endpoint);
    case BIND_GSSAPI:
        return ldap_sasl_interactive_bind_s(handle, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, answer_sasl,
                                            (void *)endpoint);
    }
    return LDAP_AUTH_UNKNOWN;
}

/* What libldap or the system says about the last failure; g_free(). */
static char *failure_text(LDAP *handle, int result, int system_error)
{
    char *diagnostic = NULL;
    ldap_get_option(handle, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
    /* GnuTLS has no words for a certificate that it refuses. */
    bool wordless = diagnostic && strstr(diagnostic, "unknown error code");
    char *text = g_strdup(wordless ? "TLS was refused" : diagnostic ? diagnostic : "");
    ldap_memfree(diagnostic);
    if (*text || result != LDAP_SERVER_DOWN || !system_error)
        return text;
    g_free(text);
    return g_strdup(g_strerror(system_error));
}

/* The text of the error goes with it: whoever is refused for our try says the same. */
static int bind_in_turn(LDAP *handle, const Endpoint *endpoint, const char *uri, GError **error)
{
    g_autofree char *key = bind_gate_key(uri, endpoint->bind_dn, &endpoint->password);
    g_autoptr(GError) wrong = NULL;
    if (!bind_gate_enter(key, error))
        return LDAP_OTHER;
    int result = bind_as_defined(handle, endpoint, uri, error);
    if (result == LDAP_INVALID_CREDENTIALS) {
        g_autofree char *text = failure_text(handle, result, 0);
        ldap_directory_error(&wrong, uri, "binding", result, text);
    }
    bind_gate_leave(result == LDAP_SUCCESS ? BIND_GOOD
                    : wrong                ? BIND_WRONG
                                           : BIND_UNKNOWN,
                    wrong ? wrong->message : NULL);
    return result;
}

/* Others wait for our bind, and not for a server that cannot be reached. */
static int bind_now(LDAP *handle, const Endpoint *endpoint, const char *uri, GError **error)
{
    if (endpoint->bind != BIND_SIMPLE || !bind_gate_is_there())
        return bind_as_defined(handle, endpoint, uri, error);
    int result = ldap_connect(handle);
    return result == LDAP_SUCCESS ? bind_in_turn(handle, endpoint, uri, error) : result;
}

static bool establish(LDAP *handle, const Endpoint *endpoint, const char *uri, GError **error)
{
    bool upgrade = endpoint->tls == TLS_START && scheme_is(uri, "ldap://");
    if (!set_options(handle, endpoint)) {
        error_set(error, ERROR_PROTOCOL,
                  "%s: libldap does not take its options; install libldap 2.5 or later", uri);
        return false;
    }
    if ((upgrade || scheme_is(uri, "ldaps://")) && !set_tls_options(handle, endpoint, uri, error))
        return false;

    GError *cause = NULL;
    const char *what = upgrade ? "StartTLS" : "connecting";
    errno = 0;
    int result = upgrade ? ldap_start_tls_s(handle, NULL, NULL) : LDAP_SUCCESS;
    if (result == LDAP_SUCCESS) {
        result = bind_now(handle, endpoint, uri, &cause);
        what = ldap_directory_is_lost(result) ? "connecting" : "binding";
    }
    int system_error = errno;
    if (result == LDAP_SUCCESS)
        return true;
    if (cause) {
        g_propagate_error(error, cause);
        return false;
    }
    g_autofree char *text = failure_text(handle, result, system_error);
    if (result == LDAP_SERVER_DOWN && scheme_is(uri, "ldaps://"))
        result = LDAP_CONNECT_ERROR; /* where the remedy speaks of certificates too */
    ldap_directory_error(error, uri, what, result, text);
    return false;
}

static LDAP *connect_to(const Endpoint *endpoint, const char *uri, GError **error)
{
    LDAP *handle = NULL;
    if (!check_uri(endpoint, uri, error))
        return NULL;
    int result = ldap_initialize(&handle, uri);
    if (result != LDAP_SUCCESS) {
        error_set(error, ERROR_DEFINITION, "%s: %s; use ldap://, ldaps:// or ldapi://", uri,
                  ldap_err2string(result));
        return NULL;
    }
    if (establish(handle, endpoint, uri, error))
        return handle;
    ldap_unbind_ext(handle, NULL, NULL);
    return NULL;
}

/* A failure that another URI of the same definition would only repeat. */
static bool is_final(const GError *error)
{
    return error_is(error, ERROR_CREDENTIALS) || error_is(error, ERROR_DEFINITION);
}

/* liblber writes to its sockets without MSG_NOSIGNAL: a server that is gone would end the process. */
static void survive_broken_connections(void)
{
    struct sigaction present;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGPIPE, NULL, &present) == 0 && present.sa_handler == SIG_DFL)
        sigaction(SIGPIPE, &ignore, NULL);
}

bool ldap_directory_connect(LdapDirectory *self, GError **error)
{
    survive_broken_connections();
    g_autoptr(GString) reasons = g_string_new(NULL);
    if (self->refused) {
        if (error)
            *error = g_error_copy(self->refused);
        return false;
    }
    for (char **uri = self->endpoint->uris; uri && *uri; uri++) {
        g_autoptr(GError) cause = NULL;
        self->handle = connect_to(self->endpoint, *uri, &cause);
        if (self->handle) {
            self->connections++;
            g_free(self->uri);
            self->uri = g_strdup(*uri);
            return true;
        }
        if (error_is(cause, ERROR_CREDENTIALS))
            self->refused = g_error_copy(cause);
        if (is_final(cause) || (!uri[1] && !reasons->len)) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return false;
        }
        g_string_append_printf(reasons, "%s%s", reasons->len ? " -- " : "", cause->message);
    }
    if (reasons->len)
        error_set(error, ERROR_UNREACHABLE, "%s", reasons->str);
    else
        error_set(error, ERROR_DEFINITION, "%s: no URI; name the server as ldaps://HOST or ldapi://SOCKET",
                  self->endpoint->where ? self->endpoint->where : "ldap");
    return false;
}

bool ldap_directory_ensure(LdapDirectory *self, GError **error)
{
    if (self->handle)
        return true;
    if (!ldap_directory_connect(self, error))
        return false;
    event_emit(EVENT_RECONNECTED, self->uri, "connected again");
    return true;
}

void ldap_directory_lose(LdapDirectory *self)
{
    ldap_directory_orphan_changes(self);
    if (self->handle)
        ldap_unbind_ext(self->handle, NULL, NULL);
    self->handle = NULL;
}
