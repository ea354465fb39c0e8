/*
 * world.h - an organisation, a connector and its people, in a folder
 *
 * What a test of whole runs needs around it: definitions, a source file, a
 * place for the state. The parts that runs change (live/) can be kept and put
 * back. Failures here fail the running cmocka test.
 */
#ifndef DIRSYNC_TESTS_WORLD_H
#define DIRSYNC_TESTS_WORLD_H

#include "dirsync/run.h"

#define WORLD_UUID "5d0c1a52-7e43-4f0c-9d53-0a3a1f7c2b11"
#define WORLD_CONTAINER "ou=Globex,dc=example,dc=com"
/** No limit stands in the way. */
#define WORLD_NO_LIMITS                                                                                      \
    "<limits delete=\"none\" disable=\"none\" rename=\"none\" address=\"none\" change=\"none\" "             \
    "empty=\"none\""                                                                                         \
    " members=\"none\" native=\"none\"/>"
#define WORLD_FILE_SOURCE                                                                                    \
    "<foreign driver=\"ldif\"><file path=\"live/people.ldif\" count-trailer=\"count\"/></foreign>"
#define WORLD_FILE_IMPORT                                                                                    \
    "<source><filter>(objectClass=inetOrgPerson)</filter></source><anchor attribute=\"employeeNumber\"/>"

typedef struct {
    char *folder;
    char *live; /* what runs change: state/, people.ldif, and what the test puts there */
    char *state;
    char *connector; /* the definition */
} World;

/** One person of the source. */
typedef struct {
    const char *anchor, *name;
    const char *mails; /* separated by blanks; the first is the primary one */
    const char *title; /* or NULL */
} Person;

World *world_new(void);
/** Removes the folder. NULL is nothing. */
void world_free(World *world);

/**
 * Writes both definitions.
 *
 * @home     element <home>
 * @foreign  element <foreign>; NULL: WORLD_FILE_SOURCE
 * @import   what stands in <import>; NULL: WORLD_FILE_IMPORT
 * @rest     what follows it: <limits>, <events>; NULL: WORLD_NO_LIMITS
 */
void world_define(const World *world, const char *home, const char *foreign, const char *import,
                  const char *rest);
/** <home> or <foreign> for a server, bound by SASL EXTERNAL; g_free(). */
char *world_server(const char *element, const char *uri, const char *base);

/** @parent: of the people's DNs (uid=ANCHOR,@parent). Until an anchor is NULL. g_free(). */
char *people_as_ldif(const Person *people, const char *parent);
/** Replaces the source file, with a count at its end that proves it whole. */
void world_set_people(const World *world, const Person *people);

/** What a run came to. */
typedef struct {
    RunResult result;
    GError *error;
    int status; /* as the command would exit */
} Ran;

void ran_clear(Ran *ran);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Ran, ran_clear)

/** dirsync sync; @options NULL: none. */
Ran world_sync_with(const World *world, const RunOptions *options);
/** The same, that must end well and do what @figures says: "2 created, 1 deleted", without zeros; "" nothing.
 */
void world_sync(const World *world, const char *figures);
/** The same, and only what had changed was read: at most @most entries of both sides. */
void world_sync_by_changes(const World *world, const char *figures, size_t most);
/** The figures that are not zero, unchanged left aside; g_free(). */
char *figures_of(const Counts *counts);
Connector *world_connector(const World *world);
void world_revert(const World *world, const char *run);

/** A file's text; g_free(). */
char *text_of(const char *path);
void write_text(const char *path, const char *text);
/** Everything below @from, into a new folder @to. */
void copy_folder(const char *from, const char *to);
void remove_folder(const char *path);

#endif
