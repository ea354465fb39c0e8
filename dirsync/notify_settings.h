/*
 * notify_settings.h - who is told of what, as a definition says it
 *
 * The element <notify> of an organisation or a connector: kinds of news, and the
 * channels they go by. Plain read-only data after loading; everything belongs to
 * the structure. No secret is fetched.
 */
#ifndef DIRSYNC_NOTIFY_SETTINGS_H
#define DIRSYNC_NOTIFY_SETTINGS_H

#include "dirsync/secret.h"

#include <libxml/tree.h>

/** Kinds of news. Keep in step with notify_kind_names[]. */
typedef enum {
    NOTIFY_FAILURE,
    NOTIFY_LIMIT,
    NOTIFY_QUARANTINE,
    NOTIFY_AUDIT,
    NOTIFY_RECOVERY,
    NOTIFY_TEST, /* by hand; no definition says so */
    NOTIFY_KINDS
} NotifyKind;

extern const char *const notify_kind_names[NOTIFY_KINDS]; /* "failure", "limit", ... */

/** One way to tell. */
typedef struct {
    char *where;         /* "file:line" */
    char *label;         /* for people, without a secret: "mail to ops@acme.example by smtp://mail" */
    bool is_mail;        /* else a webhook */
    char *url;           /* NULL: it is a secret */
    SecretSource url_is; /* then it is here */
    char **to;           /* mail: addresses, NULL-terminated */
    char *from, *user;   /* mail; user NULL: no authentication */
    bool tls;            /* mail: refused without */
    SecretSource secret; /* password or token */
    char *ca;            /* CA file; NULL: the system's */
    unsigned timeout;    /* seconds; default 30 */
} NotifyChannel;

typedef struct {
    unsigned on;     /* bits 1 << NotifyKind; default all */
    gint64 patience; /* seconds: failures that pass by themselves are told when they last longer; default 0 */
    NotifyChannel *channels;
    size_t n_channels; /* 0: nobody is told */
} NotifySettings;

/** @node: the element, or NULL. Problems are appended. */
void notify_settings_read(NotifySettings *settings, const xmlNode *node, const char *definition,
                          GString **problems);
void notify_settings_clear(NotifySettings *settings);

#endif
