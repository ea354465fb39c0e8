/*
 * run_scene.h - servers, people and connectors that a daemon is tested with
 *
 * One scene a program: home is a slapd; the people of the connector globex come from
 * a file or from a second slapd. The case sets it up, its teardown takes it down,
 * also when it failed. That time goes on is seen by the runs of another connector,
 * never by the clock. Failures fail the running cmocka test.
 */
#ifndef DIRSYNC_TESTS_RUN_SCENE_H
#define DIRSYNC_TESTS_RUN_SCENE_H

#include "tests/lab/daemon_case.h"

/** The end of a list of people. */
#define NOBODY                                                                                               \
    {                                                                                                        \
        NULL, NULL, NULL, NULL                                                                               \
    }
/** <import> from a server. */
#define SERVER_IMPORT "<source base=\"" SOURCE_PEOPLE "\"><filter>(mail=*)</filter></source>"
/** Filter. */
#define CONTACTS "(objectClass=contact)"
/** Schedules. */
#define WATCHED "<schedule watch=\"yes\" settle=\"1 s\"/>"
#define OFTEN "<schedule when=\"1 s\"/>"
#define DAILY "<schedule when=\"00:00\"/>"

typedef struct {
    Lab *home, *source; /* the latter NULL: a file */
    World *world;
} RunScene;

/** Of the case that is running. */
extern RunScene scene;

/** Whom scene_set_up() writes, and some that are not among them; each ends with NOBODY. */
extern const Person scene_people[4], scene_others[2];

/** A home server, and three people (scene_people) in a file; skips loudly where there is no slapd. */
void scene_set_up(const char *schedule);
/** Between two servers, of which the source tells changes; one person, ada. */
void scene_set_up_servers(const char *schedule);
/** Of cmocka: stops the servers, removes the folder. */
int scene_tear_down(void **state);

/** The definition of globex. @foreign: element <foreign>; NULL: the file of people. */
void scene_define(const char *foreign, const char *schedule);
/** As globex is now, under another name. Path; g_free(). */
char *scene_define_another(const char *name, const char *uuid);
/** One from a file of its own (scene_others), each second: it shows that time goes on. To be called before
 * the daemon starts, with globex WATCHED. Path; g_free(). */
char *scene_define_bystander(void);
/** Longer than a change would take to begin a run; needs the bystander. */
void scene_let_time_go_by(TestDaemon *daemon);

/** Replaces the file by another one, as a careful exporter does it. */
void scene_replace_people(const Person *people);
/** At the source server: uid, cn and sn are @name. */
void scene_add_person(const char *name);
/** Home has so many contacts. */
void scene_assert_contacts(size_t n);
/** How many runs of globex the daemon has begun so far. */
size_t scene_runs_of_globex(TestDaemon *daemon);

#endif
