/*
 * lab.h - throw-away servers for integration tests
 *
 * A thin cover over the scripts tests/lab/slapd, samba and 389. A server lives
 * in a folder of its own below the temporary folder; lab_stop() removes both.
 * Failures of the lab itself fail the running cmocka test.
 *
 * The sources are looked for in $DIRSYNC_DATADIR, else in the current folder.
 */
#ifndef DIRSYNC_TESTS_LAB_H
#define DIRSYNC_TESTS_LAB_H

#include <glib.h>

typedef struct {
    const char *kind; /* the script: "slapd", "samba" or "389" */
    char *folder;
    char *uri;       /* ldapi */
    char *ldap_uri;  /* slapd with --port or --tls; else NULL */
    char *ldaps_uri; /* slapd with --tls; else NULL */
    char *bind_dn;   /* of who may do everything; NULL (slapd): who starts it, by SASL EXTERNAL */
    char *password_file;
} Lab;

/** Skips the running test, loudly, when slapd is not installed; fails instead when CI=true. */
void lab_skip_unless_slapd(void);
/** The same for a server of any kind, and for all that keeps it from being started here. */
void lab_skip_unless(const char *kind);

/** Starts a server with the options of its script ("--nosync --unique"; NULL for none). */
Lab *lab_start(const char *kind, const char *options);
/** Stops the server and removes its folder. NULL is nothing. */
void lab_stop(Lab *lab);
/** SIGKILL; the data stays. */
void lab_kill(Lab *lab);
/** Starts it again after lab_kill(). */
void lab_restart(Lab *lab);

Lab *lab_slapd_start(const char *options);
void lab_slapd_stop(Lab *lab);
void lab_slapd_kill(Lab *lab);
/** Stops it as an administrator would; the data stays. */
void lab_slapd_halt(Lab *lab);
void lab_slapd_restart(Lab *lab);

/** Adds (or changes, with changetype) the LDIF records as who may do everything. */
void lab_ldif_load(Lab *lab, const char *ldif);
/** Completed operations of that kind ("Add", "Modify", "Modrdn", "Delete", "Search") since the start; not
 *  of Samba, which does not count them. */
unsigned long lab_operations(Lab *lab, const char *kind);
/** What the script prints for a verb of its own; g_free(). */
char *lab_ask(Lab *lab, const char *verb);

/** Path of a file of the sources; g_free(). */
char *lab_source_file(const char *name);

#endif
