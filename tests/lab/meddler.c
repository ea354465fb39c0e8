/*
 * meddler.c - stands between dirsync and a real LDAP server, and makes trouble
 */
#include "tests/lab/meddler.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <lber.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    TAG_BIND = 0x60,
    TAG_MODIFY = 0x66,
    TAG_ADD = 0x68,
    TAG_DELETE = 0x4a,
    TAG_MODRDN = 0x6c,
    TAG_SEARCH = 0x63,
    TAG_ENTRY = 0x64,
    TAG_SEARCH_DONE = 0x65,
    TAG_REFERENCE = 0x73,
    TAG_INTERMEDIATE = 0x79,
    TAG_EXTENDED = 0x77
};

#define END_OF_TRANSACTION "1.3.6.1.1.21.3"

#define CONNECTIONS 32

/* One client, and the connection to the server that belongs to it. */
typedef struct {
    int client, server; /* -1: free */
    GByteArray *from_client, *from_server;
    GHashTable *writes; /* message ids of writes that were passed on */
    int watched;        /* message id whose answer is meddled with; 0: none */
    Meddling meddling;
    int held, held_result; /* message id of a bind whose answer is kept back; 0: none */
} Connection;

struct Meddler {
    char *folder, *path, *uri, *server_path;
    int listener; /* -1: nobody can connect any more */
    int wake[2];  /* closed by the owner to end the thread */
    GThread *thread;
    Connection connections[CONNECTIONS];
    GMutex lock; /* of all below */
    Meddling what;
    bool any; /* searches count as well */
    int result, bind_result, search_result;
    bool hold;
    const char *control; /* of the searches that are answered so */
    unsigned first, last, writes, good_binds, refused, outstanding, most, searches, good_searches, unwanted;
};

/* One whole message at the beginning of @bytes; 0: not there yet. */
static size_t message_length(const GByteArray *bytes)
{
    if (bytes->len < 2)
        return 0;
    size_t length = bytes->data[1], head = 2;
    if (length & 0x80) {
        size_t n = length & 0x7f;
        if (bytes->len < 2 + n)
            return 0;
        for (length = 0; head < 2 + n; head++)
            length = length << 8 | bytes->data[head];
    }
    return bytes->len >= head + length ? head + length : 0;
}

/* The id of a message, and the tag of its operation. */
static int message_id(const guint8 *bytes, size_t length, ber_tag_t *operation)
{
    struct berval value = {.bv_len = length, .bv_val = (char *)bytes};
    BerElement *ber = ber_init(&value);
    ber_int_t id = 0;
    ber_len_t len;
    ber_scanf(ber, "{i", &id);
    *operation = ber_peek_tag(ber, &len);
    ber_free(ber, 1);
    return id;
}

static void pass_on(int fd, const guint8 *bytes, size_t length)
{
    while (length) {
        ssize_t n = send(fd, bytes, length, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the other end will be found to be gone */
        bytes += n;
        length -= (size_t)n;
    }
}

/* The tag of an answer is that of the request plus one; a delete's is not constructed, a search's last one
 * comes after that of its entries. */
static void answer(const Connection *connection, int id, ber_tag_t operation, int result)
{
    ber_tag_t tag = operation == TAG_DELETE   ? 0x6b
                    : operation == TAG_SEARCH ? TAG_SEARCH_DONE
                                              : operation + 1;
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    struct berval value;
    ber_printf(ber, "{it{ess}}", id, tag, result, "", "meddled with");
    ber_flatten2(ber, &value, 0);
    pass_on(connection->client, (const guint8 *)value.bv_val, value.bv_len);
    ber_free(ber, 1);
}

static void cut(Meddler *meddler, Connection *connection)
{
    if (connection->client < 0)
        return;
    close(connection->client);
    close(connection->server);
    meddler->outstanding -= g_hash_table_size(connection->writes);
    g_byte_array_unref(connection->from_client);
    g_byte_array_unref(connection->from_server);
    g_hash_table_unref(connection->writes);
    *connection = (Connection){.client = -1, .server = -1};
}

static void die(Meddler *meddler)
{
    close(meddler->listener);
    meddler->listener = -1;
    unlink(meddler->path);
    for (int i = 0; i < CONNECTIONS; i++)
        cut(meddler, &meddler->connections[i]);
}

static bool is_write(ber_tag_t operation, const guint8 *bytes, size_t length)
{
    if (operation == TAG_EXTENDED)
        return memmem(bytes, length, END_OF_TRANSACTION, strlen(END_OF_TRANSACTION));
    return operation == TAG_ADD || operation == TAG_MODIFY || operation == TAG_MODRDN ||
           operation == TAG_DELETE;
}

static Meddling what_now(Meddler *meddler)
{
    meddler->writes++;
    return meddler->writes >= meddler->first && meddler->writes <= meddler->last ? meddler->what : MEDDLE_NOT;
}

static void count_write(Meddler *meddler, Connection *connection, int id)
{
    g_hash_table_add(connection->writes, GINT_TO_POINTER(id));
    meddler->outstanding++;
    meddler->most = MAX(meddler->most, meddler->outstanding);
}

/* A write from the client. False when the connection is gone. */
static bool take_write(Meddler *meddler, Connection *connection, const guint8 *bytes, size_t length, int id,
                       ber_tag_t operation)
{
    Meddling what = what_now(meddler);
    switch (what) {
    case MEDDLE_ANSWER:
        answer(connection, id, operation, meddler->result);
        return true;
    case MEDDLE_CUT_BEFORE:
        cut(meddler, connection);
        return false;
    case MEDDLE_DIE_BEFORE:
        die(meddler);
        return false;
    case MEDDLE_CUT_AFTER:
    case MEDDLE_SWALLOW:
    case MEDDLE_DIE_AFTER:
        connection->watched = id;
        connection->meddling = what;
        break;
    case MEDDLE_NOT:
        break;
    }
    count_write(meddler, connection, id);
    pass_on(connection->server, bytes, length);
    return true;
}

static bool is_refused_search(Meddler *meddler, ber_tag_t operation, const guint8 *bytes, size_t length)
{
    bool meant = operation == TAG_SEARCH && meddler->search_result &&
                 memmem(bytes, length, meddler->control, strlen(meddler->control));
    if (!meant || !meddler->good_searches)
        return meant;
    meddler->good_searches--;
    return false;
}

static bool take_from_client(Meddler *meddler, Connection *connection, const guint8 *bytes, size_t length)
{
    ber_tag_t operation;
    int id = message_id(bytes, length, &operation);
    if (is_write(operation, bytes, length) || (meddler->any && operation == TAG_SEARCH))
        return take_write(meddler, connection, bytes, length, id, operation);
    if (is_refused_search(meddler, operation, bytes, length)) {
        answer(connection, id, TAG_SEARCH + 1,
               meddler->search_result); /* the end of a search, not an entry */
        return true;
    }
    if (operation == TAG_SEARCH && meddler->searches && meddler->writes >= meddler->first) {
        meddler->searches--;
        cut(meddler, connection);
        return false;
    }
    if (operation == TAG_BIND) {
        if (meddler->bind_result && !meddler->good_binds) {
            meddler->refused++;
            connection->held = meddler->hold ? id : 0;
            connection->held_result = meddler->bind_result;
            if (!meddler->hold)
                answer(connection, id, operation, meddler->bind_result);
            return true;
        }
        meddler->good_binds -= meddler->good_binds > 0;
    }
    pass_on(connection->server, bytes, length);
    return true;
}

static bool take_from_server(Meddler *meddler, Connection *connection, const guint8 *bytes, size_t length)
{
    ber_tag_t operation;
    int id = message_id(bytes, length, &operation);
    bool goes_on = operation == TAG_ENTRY || operation == TAG_REFERENCE || operation == TAG_INTERMEDIATE;
    if (!goes_on && g_hash_table_remove(connection->writes, GINT_TO_POINTER(id)))
        meddler->outstanding--;
    if (id != connection->watched) {
        pass_on(connection->client, bytes, length);
        return true;
    }
    connection->watched = goes_on ? id : 0;
    if (connection->meddling == MEDDLE_SWALLOW)
        return true;
    if (connection->meddling == MEDDLE_DIE_AFTER)
        die(meddler);
    else
        cut(meddler, connection);
    return false;
}

/* Reads what there is and handles every whole message. */
static void move(Meddler *meddler, Connection *connection, bool client)
{
    guint8 buffer[65536];
    GByteArray *bytes = client ? connection->from_client : connection->from_server;
    ssize_t n = read(client ? connection->client : connection->server, buffer, sizeof buffer);
    if (n <= 0) {
        cut(meddler, connection);
        return;
    }
    g_byte_array_append(bytes, buffer, (guint)n);
    for (size_t length; (length = message_length(bytes)) > 0;) {
        bool there = client ? take_from_client(meddler, connection, bytes->data, length)
                            : take_from_server(meddler, connection, bytes->data, length);
        if (!there)
            return;
        g_byte_array_remove_range(bytes, 0, (guint)length);
    }
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

static void take_client(Meddler *meddler)
{
    int client = accept4(meddler->listener, NULL, NULL, SOCK_CLOEXEC);
    bool unwanted = meddler->unwanted && meddler->writes >= meddler->first;
    int server = client < 0 || unwanted ? -1 : connect_to(meddler->server_path);
    meddler->unwanted -= unwanted;
    for (int i = 0; server >= 0 && i < CONNECTIONS; i++) {
        Connection *connection = &meddler->connections[i];
        if (connection->client >= 0)
            continue;
        *connection = (Connection){.client = client,
                                   .server = server,
                                   .from_client = g_byte_array_new(),
                                   .from_server = g_byte_array_new(),
                                   .writes = g_hash_table_new(g_direct_hash, g_direct_equal)};
        return;
    }
    if (client >= 0)
        close(client);
    if (server >= 0)
        close(server);
}

static void handle(Meddler *meddler, const struct pollfd *ready)
{
    if (ready[0].revents)
        take_client(meddler);
    for (int i = 0; i < CONNECTIONS; i++) {
        Connection *connection = &meddler->connections[i];
        /* What was cut by another one's trouble may be somebody else's by now. */
        if (ready[2 + 2 * i].revents && connection->client == ready[2 + 2 * i].fd)
            move(meddler, connection, true);
        if (ready[3 + 2 * i].revents && connection->server == ready[3 + 2 * i].fd)
            move(meddler, connection, false);
    }
}

static void *work(void *data)
{
    Meddler *meddler = data;
    struct pollfd fds[2 + 2 * CONNECTIONS];
    for (;;) {
        fds[0] = (struct pollfd){.fd = meddler->listener, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = meddler->wake[0], .events = POLLIN};
        for (int i = 0; i < CONNECTIONS; i++) {
            fds[2 + 2 * i] = (struct pollfd){.fd = meddler->connections[i].client, .events = POLLIN};
            fds[3 + 2 * i] = (struct pollfd){.fd = meddler->connections[i].server, .events = POLLIN};
        }
        if (poll(fds, G_N_ELEMENTS(fds), -1) < 0)
            continue;
        if (fds[1].revents)
            return NULL;
        g_mutex_lock(&meddler->lock);
        handle(meddler, fds);
        g_mutex_unlock(&meddler->lock);
    }
}

Meddler *meddler_start(const char *server)
{
    Meddler *meddler = g_new0(Meddler, 1);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_mutex_init(&meddler->lock);
    meddler->folder = g_dir_make_tmp("meddler-XXXXXX", NULL);
    meddler->path = g_build_filename(meddler->folder, "s", NULL);
    meddler->server_path = g_uri_unescape_string(server + strlen("ldapi://"), NULL);
    g_autofree char *escaped = g_uri_escape_string(meddler->path, NULL, FALSE);
    meddler->uri = g_strconcat("ldapi://", escaped, NULL);
    g_strlcpy(address.sun_path, meddler->path, sizeof address.sun_path);
    for (int i = 0; i < CONNECTIONS; i++)
        meddler->connections[i] = (Connection){.client = -1, .server = -1};
    meddler->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(meddler->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(meddler->listener, CONNECTIONS), 0);
    assert_int_equal(pipe(meddler->wake), 0);
    meddler->thread = g_thread_new("meddler", work, meddler);
    return meddler;
}

void meddler_stop(Meddler *meddler)
{
    if (!meddler)
        return;
    close(meddler->wake[1]);
    g_thread_join(meddler->thread);
    close(meddler->wake[0]);
    if (meddler->listener >= 0)
        die(meddler);
    rmdir(meddler->folder);
    g_mutex_clear(&meddler->lock);
    g_free(meddler->folder);
    g_free(meddler->path);
    g_free(meddler->uri);
    g_free(meddler->server_path);
    g_free(meddler);
}

char *meddler_uri(Meddler *meddler)
{
    return meddler->uri;
}

static void plan(Meddler *meddler, bool any, Meddling what, int result, unsigned first, unsigned last)
{
    g_mutex_lock(&meddler->lock);
    meddler->any = any;
    meddler->what = what;
    meddler->result = result;
    meddler->first = first;
    meddler->last = last;
    meddler->writes = 0;
    meddler->most = meddler->outstanding;
    g_mutex_unlock(&meddler->lock);
}

void meddler_plan(Meddler *meddler, Meddling what, int result, unsigned first, unsigned last)
{
    plan(meddler, false, what, result, first, last);
}

void meddler_plan_any(Meddler *meddler, Meddling what, int result, unsigned first, unsigned last)
{
    plan(meddler, true, what, result, first, last);
}

void meddler_cut_searches(Meddler *meddler, unsigned n)
{
    g_mutex_lock(&meddler->lock);
    meddler->searches = n;
    g_mutex_unlock(&meddler->lock);
}

void meddler_turn_away(Meddler *meddler, unsigned n)
{
    g_mutex_lock(&meddler->lock);
    meddler->unwanted = n;
    g_mutex_unlock(&meddler->lock);
}

void meddler_refuse_binds_after(Meddler *meddler, unsigned n, int result)
{
    g_mutex_lock(&meddler->lock);
    meddler->good_binds = n;
    meddler->bind_result = result;
    g_mutex_unlock(&meddler->lock);
}

void meddler_refuse_searches_after(Meddler *meddler, unsigned n, const char *oid, int result)
{
    g_mutex_lock(&meddler->lock);
    meddler->good_searches = n;
    meddler->control = oid;
    meddler->search_result = result;
    g_mutex_unlock(&meddler->lock);
}

void meddler_hold_binds(Meddler *meddler, bool hold)
{
    g_mutex_lock(&meddler->lock);
    meddler->hold = hold;
    for (int i = 0; i < CONNECTIONS && !hold; i++) {
        Connection *connection = &meddler->connections[i];
        if (connection->client >= 0 && connection->held)
            answer(connection, connection->held, TAG_BIND, connection->held_result);
        connection->held = 0;
    }
    g_mutex_unlock(&meddler->lock);
}

static unsigned look(Meddler *meddler, const unsigned *figure)
{
    g_mutex_lock(&meddler->lock);
    unsigned value = *figure;
    g_mutex_unlock(&meddler->lock);
    return value;
}

unsigned meddler_writes(Meddler *meddler)
{
    return look(meddler, &meddler->writes);
}

unsigned meddler_refused_binds(Meddler *meddler)
{
    return look(meddler, &meddler->refused);
}

unsigned meddler_most_outstanding(Meddler *meddler)
{
    return look(meddler, &meddler->most);
}
