/*
 * generator_internal.h - what the files of the seam share; see generator.h
 *
 *   generator_load.c     finds a plugin's file, checks and loads it
 *   generator_answer.c   copies, bounds and checks what a plugin gives
 *   generator_crash.c    says which plugin it was when the process ends inside one
 *   generator.c          sessions and batches, on these three
 */
#ifndef PROXYGEN_GENERATOR_INTERNAL_H
#define PROXYGEN_GENERATOR_INTERNAL_H

#include "proxygen/generator.h"

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

/** False with ERROR_DEFINITION. @found is to be cleared in either case. */
bool plugin_file_find(const char *folder, const char *name, PluginFile *found, GError **error);
void plugin_file_clear(PluginFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PluginFile, plugin_file_clear)

/** The functions of the plugin in @file, which may give up its descriptor for it; NULL with
 *  ERROR_DEFINITION. They are there until the process ends. */
const ProxygenGenerator *plugin_load(PluginFile *file, GError **error);

/* --- what plugins say; errors are ERROR_PROTOCOL and name the cause alone --- */

/** Untrusted text for a message: at most @max bytes of it, valid UTF-8, on one line. g_free(). */
char *answer_text(const char *text, size_t max);

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

#endif
