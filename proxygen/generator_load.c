/*
 * generator_load.c - which files may be loaded as generators, and loading them
 *
 * What is checked is what is loaded: the file is opened once, looked at through its
 * descriptor, and mapped through the same. It stays mapped, and the descriptor open,
 * until the process ends: the loader knows a file by the name it was given, and
 * that name is the descriptor's.
 */
#include "proxygen/address.h"
#include "proxygen/generator_internal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME_MAX 64
#define TYPES_MAX 256

typedef struct {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    const ProxygenGenerator *plugin;
} Loaded;

static GArray *loaded; /* of Loaded */

const char *generator_folder(const char *of_definition)
{
    const char *named = secure_getenv("DIRSYNC_GENERATORS");
    return of_definition ? of_definition : named && *named ? named : DIRSYNC_GENERATORS_DIR;
}

/* --- versions --- */

char *generator_version_text(ProxygenVersion version)
{
    return g_strdup_printf("%u.%u.%u.%u", version.major, version.minor, version.build, version.revision);
}

void generator_version_to_bytes(ProxygenVersion version, uint8_t bytes[8])
{
    const uint16_t words[4] = {version.revision, version.build, version.minor, version.major};
    for (size_t i = 0; i < 4; i++) {
        bytes[2 * i] = (uint8_t)(words[i] & 0xFF);
        bytes[2 * i + 1] = (uint8_t)(words[i] >> 8);
    }
}

bool generator_version_from_bytes(const void *data, size_t len, ProxygenVersion *version)
{
    const uint8_t *bytes = data;
    uint16_t words[4];
    if (len != 8)
        return false;
    for (size_t i = 0; i < 4; i++)
        words[i] = (uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
    *version =
        (ProxygenVersion){.major = words[3], .minor = words[2], .build = words[1], .revision = words[0]};
    return true;
}

static uint64_t version_number(ProxygenVersion version)
{
    return (uint64_t)version.major << 48 | (uint64_t)version.minor << 32 | (uint64_t)version.build << 16 |
           version.revision;
}

int generator_version_compare(ProxygenVersion a, ProxygenVersion b)
{
    return (version_number(a) > version_number(b)) - (version_number(a) < version_number(b));
}

/* --- the file --- */

static bool check_name(const char *file, GError **error)
{
    size_t len = strlen(file);
    if (len && len <= FILE_NAME_MAX && file[0] != '.' && !strchr(file, '/'))
        return true;
    error_set(
        error, ERROR_DEFINITION,
        "generator \"%s\": not the name of a file in the generator folder; name it without a path, such as "
        "simple.so",
        file);
    return false;
}

/* Whoever may write it could make us run anything. */
static bool check_owner(const char *path, const struct stat *about, GError **error)
{
    if (about->st_uid != 0 && about->st_uid != geteuid())
        error_set(error, ERROR_DEFINITION,
                  "%s: belongs to user %u; it must be root's or our own: chown root %s", path,
                  (unsigned)about->st_uid, path);
    else if (about->st_mode & (S_IWGRP | S_IWOTH))
        error_set(error, ERROR_DEFINITION, "%s: others may write it; chmod go-w %s", path, path);
    else
        return true;
    return false;
}

static bool io_error(GError **error, const char *path, const char *remedy)
{
    error_set(error, ERROR_DEFINITION, "%s: %s; %s", path, errno == ELOOP ? "a link" : g_strerror(errno),
              remedy);
    return false;
}

static int open_folder(const char *folder, GError **error)
{
    struct stat about;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &about) != 0) {
        io_error(error, folder, "install dirsync completely, or name the generator folder in the definition");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (check_owner(folder, &about, error))
        return fd;
    close(fd);
    return -1;
}

static bool check_file(int fd, const char *path, struct stat *about, GError **error)
{
    if (fstat(fd, about) != 0)
        return io_error(error, path, "see whether the disk is in order");
    if (S_ISREG(about->st_mode))
        return check_owner(path, about, error);
    error_set(error, ERROR_DEFINITION, "%s: not a file; put the generator itself there", path);
    return false;
}

/* -1: it may not be loaded. */
static int open_file(const char *folder, const char *file, const char *path, struct stat *about,
                     GError **error)
{
    if (!check_name(file, error))
        return -1;
    int at = open_folder(folder, error);
    if (at < 0)
        return -1;
    int fd = openat(at, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        io_error(error, path, "install the generator there; links are not followed");
    close(at);
    if (fd < 0 || check_file(fd, path, about, error))
        return fd;
    close(fd);
    return -1;
}

/* --- what is in it --- */

static bool has_functions(const ProxygenGenerator *plugin)
{
    return plugin->open && plugin->generate && plugin->update && plugin->validate_address &&
           plugin->validate_template && plugin->free_address && plugin->close && plugin->name;
}

static bool has_legal_types(const ProxygenGenerator *plugin)
{
    size_t n = 0;
    for (const char *const *type = plugin->types; type && *type; type++)
        if (++n > TYPES_MAX || !address_type_is_legal(*type))
            return false;
    return true;
}

static bool check_plugin(const ProxygenGenerator *plugin, const char *path, GError **error)
{
    if (!plugin)
        error_set(error, ERROR_DEFINITION,
                  "%s: refuses interface %d; install the one that was built for this dirsync", path,
                  PROXYGEN_ABI);
    else if (plugin->abi != PROXYGEN_ABI || plugin->size != sizeof *plugin)
        error_set(error, ERROR_DEFINITION,
                  "%s: made for interface %u, this dirsync has %d; build it again with the installed header",
                  path, plugin->abi, PROXYGEN_ABI);
    else if (!has_functions(plugin) || !has_legal_types(plugin))
        error_set(error, ERROR_DEFINITION,
                  "%s: leaves out a function or its name, or names a type that is none; see "
                  "proxygen.h",
                  path);
    else
        return true;
    return false;
}

static const ProxygenGenerator *load(int fd, const char *path, GError **error)
{
    g_autofree char *name = g_strdup_printf("/proc/self/fd/%d", fd);
    void *object = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    void *symbol = object ? dlsym(object, PROXYGEN_ENTRY) : NULL;
    ProxygenEntry entry;
    if (!symbol) {
        const char *why = dlerror();
        error_set(error, ERROR_DEFINITION, "%s: cannot be loaded as a generator: %s; see proxygen.h", path,
                  why ? why : "no " PROXYGEN_ENTRY);
        return NULL;
    }
    memcpy(&entry, &symbol, sizeof entry); /* ISO C has no cast from object to function */
    const ProxygenGenerator *plugin = entry(PROXYGEN_ABI);
    return check_plugin(plugin, path, error) ? plugin : NULL;
}

static const ProxygenGenerator *find_loaded(const struct stat *about)
{
    for (guint i = 0; loaded && i < loaded->len; i++) {
        const Loaded *known = &g_array_index(loaded, Loaded, i);
        if (known->device == about->st_dev && known->inode == about->st_ino &&
            known->changed.tv_sec == about->st_ctim.tv_sec &&
            known->changed.tv_nsec == about->st_ctim.tv_nsec)
            return known->plugin;
    }
    return NULL;
}

const ProxygenGenerator *generator_load(const char *folder, const char *file, GError **error)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    struct stat about;
    int fd = open_file(folder, file, path, &about, error);
    if (fd < 0)
        return NULL;
    const ProxygenGenerator *known = find_loaded(&about);
    if (known) {
        close(fd);
        return known;
    }
    const ProxygenGenerator *plugin = load(fd, path, error);
    if (!plugin)
        return NULL; /* the descriptor stays open: something may be mapped by its name */
    Loaded now = {about.st_dev, about.st_ino, about.st_ctim, plugin};
    if (!loaded)
        loaded = g_array_new(FALSE, FALSE, sizeof(Loaded));
    g_array_append_val(loaded, now);
    return plugin;
}

bool generator_probe(const char *folder, const char *file, ProxygenVersion *version, GError **error)
{
    const ProxygenGenerator *plugin = generator_load(folder, file, error);
    if (plugin && version)
        *version = plugin->version;
    return plugin != NULL;
}
