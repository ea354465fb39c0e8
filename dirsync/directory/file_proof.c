/*
 * file_proof.c - the doubts about a source file, one function each
 *
 * The first doubt that holds is the reason. What the definition names must
 * fit: a trailer that is missing is a doubt, whatever the count says.
 */
#include "dirsync/directory/file_proof.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define MAX_CHECKSUM_FILE (1024 * 1024)
#define DIGEST_LENGTH 64 /* hex digits of SHA-256 */

/* O_NONBLOCK, so that a fifo cannot hold us up before we see what it is. */
int file_open(const char *path, struct stat *status, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, status) != 0) {
        error_set(error, ERROR_SOURCE, "%s: cannot be opened: %s", path, g_strerror(errno));
    } else if (!S_ISREG(status->st_mode)) {
        error_set(error, ERROR_SOURCE, "%s: %s; a regular file is wanted", path,
                  S_ISDIR(status->st_mode) ? "is a directory" : "is not a regular file");
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

/* A link that leads nowhere is a file that is missing from where it should be, and not absent. */
bool file_is_absent(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return errno == ENOENT;
    return S_ISREG(status.st_mode) && status.st_size == 0;
}

bool file_is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static char *doubt_change(const Endpoint *endpoint, const FileRead *read)
{
    struct stat now, named;
    if (fstat(read->fd, &now) != 0 || !file_is_same(&read->before, &now))
        return g_strdup("the file changed while it was read");
    if (stat(endpoint->path, &named) != 0 || !file_is_same(&now, &named))
        return g_strdup("the file was replaced while it was read");
    return NULL;
}

static char *doubt_age(const Endpoint *endpoint, const FileRead *read)
{
    gint64 age = g_get_real_time() / G_USEC_PER_SEC - read->before.st_mtim.tv_sec;
    if (endpoint->max_age == 0 || age <= (gint64)endpoint->max_age)
        return NULL;
    return g_strdup_printf("the file is %" G_GINT64_FORMAT " seconds old, the definition allows %u", age,
                           endpoint->max_age);
}

static char *doubt_records(const Endpoint *endpoint, const FileRead *read)
{
    if (read->records == 0 && !endpoint->is_target)
        return g_strdup("no records");
    if (read->bad)
        return g_strdup_printf("%zu of %zu records cannot be read", read->bad, read->records);
    return NULL;
}

static char *doubt_trailer(const Endpoint *endpoint, const FileRead *read)
{
    size_t len = strlen(endpoint->count_trailer);
    const char *trailer = read->trailer;
    if (!trailer || strncmp(trailer, endpoint->count_trailer, len) != 0 || trailer[len] != ':')
        return g_strdup_printf("there is no trailer: the %s", read->trailer_form);
    g_autofree char *number = g_strstrip(g_strdup(trailer + len + 1));
    guint64 count;
    if (g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, &count, NULL) && count == read->records)
        return NULL;
    return g_strdup_printf("the trailer says %s records, there are %zu", number, read->records);
}

char *file_digest(int fd)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    const size_t size = 256 * 1024;
    g_autofree guchar *buffer = g_malloc(size);
    off_t at = 0;
    for (;;) {
        ssize_t n = pread(fd, buffer, size, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? g_strdup(g_checksum_get_string(checksum)) : NULL;
        g_checksum_update(checksum, buffer, n);
        at += n;
    }
}

/* The bytes of a small file; NULL when it is missing, large or no file. */
static char *read_small_file(const char *path)
{
    struct stat status;
    int fd = file_open(path, &status, NULL);
    if (fd < 0)
        return NULL;
    g_autofree char *text = g_malloc0(MAX_CHECKSUM_FILE + 1);
    size_t len = 0;
    ssize_t n = 0;
    while (len < MAX_CHECKSUM_FILE && (n = read(fd, text + len, MAX_CHECKSUM_FILE - len)) > 0)
        len += (size_t)n;
    close(fd);
    return n < 0 ? NULL : g_strdup(text);
}

/* One line of sha256sum(1): digest, blank, blank or '*', name. The name may have a path before it, or be
 * missing altogether. */
static bool line_names(const char *line, const char *file)
{
    size_t len = strlen(line);
    if (len < DIGEST_LENGTH || strspn(line, "0123456789abcdefABCDEF") != DIGEST_LENGTH)
        return false;
    if (len <= DIGEST_LENGTH + 2)
        return true;
    g_autofree char *name = g_path_get_basename(line + DIGEST_LENGTH + 2);
    return strcmp(name, file) == 0;
}

/* The digest that the checksum file gives for @path; NULL when it gives none. */
static char *find_digest(const char *text, const char *path)
{
    g_autofree char *file = g_path_get_basename(path);
    g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
    for (char **line = lines; *line; line++)
        if (line_names(*line, file))
            return g_ascii_strdown(*line, DIGEST_LENGTH);
    return NULL;
}

bool file_checksum_fits(const char *checksum, const char *path, const char *digest)
{
    g_autofree char *text = read_small_file(checksum);
    g_autofree char *named = text ? find_digest(text, path) : NULL;
    return named && strcmp(named, digest) == 0;
}

static char *doubt_checksum(const Endpoint *endpoint, const FileRead *read)
{
    g_autofree char *text = read_small_file(endpoint->checksum);
    if (!text)
        return g_strdup_printf("the checksum file %s cannot be read", endpoint->checksum);
    g_autofree char *wanted = find_digest(text, endpoint->path);
    if (!wanted)
        return g_strdup_printf("the checksum file %s has no SHA-256 line for it", endpoint->checksum);
    g_autofree char *found = file_digest(read->fd);
    if (found && strcmp(found, wanted) == 0)
        return NULL;
    return g_strdup_printf("the checksum in %s does not fit", endpoint->checksum);
}

/* Without an earlier count there is nothing to compare with, and nothing yet that could be deleted: the
 * first read counts as complete. */
static char *doubt_count(const Endpoint *endpoint, const FileRead *read)
{
    if (read->last_good_count == 0 ||
        (double)read->records * 100 >= (double)read->last_good_count * endpoint->minimum_percent)
        return NULL;
    return g_strdup_printf("%zu records, the last complete read had %zu; at least %u %% of them are wanted",
                           read->records, read->last_good_count, endpoint->minimum_percent);
}

char *file_proof_doubt_content(const Endpoint *endpoint, const FileRead *read)
{
    if (endpoint->is_target)
        return NULL;
    if (!endpoint->count_trailer && !endpoint->checksum)
        return read->unended ? g_strdup("the last line does not end") : doubt_count(endpoint, read);
    char *doubt = endpoint->count_trailer ? doubt_trailer(endpoint, read) : NULL;
    if (!doubt && endpoint->checksum)
        doubt = doubt_checksum(endpoint, read);
    return doubt;
}

char *file_proof_doubt_age(const Endpoint *endpoint, const FileRead *read)
{
    char *doubt = doubt_change(endpoint, read);
    return doubt ? doubt : doubt_age(endpoint, read);
}

char *file_proof_doubt(const Endpoint *endpoint, const FileRead *read)
{
    if (read->cut)
        return g_strdup("the file ends in the middle of a line");
    char *doubt = file_proof_doubt_age(endpoint, read);
    if (!doubt)
        doubt = doubt_records(endpoint, read);
    return doubt ? doubt : file_proof_doubt_content(endpoint, read);
}
