/*
 * meddler.h - stands between dirsync and a real LDAP server, and makes trouble
 *
 * A thread that passes messages on in both directions and counts the writes (add,
 * modify, modrdn, delete, the end of a transaction) that come from the client, over all
 * connections. What is to happen to which of them is said beforehand. So the server is a real one, and the
 * trouble comes at exactly the operation that is meant. Local sockets only.
 */
#ifndef DIRSYNC_TESTS_MEDDLER_H
#define DIRSYNC_TESTS_MEDDLER_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    MEDDLE_NOT,
    MEDDLE_ANSWER,     /* with a result of our own; the server does not hear of it */
    MEDDLE_CUT_BEFORE, /* the connection goes before the server hears of it */
    MEDDLE_CUT_AFTER,  /* the server does it, the connection goes before the answer */
    MEDDLE_SWALLOW,    /* the server does it, its answer goes no further; the connection stays */
    MEDDLE_DIE_BEFORE, /* as the cuts, and nobody can connect again */
    MEDDLE_DIE_AFTER
} Meddling;

typedef struct Meddler Meddler;

/** @server: URI of the real one, ldapi. */
Meddler *meddler_start(const char *server);
/** Ends the thread. NULL is nothing. */
void meddler_stop(Meddler *meddler);
/** ldapi; where clients connect to. */
char *meddler_uri(Meddler *meddler);

/** From now on the writes are counted from 1, and the trouble comes at those from @first to @last. */
void meddler_plan(Meddler *meddler, Meddling what, int result, unsigned first, unsigned last);
/** The same, and searches are counted and meddled with as writes are: their first answer, or all of them, is
 * the answer. */
void meddler_plan_any(Meddler *meddler, Meddling what, int result, unsigned first, unsigned last);
/** The connection goes at so many searches too, once a write was meddled with. */
void meddler_cut_searches(Meddler *meddler, unsigned n);
/** Once something was meddled with the next @n clients are turned away, as by a server that is restarted. */
void meddler_turn_away(Meddler *meddler, unsigned n);
/** After the next @n binds, each is answered with @result; 0: all by the server. */
void meddler_refuse_binds_after(Meddler *meddler, unsigned n, int result);
unsigned meddler_refused_binds(Meddler *meddler);
/** From now on the answers to refused binds are kept back; or they go, and so do the next. */
void meddler_hold_binds(Meddler *meddler, bool hold);
/** After the next @n, searches that carry the control @oid (static) are answered with @result; 0: all by the
 * server. */
void meddler_refuse_searches_after(Meddler *meddler, unsigned n, const char *oid, int result);
/** Writes (and searches) that came from the client since meddler_plan() (meddler_plan_any()). */
unsigned meddler_writes(Meddler *meddler);
/** How many writes were on their way at once, at most, since meddler_plan(). */
unsigned meddler_most_outstanding(Meddler *meddler);

#endif
