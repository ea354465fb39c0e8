/*
 * source_watch.c - see source_watch.h
 */
#include "dirsync/source_watch.h"

#include "dirsync/directory/directory.h"
#include "dirsync/interrupt.h"

#include <errno.h>
#include <poll.h>

#define GATHER (G_USEC_PER_SEC / 10) /* a bulk load is one change every so often, not thousands */
#define LOOK_AGAIN 1000              /* milliseconds: for a signal that came just before the wait */

typedef struct {
    GArray *requests; /* ReadRequest, of one directory */
    DirectoryWatch *watch;
} Side;

static void add_request(Side *side, const char *base, int scope, const char *filter)
{
    ReadRequest request = {.base = base, .scope = (SearchScope)scope, .filter = filter};
    g_array_append_val(side->requests, request);
}

static void add_sources(Side *side, const PassSettings *pass)
{
    for (size_t i = 0; pass->wanted && i < pass->n_sources; i++)
        add_request(side, pass->sources[i].base, pass->sources[i].scope, pass->sources[i].filter);
}

static bool open_side(Side *side, const Endpoint *endpoint, GError **error)
{
    if (!side->requests->len)
        return true;
    side->watch = directory_watch(endpoint, (const ReadRequest *)(void *)side->requests->data,
                                  side->requests->len, error);
    return side->watch != NULL;
}

static bool open_sides(const Connector *connector, Side sides[2], GError **error)
{
    const PassSettings *addresses = &connector->pass[STEP_ADDRESSES];
    add_sources(&sides[0], &connector->pass[STEP_IMPORT]);
    add_sources(&sides[1], &connector->pass[STEP_EXPORT]);
    for (char **base = connector->addresses.natives; addresses->wanted && base && *base; base++)
        add_request(&sides[1], *base, SEARCH_SUBTREE, NULL);
    return open_side(&sides[0], &connector->foreign, error) &&
           open_side(&sides[1], &connector->organisation->home, error);
}

/* Waits until one of them has something to say. */
static bool wait_for(const Side sides[2], GError **error)
{
    struct pollfd descriptors[2];
    nfds_t n = 0;
    for (int i = 0; i < 2; i++)
        if (sides[i].watch)
            descriptors[n++] = (struct pollfd){.fd = sides[i].watch->descriptor, .events = POLLIN};
    while (!interrupt_pending(error)) {
        int ready = poll(descriptors, n, LOOK_AGAIN);
        if (ready >= 0) /* libldap may have drawn a message already while it waited for another one */
            return true;
        if (errno != EINTR) {
            error_set(error, ERROR_IO, "waiting for changes: %s", g_strerror(errno));
            return false;
        }
    }
    return false;
}

static bool take_all(Side sides[2], bool *changed, GError **error)
{
    *changed = false;
    for (int i = 0; i < 2; i++) {
        bool this_one = false;
        if (sides[i].watch && !sides[i].watch->take(sides[i].watch, &this_one, error))
            return false;
        *changed |= this_one;
    }
    return true;
}

static bool watch_sides(Side sides[2], SourceListener listener, void *data, GError **error)
{
    bool changed;
    if (!listener(SOURCE_OPENED, data))
        return true;
    while (wait_for(sides, error) && take_all(sides, &changed, error)) {
        if (!changed)
            continue;
        if (!listener(SOURCE_CHANGED, data))
            return true;
        g_usleep(GATHER);
    }
    return false;
}

bool source_watch(const Connector *connector, SourceListener listener, void *data, GError **error)
{
    Side sides[2];
    for (int i = 0; i < 2; i++)
        sides[i] = (Side){.requests = g_array_new(FALSE, FALSE, sizeof(ReadRequest))};
    bool good = open_sides(connector, sides, error);
    if (good && !sides[0].watch && !sides[1].watch) {
        error_set(error, ERROR_DEFINITION, "connector %s: has nothing that could be watched; leave watch out",
                  connector->name);
        good = false;
    }
    good = good && watch_sides(sides, listener, data, error);
    for (int i = 0; i < 2; i++) {
        directory_watch_close(sides[i].watch);
        g_array_unref(sides[i].requests);
    }
    return good;
}
