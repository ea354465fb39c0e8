/*
 * file_target.c - collecting changes, and writing the file that they make
 *
 * The second pass knows the records that are touched by their number, so it
 * must see the same file as the first: version and end are compared. A record
 * that cannot be read stops the writing, since it would be lost by it.
 */
#include "dirsync/directory/file_target.h"

#include "dirsync/directory/file_writer.h"
#include "dirsync/directory/record_pass.h"
#include "dirsync/directory/touched_entries.h"
#include "dirsync/fault.h"

#include <unistd.h>

#define DEFAULT_MODE 0600

/** One submitted change, and why it failed. */
typedef struct {
    const Change *change;
    DirectoryDone done;
    void *data;
    GError *failure;
} Pending;

struct FileTarget {
    const Endpoint *endpoint;
    const RecordFormat *format;
    void *writer;
    GArray *pending; /* Pending */
};

/** A record that is touched. */
typedef struct {
    size_t record;
    const TouchedEntry *touched;
} Place;

/** The writing of one flush. */
typedef struct {
    const FileTarget *target;
    GArray *pending;
    TouchedEntries *touched;
    GArray *places;     /* Place, in the order of the file */
    struct stat before; /* of the old file; of no inode when there is none */
    FileWriter *file;
    GString *text;
    size_t records; /* written */
} Flush;

static void clear_pending(void *data)
{
    g_clear_error(&((Pending *)data)->failure);
}

static GArray *new_pending(void)
{
    GArray *pending = g_array_new(FALSE, FALSE, sizeof(Pending));
    g_array_set_clear_func(pending, clear_pending);
    return pending;
}

FileTarget *file_target_new(const Endpoint *endpoint, const RecordFormat *format, GError **error)
{
    void *writer = format->writer->open(endpoint, error);
    if (!writer)
        return NULL;
    FileTarget *target = g_new(FileTarget, 1);
    *target =
        (FileTarget){.endpoint = endpoint, .format = format, .writer = writer, .pending = new_pending()};
    return target;
}

void file_target_free(FileTarget *target)
{
    if (!target)
        return;
    target->format->writer->close(target->writer);
    g_array_unref(target->pending);
    g_free(target);
}

void file_target_submit(FileTarget *target, const Change *change, DirectoryDone done, void *data)
{
    Pending one = {.change = change, .done = done, .data = data};
    g_array_append_val(target->pending, one);
}

/* --- passes over the old file --- */

/* What to do with one record; @number counts from 0. */
typedef bool (*TakeRecord)(Flush *flush, size_t number, const Entry *entry, GError **error);

static bool take_records(Flush *flush, RecordPass *pass, TakeRecord take, GError **error)
{
    for (size_t number = 0;; number++) {
        g_autoptr(GError) bad = NULL;
        if (!record_pass_next(pass, &bad))
            return true;
        g_autoptr(Entry) entry = bad ? NULL : pass->format->decode(pass->reader, &bad);
        if (!entry) {
            error_set(error, ERROR_SOURCE,
                      "%s; the file cannot be written anew, which would lose this record: correct it, or "
                      "remove the "
                      "file to have everything written again",
                      bad->message);
            return false;
        }
        if (!take(flush, number, entry, error))
            return false;
    }
}

static bool check_whole(const RecordPass *pass, GError **error)
{
    g_autofree char *doubt = record_pass_doubt(pass);
    if (doubt)
        error_set(error, ERROR_SOURCE,
                  "%s: cannot be written anew: %s; remove the file to have everything written again",
                  pass->endpoint->path, doubt);
    return !doubt;
}

/* The second pass sees what the first saw. */
static bool check_same(const Flush *flush, const RecordPass *pass, GError **error)
{
    bool same = pass->reader ? file_is_same(&flush->before, &pass->read.before) : flush->before.st_ino == 0;
    if (!same)
        error_set(error, ERROR_SOURCE,
                  "%s: somebody else changed the file meanwhile; the next run looks again",
                  pass->endpoint->path);
    return same;
}

static bool go_over(Flush *flush, bool again, TakeRecord take, GError **error)
{
    RecordPass pass;
    if (!record_pass_begin(&pass, flush->target->endpoint, flush->target->format, error))
        return false;
    if (!again && pass.reader)
        flush->before = pass.read.before;
    bool good = check_same(flush, &pass, error) && take_records(flush, &pass, take, error) &&
                check_whole(&pass, error);
    record_pass_end(&pass);
    return good;
}

static bool find_touched(Flush *flush, size_t number, const Entry *entry, GError **error)
{
    (void)error;
    Place place = {.record = number, .touched = touched_entries_offer(flush->touched, entry)};
    if (place.touched)
        g_array_append_val(flush->places, place);
    return true;
}

static bool write_entry(Flush *flush, const Entry *entry, GError **error)
{
    const FileTarget *target = flush->target;
    g_string_truncate(flush->text, 0);
    flush->records++;
    return target->format->writer->entry(target->writer, entry, flush->text, error) &&
           file_writer_put(flush->file, flush->text, error);
}

static int compare_places(const void *a, const void *b)
{
    const Place *left = a, *right = b;
    return (left->record > right->record) - (left->record < right->record);
}

static bool copy_record(Flush *flush, size_t number, const Entry *entry, GError **error)
{
    Place key = {.record = number};
    guint at;
    if (!g_array_binary_search(flush->places, &key, compare_places, &at))
        return write_entry(flush, entry, error);
    const Entry *now = g_array_index(flush->places, Place, at).touched->now;
    return !now || write_entry(flush, now, error);
}

/* --- writing --- */

static bool write_head(Flush *flush, GError **error)
{
    g_string_truncate(flush->text, 0);
    flush->target->format->writer->head(flush->target->writer, flush->text);
    return file_writer_put(flush->file, flush->text, error);
}

static bool write_added(Flush *flush, GError **error)
{
    const GPtrArray *added = touched_entries_added(flush->touched);
    for (guint i = 0; i < added->len; i++) {
        const TouchedEntry *touched = added->pdata[i];
        if (touched->now && !write_entry(flush, touched->now, error))
            return false;
    }
    return true;
}

static bool write_tail(Flush *flush, GError **error)
{
    g_string_truncate(flush->text, 0);
    flush->target->format->writer->tail(flush->target->writer, flush->records, flush->text);
    return file_writer_put(flush->file, flush->text, error);
}

static unsigned mode_of(const Endpoint *endpoint)
{
    return endpoint->mode ? endpoint->mode : DEFAULT_MODE;
}

/* Only CSV has an encoding of its own; LDIF is UTF-8. */
static bool write_file(Flush *flush, GError **error)
{
    const Endpoint *endpoint = flush->target->endpoint;
    flush->file = file_writer_new(endpoint->path, mode_of(endpoint), endpoint->encoding, error);
    return flush->file && write_head(flush, error) && go_over(flush, true, copy_record, error) &&
           write_added(flush, error) && write_tail(flush, error) && file_writer_commit(flush->file, error);
}

/* --- the checksum --- */

static bool write_checksum(const Endpoint *endpoint, const char *digest, GError **error)
{
    g_autofree char *name = g_path_get_basename(endpoint->path);
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "%s  %s\n", digest, name);
    g_autoptr(FileWriter) file = file_writer_new(endpoint->checksum, mode_of(endpoint), NULL, error);
    return file && file_writer_put(file, line, error) && file_writer_commit(file, error) &&
           file_writer_sync_folder(endpoint->checksum, error);
}

/* A run that was killed between file and checksum left the old one behind. */
static bool mend_checksum(const Endpoint *endpoint, GError **error)
{
    struct stat status;
    if (!endpoint->checksum || file_is_absent(endpoint->path))
        return true;
    int fd = file_open(endpoint->path, &status, error);
    if (fd < 0)
        return false;
    g_autofree char *digest = file_digest(fd);
    close(fd);
    return !digest || file_checksum_fits(endpoint->checksum, endpoint->path, digest) ||
           write_checksum(endpoint, digest, error);
}

/* What follows once the file is in its place; the changes are done whatever this comes to. */
static bool finish_file(const Flush *flush, GError **error)
{
    const Endpoint *endpoint = flush->target->endpoint;
    if (!file_writer_sync_folder(endpoint->path, error))
        return false;
    if (!endpoint->checksum)
        return true;
    fault_step("file without checksum");
    return write_checksum(endpoint, file_writer_digest(flush->file), error);
}

/* --- flush --- */

static void flush_begin(Flush *flush, FileTarget *target)
{
    *flush = (Flush){
        .target = target,
        .pending = target->pending,
        .touched = touched_entries_new(schema_standard(), target->format->writer->prepare, target->writer),
        .places = g_array_new(FALSE, FALSE, sizeof(Place)),
        .text = g_string_new(NULL)};
    target->pending = new_pending();
}

static void flush_end(Flush *flush)
{
    touched_entries_free(flush->touched);
    file_writer_free(flush->file);
    g_array_unref(flush->places);
    g_array_unref(flush->pending);
    g_string_free(flush->text, TRUE);
}

/* How many of the changes can be done. */
static size_t apply_changes(Flush *flush)
{
    size_t done = 0;
    for (guint i = 0; i < flush->pending->len; i++) {
        Pending *one = &g_array_index(flush->pending, Pending, i);
        if (touched_entries_apply(flush->touched, one->change, &one->failure))
            done++;
        else if (one->failure && !g_str_has_prefix(one->failure->message, flush->target->endpoint->path))
            g_prefix_error(&one->failure, "%s: ", flush->target->endpoint->path);
    }
    return done;
}

/* Sets @written once the new file is in its place. */
static bool flush_changes(Flush *flush, bool *written, GError **error)
{
    for (guint i = 0; i < flush->pending->len; i++)
        touched_entries_expect(flush->touched, g_array_index(flush->pending, Pending, i).change);
    if (!go_over(flush, false, find_touched, error))
        return false;
    if (apply_changes(flush) == 0) {
        *written = true; /* as it is */
        return mend_checksum(flush->target->endpoint, error);
    }
    *written = write_file(flush, error);
    return *written && finish_file(flush, error);
}

/* @failure: what every change failed with that did not fail by itself; NULL: they are done. */
static void answer_changes(const Flush *flush, const GError *failure)
{
    for (guint i = 0; i < flush->pending->len; i++) {
        const Pending *one = &g_array_index(flush->pending, Pending, i);
        const GError *reason = one->failure ? one->failure : failure;
        if (one->done)
            one->done(one->change, reason ? OUTCOME_FAILED : OUTCOME_DONE, reason, one->data);
    }
}

bool file_target_flush(FileTarget *target, GError **error)
{
    if (target->pending->len == 0)
        return mend_checksum(target->endpoint, error);
    Flush flush;
    bool written = false;
    GError *failure = NULL;
    flush_begin(&flush, target);
    bool good = flush_changes(&flush, &written, &failure);
    answer_changes(&flush, written ? NULL : failure);
    flush_end(&flush);
    if (!good)
        g_propagate_error(error, failure);
    return good;
}
