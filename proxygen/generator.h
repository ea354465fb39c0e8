/*
 * generator.h - the seam behind which generators run
 *
 * Loads a plugin (proxygen.h), opens a session for one template, and calls it in
 * batches. Nothing outside this module sees a plugin's pointers: what comes back
 * was copied, bounded and validated. So the plugins could be moved into a process
 * of their own without anybody noticing.
 *
 * A plugin is loaded from the generator folder alone: its name has no path in it,
 * folder and file belong to root or to the running user and can be written by
 * nobody else, it is a regular file (no link), and it says the right ABI. It stays
 * loaded until the process ends; one file is loaded once, however many sessions it has.
 *
 * One thread at a time uses this module. Everything handed out belongs to the caller.
 */
#ifndef PROXYGEN_GENERATOR_H
#define PROXYGEN_GENERATOR_H

#include "dirsync/error.h"
#include "proxygen/proxygen.h"

/** The folder of the definition, else $DIRSYNC_GENERATORS (not in a program with more rights than its user),
 *  else where they are installed. Borrowed. */
const char *generator_folder(const char *of_definition);

/** "1.2.3.4"; g_free(). */
char *generator_version_text(ProxygenVersion version);
/** As fileVersion holds it: revision, build, minor, major, 16 bits each, little endian (KB 158336). False
 *  when it has not 8 bytes. */
void generator_version_to_bytes(ProxygenVersion version, uint8_t bytes[8]);
bool generator_version_from_bytes(const void *bytes, size_t len, ProxygenVersion *version);
/** <0, 0, >0 */
int generator_version_compare(ProxygenVersion a, ProxygenVersion b);

/** Looks at the file without opening a session: may it be loaded, and which version is it? ERROR_DEFINITION
 *  with subject, cause and remedy. @version may be NULL. */
bool generator_probe(const char *folder, const char *file, ProxygenVersion *version, GError **error);

typedef struct {
    const char *folder, *file; /* see generator_folder() */
    const char *type;          /* "NOTES" */
    const char *site;          /* template with its type; NULL: the generator's default */
    const char *server, *language, *organisation, *domain; /* see ProxygenSession */
    const char *const *settings;                           /* NULL: none */
    const char *crash_file; /* written when the plugin ends the process, see generator_crashed(); or NULL */
} GeneratorSettings;

typedef struct Generator Generator;

/** Loads, checks and opens; strings are copied. NULL with ERROR_DEFINITION (file, template, setting) or
 *  ERROR_PROTOCOL (an answer that does not exist, no memory), or NULL without an error when the generator has
 *  nothing for that type. */
Generator *generator_open(const GeneratorSettings *settings, GError **error);
void generator_close(Generator *generator);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Generator, generator_close)
ProxygenVersion generator_version(const Generator *generator);

typedef enum {
    GENERATED,      /* address is there */
    GENERATED_NONE, /* this recipient has none of this type */
    GENERATED_ERROR /* message says why; another retry number may help */
} GeneratedKind;

/** One call of a batch. */
typedef struct {
    ProxygenRecipient recipient; /* in; size is set by the callee. Strings are borrowed */
    unsigned retry;              /* in */
    GeneratedKind kind;          /* out */
    char *address;               /* out: "TYPE:value", checked; g_free() */
    char *message;               /* out; g_free() */
} GeneratorRequest;

/** Frees what is out. Needed after the last call alone: generator_generate() begins with it. */
void generator_request_clear(GeneratorRequest *request);

/**
 * Calls generate() for each request, and twice for the first address of a session, which must be the same
 * then. False when the generator broke its contract (an address of another type, too long, not UTF-8, with
 * control characters, none at all; not valid by our own parser or by the generator's; another one for the
 * same question; no memory; an answer that does not exist): ERROR_PROTOCOL says what it did and for whom,
 * nothing is out, and the generator must not be used again in this run; this one refuses to be. What is out
 * in
 * @requests must be NULL or of an earlier call. The calls made are added to *@calls (may be NULL).
 */
bool generator_generate(Generator *generator, GeneratorRequest *requests, size_t n, size_t *calls,
                        GError **error);

/** What @current becomes under this session's template, see update() in proxygen.h; *address NULL: generate
 *  anew, as always when one of the two templates is NULL or the generator cannot. False as
 *  generator_generate(). */
bool generator_update(Generator *generator, const ProxygenRecipient *recipient, const char *old_site,
                      const char *current, char **address, GError **error);

/** Whether the generator takes the address, or the template: ERROR_INVALID says why not, or that it could not
 *  tell; ERROR_PROTOCOL as above. What is no text of bounded length is refused without asking it. */
bool generator_validate(Generator *generator, const char *address, GError **error);
bool generator_validate_template(Generator *generator, const char *site, GError **error);

/** Name of the crash file in a connector's state folder. */
#define GENERATOR_CRASH_FILE "generator-crash"

/**
 * The crash frame: while a plugin runs, a signal that would end the process (SIGSEGV, SIGBUS, SIGFPE, SIGILL,
 * SIGABRT) or exit() first writes into settings.crash_file which plugin it was, of which type. After exit()
 * the process ends with status 1, whatever status the plugin gave: the run has not succeeded. A process that
 * is killed from outside writes nothing.
 *
 * True when there is such a frame of this very file: one that was mended has other bytes and counts as new.
 * *text (may be NULL) is then "file type digest", else NULL; g_free().
 */
bool generator_crashed(const char *crash_file, const char *folder, const char *file, char **text);

#endif
