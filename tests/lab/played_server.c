/*
 * played_server.c - a thread that plays an LDAP server
 */
#include "tests/lab/played_server.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PAGED_RESULTS "1.2.840.113556.1.4.319"
#define DIRSYNC "1.2.840.113556.1.4.841"
#define NOTIFICATION "1.2.840.113556.1.4.528"
#define DOMAIN_SCOPE "1.2.840.113556.1.4.1339"
#define PASSWORD_MODIFY "1.3.6.1.4.1.4203.1.11.1"
#define A_PAGE 2

enum {
    TAG_BIND = 0x60,
    TAG_BOUND = 0x61,
    TAG_SEARCH = 0x63,
    TAG_ENTRY = 0x64,
    TAG_DONE = 0x65,
    TAG_MODIFY = 0x66,
    TAG_MODIFIED = 0x67,
    TAG_EXTENDED = 0x77,
    TAG_EXTENDED_DONE = 0x78,
    TAG_EXTENDED_VALUE = 0x81,
    TAG_NEW_PASSWORD = 0x82,
    TAG_CONTROLS = 0xa0
};

const char played_guid[16] = {'\x01', '\0', '(', ')', '*', '\\', '\xff', '\x80',
                              8,      9,    10,  11,  12,  13,   14,     15};

/** A search as it came in. */
typedef struct {
    PlayedServer *server;
    Sockbuf *socket;
    ber_int_t id;
    char base[200], attribute[100];
    bool by_guid;    /* the filter holds the identity, byte for byte */
    unsigned offset; /* from the cookie */
    bool paged;
    bool dirsync, notification;
    char cookie[20];
} Search;

static void send_entry(Search *search, const char *dn, const char *name, const char *const *values)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    ber_printf(ber, "{it{s{", search->id, (ber_tag_t)TAG_ENTRY, dn);
    struct berval id = {.bv_len = sizeof played_guid, .bv_val = (char *)played_guid};
    ber_printf(ber, "{s[O]}", "objectGUID", &id);
    if (strcmp(name, "member") != 0 && g_str_has_prefix(name, "member"))
        ber_printf(ber, "{s[]}", "member"); /* Active Directory adds an empty one */
    ber_printf(ber, "{s[v]}", name, (char **)values);
    ber_printf(ber, "}}}");
    ber_flush2(search->socket, ber, LBER_FLUSH_FREE_ALWAYS);
}

static void send_done(Search *search, ber_tag_t tag, int result, const char *cookie)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    ber_printf(ber, "{it{ess}", search->id, tag, result, "", result ? PLAYED_REFUSAL : "");
    if (cookie) {
        BerElement *inner = ber_alloc_t(LBER_USE_DER);
        struct berval value;
        ber_printf(inner, "{is}", 0, cookie);
        ber_flatten2(inner, &value, 0);
        ber_printf(ber, "t{{sO}}", (ber_tag_t)TAG_CONTROLS, PAGED_RESULTS, &value);
        ber_free(inner, 1);
    }
    ber_printf(ber, "}");
    ber_flush2(search->socket, ber, LBER_FLUSH_FREE_ALWAYS);
}

static void answer_other_root(Search *search)
{
    const char *const extensions[] = {PASSWORD_MODIFY, NULL};
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    ber_printf(ber, "{it{s{{s[v]}}}}", search->id, (ber_tag_t)TAG_ENTRY, "", "supportedExtension",
               (char **)extensions);
    ber_flush2(search->socket, ber, LBER_FLUSH_FREE_ALWAYS);
}

static void answer_root(Search *search)
{
    const char *const capabilities[] = {"1.2.840.113556.1.4.800", NULL};
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    const char *const controls[] = {PAGED_RESULTS, DOMAIN_SCOPE,
                                    search->server->tells_changes ? DIRSYNC : NULL,
                                    search->server->tells_changes ? NOTIFICATION : NULL, NULL};
    const char *const contexts[] = {PLAYED_SUFFIX, PLAYED_OTHER_SUFFIX, NULL};
    ber_printf(ber, "{it{s{{s[v]}{s[v]}{s[v]}}}}", search->id, (ber_tag_t)TAG_ENTRY, "",
               "supportedCapabilities", (char **)capabilities, "supportedControl", (char **)controls,
               "namingContexts", (char **)contexts);
    ber_flush2(search->socket, ber, LBER_FLUSH_FREE_ALWAYS);
}

/* Three values at a time; "cn=stuck" never gets beyond the first three. */
static void answer_group(Search *search)
{
    static const char *const first[] = {"cn=m0", "cn=m1", "cn=m2", NULL};
    static const char *const second[] = {"cn=m3", "cn=m4", "cn=m5", NULL};
    static const char *const last[] = {"cn=m6", NULL};
    bool stuck = strcmp(search->base, "cn=stuck") == 0;
    if (strcmp(search->attribute, "member;range=3-*") == 0 && !stuck)
        send_entry(search, search->base, "member;range=3-5", second);
    else if (strcmp(search->attribute, "member;range=6-*") == 0)
        send_entry(search, search->base, "member;range=6-*", last);
    else
        send_entry(search, search->base, "member;range=0-2", first);
}

static void answer_page(Search *search)
{
    const char *const none[] = {"x", NULL};
    char cookie[20] = "";
    unsigned end = search->paged ? MIN(search->offset + A_PAGE, PLAYED_PAGED) : PLAYED_PAGED;
    for (unsigned i = search->offset; i < end; i++) {
        char dn[50];
        g_snprintf(dn, sizeof dn, "cn=p%u,ou=paged", i);
        send_entry(search, dn, "cn", none);
    }
    if (end < PLAYED_PAGED)
        g_snprintf(cookie, sizeof cookie, "%u", end);
    send_done(search, TAG_DONE, 0, search->paged ? cookie : NULL);
}

static void send_changes_done(Search *search, bool more, const char *cookie)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER), *inner = ber_alloc_t(LBER_USE_DER);
    struct berval value;
    ber_printf(inner, "{iis}", more, 0, cookie);
    ber_flatten2(inner, &value, 0);
    ber_printf(ber, "{it{ess}t{{sO}}}", search->id, (ber_tag_t)TAG_DONE, 0, "", "", (ber_tag_t)TAG_CONTROLS,
               DIRSYNC, &value);
    ber_free(inner, 1);
    ber_flush2(search->socket, ber, LBER_FLUSH_FREE_ALWAYS);
}

static void answer_changes(Search *search)
{
    const char *const none[] = {"x", NULL};
    search->server->asked++;
    if (!*search->cookie) {
        send_changes_done(search, false, "first");
    } else if (strcmp(search->cookie, "first") == 0) {
        send_changes_done(search, true, search->server->stuck ? "first" : "empty");
    } else {
        if (strcmp(search->cookie, "empty") == 0)
            send_entry(search, "cn=found," PLAYED_SUFFIX, "cn", none);
        send_changes_done(search, false, "last");
    }
}

static void read_dirsync(Search *search, struct berval *value)
{
    BerElement *inner = ber_init(value);
    ber_int_t flags, most;
    struct berval cookie = {0};
    ber_scanf(inner, "{iim}", &flags, &most, &cookie);
    g_snprintf(search->cookie, sizeof search->cookie, "%.*s", (int)cookie.bv_len,
               cookie.bv_val ? cookie.bv_val : "");
    search->dirsync = true;
    ber_free(inner, 1);
}

static void read_control(Search *search, BerElement *ber)
{
    struct berval oid, value = {0};
    ber_len_t len = 0;
    ber_scanf(ber, "{m", &oid);
    if (ber_peek_tag(ber, &len) == LBER_BOOLEAN) {
        ber_int_t critical;
        ber_scanf(ber, "b", &critical);
    }
    if (ber_peek_tag(ber, &len) == LBER_OCTETSTRING)
        ber_scanf(ber, "m", &value);
    if (oid.bv_len == strlen(DOMAIN_SCOPE) && memcmp(oid.bv_val, DOMAIN_SCOPE, oid.bv_len) == 0)
        g_atomic_int_inc(&search->server->scope_controls);
    if (oid.bv_len == strlen(NOTIFICATION) && memcmp(oid.bv_val, NOTIFICATION, oid.bv_len) == 0)
        search->notification = true;
    if (oid.bv_len == strlen(DIRSYNC) && memcmp(oid.bv_val, DIRSYNC, oid.bv_len) == 0) {
        read_dirsync(search, &value);
    } else if (value.bv_len) {
        BerElement *inner = ber_init(&value);
        ber_int_t size = 0;
        struct berval cookie = {0};
        ber_scanf(inner, "{im}", &size, &cookie);
        assert_int_equal(size, 1000);
        search->paged = true;
        search->offset = cookie.bv_len ? (unsigned)g_ascii_strtoull(cookie.bv_val, NULL, 10) : 0;
        ber_free(inner, 1);
    }
}

static void read_search(Search *search, BerElement *ber)
{
    struct berval base, filter, name;
    ber_int_t skip;
    ber_len_t len;
    char *last;
    ber_scanf(ber, "{meeiib", &base, &skip, &skip, &skip, &skip, &skip);
    g_snprintf(search->base, sizeof search->base, "%.*s", (int)base.bv_len, base.bv_val);
    ber_skip_raw(ber, &filter);
    search->by_guid = memmem(filter.bv_val, filter.bv_len, played_guid, sizeof played_guid);
    for (ber_tag_t tag = ber_first_element(ber, &len, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(ber, &len, last)) {
        ber_scanf(ber, "m", &name);
        g_snprintf(search->attribute, sizeof search->attribute, "%.*s", (int)name.bv_len, name.bv_val);
    }
    if (ber_peek_tag(ber, &len) != TAG_CONTROLS)
        return;
    for (ber_tag_t tag = ber_first_element(ber, &len, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(ber, &len, last))
        read_control(search, ber);
}

static void answer_search(Search *search)
{
    const char *const none[] = {"x", NULL};
    if (search->notification) {
        g_atomic_int_inc(&search->server->notifications);
        return;
    }
    if (strcmp(search->base, "ou=paged") == 0 || search->dirsync) {
        if (search->dirsync)
            answer_changes(search);
        else
            answer_page(search);
        return;
    }
    if (!*search->base && search->server->is_other)
        answer_other_root(search);
    else if (!*search->base)
        answer_root(search);
    else if (g_str_has_prefix(search->base, "cn="))
        answer_group(search);
    else if (search->by_guid)
        send_entry(search, "cn=found," PLAYED_SUFFIX, "cn", none);
    send_done(search, TAG_DONE, 0, NULL);
}

static void keep_password(PlayedServer *server, const struct berval *value)
{
    g_byte_array_set_size(server->password, 0);
    g_byte_array_append(server->password, (const guint8 *)value->bv_val, (guint)value->bv_len);
}

static void take_modify(Search *search, BerElement *ber)
{
    PlayedServer *server = search->server;
    struct berval dn, name, value;
    ber_scanf(ber, "{m{{e{m[m]", &dn, &server->operation, &name, &value);
    g_snprintf(server->attribute, sizeof server->attribute, "%.*s", (int)name.bv_len, name.bv_val);
    keep_password(server, &value);
    server->modifies++;
    send_done(search, TAG_MODIFIED, 0, NULL);
}

static void take_extended(Search *search, BerElement *ber)
{
    PlayedServer *server = search->server;
    struct berval oid, value = {0}, text;
    ber_len_t len = 0;
    char *last;
    int result = 53;
    ber_scanf(ber, "{m", &oid);
    if (ber_peek_tag(ber, &len) == TAG_EXTENDED_VALUE)
        ber_scanf(ber, "m", &value);
    BerElement *inner = ber_init(&value);
    server->own_wanted++;
    for (ber_tag_t tag = ber_first_element(inner, &len, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(inner, &len, last)) {
        ber_scanf(inner, "m", &text);
        if (tag != TAG_NEW_PASSWORD)
            continue;
        keep_password(server, &text);
        server->own_wanted--;
        result = server->refusal;
    }
    ber_free(inner, 1);
    send_done(search, TAG_EXTENDED_DONE, result, NULL);
}

/* False for what is not known, and the end. */
static bool answer_operation(Search *search, ber_tag_t operation, BerElement *ber)
{
    switch (operation) {
    case TAG_BIND:
        send_done(search, TAG_BOUND, 0, NULL);
        return true;
    case TAG_SEARCH:
        read_search(search, ber);
        answer_search(search);
        return true;
    case TAG_MODIFY:
        take_modify(search, ber);
        return true;
    case TAG_EXTENDED:
        take_extended(search, ber);
        return true;
    default:
        return false;
    }
}

static void serve(PlayedServer *server, int fd)
{
    Sockbuf *socket = ber_sockbuf_alloc();
    ber_sockbuf_add_io(socket, &ber_sockbuf_io_tcp, LBER_SBIOD_LEVEL_PROVIDER, &fd);
    for (;;) {
        BerElement *ber = ber_alloc_t(LBER_USE_DER);
        ber_len_t len = 0;
        Search search = {.server = server, .socket = socket};
        ber_tag_t operation = LBER_DEFAULT;
        if (ber_get_next(socket, &len, ber) == LBER_SEQUENCE)
            ber_scanf(ber, "i", &search.id);
        if (search.id)
            operation = ber_peek_tag(ber, &len);
        bool known = answer_operation(&search, operation, ber);
        ber_free(ber, 1);
        if (!known)
            break;
    }
    ber_sockbuf_free(socket);
}

static void *run_server(void *data)
{
    PlayedServer *server = data;
    int fd;
    while ((fd = accept(server->listener, NULL, NULL)) >= 0)
        serve(server, fd);
    return NULL;
}

int played_server_start(void **state)
{
    PlayedServer *server = g_new0(PlayedServer, 1);
    server->password = g_byte_array_new();
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *folder = g_dir_make_tmp("ad-XXXXXX", NULL);
    g_strlcpy(server->folder, folder, sizeof server->folder);
    g_snprintf(server->path, sizeof server->path, "%s/s", folder);
    g_strlcpy(address.sun_path, server->path, sizeof address.sun_path);
    g_autofree char *escaped = g_uri_escape_string(server->path, NULL, FALSE);
    g_snprintf(server->uri, sizeof server->uri, "ldapi://%s", escaped);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&address, sizeof address) || listen(server->listener, 5))
        return -1;
    server->thread = g_thread_new("server", run_server, server);
    *state = server;
    return 0;
}

int played_server_stop(void **state)
{
    PlayedServer *server = *state;
    shutdown(server->listener, SHUT_RDWR);
    g_thread_join(server->thread);
    close(server->listener);
    unlink(server->path);
    rmdir(server->folder);
    g_byte_array_unref(server->password);
    g_free(server);
    return 0;
}

Directory *played_server_open(PlayedServer *server, Endpoint *endpoint, char *uris[2])
{
    g_autoptr(GError) error = NULL;
    uris[0] = server->uri;
    uris[1] = NULL;
    *endpoint = (Endpoint){
        .driver = (char *)"ldap", .uris = uris, .base = (char *)PLAYED_SUFFIX, .timeout = 5, .window = 8};
    Directory *directory = ldap_driver.open(endpoint, &error);
    if (!directory)
        fail_msg("%s", error->message);
    return directory;
}
