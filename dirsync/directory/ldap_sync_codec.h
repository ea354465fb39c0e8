/*
 * ldap_sync_codec.h - the controls of RFC 4533 and Active Directory's DirSync, as bytes and back
 *
 * Our own, because libldap's ldap_sync_*() lose messages when anything else uses
 * the handle. Decoders take any bytes: false for what is not of the form.
 */
#ifndef DIRSYNC_DIRECTORY_LDAP_SYNC_CODEC_H
#define DIRSYNC_DIRECTORY_LDAP_SYNC_CODEC_H

#include <glib.h>
#include <stdbool.h>

#define SYNC_UUID_LENGTH 16

/** What a State control says of the entry it comes with (section 2.3). */
typedef enum { SYNC_PRESENT, SYNC_ADD, SYNC_MODIFY, SYNC_DELETE, SYNC_STATES } SyncState;

typedef struct {
    SyncState state;
    guint8 uuid[SYNC_UUID_LENGTH];
    GBytes *cookie; /* NULL: none */
} SyncStateValue;

/** A Done control (section 2.4). */
typedef struct {
    GBytes *cookie; /* NULL: none */
    bool refresh_deletes;
} SyncDoneValue;

/** A Sync Info message (section 2.5). */
typedef enum { SYNC_INFO_COOKIE, SYNC_INFO_DELETE, SYNC_INFO_PRESENT, SYNC_INFO_SET } SyncInfoKind;

typedef struct {
    SyncInfoKind kind;
    GBytes *cookie;       /* NULL: none */
    bool refresh_done;    /* SYNC_INFO_DELETE, SYNC_INFO_PRESENT */
    bool refresh_deletes; /* SYNC_INFO_SET: those in it are gone; else they are present */
    GByteArray *uuids;    /* SYNC_INFO_SET: one behind the other; else NULL */
} SyncInfoValue;

/** The value of a Request control (section 2.2) for refreshOnly, without reloadHint. @cookie NULL: none.
 *  NULL without memory. */
GBytes *sync_encode_request(GBytes *cookie);

/** The same for refreshAndPersist. */
GBytes *sync_encode_persist(GBytes *cookie);

bool sync_decode_state(const void *data, size_t len, SyncStateValue *value);
bool sync_decode_done(const void *data, size_t len, SyncDoneValue *value);
bool sync_decode_info(const void *data, size_t len, SyncInfoValue *value);
/** The value of a DirSync control in a request (MS-ADTS 3.1.1.3.4.1.3), without a bound on how much may come.
 *  @cookie NULL: none. */
GBytes *dirsync_encode_request(gint32 flags, GBytes *cookie);

typedef struct {
    bool more;      /* the server has not told everything yet */
    GBytes *cookie; /* never NULL after decoding */
} DirSyncValue;

bool dirsync_decode_response(const void *data, size_t len, DirSyncValue *value);
void dirsync_clear(DirSyncValue *value);

void sync_state_clear(SyncStateValue *value);
void sync_done_clear(SyncDoneValue *value);
void sync_info_clear(SyncInfoValue *value);

#endif
