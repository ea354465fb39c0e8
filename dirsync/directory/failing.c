/*
 * failing.c - a directory that fails by plan
 *
 * Passes everything through to a memory store but what the plan says. The
 * count of operations begins anew with every open, so "open@1" fails every
 * open. Reads are counted in entries (cut-read, size-limit; in every read)
 * or in calls (unknown-read). A call for changes is a read too.
 */
#include "dirsync/directory/failing.h"

#include "dirsync/directory/memory.h"

#include <string.h>

typedef enum {
    FAULT_OPEN,
    FAULT_CUT_READ,
    FAULT_UNKNOWN_READ,
    FAULT_SIZE_LIMIT,
    FAULT_REFUSE,
    FAULT_BUSY,
    FAULT_UNCERTAIN,
    FAULT_LOST,
    FAULT_DOWN,
    FAULT_FETCH,
    FAULT_SEARCH,
    FAULT_CHANGES,
    FAULT_FULL,
    FAULTS
} FaultKind;

static const char *const fault_names[] = {
    [FAULT_OPEN] = "open",
    [FAULT_CUT_READ] = "cut-read",
    [FAULT_UNKNOWN_READ] = "unknown-read",
    [FAULT_SIZE_LIMIT] = "size-limit",
    [FAULT_REFUSE] = "refuse",
    [FAULT_BUSY] = "busy",
    [FAULT_UNCERTAIN] = "uncertain",
    [FAULT_LOST] = "lost",
    [FAULT_DOWN] = "down",
    [FAULT_FETCH] = "fetch",
    [FAULT_SEARCH] = "search",
    [FAULT_CHANGES] = "changes",
    [FAULT_FULL] = "full",
};

G_STATIC_ASSERT(G_N_ELEMENTS(fault_names) == FAULTS);

typedef struct {
    FaultKind kind;
    guint64 number;
    bool and_on;
} Fault;

typedef struct {
    Directory base;
    Endpoint endpoint; /* of the store */
    Directory *inner;
    GArray *faults;
    char *subject;
    DirectoryDescription description;
    GPtrArray *passages; /* of changes that wait in the store */
    guint64 reads, fetches, searches, changes, change_reads, cursors;
    bool down;
} Failing;

/* A change on its way through the store. */
typedef struct {
    Failing *failing;
    DirectoryDone done;
    void *data;
    bool uncertain;
} Passage;

static bool parse_fault(const char *text, Fault *fault)
{
    const char *at = strchr(text, '@');
    *fault = (Fault){.kind = FAULTS, .and_on = g_str_has_suffix(text, "+")};
    for (size_t i = 0; at && i < FAULTS; i++)
        if (strlen(fault_names[i]) == (size_t)(at - text) &&
            strncmp(text, fault_names[i], (size_t)(at - text)) == 0)
            fault->kind = (FaultKind)i;
    if (fault->kind == FAULTS)
        return false;
    g_autofree char *number = g_strndup(at + 1, strlen(at + 1) - fault->and_on);
    return g_ascii_string_to_unsigned(number, 10, 1, G_MAXUINT64, &fault->number, NULL);
}

static bool parse_plan(GArray *faults, const char *plan, GError **error)
{
    g_auto(GStrv) words = g_strsplit(plan, ",", -1);
    for (char **word = words; *word; word++) {
        Fault fault;
        if (!parse_fault(*word, &fault)) {
            error_set(error, ERROR_DEFINITION, "failing: \"%s\" is not a fault like \"refuse@3\"", *word);
            return false;
        }
        g_array_append_val(faults, fault);
    }
    return true;
}

static bool strikes(const Failing *failing, FaultKind kind, guint64 number)
{
    for (guint i = 0; i < failing->faults->len; i++) {
        const Fault *fault = &g_array_index(failing->faults, Fault, i);
        if (fault->kind == kind && (fault->and_on ? number >= fault->number : number == fault->number))
            return true;
    }
    return false;
}

static bool unreachable(const Failing *failing, GError **error)
{
    error_set(error, ERROR_UNREACHABLE, "%s: cannot be reached", failing->subject);
    return false;
}

static void failing_close(Directory *directory)
{
    Failing *failing = (Failing *)directory;
    if (failing->inner)
        failing->inner->driver->close(failing->inner);
    g_array_unref(failing->faults);
    g_ptr_array_unref(failing->passages);
    g_free(failing->endpoint.path);
    g_free(failing->subject);
    g_free(failing);
}

static bool open_inner(Failing *failing, const char *path, GError **error)
{
    const char *bar = path ? strchr(path, '|') : NULL;
    if (!bar) {
        error_set(error, ERROR_DEFINITION, "failing: the path is not \"PLAN|STORE\"");
        return false;
    }
    g_autofree char *plan = g_strndup(path, (size_t)(bar - path));
    failing->endpoint.path = g_strdup(bar + 1);
    failing->subject = g_strconcat("failing:", bar + 1, NULL);
    if (!parse_plan(failing->faults, plan, error))
        return false;
    if (strikes(failing, FAULT_OPEN, 1))
        return unreachable(failing, error);
    failing->inner = memory_driver.open(&failing->endpoint, error);
    return failing->inner != NULL;
}

static Directory *failing_open(const Endpoint *endpoint, GError **error)
{
    Failing *failing = g_new0(Failing, 1);
    failing->base = (Directory){.driver = &failing_driver}; /* items are decoded by the store they are from */
    failing->endpoint = *endpoint;
    failing->endpoint.path = NULL;
    failing->faults = g_array_new(FALSE, FALSE, sizeof(Fault));
    failing->passages = g_ptr_array_new_with_free_func(g_free);
    if (open_inner(failing, endpoint->path, error))
        return &failing->base;
    failing_close(&failing->base);
    return NULL;
}

static const DirectoryDescription *failing_describe(Directory *directory)
{
    Failing *failing = (Failing *)directory;
    failing->description = *memory_driver.describe(failing->inner);
    failing->description.subject = failing->subject;
    return &failing->description;
}

/* A read on its way; @cut: the plan ended it. */
typedef struct {
    const Failing *failing;
    DirectorySink sink;
    DirectoryChangeSink change_sink;
    void *data;
    guint64 entries;
    const char *cut;
} Reading;

/* Counts one more entry. False with an error when the plan has the read end before it. */
static bool goes_on(Reading *reading, GError **error)
{
    guint64 number = reading->entries + 1;
    if (strikes(reading->failing, FAULT_CUT_READ, number))
        reading->cut = "cut off in the middle";
    else if (strikes(reading->failing, FAULT_SIZE_LIMIT, number))
        reading->cut = "size limit";
    if (reading->cut) {
        error_set(error, ERROR_INTERRUPTED, "%s", reading->cut);
        return false;
    }
    reading->entries = number;
    return true;
}

static bool pass_item(const DirectoryItem *item, void *data, GError **error)
{
    Reading *reading = data;
    return goes_on(reading, error) && reading->sink(item, reading->data, error);
}

static bool pass_change(const DirectoryChange *change, void *data, GError **error)
{
    Reading *reading = data;
    return (change->told != TOLD_ENTRY || goes_on(reading, error)) &&
           reading->change_sink(change, reading->data, error);
}

/* What the plan makes of a read that came to its end, or that it cut. */
static void spoil(Failing *failing, const Reading *reading, ReadResult *result)
{
    result->entries = reading->entries;
    if (reading->cut)
        result->proof = PROOF_PARTIAL;
    else if (strikes(failing, FAULT_UNKNOWN_READ, failing->reads))
        result->proof = PROOF_UNKNOWN;
    if (result->proof != PROOF_COMPLETE)
        result->reason = g_strdup(reading->cut ? reading->cut : "cannot be known");
}

static bool failing_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                         ReadResult *result, GError **error)
{
    Failing *failing = (Failing *)directory;
    Reading reading = {.failing = failing, .sink = sink, .data = data};
    g_autoptr(GError) cause = NULL;
    *result = (ReadResult){.proof = PROOF_UNKNOWN};
    if (failing->down)
        return unreachable(failing, error);
    failing->reads++;
    bool good = memory_driver.read(failing->inner, request, pass_item, &reading, result, &cause);
    if (!good && !reading.cut) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    spoil(failing, &reading, result);
    return true;
}

static bool failing_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                            DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error)
{
    Failing *failing = (Failing *)directory;
    Reading reading = {.failing = failing, .change_sink = sink, .data = data};
    g_autoptr(GError) cause = NULL;
    *result = (ChangesResult){.read = {.proof = PROOF_UNKNOWN}};
    failing->reads++;
    if (failing->down || strikes(failing, FAULT_CHANGES, ++failing->change_reads))
        return unreachable(failing, error);
    bool full = cursor && strikes(failing, FAULT_FULL, ++failing->cursors);
    bool good = memory_driver.changes(failing->inner, request, cursor, pass_change, &reading, result, &cause);
    if (!good && !reading.cut) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return false;
    }
    if (result->full_reason)
        return true;
    spoil(failing, &reading, &result->read);
    if (full)
        result->full_reason = g_strdup("the plan wants everything to be read");
    if (full || result->read.proof != PROOF_COMPLETE)
        g_clear_pointer(&result->cursor, g_free);
    return true;
}

static bool failing_fetch(Directory *directory, const FetchId *ids, size_t n_ids,
                          const char *const *attributes, DirectoryFetched fetched, void *data, GError **error)
{
    Failing *failing = (Failing *)directory;
    if (failing->down || strikes(failing, FAULT_FETCH, ++failing->fetches))
        return unreachable(failing, error);
    return memory_driver.fetch(failing->inner, ids, n_ids, attributes, fetched, data, error);
}

static GPtrArray *failing_search(Directory *directory, const ReadRequest *request, size_t max, GError **error)
{
    Failing *failing = (Failing *)directory;
    if (failing->down || strikes(failing, FAULT_SEARCH, ++failing->searches)) {
        unreachable(failing, error);
        return NULL;
    }
    return memory_driver.search(failing->inner, request, max, error);
}

static void report(const Change *change, Outcome outcome, ErrorCode code, const char *reason,
                   DirectoryDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    error_set(&error, code, "%s: %s", change->dn, reason);
    done(change, outcome, error, data);
}

static void pass_done(const Change *change, Outcome outcome, const GError *error, void *data)
{
    Passage *passage = data;
    if (passage->uncertain || passage->failing->down)
        report(change, OUTCOME_UNCERTAIN, ERROR_UNCERTAIN, "no answer came", passage->done, passage->data);
    else
        passage->done(change, outcome, error, passage->data);
    g_ptr_array_remove_fast(passage->failing->passages, passage);
}

/* What is outstanding when the connection goes is done, but nobody hears of it. */
static bool go_down(Failing *failing, GError **error)
{
    failing->down = true;
    memory_driver.flush(failing->inner, NULL);
    return unreachable(failing, error);
}

static bool failing_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                           GError **error)
{
    Failing *failing = (Failing *)directory;
    guint64 number = ++failing->changes;
    if (failing->down || strikes(failing, FAULT_DOWN, number))
        return go_down(failing, error);
    if (strikes(failing, FAULT_REFUSE, number)) {
        report(change, OUTCOME_FAILED, ERROR_REFUSED, "refused by plan", done, data);
    } else if (strikes(failing, FAULT_BUSY, number)) {
        report(change, OUTCOME_FAILED, ERROR_BUSY, "busy by plan", done, data);
    } else if (strikes(failing, FAULT_LOST, number)) {
        report(change, OUTCOME_UNCERTAIN, ERROR_UNCERTAIN, "no answer came", done, data);
    } else {
        Passage *passage = g_new(Passage, 1);
        *passage = (Passage){.failing = failing,
                             .done = done,
                             .data = data,
                             .uncertain = strikes(failing, FAULT_UNCERTAIN, number)};
        g_ptr_array_add(failing->passages, passage);
        return memory_driver.submit(failing->inner, change, pass_done, passage, error);
    }
    return true;
}

static bool failing_flush(Directory *directory, GError **error)
{
    Failing *failing = (Failing *)directory;
    memory_driver.flush(failing->inner, NULL);
    return failing->down ? unreachable(failing, error) : true;
}

const DirectoryDriver failing_driver = {
    .name = "failing",
    .open = failing_open,
    .close = failing_close,
    .describe = failing_describe,
    .read = failing_read,
    .changes = failing_changes,
    .fetch = failing_fetch,
    .search = failing_search,
    .submit = failing_submit,
    .flush = failing_flush,
};
