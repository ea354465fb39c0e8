/*
 * audit_keys.c - see audit_keys.h
 *
 * A piece that is full is sorted and written behind the one before; reading takes
 * a few records of each piece at a time. Where there is one piece alone nothing is written.
 */
#include "dirsync/audit_keys.h"

#include "dirsync/scratch_file.h"

#include <stdlib.h>
#include <unistd.h>

#define READ_AHEAD 2048 /* records of each piece */

/** A sorted piece that is being read. */
typedef struct {
    uint64_t next, end; /* records of the file */
    AuditKey *buffer;
    size_t at, n;
} Piece;

struct AuditKeys {
    int fd;
    size_t size;       /* records of a piece */
    GArray *now;       /* of AuditKey: not written yet */
    uint64_t written;  /* records */
    GArray *pieces;    /* of Piece */
    AuditKey *pending; /* the smallest that is left; points into a piece's buffer */
    Piece *of;         /* ... which is this one */
};

static void clear_piece(void *data)
{
    g_free(((Piece *)data)->buffer);
}

AuditKeys *audit_keys_new(const char *folder, size_t piece, GError **error)
{
    int fd = scratch_file_open(folder, error);
    if (fd < 0)
        return NULL;
    AuditKeys *keys = g_new0(AuditKeys, 1);
    keys->fd = fd;
    keys->size = piece ? piece : AUDIT_KEYS_PIECE;
    keys->now = g_array_new(FALSE, FALSE, sizeof(AuditKey));
    keys->pieces = g_array_new(FALSE, TRUE, sizeof(Piece));
    g_array_set_clear_func(keys->pieces, clear_piece);
    return keys;
}

void audit_keys_free(AuditKeys *keys)
{
    if (!keys)
        return;
    close(keys->fd);
    g_array_unref(keys->now);
    g_array_unref(keys->pieces);
    g_free(keys);
}

static int compare(const AuditKey *a, const AuditKey *b)
{
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    if (a->object != b->object)
        return a->object < b->object ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static int compare_keys(const void *a, const void *b)
{
    return compare(a, b);
}

static void sort_now(AuditKeys *keys)
{
    if (keys->now->len)
        qsort(keys->now->data, keys->now->len, sizeof(AuditKey), compare_keys);
}

static bool write_piece(AuditKeys *keys, GError **error)
{
    Piece piece = {.next = keys->written, .end = keys->written + keys->now->len};
    sort_now(keys);
    if (!scratch_file_write(keys->fd, keys->now->data, keys->now->len * sizeof(AuditKey),
                            keys->written * sizeof(AuditKey), error))
        return false;
    keys->written = piece.end;
    g_array_append_val(keys->pieces, piece);
    g_array_set_size(keys->now, 0);
    return true;
}

bool audit_keys_add(AuditKeys *keys, const AuditKey *key, GError **error)
{
    g_array_append_val(keys->now, *key);
    return keys->now->len < keys->size || write_piece(keys, error);
}

/* Whether the piece has a record left to read; it is at piece->at then. */
static bool fill(AuditKeys *keys, Piece *piece, bool *has, GError **error)
{
    if (piece->at == piece->n && piece->next < piece->end) {
        size_t n = (size_t)MIN(piece->end - piece->next, READ_AHEAD);
        if (!piece->buffer)
            piece->buffer = g_new0(AuditKey, READ_AHEAD);
        if (!scratch_file_read(keys->fd, piece->buffer, n * sizeof(AuditKey), piece->next * sizeof(AuditKey),
                               error))
            return false;
        piece->next += n;
        piece->n = n;
        piece->at = 0;
    }
    *has = piece->at < piece->n;
    return true;
}

/* Among a few dozen pieces looking at each is as quick as a heap. */
static bool find_smallest(AuditKeys *keys, GError **error)
{
    keys->pending = NULL;
    for (guint i = 0; i < keys->pieces->len; i++) {
        Piece *piece = &g_array_index(keys->pieces, Piece, i);
        bool has;
        if (!fill(keys, piece, &has, error))
            return false;
        if (has && (!keys->pending || compare(&piece->buffer[piece->at], keys->pending) < 0)) {
            keys->pending = &piece->buffer[piece->at];
            keys->of = piece;
        }
    }
    return true;
}

bool audit_keys_sort(AuditKeys *keys, GError **error)
{
    if (keys->pieces->len) {
        if (keys->now->len && !write_piece(keys, error))
            return false;
        g_array_set_size(keys->now, 0);
    } else { /* it has never left memory */
        sort_now(keys);
        Piece piece = {.n = keys->now->len};
        piece.buffer = g_memdup2(keys->now->data, keys->now->len * sizeof(AuditKey));
        g_array_append_val(keys->pieces, piece);
    }
    g_array_unref(keys->now);
    keys->now = g_array_new(FALSE, FALSE, sizeof(AuditKey));
    return find_smallest(keys, error);
}

bool audit_keys_next(AuditKeys *keys, GArray *group, GError **error)
{
    g_array_set_size(group, 0);
    uint64_t key = keys->pending ? keys->pending->key : 0;
    while (keys->pending && keys->pending->key == key) {
        g_array_append_val(group, *keys->pending);
        keys->of->at++;
        if (!find_smallest(keys, error))
            return false;
    }
    return true;
}
