/*
 * daemon_gate.c - one try with a password at a time, among all runs and watches
 *
 * The daemon's end of bind_gate.h. A password that was found to be wrong is refused to all
 * who ask for it, until the definition or password of one of them is corrected, or SIGHUP.
 */
#include "dirsync/daemon_internal.h"

#include "dirsync/bind_gate.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One password at one server. */
typedef struct {
    char *key;     /* of bind_gate.h */
    char *refused; /* why; NULL: it may be tried */
    Door *holder;  /* who is trying; NULL */
    GQueue waiting;
} Gate;

struct Door {
    Job *job;
    int fd;
    guint source;
    Gate *gate; /* that it holds or waits for; NULL */
};

static void gate_free(gpointer data)
{
    Gate *gate = data;
    g_queue_clear(&gate->waiting);
    g_free(gate->refused);
    g_free(gate->key);
    g_free(gate);
}

GHashTable *daemon_gates_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, gate_free);
}

/* --- whose passwords --- */

/* False when @told says that it is enough. */
static bool each_key(const Connector *connector, bool (*told)(const char *key, void *data), void *data)
{
    const Endpoint *endpoints[CONNECTOR_ENDPOINTS];
    connector_endpoints(connector, endpoints);
    for (size_t i = 0; i < CONNECTOR_ENDPOINTS; i++)
        for (char **uri = endpoints[i]->uris; endpoints[i]->bind == BIND_SIMPLE && uri && *uri; uri++) {
            g_autofree char *key = bind_gate_key(*uri, endpoints[i]->bind_dn, &endpoints[i]->password);
            if (!told(key, data))
                return false;
        }
    return true;
}

static bool differs(const char *key, void *data)
{
    return strcmp(key, data) != 0;
}

static bool uses(const Job *job, const char *key)
{
    return job->tried && !each_key(job->tried, differs, (void *)key);
}

typedef struct {
    GHashTable *gates;
    const Gate *refused;
} Search;

static bool is_open(const char *key, void *data)
{
    Search *search = data;
    const Gate *gate = g_hash_table_lookup(search->gates, key);
    search->refused = gate && gate->refused ? gate : NULL;
    return !search->refused;
}

const char *daemon_job_refusal(const Job *job)
{
    Search search = {.gates = job->daemon->gates};
    if (job->tried)
        each_key(job->tried, is_open, &search);
    return search.refused ? search.refused->refused : NULL;
}

static bool open_again(const char *key, void *data)
{
    Gate *gate = g_hash_table_lookup(data, key);
    if (gate)
        g_clear_pointer(&gate->refused, g_free);
    return true;
}

void daemon_gates_forget_refusals(GHashTable *gates)
{
    GHashTableIter iter;
    gpointer gate;
    g_hash_table_iter_init(&iter, gates);
    while (g_hash_table_iter_next(&iter, NULL, &gate))
        g_clear_pointer(&((Gate *)gate)->refused, g_free);
}

void daemon_job_forget_refusals(const Job *job)
{
    if (job->connector)
        each_key(job->connector, open_again, job->daemon->gates);
    if (job->tried)
        each_key(job->tried, open_again, job->daemon->gates);
}

/* --- turns --- */

/* What is corrected from now on counts, for everybody whom the outcome of this try may park. */
static void note_prints(const Job *who, const Gate *gate)
{
    const Daemon *self = who->daemon;
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = g_ptr_array_index(self->jobs, i);
        if (job != who && !uses(job, gate->key))
            continue;
        g_free(job->print_of_try);
        job->print_of_try = run_file_print(job->path, job->tried);
    }
}

static void advance(Gate *gate)
{
    Door *door;
    while (!gate->holder && (door = g_queue_pop_head(&gate->waiting))) {
        door->gate = gate->refused ? NULL : gate;
        gate->holder = door->gate ? door : NULL;
        if (gate->holder)
            note_prints(door->job, gate);
        bind_gate_answer(door->fd, gate->refused);
    }
}

static void take_question(Door *door, const char *key)
{
    GHashTable *gates = door->job->daemon->gates;
    Gate *gate = g_hash_table_lookup(gates, key);
    if (!gate) {
        gate = g_new0(Gate, 1);
        gate->key = g_strdup(key);
        g_hash_table_insert(gates, gate->key, gate);
    }
    door->gate = gate;
    g_queue_push_tail(&gate->waiting, door);
    advance(gate);
}

/* Who is in a run has it refused when it asks, or has bound already. */
static void park_users(const Job *found, const Gate *gate)
{
    const Daemon *self = found->daemon;
    for (guint i = 0; i < self->jobs->len; i++) {
        Job *job = g_ptr_array_index(self->jobs, i);
        bool free_to = job != found && !job->gone && job->connector && job->connector->schedule.given &&
                       job->what.state != SUPERVISED_RUNNING && job->what.state != SUPERVISED_PARKED;
        if (free_to && uses(job, gate->key))
            daemon_job_park_refused(job, gate->refused);
    }
}

/* It has tried, or is gone. */
static void leave(Door *door, BindOutcome outcome, const char *message)
{
    Gate *gate = g_steal_pointer(&door->gate);
    if (!gate)
        return;
    g_queue_remove(&gate->waiting, door);
    if (gate->holder == door)
        gate->holder = NULL;
    if (outcome == BIND_WRONG && !gate->refused) {
        gate->refused = g_strdup_printf("%s (found by connector %s)", message, door->job->name);
        park_users(door->job, gate);
    }
    advance(gate);
}

static void take_message(Door *door, const char *message)
{
    bool asks;
    BindOutcome outcome = BIND_UNKNOWN;
    const char *text = bind_gate_read(message, &asks, &outcome);
    if (text && asks && !door->gate)
        take_question(door, text);
    else if (text && !asks && door->gate && door->gate->holder == door)
        leave(door, outcome, text);
}

/* False at its end. */
static bool draw(Door *door)
{
    char message[BIND_GATE_LONGEST + 1];
    ssize_t got;
    while ((got = recv(door->fd, message, BIND_GATE_LONGEST, MSG_DONTWAIT)) > 0) {
        message[got] = '\0';
        take_message(door, message);
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data)
{
    Door *door = data;
    (void)fd;
    (void)condition;
    bool open = draw(door);
    if (!open)
        door->source = 0;
    daemon_turn(door->job->daemon);
    return open;
}

Door *daemon_door_open(Job *job, int *other_end, GError **error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        error_set(error, ERROR_IO, "cannot start a process: %s", g_strerror(errno));
        return NULL;
    }
    Door *door = g_new0(Door, 1);
    door->job = job;
    door->fd = ends[0];
    door->source = g_unix_fd_add(door->fd, G_IO_IN | G_IO_HUP, on_readable, door);
    *other_end = ends[1];
    return door;
}

void daemon_door_close(Door *door)
{
    if (!door)
        return;
    draw(door);
    leave(door, BIND_UNKNOWN, NULL);
    if (door->source)
        g_source_remove(door->source);
    close(door->fd);
    g_free(door);
}
