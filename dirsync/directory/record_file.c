/*
 * record_file.c - what is made of a pass over a file of records
 *
 * An item's handle is the format's reader itself, standing on the record.
 */
#include "dirsync/directory/record_file.h"

#include "dirsync/directory/file_cursor.h"
#include "dirsync/directory/file_proof.h"
#include "dirsync/directory/file_target.h"
#include "dirsync/directory/id_lookup.h"
#include "dirsync/directory/record_pass.h"
#include "dirsync/directory/selection.h"

#include <unistd.h>

typedef struct {
    Directory base;
    const RecordFormat *format;
    const Endpoint *endpoint;
    DirectoryDescription description;
    char *no_contexts[1];
    FileTarget *target; /* NULL: a source */
    GString *where;
} RecordFile;

static Entry *decode_item(const DirectoryItem *item, GError **error)
{
    return ((const RecordFile *)item->directory)->format->decode(item->handle, error);
}

/* A folder that is missing is a file system that is not mounted rather than a file not written yet. */
static bool check_folder(const Endpoint *endpoint, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(endpoint->path);
    if (g_file_test(folder, G_FILE_TEST_IS_DIR))
        return true;
    error_set(error, ERROR_SOURCE, "%s: its folder is not there; make it, or correct the path",
              endpoint->path);
    return false;
}

/* A file that cannot even be begun is better refused now than when the run is under way. */
static bool try_file(const Endpoint *endpoint, const RecordFormat *format, GError **error)
{
    RecordPass pass;
    if (!record_pass_begin(&pass, endpoint, format, error))
        return false;
    bool good = pass.reader || check_folder(endpoint, error);
    record_pass_end(&pass);
    return good;
}

static unsigned capabilities_of(const Endpoint *endpoint)
{
    return IS_FILE | CAN_TELL_CHANGES | (endpoint->is_target ? CAN_WRITE | WRITES_WHOLE : 0);
}

Directory *record_file_open(const Endpoint *endpoint, const DirectoryDriver *driver,
                            const RecordFormat *format, GError **error)
{
    if (!endpoint->path) {
        error_set(error, ERROR_DEFINITION, "%s: the driver \"%s\" wants a path",
                  endpoint->where ? endpoint->where : "endpoint", driver->name);
        return NULL;
    }
    g_autoptr(FileTarget) target = NULL;
    if ((endpoint->is_target && !(target = file_target_new(endpoint, format, error))) ||
        !try_file(endpoint, format, error))
        return NULL;
    RecordFile *file = g_new0(RecordFile, 1);
    file->base = (Directory){.driver = driver, .decode = decode_item};
    file->format = format;
    file->endpoint = endpoint;
    file->description = (DirectoryDescription){.capabilities = capabilities_of(endpoint),
                                               .schema = schema_standard(),
                                               .naming_contexts = file->no_contexts,
                                               .subject = endpoint->path};
    file->target = g_steal_pointer(&target);
    file->where = g_string_new(NULL);
    return &file->base;
}

void record_file_close(Directory *directory)
{
    RecordFile *file = (RecordFile *)directory;
    file_target_free(file->target);
    g_string_free(file->where, TRUE);
    g_free(file);
}

const DirectoryDescription *record_file_describe(Directory *directory)
{
    return &((RecordFile *)directory)->description;
}

static bool deliver(RecordFile *file, RecordPass *pass, const GError *bad, DirectorySink sink, void *data,
                    GError **error)
{
    g_string_printf(file->where, "%s:%lu", file->endpoint->path, file->format->line(pass->reader));
    DirectoryItem item = {
        .where = file->where->str, .bad = bad, .directory = &file->base, .handle = pass->reader};
    if (!bad)
        item.fingerprint = file->format->fingerprint(pass->reader);
    return sink(&item, data, error);
}

static bool read_records(RecordFile *file, RecordPass *pass, DirectorySink sink, void *data, GError **error)
{
    for (;;) {
        g_autoptr(GError) bad = NULL;
        if (!record_pass_next(pass, &bad))
            return true;
        if (!deliver(file, pass, bad, sink, data, error))
            return false;
    }
}

/* @cursor: NULL, or where to put that of the bytes that were read, if they were all there is. */
static bool read_file(RecordFile *file, const ReadRequest *request, DirectorySink sink, void *data,
                      ReadResult *result, char **cursor, GError **error)
{
    RecordPass pass;
    *result = (ReadResult){.proof = PROOF_UNKNOWN};
    if (!record_pass_begin(&pass, file->endpoint, file->format, error))
        return false;
    pass.read.last_good_count = request->last_good_count;
    bool good = read_records(file, &pass, sink, data, error);
    result->entries = pass.read.records - pass.read.bad;
    result->bad = pass.read.bad;
    if (good) {
        result->reason = record_pass_doubt(&pass);
        result->proof = result->reason ? PROOF_PARTIAL : PROOF_COMPLETE;
        if (cursor && !result->reason)
            *cursor =
                file_cursor(file->endpoint, request, pass.reader ? file->format->source(pass.reader) : NULL);
    }
    record_pass_end(&pass);
    return good;
}

bool record_file_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                      ReadResult *result, GError **error)
{
    return read_file((RecordFile *)directory, request, sink, data, result, NULL, error);
}

typedef struct {
    DirectoryChangeSink sink;
    void *data;
} ChangeReader;

static bool pass_entry(const DirectoryItem *item, void *data, GError **error)
{
    const ChangeReader *reader = data;
    DirectoryChange change = {.told = TOLD_ENTRY, .item = item};
    return reader->sink(&change, reader->data, error);
}

/* What the next run is told when it must read everything. */
static void say_why_no_cursor(const RecordFile *file, ChangesResult *result)
{
    if (!result->cursor && !result->full_reason)
        result->no_cursor =
            g_strdup_printf("%s: was doubtful the last time: %s", file->endpoint->path,
                            result->read.reason ? result->read.reason : "it was not read to its end");
}

bool record_file_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                         DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error)
{
    RecordFile *file = (RecordFile *)directory;
    ChangeReader reader = {.sink = sink, .data = data};
    *result = (ChangesResult){.read = {.proof = PROOF_UNKNOWN}};
    if (!cursor) {
        if (!read_file(file, request, pass_entry, &reader, &result->read, &result->cursor, error))
            return false;
        say_why_no_cursor(file, result);
        return true;
    }
    if (!file_cursor_compare(file->endpoint, request, cursor, &result->full_reason, &result->read.reason,
                             error))
        return false;
    if (result->full_reason)
        return true;
    result->read.proof = result->read.reason ? PROOF_PARTIAL : PROOF_COMPLETE;
    result->cursor = result->read.reason ? NULL : g_strdup(cursor);
    say_why_no_cursor(file, result);
    return true;
}

static bool fetch_records(IdLookup *lookup, RecordPass *pass, GError **error)
{
    while (lookup->left) {
        g_autoptr(GError) bad = NULL;
        if (!record_pass_next(pass, &bad))
            return true;
        g_autoptr(Entry) entry = bad ? NULL : pass->format->decode(pass->reader, NULL);
        if (entry && !id_lookup_offer(lookup, entry, error))
            return false;
    }
    return true;
}

/* Those that were not found are gone, when the whole file was there to look through. */
static bool fetch_missing(IdLookup *lookup, const RecordPass *pass, GError **error)
{
    if (lookup->left == 0)
        return true;
    g_autofree char *doubt = record_pass_doubt(pass);
    if (pass->whole && !doubt)
        return id_lookup_answer_missing(lookup, error);
    error_set(error, ERROR_SOURCE, "%s: cannot tell whether %zu objects are gone: %s", pass->endpoint->path,
              lookup->left, doubt);
    return false;
}

bool record_file_fetch(Directory *directory, const FetchId *ids, size_t n_ids, const char *const *attributes,
                       DirectoryFetched fetched, void *data, GError **error)
{
    (void)attributes; /* all are delivered */
    RecordFile *file = (RecordFile *)directory;
    RecordPass pass;
    IdLookup lookup = {.ids = ids, .n_ids = n_ids, .fetched = fetched, .data = data, .every_attribute = true};
    if (!record_pass_begin(&pass, file->endpoint, file->format, error))
        return false;
    id_lookup_begin(&lookup);
    bool good = fetch_records(&lookup, &pass, error) && fetch_missing(&lookup, &pass, error);
    id_lookup_end(&lookup);
    record_pass_end(&pass);
    return good;
}

static bool search_records(RecordPass *pass, const Selection *selection, size_t max, GPtrArray *found,
                           GError **error)
{
    for (;;) {
        g_autoptr(GError) bad = NULL;
        if (!record_pass_next(pass, &bad))
            return true;
        g_autoptr(Entry) entry = bad ? NULL : pass->format->decode(pass->reader, NULL);
        if (!entry || !selection_has_entry(selection, entry))
            continue;
        if (found->len >= max) {
            error_set(error, ERROR_SERVER_LIMIT, "%s: more than %zu entries match", pass->endpoint->path,
                      max);
            return false;
        }
        g_ptr_array_add(found, g_steal_pointer(&entry));
    }
}

GPtrArray *record_file_search(Directory *directory, const ReadRequest *request, size_t max, GError **error)
{
    RecordFile *file = (RecordFile *)directory;
    g_auto(Selection) selection = {0};
    RecordPass pass;
    if (!selection_init(&selection, schema_standard(), request, file->endpoint->base, error) ||
        !record_pass_begin(&pass, file->endpoint, file->format, error))
        return NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    bool good = search_records(&pass, &selection, max, found, error);
    record_pass_end(&pass);
    return good ? g_steal_pointer(&found) : NULL;
}

static bool refuse_source(const RecordFile *file, GError **error)
{
    if (!file->target)
        error_set(error, ERROR_PROTOCOL,
                  "%s: is a source, and the driver \"%s\" writes the target of an export only",
                  file->endpoint->path, file->base.driver->name);
    return !file->target;
}

bool record_file_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                        GError **error)
{
    RecordFile *file = (RecordFile *)directory;
    if (refuse_source(file, error))
        return false;
    file_target_submit(file->target, change, done, data);
    return true;
}

bool record_file_flush(Directory *directory, GError **error)
{
    RecordFile *file = (RecordFile *)directory;
    return !file->target || file_target_flush(file->target, error);
}
