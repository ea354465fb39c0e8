/*
 * generator_internal.h - what the files of the seam share; see generator.h
 *
 *   generator_load.c          finds a plugin's file, checks and loads it
 *   generator_description.c   whether it is what we can call
 *   generator_answer.c        copies, bounds and checks what a plugin gives
 *   generator_crash.c         says which plugin it was when the process ends inside one
 *   generator_session.c       begin and end of a session, on these
 *   generator.c               calls in batches
 */
#ifndef PROXYGEN_GENERATOR_INTERNAL_H
#define PROXYGEN_GENERATOR_INTERNAL_H

#include "proxygen/generator.h"

#include <sys/stat.h>
#include <sys/types.h>

/* --- files and plugins --- */

#define PLUGIN_DIGEST_SIZE 33

/** A file that may be loaded: opened, and everything about it checked on the open descriptor. */
typedef struct {
    char *name; /* without folder */
    int fd;     /* -1 none */
    dev_t device;
    ino_t inode;
    char digest[PLUGIN_DIGEST_SIZE]; /* of its bytes, in hexadecimal */
} PluginFile;

/** Whether nobody but root and the running user could have written this file or folder; ERROR_DEFINITION. */
bool plugin_only_we_write(const struct stat *status, const char *path, GError **error);

/** False with ERROR_DEFINITION. @found is to be cleared in either case. */
bool plugin_file_find(const char *folder, const char *name, PluginFile *found, GError **error);
void plugin_file_clear(PluginFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PluginFile, plugin_file_clear)

/** The functions of the plugin in @file, which may give up its descriptor for it; NULL with
 *  ERROR_DEFINITION. They are there until the process ends. */
const ProxygenGenerator *plugin_load(PluginFile *file, GError **error);

/** Whether the description is one that we can work with; @file is the subject of ERROR_DEFINITION. */
bool plugin_is_described(const ProxygenGenerator *functions, const char *file, GError **error);

/* --- what plugins say; errors are ERROR_PROTOCOL and name the cause alone --- */

/** Untrusted text for a message: at most @max bytes of it, valid UTF-8, on one line. g_free(). */
char *answer_text(const char *text, size_t max);

/** What a plugin left in its buffer, as answer_text(); never empty. g_free(). */
char *answer_message(const char message[PROXYGEN_MESSAGE_SIZE]);

/** False when the status is one that does not exist, or says that there was no memory. */
bool answer_status_is_known(ProxygenStatus status, GError **error);

/** Whether @name may be the name of a type, in capitals: here there is only one spelling of each. */
bool answer_type_is_legal(const char *name);

/** Whether the text may be an address at all: length, UTF-8, no control characters. NULL, or what it is. */
const char *answer_address_fault(const char *text);

/** A checked copy of the address that a plugin gave, which is freed; NULL with an error. g_free(). */
char *answer_take_address(const ProxygenGenerator *functions, char *given, const char *type, GError **error);

/* --- crashes --- */

/** What is written when the process ends inside a plugin. */
typedef struct {
    char *path; /* absolute; NULL: nothing is written */
    char *text; /* "file type digest\n" */
    size_t len;
} CrashFrame;

void crash_frame_prepare(CrashFrame *frame, const char *path, const PluginFile *file, const char *type);
void crash_frame_clear(CrashFrame *frame);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrashFrame, crash_frame_clear)

/** Around every call into a plugin; by one thread at a time, never nested. @frame stays as it is until
 *  crash_frame_leave(). */
void crash_frame_enter(const CrashFrame *frame);
void crash_frame_leave(void);

/* --- sessions --- */

struct Generator {
    const ProxygenGenerator *functions;
    void *handle;
    char *file;
    ProxygenSession session; /* the strings are ours */
    char **settings;
    CrashFrame frame;
    bool opened;
    bool repeated; /* whether the same question was asked twice by now */
    bool broken;
};

/** @cause becomes an error about this generator and @subject, and it is not to be used again. Always false.
 */
bool generator_breach(Generator *generator, const char *subject, const GError *cause, GError **error);

#endif
