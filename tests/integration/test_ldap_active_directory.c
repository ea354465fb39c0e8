/*
 * test_ldap_active_directory.c - what Active Directory does and slapd does not
 *
 * A thread plays the server, with the few answers that matter: pages, values
 * in ranges, binary identities, the control that keeps referrals out. It needs
 * nothing installed. That a real one behaves so is for the tests on Samba.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/directory/ldap.h"

#include <lber.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SUFFIX "dc=lab,dc=test"
#define PAGED_RESULTS "1.2.840.113556.1.4.319"
#define DOMAIN_SCOPE "1.2.840.113556.1.4.1339"
#define N_PAGED 5
#define A_PAGE 2

enum {
    TAG_BIND = 0x60,
    TAG_BOUND = 0x61,
    TAG_SEARCH = 0x63,
    TAG_ENTRY = 0x64,
    TAG_DONE = 0x65,
    TAG_CONTROLS = 0xa0
};

static const char guid[16] = {'\x01', '\0', '(', ')', '*', '\\', '\xff', '\x80',
                              8,      9,    10,  11,  12,  13,   14,     15};

/* ---- the server */

typedef struct {
    char folder[64];
    char path[100];
    char uri[300];
    int listener;
    GThread *thread;
    gint scope_controls; /* searches that carried the control */
} Server;

/** A search as it came in. */
typedef struct {
    Server *server;
    Sockbuf *socket;
    ber_int_t id;
    char base[200], attribute[100];
    bool by_guid;    /* the filter holds the identity, byte for byte */
    unsigned offset; /* from the cookie */
    bool paged;
} Search;

static void send_entry(Search *search, const char *dn, const char *name, const char *const *values)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    ber_printf(ber, "{it{s{", search->id, (ber_tag_t)TAG_ENTRY, dn);
    struct berval id = {.bv_len = sizeof guid, .bv_val = (char *)guid};
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
    ber_printf(ber, "{it{ess}", search->id, tag, result, "", "");
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

static void answer_root(Search *search)
{
    const char *const capabilities[] = {"1.2.840.113556.1.4.800", NULL};
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    const char *const controls[] = {PAGED_RESULTS, DOMAIN_SCOPE, NULL};
    ber_printf(ber, "{it{s{{s[v]}{s[v]}}}}", search->id, (ber_tag_t)TAG_ENTRY, "", "supportedCapabilities",
               (char **)capabilities, "supportedControl", (char **)controls);
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
    unsigned end = search->paged ? MIN(search->offset + A_PAGE, N_PAGED) : N_PAGED;
    for (unsigned i = search->offset; i < end; i++) {
        char dn[50];
        g_snprintf(dn, sizeof dn, "cn=p%u,ou=paged", i);
        send_entry(search, dn, "cn", none);
    }
    if (end < N_PAGED)
        g_snprintf(cookie, sizeof cookie, "%u", end);
    send_done(search, TAG_DONE, 0, search->paged ? cookie : NULL);
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
    if (value.bv_len) {
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
    search->by_guid = memmem(filter.bv_val, filter.bv_len, guid, sizeof guid);
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
    if (strcmp(search->base, "ou=paged") == 0) {
        answer_page(search);
        return;
    }
    if (!*search->base)
        answer_root(search);
    else if (g_str_has_prefix(search->base, "cn="))
        answer_group(search);
    else if (search->by_guid)
        send_entry(search, "cn=found," SUFFIX, "cn", none);
    send_done(search, TAG_DONE, 0, NULL);
}

static void serve(Server *server, int fd)
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
        if (operation == TAG_BIND)
            send_done(&search, TAG_BOUND, 0, NULL);
        if (operation == TAG_SEARCH) {
            read_search(&search, ber);
            answer_search(&search);
        }
        ber_free(ber, 1);
        if (operation != TAG_BIND && operation != TAG_SEARCH)
            break;
    }
    ber_sockbuf_free(socket);
}

static void *run_server(void *data)
{
    Server *server = data;
    int fd;
    while ((fd = accept(server->listener, NULL, NULL)) >= 0)
        serve(server, fd);
    return NULL;
}

static int start_server(void **state)
{
    Server *server = g_new0(Server, 1);
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

static int stop_server(void **state)
{
    Server *server = *state;
    shutdown(server->listener, SHUT_RDWR);
    g_thread_join(server->thread);
    close(server->listener);
    unlink(server->path);
    rmdir(server->folder);
    g_free(server);
    return 0;
}

/* ---- the cases */

static Directory *open_server(Server *server, Endpoint *endpoint, char *uris[2])
{
    g_autoptr(GError) error = NULL;
    uris[0] = server->uri;
    uris[1] = NULL;
    *endpoint =
        (Endpoint){.driver = (char *)"ldap", .uris = uris, .base = (char *)SUFFIX, .timeout = 5, .window = 8};
    Directory *directory = ldap_driver.open(endpoint, &error);
    if (!directory)
        fail_msg("%s", error->message);
    return directory;
}

/** What a read delivered. */
typedef struct {
    GPtrArray *entries;
    Fingerprint last;
    GError *error; /* of the last decoding or bad item */
} Delivered;

static bool take_item(const DirectoryItem *item, void *data, GError **error)
{
    (void)error;
    Delivered *delivered = data;
    g_clear_error(&delivered->error);
    delivered->last = item->fingerprint;
    if (item->bad) {
        delivered->error = g_error_copy(item->bad);
        return true;
    }
    Entry *entry = item->directory->decode(item, &delivered->error);
    if (entry)
        g_ptr_array_add(delivered->entries, entry);
    return true;
}

static ReadResult read_base(Directory *directory, const char *base, Delivered *delivered)
{
    ReadResult result;
    ReadRequest request = {.base = base, .scope = SEARCH_SUBTREE};
    *delivered = (Delivered){.entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free)};
    assert_true(ldap_driver.read(directory, &request, take_item, delivered, &result, NULL));
    return result;
}

static void delivered_clear(Delivered *delivered)
{
    g_ptr_array_unref(delivered->entries);
    g_clear_error(&delivered->error);
}

static void its_capabilities_are_discovered(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    g_autoptr(Directory) directory = open_server(*state, &endpoint, uris);
    const DirectoryDescription *description = ldap_driver.describe(directory);
    assert_int_equal(description->capabilities,
                     CAN_WRITE | CAN_FETCH); /* no assertions, no subschema shown */
    assert_string_equal(description->default_anchor, "objectGUID");
    assert_ptr_equal(description->schema, schema_standard());
}

static void all_pages_are_read_without_being_asked_to(void **state)
{
    Server *server = *state;
    Endpoint endpoint;
    char *uris[2];
    Delivered delivered;
    g_autoptr(Directory) directory = open_server(server, &endpoint, uris);
    int before = g_atomic_int_get(&server->scope_controls);
    ReadResult result = read_base(directory, "ou=paged", &delivered);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_int_equal(result.entries, N_PAGED);
    for (guint i = 0; i < delivered.entries->len; i++) {
        g_autofree char *dn = g_strdup_printf("cn=p%u,ou=paged", i);
        assert_string_equal(entry_dn(g_ptr_array_index(delivered.entries, i)), dn);
    }
    assert_int_equal(g_atomic_int_get(&server->scope_controls) - before, 3); /* one a page */
    delivered_clear(&delivered);
}

static void an_attribute_in_ranges_is_completed(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    Delivered delivered;
    g_autoptr(Directory) directory = open_server(*state, &endpoint, uris);
    ReadResult result = read_base(directory, "cn=group", &delivered);
    assert_int_equal(result.proof, PROOF_COMPLETE);
    assert_int_equal(delivered.entries->len, 1);
    const Entry *entry = g_ptr_array_index(delivered.entries, 0);
    const Attribute *member = entry_attribute(entry, (size_t)entry_index(entry, "member"));
    assert_int_equal(member->n_values, 7);
    for (unsigned i = 0; i < 7; i++) {
        char dn[10];
        g_snprintf(dn, sizeof dn, "cn=m%u", i);
        assert_string_equal(member->values[i].data, dn);
    }
    assert_int_equal(entry_index(entry, "member;range=0-2"), -1);
    assert_int_equal(entry_index(entry, "member;range=3-5"), -1);

    /* The fingerprint is of the whole, not of the part that came first. */
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    entry_serialise(entry, bytes);
    assert_true(fingerprint_equal(delivered.last, fingerprint_bytes(bytes->data, bytes->len)));
    delivered_clear(&delivered);
}

static void ranges_without_headway_end_as_a_bad_record(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    Delivered delivered;
    g_autoptr(Directory) directory = open_server(*state, &endpoint, uris);
    ReadResult result = read_base(directory, "cn=stuck", &delivered);
    assert_int_equal(result.bad, 1);
    assert_int_equal(result.entries, 0);
    assert_int_equal(delivered.entries->len, 0);
    assert_true(error_is(delivered.error, ERROR_INVALID));
    assert_non_null(strstr(delivered.error->message, "member"));
    assert_true(fingerprint_is_zero(delivered.last));
    delivered_clear(&delivered);
}

static bool take_fetched(size_t index, Entry *entry, void *data, GError **error)
{
    (void)index;
    (void)error;
    *(Entry **)data = entry;
    return true;
}

static void a_binary_identity_is_fetched(void **state)
{
    Endpoint endpoint;
    char *uris[2];
    g_autoptr(Directory) directory = open_server(*state, &endpoint, uris);
    g_autoptr(Entry) entry = NULL;
    FetchId id = {NULL, "objectGUID", {.data = guid, .len = sizeof guid}, 0};
    g_autoptr(GError) error = NULL;
    if (!ldap_driver.fetch(directory, &id, 1, NULL, take_fetched, &entry, &error))
        fail_msg("%s", error->message);
    assert_non_null(entry);
    assert_string_equal(entry_dn(entry), "cn=found," SUFFIX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_capabilities_are_discovered),
        cmocka_unit_test(all_pages_are_read_without_being_asked_to),
        cmocka_unit_test(an_attribute_in_ranges_is_completed),
        cmocka_unit_test(ranges_without_headway_end_as_a_bad_record),
        cmocka_unit_test(a_binary_identity_is_fetched),
    };
    return cmocka_run_group_tests_name("ldap_active_directory", tests, start_server, stop_server);
}
