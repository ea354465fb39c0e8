/*
 * fuzz_sync.c - any bytes as the controls with which a server tells what has changed
 */
#include <stddef.h>
#include <stdint.h>

#include "dirsync/directory/ldap_sync_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SyncStateValue state;
    SyncDoneValue done;
    SyncInfoValue info;
    if (sync_decode_state(data, size, &state))
        check(state.state < SYNC_STATES && (!state.cookie || g_bytes_get_size(state.cookie) < size));
    if (sync_decode_done(data, size, &done))
        check(!done.cookie || g_bytes_get_size(done.cookie) < size);
    if (sync_decode_info(data, size, &info)) {
        check((info.kind == SYNC_INFO_SET) == (info.uuids != NULL));
        check(!info.uuids || (info.uuids->len % SYNC_UUID_LENGTH == 0 && info.uuids->len < size));
    }
    DirSyncValue dirsync;
    if (dirsync_decode_response(data, size, &dirsync))
        check(dirsync.cookie && g_bytes_get_size(dirsync.cookie) < size);
    dirsync_clear(&dirsync);
    sync_state_clear(&state);
    sync_done_clear(&done);
    sync_info_clear(&info);
    GBytes *cookie = g_bytes_new(data, size);
    GBytes *request = sync_encode_request(cookie);
    check(request && g_bytes_get_size(request) > size);
    g_bytes_unref(request);
    request = dirsync_encode_request((gint32)size, cookie);
    check(request && g_bytes_get_size(request) > size);
    g_bytes_unref(request);
    g_bytes_unref(cookie);
    return 0;
}
