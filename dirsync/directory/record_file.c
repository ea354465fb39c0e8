/*
 * record_file.c - one pass over a file of records, and what is made of it
 *
 * An item's handle is the format's reader itself, standing on the record. A
 * last record that runs into the end of a file whose completeness is in doubt
 * is delivered as bad, not as good: it may have lost its end, and the person
 * behind it would lose attributes.
 */
#include "dirsync/directory/record_file.h"

#include "dirsync/directory/file_proof.h"
#include "dirsync/directory/id_lookup.h"
#include "dirsync/directory/selection.h"

#include <string.h>
#include <unistd.h>

typedef struct {
    Directory base;
    const RecordFormat *format;
    const Endpoint *endpoint;
    DirectoryDescription description;
    char *no_contexts[1];
    char *trailer_form;
} RecordFile;

static Entry *decode_item(const DirectoryItem *item, GError **error)
{
    return ((const RecordFile *)item->directory)->format->decode(item->handle, error);
}

/* A file that cannot even be begun is better refused now than when the run is under way. */
static bool try_file(const Endpoint *endpoint, const RecordFormat *format, GError **error)
{
    struct stat status;
    int fd = file_open(endpoint->path, &status, error);
    if (fd < 0)
        return false;
    void *reader = format->open(fd, endpoint, error);
    if (reader)
        format->close(reader);
    close(fd);
    return reader != NULL;
}

static char *fill_in_name(const char *form, const char *name)
{
    GString *text = g_string_new(form);
    g_string_replace(text, "%s", name, 1);
    return g_string_free(text, FALSE);
}

Directory *record_file_open(const Endpoint *endpoint, const DirectoryDriver *driver,
                            const RecordFormat *format, GError **error)
{
    if (!endpoint->path) {
        error_set(error, ERROR_DEFINITION, "%s: the driver \"%s\" wants a path",
                  endpoint->where ? endpoint->where : "endpoint", driver->name);
        return NULL;
    }
    if (!try_file(endpoint, format, error))
        return NULL;
    RecordFile *file = g_new0(RecordFile, 1);
    file->base = (Directory){.driver = driver, .decode = decode_item};
    file->format = format;
    file->endpoint = endpoint;
    file->description = (DirectoryDescription){.capabilities = IS_FILE,
                                               .schema = schema_standard(),
                                               .naming_contexts = file->no_contexts,
                                               .subject = endpoint->path};
    if (endpoint->count_trailer)
        file->trailer_form = fill_in_name(format->trailer_form, endpoint->count_trailer);
    return &file->base;
}

void record_file_close(Directory *directory)
{
    g_free(((RecordFile *)directory)->trailer_form);
    g_free(directory);
}

const DirectoryDescription *record_file_describe(Directory *directory)
{
    return &((RecordFile *)directory)->description;
}

/* One pass over the file. */
typedef struct {
    RecordFile *file;
    const RecordFormat *format;
    void *reader;
    FileRead read;
    GString *where;
    bool whole;      /* the pass came to the end of the file */
    char *failure;   /* why it broke off */
} Pass;

static bool pass_begin(Pass *pass, RecordFile *file, GError **error)
{
    *pass = (Pass){.file = file, .format = file->format, .read.trailer_form = file->trailer_form};
    pass->read.fd = file_open(file->endpoint->path, &pass->read.before, error);
    if (pass->read.fd < 0)
        return false;
    pass->reader = file->format->open(pass->read.fd, file->endpoint, error);
    if (!pass->reader) {
        close(pass->read.fd);
        return false;
    }
    pass->where = g_string_new(NULL);
    return true;
}

static void pass_end(Pass *pass)
{
    pass->format->close(pass->reader);
    g_string_free(pass->where, TRUE);
    g_free(pass->failure);
    close(pass->read.fd);
}

/* What the reader knows about the end of the file, now that it has moved on. */
static void note_end(Pass *pass)
{
    pass->read.trailer = pass->format->trailer(pass->reader);
    pass->read.unended = pass->format->end_wants_proof && pass->format->at_end(pass->reader);
}

/* A record that ends with the file is only good when the file is known to be whole. */
static bool check_last_record(const Pass *pass, GError **error)
{
    if (!pass->format->at_end(pass->reader))
        return true;
    g_autofree char *doubt = file_proof_doubt_content(pass->file->endpoint, &pass->read);
    if (!doubt)
        return true;
    error_set(error, ERROR_INVALID,
              "%s:%lu: the record runs into the end of a file that may have been cut off: %s",
              pass->file->endpoint->path, pass->format->line(pass->reader), doubt);
    return false;
}

/* A file that somebody else writes to without pause would never end. */
static bool has_grown(Pass *pass)
{
    if (pass->format->offset(pass->reader) <= (uint64_t)pass->read.before.st_size)
        return false;
    pass->failure = g_strdup("the file changed while it was read: it grew");
    return true;
}

/* Moves to the next record. False at the end; @bad is set when the record cannot be used. */
static bool pass_next(Pass *pass, GError **bad)
{
    RecordStatus status = pass->format->skip(pass->reader, bad);
    note_end(pass);
    if (status == RECORD_FAILED)
        pass->failure = g_strdup((*bad)->message);
    pass->read.cut = status == RECORD_CUT;
    pass->whole = status == RECORD_END;
    if ((status != RECORD_GOOD && status != RECORD_BAD) || has_grown(pass)) {
        g_clear_error(bad);
        return false;
    }
    pass->read.records++;
    if (status == RECORD_BAD || !check_last_record(pass, bad))
        pass->read.bad++;
    return true;
}

static bool deliver(Pass *pass, const GError *bad, DirectorySink sink, void *data, GError **error)
{
    g_string_printf(pass->where, "%s:%lu", pass->file->endpoint->path, pass->format->line(pass->reader));
    DirectoryItem item = {.where = pass->where->str,
                          .bad = bad,
                          .directory = &pass->file->base,
                          .handle = pass->reader};
    if (!bad)
        item.fingerprint = pass->format->fingerprint(pass->reader);
    return sink(&item, data, error);
}

static bool read_records(Pass *pass, DirectorySink sink, void *data, GError **error)
{
    for (;;) {
        g_autoptr(GError) bad = NULL;
        if (!pass_next(pass, &bad))
            return true;
        if (!deliver(pass, bad, sink, data, error))
            return false;
    }
}

bool record_file_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                      ReadResult *result, GError **error)
{
    Pass pass;
    *result = (ReadResult){.proof = PROOF_UNKNOWN};
    if (!pass_begin(&pass, (RecordFile *)directory, error))
        return false;
    pass.read.last_good_count = request->last_good_count;
    bool good = read_records(&pass, sink, data, error);
    result->entries = pass.read.records - pass.read.bad;
    result->bad = pass.read.bad;
    if (good) {
        result->reason = pass.failure ? g_strdup(pass.failure)
                                      : file_proof_doubt(pass.file->endpoint, &pass.read);
        result->proof = result->reason ? PROOF_PARTIAL : PROOF_COMPLETE;
    }
    pass_end(&pass);
    return good;
}

static bool fetch_records(IdLookup *lookup, Pass *pass, GError **error)
{
    while (lookup->left) {
        g_autoptr(GError) bad = NULL;
        if (!pass_next(pass, &bad))
            return true;
        g_autoptr(Entry) entry = bad ? NULL : pass->format->decode(pass->reader, NULL);
        if (entry && !id_lookup_offer(lookup, entry, error))
            return false;
    }
    return true;
}

/* Those that were not found are gone, when the whole file was there to look through. */
static bool fetch_missing(IdLookup *lookup, const Pass *pass, GError **error)
{
    if (lookup->left == 0)
        return true;
    g_autofree char *doubt = file_proof_doubt(pass->file->endpoint, &pass->read);
    if (pass->whole && !doubt)
        return id_lookup_answer_missing(lookup, error);
    error_set(error, ERROR_SOURCE, "%s: cannot tell whether %zu objects are gone: %s",
              pass->file->endpoint->path, lookup->left, pass->failure ? pass->failure : doubt);
    return false;
}

bool record_file_fetch(Directory *directory, const FetchId *ids, size_t n_ids, const char *const *attributes,
                       DirectoryFetched fetched, void *data, GError **error)
{
    (void)attributes; /* all are delivered */
    Pass pass;
    IdLookup lookup = {.ids = ids, .n_ids = n_ids, .fetched = fetched, .data = data, .every_attribute = true};
    if (!pass_begin(&pass, (RecordFile *)directory, error))
        return false;
    id_lookup_begin(&lookup);
    bool good = fetch_records(&lookup, &pass, error) && fetch_missing(&lookup, &pass, error);
    id_lookup_end(&lookup);
    pass_end(&pass);
    return good;
}

static bool search_records(Pass *pass, const Selection *selection, size_t max, GPtrArray *found,
                           GError **error)
{
    for (;;) {
        g_autoptr(GError) bad = NULL;
        if (!pass_next(pass, &bad))
            return true;
        g_autoptr(Entry) entry = bad ? NULL : pass->format->decode(pass->reader, NULL);
        if (!entry || !selection_has_entry(selection, entry))
            continue;
        if (found->len >= max) {
            error_set(error, ERROR_SERVER_LIMIT, "%s: more than %zu entries match",
                      pass->file->endpoint->path, max);
            return false;
        }
        g_ptr_array_add(found, g_steal_pointer(&entry));
    }
}

GPtrArray *record_file_search(Directory *directory, const ReadRequest *request, size_t max, GError **error)
{
    RecordFile *file = (RecordFile *)directory;
    g_auto(Selection) selection = {0};
    Pass pass;
    if (!selection_init(&selection, schema_standard(), request, file->endpoint->base, error) ||
        !pass_begin(&pass, file, error))
        return NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func((GDestroyNotify)entry_free);
    bool good = search_records(&pass, &selection, max, found, error);
    pass_end(&pass);
    return good ? g_steal_pointer(&found) : NULL;
}
