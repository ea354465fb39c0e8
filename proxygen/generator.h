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
 * nobody else, it is a regular file (no link), and it says the right ABI.
 */
#ifndef PROXYGEN_GENERATOR_H
#define PROXYGEN_GENERATOR_H

#include "dirsync/error.h"
#include "proxygen/proxygen.h"

/** The folder of the definition, else $DIRSYNC_GENERATORS, else where they are installed. */
const char *generator_folder(const char *of_definition);

/** "1.2.3.4"; g_free(). */
char *generator_version_text(ProxygenVersion version);
/** As fileVersion holds it: revision, build, minor, major, 16 bits each, little endian (KB 158336). */
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

/** Loads, checks and opens; strings are copied. NULL with ERROR_DEFINITION (file, template, setting), or
 *  NULL without an error when the generator has nothing for that type. */
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
    ProxygenRecipient recipient; /* in; size is set by the callee */
    unsigned retry;              /* in */
    GeneratedKind kind;          /* out */
    char *address;               /* out: "TYPE:value", checked; g_free() */
    char *message;               /* out; g_free() */
} GeneratorRequest;

void generator_request_clear(GeneratorRequest *request); /* what is out */

/**
 * Calls generate() for each request. False when the generator broke its contract (an address of another
 * type, too long, not UTF-8, with control characters, none at all; not valid by our own parser or by the
 * generator's; no memory; an answer that does not exist): ERROR_PROTOCOL says what it did and for whom, and
 * the generator must not be used again in this run. @calls (may be NULL) counts every call made.
 */
bool generator_generate(Generator *generator, GeneratorRequest *requests, size_t n, size_t *calls,
                        GError **error);

/** What @current becomes under this session's template, see update() in proxygen.h; *address NULL: generate
 * anew. False as generator_generate(). */
bool generator_update(Generator *generator, const ProxygenRecipient *recipient, const char *old_site,
                      const char *current, char **address, GError **error);

/** Whether the generator takes the address, or the template: ERROR_INVALID says why not; ERROR_PROTOCOL as
 *  above. */
bool generator_validate(Generator *generator, const char *address, GError **error);
bool generator_validate_template(Generator *generator, const char *site, GError **error);

/**
 * The crash frame: while a plugin runs, a signal that would end the process (SIGSEGV, SIGBUS, SIGFPE, SIGILL,
 * SIGABRT) or exit() first writes into settings.crash_file which plugin it was, of which type. A process that
 * is killed from outside writes nothing. *text is "file type digest" of such a frame, or NULL when there is
 * none; it counts only while the plugin's file is the one that crashed.
 */
bool generator_crashed(const char *crash_file, const char *folder, const char *file, char **text);

#endif
