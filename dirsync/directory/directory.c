/*
 * directory.c - the drivers that definitions may name, and calls through them
 *
 * A new driver is one line in directory_drivers[]. What a driver does not
 * offer is an error value, so that callers need not look before they call.
 */
#include "dirsync/directory/directory.h"

#include "dirsync/directory/csv_file.h"
#include "dirsync/directory/failing.h"
#include "dirsync/directory/ldap.h"
#include "dirsync/directory/ldif_file.h"
#include "dirsync/directory/memory.h"

#include <string.h>

const DirectoryDriver *const directory_drivers[] = {
    &ldap_driver, &ldif_driver, &csv_driver, &memory_driver, &failing_driver, NULL,
};

const DirectoryDriver *directory_driver(const char *name)
{
    for (size_t i = 0; name && directory_drivers[i]; i++)
        if (strcmp(directory_drivers[i]->name, name) == 0)
            return directory_drivers[i];
    return NULL;
}

void read_result_clear(ReadResult *result)
{
    g_free(result->reason);
    *result = (ReadResult){0};
}

Entry *directory_item_decode(const DirectoryItem *item, GError **error)
{
    if (item->bad) {
        g_propagate_error(error, g_error_copy(item->bad));
        return NULL;
    }
    return item->directory->decode(item, error);
}

static char *driver_names(void)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; directory_drivers[i]; i++)
        g_string_append_printf(names, "%s%s", i ? ", " : "", directory_drivers[i]->name);
    return g_string_free(names, FALSE);
}

Directory *directory_open(const Endpoint *endpoint, GError **error)
{
    const DirectoryDriver *driver = directory_driver(endpoint->driver);
    if (!driver) {
        g_autofree char *names = driver_names();
        error_set(error, ERROR_DEFINITION, "%s%sdriver \"%s\" is not known; it is one of %s",
                  endpoint->where ? endpoint->where : "", endpoint->where ? ": " : "",
                  endpoint->driver ? endpoint->driver : "", names);
        return NULL;
    }
    return driver->open(endpoint, error);
}

void directory_close(Directory *directory)
{
    if (directory)
        directory->driver->close(directory);
}

const DirectoryDescription *directory_describe(Directory *directory)
{
    return directory->driver->describe(directory);
}

/* True when the driver offers @function; else an error that says what cannot be done. */
static bool offers(Directory *directory, bool function, const char *what, GError **error)
{
    if (!function)
        error_set(error, ERROR_PROTOCOL, "%s: the driver \"%s\" cannot %s",
                  directory_describe(directory)->subject, directory->driver->name, what);
    return function;
}

bool directory_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                    ReadResult *result, GError **error)
{
    *result = (ReadResult){.proof = PROOF_UNKNOWN};
    return offers(directory, directory->driver->read, "read everything", error) &&
           directory->driver->read(directory, request, sink, data, result, error);
}

void changes_result_clear(ChangesResult *result)
{
    read_result_clear(&result->read);
    g_free(result->cursor);
    g_free(result->full_reason);
    g_free(result->no_cursor);
    *result = (ChangesResult){0};
}

bool directory_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                       DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error)
{
    *result = (ChangesResult){.read = {.proof = PROOF_UNKNOWN}};
    return offers(directory, directory->driver->changes, "tell what has changed", error) &&
           directory->driver->changes(directory, request, cursor, sink, data, result, error);
}

bool directory_fetch(Directory *directory, const FetchId *ids, size_t n_ids, const char *const *attributes,
                     DirectoryFetched fetched, void *data, GError **error)
{
    return offers(directory, directory->driver->fetch, "fetch single entries", error) &&
           directory->driver->fetch(directory, ids, n_ids, attributes, fetched, data, error);
}

GPtrArray *directory_search(Directory *directory, const ReadRequest *request, size_t max, GError **error)
{
    if (!offers(directory, directory->driver->search, "search", error))
        return NULL;
    return directory->driver->search(directory, request, max, error);
}

bool directory_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                      GError **error)
{
    return offers(directory, directory->driver->submit, "be written to", error) &&
           directory->driver->submit(directory, change, done, data, error);
}

bool directory_flush(Directory *directory, GError **error)
{
    return !directory->driver->flush || directory->driver->flush(directory, error);
}

DirectoryWatch *directory_watch(const Endpoint *endpoint, const ReadRequest *requests, size_t n_requests,
                                GError **error)
{
    const DirectoryDriver *driver = directory_driver(endpoint->driver);
    if (driver && driver->watch)
        return driver->watch(endpoint, requests, n_requests, error);
    error_set(error, ERROR_DEFINITION, "%s: the driver \"%s\" cannot be watched; leave watch out",
              endpoint->where ? endpoint->where : "endpoint", endpoint->driver);
    return NULL;
}

void directory_watch_close(DirectoryWatch *watch)
{
    if (watch)
        watch->close(watch);
}
