/*
 * ldap_sync_codec.c - the controls of RFC 4533 and DirSync, with liblber
 *
 * liblber decodes in place; it does so on a copy of its own (ber_init).
 */
#include "dirsync/directory/ldap_sync_codec.h"

#include <ldap.h>
#include <string.h>

/* NULL for no bytes at all, with which liblber cannot cope. */
static BerElement *begin(const void *data, size_t len)
{
    if (!len)
        return NULL;
    struct berval value = {.bv_len = len, .bv_val = (char *)data};
    return ber_init(&value);
}

static GBytes *encode_request(ber_int_t mode, GBytes *cookie)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    struct berval value = {0};
    GBytes *bytes = NULL;
    int written = ber ? ber_printf(ber, "{e", mode) : -1;
    if (written >= 0 && cookie) {
        gsize len = 0;
        const void *data = g_bytes_get_data(cookie, &len);
        written = ber_printf(ber, "o", data ? data : "", (ber_len_t)len);
    }
    if (written >= 0 && ber_printf(ber, "}") >= 0 && ber_flatten2(ber, &value, 0) == 0)
        bytes = g_bytes_new(value.bv_val, value.bv_len);
    ber_free(ber, 1);
    return bytes;
}

GBytes *sync_encode_request(GBytes *cookie)
{
    return encode_request(LDAP_SYNC_REFRESH_ONLY, cookie);
}

GBytes *sync_encode_persist(GBytes *cookie)
{
    return encode_request(LDAP_SYNC_REFRESH_AND_PERSIST, cookie);
}

GBytes *dirsync_encode_request(gint32 flags, GBytes *cookie)
{
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    struct berval value = {0};
    GBytes *bytes = NULL;
    gsize len = 0;
    const void *data = cookie ? g_bytes_get_data(cookie, &len) : NULL;
    if (ber &&
        ber_printf(ber, "{iio}", (ber_int_t)flags, (ber_int_t)0, data ? data : "", (ber_len_t)len) >= 0 &&
        ber_flatten2(ber, &value, 0) == 0)
        bytes = g_bytes_new(value.bv_val, value.bv_len);
    ber_free(ber, 1);
    return bytes;
}

bool dirsync_decode_response(const void *data, size_t len, DirSyncValue *value)
{
    BerElement *ber = begin(data, len);
    ber_int_t more = 0, unused = 0;
    struct berval cookie;
    *value = (DirSyncValue){0};
    bool good = ber && ber_scanf(ber, "{iim", &more, &unused, &cookie) != LBER_ERROR;
    if (good)
        *value = (DirSyncValue){.more = more != 0, .cookie = g_bytes_new(cookie.bv_val, cookie.bv_len)};
    ber_free(ber, 1);
    return good;
}

void dirsync_clear(DirSyncValue *value)
{
    g_clear_pointer(&value->cookie, g_bytes_unref);
}

static bool take_cookie(BerElement *ber, GBytes **cookie)
{
    struct berval text;
    ber_len_t len;
    if (ber_peek_tag(ber, &len) != LDAP_TAG_SYNC_COOKIE)
        return true;
    if (ber_scanf(ber, "m", &text) == LBER_ERROR)
        return false;
    *cookie = g_bytes_new(text.bv_val, text.bv_len);
    return true;
}

static bool take_boolean(BerElement *ber, bool *truth)
{
    ber_int_t value;
    ber_len_t len;
    if (ber_peek_tag(ber, &len) != LBER_BOOLEAN)
        return true;
    if (ber_scanf(ber, "b", &value) == LBER_ERROR)
        return false;
    *truth = value != 0;
    return true;
}

/* False when what follows is cut off. Elements that are not known are passed over (RFC 4511 section 4). */
static bool ends_well(BerElement *ber)
{
    ber_len_t len, left = 0;
    if (ber_peek_tag(ber, &len) != LBER_DEFAULT)
        return true;
    return ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left) == LBER_OPT_SUCCESS && left == 0;
}

static bool take_state(BerElement *ber, SyncStateValue *value)
{
    ber_int_t state;
    struct berval uuid;
    if (ber_scanf(ber, "{em", &state, &uuid) == LBER_ERROR || state < 0 || state >= SYNC_STATES ||
        uuid.bv_len != SYNC_UUID_LENGTH)
        return false;
    value->state = (SyncState)state;
    memcpy(value->uuid, uuid.bv_val, SYNC_UUID_LENGTH);
    return take_cookie(ber, &value->cookie) && ends_well(ber);
}

bool sync_decode_state(const void *data, size_t len, SyncStateValue *value)
{
    BerElement *ber = begin(data, len);
    *value = (SyncStateValue){0};
    bool good = ber && take_state(ber, value);
    ber_free(ber, 1);
    if (!good)
        sync_state_clear(value);
    return good;
}

bool sync_decode_done(const void *data, size_t len, SyncDoneValue *value)
{
    BerElement *ber = begin(data, len);
    *value = (SyncDoneValue){0};
    bool good = ber && ber_scanf(ber, "{") != LBER_ERROR && take_cookie(ber, &value->cookie) &&
                take_boolean(ber, &value->refresh_deletes) && ends_well(ber);
    ber_free(ber, 1);
    if (!good)
        sync_done_clear(value);
    return good;
}

static bool take_uuids(BerElement *ber, GByteArray *uuids)
{
    ber_len_t len;
    char *last;
    if (ber_peek_tag(ber, &len) != LBER_SET)
        return false;
    for (ber_tag_t tag = ber_first_element(ber, &len, &last); tag != LBER_DEFAULT;
         tag = ber_next_element(ber, &len, last)) {
        struct berval uuid;
        if (tag != LBER_OCTETSTRING || ber_scanf(ber, "m", &uuid) == LBER_ERROR ||
            uuid.bv_len != SYNC_UUID_LENGTH)
            return false;
        g_byte_array_append(uuids, (const guint8 *)uuid.bv_val, SYNC_UUID_LENGTH);
    }
    return true;
}

static bool take_info(BerElement *ber, SyncInfoValue *value)
{
    struct berval text;
    ber_len_t len;
    switch (ber_peek_tag(ber, &len)) {
    case LDAP_TAG_SYNC_NEW_COOKIE:
        value->kind = SYNC_INFO_COOKIE;
        if (ber_scanf(ber, "m", &text) == LBER_ERROR)
            return false;
        value->cookie = g_bytes_new(text.bv_val, text.bv_len);
        return true;
    case LDAP_TAG_SYNC_REFRESH_DELETE:
    case LDAP_TAG_SYNC_REFRESH_PRESENT:
        value->kind =
            ber_peek_tag(ber, &len) == LDAP_TAG_SYNC_REFRESH_DELETE ? SYNC_INFO_DELETE : SYNC_INFO_PRESENT;
        value->refresh_done = true;
        return ber_scanf(ber, "{") != LBER_ERROR && take_cookie(ber, &value->cookie) &&
               take_boolean(ber, &value->refresh_done) && ends_well(ber);
    case LDAP_TAG_SYNC_ID_SET:
        value->kind = SYNC_INFO_SET;
        value->uuids = g_byte_array_new();
        return ber_scanf(ber, "{") != LBER_ERROR && take_cookie(ber, &value->cookie) &&
               take_boolean(ber, &value->refresh_deletes) && take_uuids(ber, value->uuids);
    default:
        return false;
    }
}

bool sync_decode_info(const void *data, size_t len, SyncInfoValue *value)
{
    BerElement *ber = begin(data, len);
    *value = (SyncInfoValue){0};
    bool good = ber && take_info(ber, value);
    ber_free(ber, 1);
    if (!good)
        sync_info_clear(value);
    return good;
}

void sync_state_clear(SyncStateValue *value)
{
    g_clear_pointer(&value->cookie, g_bytes_unref);
}

void sync_done_clear(SyncDoneValue *value)
{
    g_clear_pointer(&value->cookie, g_bytes_unref);
}

void sync_info_clear(SyncInfoValue *value)
{
    g_clear_pointer(&value->cookie, g_bytes_unref);
    g_clear_pointer(&value->uuids, g_byte_array_unref);
}
