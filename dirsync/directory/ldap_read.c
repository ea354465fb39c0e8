/*
 * ldap_read.c - reading and decoding
 *
 * Entries are handed on as they arrive; their fingerprint is taken from the
 * bytes as received, without decoding. A read is complete when the server said
 * success and no part of the tree was left out. An attribute that a server
 * hands out in ranges is completed by further searches.
 */
#include "dirsync/directory/ldap_internal.h"

#include <string.h>

#define RANGE_OPTION ";range="

/** An attribute of which the server gave only a part. */
typedef struct {
    char *name;   /* without the option */
    guint64 next; /* number of the first value that is missing */
} OpenRange;

static void open_range_clear(void *data)
{
    g_free(((OpenRange *)data)->name);
}

static GArray *open_ranges_new(void)
{
    GArray *ranges = g_array_new(FALSE, TRUE, sizeof(OpenRange));
    g_array_set_clear_func(ranges, open_range_clear);
    return ranges;
}

/* "member;range=0-1499": @name_len is that of "member". False when it is no range. */
static bool range_parse(const char *description, size_t *name_len, guint64 *next, bool *last)
{
    const char *option = strcasestr(description, RANGE_OPTION);
    if (!option)
        return false;
    const char *text = option + strlen(RANGE_OPTION);
    char *end = NULL;
    guint64 low = g_ascii_strtoull(text, &end, 10);
    if (end == text || *end != '-')
        return false;
    text = end + 1;
    *name_len = (size_t)(option - description);
    *last = strcmp(text, "*") == 0;
    if (*last)
        return true;
    guint64 high = g_ascii_strtoull(text, &end, 10);
    *next = high + 1;
    return end != text && !*end && high >= low;
}

/* Adds one attribute to @entry; notes it in @ranges when values are missing. Passwords, which a server shows
 * to those who may see everything, end here. */
static void add_attribute(Entry *entry, const char *description, const struct berval *values, GArray *ranges)
{
    if (schema_is_secret(description))
        return;
    size_t name_len = 0;
    OpenRange range = {0};
    bool last = true;
    bool in_ranges = range_parse(description, &name_len, &range.next, &last);
    g_autofree char *name = in_ranges ? g_strndup(description, name_len) : NULL;
    for (size_t i = 0; values && values[i].bv_val; i++)
        entry_add(entry, in_ranges ? name : description, values[i].bv_val, values[i].bv_len);
    if (!last) {
        range.name = g_steal_pointer(&name);
        g_array_append_val(ranges, range);
    }
}

/* The DN and a decoder at the first attribute; ber_free(ber, 0). */
static BerElement *open_entry(LDAP *handle, LDAPMessage *message, struct berval *dn)
{
    BerElement *ber = NULL;
    if (ldap_get_dn_ber(handle, message, &ber, dn) == LDAP_SUCCESS && dn->bv_val)
        return ber;
    if (ber)
        ber_free(ber, 0);
    return NULL;
}

static bool add_attributes(LDAP *handle, LDAPMessage *message, Entry *entry, GArray *ranges)
{
    struct berval dn;
    BerElement *ber = open_entry(handle, message, &dn);
    if (!ber)
        return false;
    int result;
    for (;;) {
        struct berval name = {0};
        struct berval *values = NULL;
        result = ldap_get_attribute_ber(handle, message, ber, &name, &values);
        if (result == LDAP_SUCCESS && name.bv_val)
            add_attribute(entry, name.bv_val, values, ranges);
        ber_memfree(values);
        if (result != LDAP_SUCCESS || !name.bv_val)
            break;
    }
    ber_free(ber, 0);
    return result == LDAP_SUCCESS;
}

typedef struct {
    Entry *entry;
    GArray *ranges;
} RangeAnswer;

static bool take_range(LdapDirectory *self, LDAPMessage *message, void *data, GError **error)
{
    RangeAnswer *answer = data;
    if (add_attributes(self->handle, message, answer->entry, answer->ranges))
        return true;
    error_set(error, ERROR_INVALID, "%s: %s: cannot be decoded; see the server's log", self->uri,
              entry_dn(answer->entry));
    return false;
}

static bool incomplete(LdapDirectory *self, const Entry *entry, const char *name, const SearchEnd *end,
                       GError **error)
{
    error_set(error, ERROR_INVALID,
              "%s: %s: not all values of %s could be read (%s); the next run tries again", self->uri,
              entry_dn(entry), name, ldap_err2string(end->result));
    return false;
}

/* Reads the rest of one attribute, range after range. The server must make headway each time. */
static bool complete_range(LdapDirectory *self, Entry *entry, const OpenRange *start, GError **error)
{
    guint64 next = start->next;
    bool more = true;
    while (more) {
        g_autoptr(GArray) ranges = open_ranges_new();
        g_autofree char *wanted =
            g_strdup_printf("%s" RANGE_OPTION "%" G_GUINT64_FORMAT "-*", start->name, next);
        const char *const attributes[] = {wanted, NULL};
        ReadRequest request = {.base = entry_dn(entry), .scope = SEARCH_BASE, .attributes = attributes};
        RangeAnswer answer = {.entry = entry, .ranges = ranges};
        SearchEnd end;
        bool going = self->handle && ldap_directory_search(self, &request, take_range, &answer, &end, error);
        if (!self->handle)
            end = (SearchEnd){.result = LDAP_SERVER_DOWN};
        bool whole = going && end.result == LDAP_SUCCESS && end.entries == 1;
        more = ranges->len > 0;
        if (more && g_array_index(ranges, OpenRange, 0).next <= next)
            whole = false;
        if (more)
            next = g_array_index(ranges, OpenRange, 0).next;
        if (!whole && !(error && *error))
            incomplete(self, entry, start->name, &end, error);
        ldap_directory_search_end_clear(&end);
        if (!whole)
            return false;
    }
    return true;
}

Entry *ldap_directory_decode_message(LdapDirectory *self, LDAPMessage *message, GError **error)
{
    struct berval dn;
    BerElement *ber = self->handle ? open_entry(self->handle, message, &dn) : NULL;
    if (!ber) {
        error_set(error, ERROR_INVALID, "%s: an entry cannot be decoded; see the server's log", self->uri);
        return NULL;
    }
    g_autofree char *name = g_strndup(dn.bv_val, dn.bv_len);
    ber_free(ber, 0);
    g_autoptr(Entry) entry = entry_new(name);
    g_autoptr(GArray) ranges = open_ranges_new();
    if (!add_attributes(self->handle, message, entry, ranges)) {
        error_set(error, ERROR_INVALID, "%s: %s: cannot be decoded; see the server's log", self->uri, name);
        return NULL;
    }
    for (guint i = 0; i < ranges->len; i++) {
        if (!complete_range(self, entry, &g_array_index(ranges, OpenRange, i), error))
            return NULL;
    }
    return g_steal_pointer(&entry);
}

/** What is behind an item. */
typedef struct {
    LDAPMessage *message;
    Entry *whole; /* already decoded, because its bytes as received were not all of it */
} EntryHandle;

Entry *ldap_directory_decode(const DirectoryItem *item, GError **error)
{
    const EntryHandle *handle = item->handle;
    if (handle->whole)
        return entry_copy(handle->whole);
    return ldap_directory_decode_message((LdapDirectory *)item->directory, handle->message, error);
}

static Fingerprint fingerprint_entry(const Entry *entry)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    entry_serialise(entry, bytes);
    return fingerprint_bytes(bytes->data, bytes->len);
}

/* The attributes as they stand in the receive buffer. */
static struct berval raw_attributes(BerElement *ber)
{
    struct berval raw = {.bv_val = (char[]){""}, .bv_len = 0};
    struct berval first = {0};
    ber_len_t remaining = 0;
    if (ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &remaining) != LBER_OPT_SUCCESS || !remaining)
        return raw;
    if (ber_skip_raw(ber, &first) == LBER_DEFAULT)
        return raw;
    raw.bv_val = first.bv_val;
    raw.bv_len = remaining;
    return raw;
}

/* Must run before anything is decoded: libldap ends strings with NUL where they stand. */
static bool describe_item(LdapDirectory *self, EntryHandle *handle, DirectoryItem *item, GError **error)
{
    struct berval dn;
    BerElement *ber = open_entry(self->handle, handle->message, &dn);
    if (!ber) {
        error_set(error, ERROR_INVALID, "%s: an entry cannot be decoded; see the server's log", self->uri);
        return false;
    }
    struct berval raw = raw_attributes(ber);
    Fingerprint parts[2] = {fingerprint_bytes(dn.bv_val, dn.bv_len),
                            fingerprint_bytes(raw.bv_val, raw.bv_len)};
    bool in_ranges = memmem(raw.bv_val, raw.bv_len, RANGE_OPTION, strlen(RANGE_OPTION));
    item->where = dn.bv_val;
    item->fingerprint = fingerprint_bytes(parts, sizeof parts);
    ber_free(ber, 0);
    if (!in_ranges)
        return true;
    handle->whole = ldap_directory_decode_message(self, handle->message, error);
    if (handle->whole)
        item->fingerprint = fingerprint_entry(handle->whole);
    return handle->whole;
}

bool ldap_directory_deliver(LdapDirectory *self, LDAPMessage *message, DirectorySink sink, void *data,
                            ReadResult *result, GError **error)
{
    EntryHandle handle = {.message = message};
    g_autoptr(GError) bad = NULL;
    DirectoryItem item = {.directory = &self->directory, .handle = &handle};
    if (!describe_item(self, &handle, &item, &bad)) {
        item.bad = bad;
        item.fingerprint = (Fingerprint){0};
        item.where = item.where ? item.where : self->uri;
        result->bad++;
    } else {
        result->entries++;
    }
    bool going = sink(&item, data, error);
    entry_free(handle.whole);
    return going;
}

typedef struct {
    DirectorySink sink;
    void *data;
    ReadResult *result;
} ReadState;

static bool deliver(LdapDirectory *self, LDAPMessage *message, void *data, GError **error)
{
    ReadState *state = data;
    return ldap_directory_deliver(self, message, state->sink, state->data, state->result, error);
}

static char *partial_reason(LdapDirectory *self, const SearchEnd *end)
{
    if (end->result == LDAP_SUCCESS)
        return g_strdup_printf("%s: %zu parts of the tree are on other servers and were not read", self->uri,
                               end->references);
    if (ldap_directory_is_lost(end->result))
        return g_strdup_printf("%s: connection lost (%s) after %zu entries", self->uri,
                               ldap_err2string(end->result), end->entries);
    bool limit = ldap_directory_error_code(end->result) == ERROR_SERVER_LIMIT;
    g_autofree char *what =
        g_strdup_printf("%s after %zu entries", limit ? "size limit" : "stopped", end->entries);
    g_autoptr(GError) error = NULL;
    ldap_directory_error(&error, self->uri, what, end->result, end->diagnostic);
    return g_strdup(error->message);
}

/* Without any entry, only success and the limits say something about what is there. */
static bool says_nothing(const SearchEnd *end)
{
    return end->result != LDAP_SUCCESS && !end->entries &&
           ldap_directory_error_code(end->result) != ERROR_SERVER_LIMIT;
}

bool ldap_directory_conclude(LdapDirectory *self, const ReadRequest *request, const SearchEnd *end,
                             ReadResult *result, GError **error)
{
    if (says_nothing(end)) {
        const char *base = request->base ? request->base : self->endpoint->base;
        ldap_directory_error(error, self->uri, base && *base ? base : "reading", end->result,
                             end->diagnostic);
        return false;
    }
    if (end->result == LDAP_SUCCESS && !end->references)
        result->proof = PROOF_COMPLETE;
    else
        result->reason = partial_reason(self, end);
    return true;
}

bool ldap_directory_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                         ReadResult *result, GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    ReadState state = {.sink = sink, .data = data, .result = result};
    SearchEnd end = {0};
    *result = (ReadResult){.proof = PROOF_PARTIAL};
    bool going = true;
    /* A connection that the server closed while it was idle is found out here; nothing was delivered. */
    for (int attempt = 0; going && attempt < 2; attempt++) {
        if (!ldap_directory_ensure(self, error))
            return false;
        ldap_directory_search_end_clear(&end);
        going = ldap_directory_search(self, request, deliver, &state, &end, error);
        if (end.result != LDAP_SERVER_DOWN || end.entries)
            break;
    }
    bool answered = going && ldap_directory_conclude(self, request, &end, result, error);
    ldap_directory_search_end_clear(&end);
    return answered;
}

typedef struct {
    GPtrArray *entries;
    size_t max;
} FindState;

static bool collect(LdapDirectory *self, LDAPMessage *message, void *data, GError **error)
{
    FindState *state = data;
    if (state->entries->len >= state->max) {
        error_set(error, ERROR_SERVER_LIMIT, "%s: more than %zu entries match; narrow the filter", self->uri,
                  state->max);
        return false;
    }
    Entry *entry = ldap_directory_decode_message(self, message, error);
    if (entry)
        g_ptr_array_add(state->entries, entry);
    return entry;
}

GPtrArray *ldap_directory_find(Directory *directory, const ReadRequest *request, size_t max, GError **error)
{
    LdapDirectory *self = (LdapDirectory *)directory;
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    FindState state = {.entries = entries, .max = max};
    SearchEnd end = {0};
    bool going = true;
    for (int attempt = 0; going && attempt < 2; attempt++) {
        if (!ldap_directory_ensure(self, error))
            return NULL;
        ldap_directory_search_end_clear(&end);
        g_ptr_array_set_size(entries, 0);
        going = ldap_directory_search(self, request, collect, &state, &end, error);
        if (end.result != LDAP_SERVER_DOWN)
            break;
    }
    bool answered = going && (end.result == LDAP_SUCCESS || end.result == LDAP_NO_SUCH_OBJECT);
    if (going && !answered)
        ldap_directory_error(error, self->uri, request->base ? request->base : "searching", end.result,
                             end.diagnostic);
    ldap_directory_search_end_clear(&end);
    return answered ? g_steal_pointer(&entries) : NULL;
}
