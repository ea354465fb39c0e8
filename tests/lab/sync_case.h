/*
 * sync_case.h - the pieces that tests of whole runs against servers are made of
 *
 * Looks at a server as an administrator would, counts what was written, runs
 * the program. Everything asserts for itself.
 */
#ifndef DIRSYNC_TESTS_SYNC_CASE_H
#define DIRSYNC_TESTS_SYNC_CASE_H

#include "tests/lab/lab.h"
#include "tests/lab/world.h"

#define HOME_BASE "dc=example,dc=com"
#define SOURCE_BASE "dc=globex,dc=example"
#define SOURCE_PEOPLE "ou=people," SOURCE_BASE
#define HOME_USER "uid=user," HOME_BASE
#define SOURCE_USER "uid=user," SOURCE_BASE

/** A world whose home is the server and whose source is live/people.ldif. */
World *world_at(const Lab *home);
/** <home> or <foreign> for a server of any kind; g_free(). */
char *lab_element(const char *element, const Lab *lab, const char *base);
/** A world between two servers; the anchor is the source's entryUUID. */
World *world_between(const Lab *source, const Lab *home);

/** home.xml: the shipped mapping inetorgperson with what its comments ask for where home is an Active
 *  Directory. */
void world_write_ad_mapping(const World *world);

/** Entries below @base that match. */
size_t lab_count(const Lab *lab, const char *base, const char *filter);
/** Everything below @base as LDIF in order of DN, with the attributes named (NULL: all user attributes);
 * g_free(). */
char *lab_dump(const Lab *lab, const char *base, const char *const *attributes);
/** First value of the attribute in the one entry that matches; g_free(). */
char *lab_value(const Lab *lab, const char *base, const char *filter, const char *attribute);
/** Updates that the server completed since its start; of Samba its sequence number, which each write raises.
 */
unsigned long lab_writes(Lab *lab);
/** Changes of cn=config, as LDIF change records. */
void lab_configure(Lab *lab, const char *ldif);
/** DN of the database in cn=config. */
#define LAB_DATABASE "olcDatabase={1}mdb,cn=config"

/** What the program said. */
typedef struct {
    int status;
    char *out, *err;
} Said;

void said_clear(Said *said);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Said, said_clear)

/** Skips the running test, loudly, unless $DIRSYNC names the program; fails instead when CI=true. */
void program_needed(void);
/** Runs it in @folder (NULL: here) with the words, NULL-terminated. */
Said program(const char *folder, const char *const *words);
#define PROGRAM(folder, ...) program(folder, (const char *const[]){__VA_ARGS__, NULL})

#endif
