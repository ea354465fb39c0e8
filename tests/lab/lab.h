/*
 * lab.h - throw-away servers for integration tests
 *
 * A thin cover over the script tests/lab/slapd. A server lives in a folder of
 * its own below the temporary folder; lab_slapd_stop() removes both. Failures
 * of the lab itself fail the running cmocka test.
 *
 * The sources are looked for in $DIRSYNC_DATADIR, else in the current folder.
 */
#ifndef DIRSYNC_TESTS_LAB_H
#define DIRSYNC_TESTS_LAB_H

#include <glib.h>

typedef struct {
    char *folder;
    char *uri;       /* ldapi; who starts it is rootdn by SASL EXTERNAL */
    char *ldap_uri;  /* NULL without --port or --tls */
    char *ldaps_uri; /* NULL without --tls */
} Lab;

/** Skips the running test, loudly, when slapd is not installed; fails instead when CI=true. */
void lab_skip_unless_slapd(void);

/** Starts a server with the script's options ("--nosync --unique"; NULL for none). */
Lab *lab_slapd_start(const char *options);
/** Stops the server and removes its folder. NULL is nothing. */
void lab_slapd_stop(Lab *lab);
/** SIGKILL; the data stays. */
void lab_slapd_kill(Lab *lab);
/** Stops it as an administrator would; the data stays. */
void lab_slapd_halt(Lab *lab);
/** Starts it again after lab_slapd_kill() or lab_slapd_halt(). */
void lab_slapd_restart(Lab *lab);

/** Adds (or changes, with changetype) the LDIF records as rootdn. */
void lab_ldif_load(Lab *lab, const char *ldif);
/** Completed operations of that kind ("Add", "Modify", "Modrdn", "Delete", "Search") since the start. */
unsigned long lab_operations(Lab *lab, const char *kind);

/** Path of a file of the sources; g_free(). */
char *lab_source_file(const char *name);

#endif
