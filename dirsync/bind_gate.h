/*
 * bind_gate.h - one try with a password at a time
 *
 * A process that the daemon started asks it before it binds with a password: of those
 * that would use the same one at the same server, one tries, and the others wait for what
 * it finds. When that is a wrong password nobody tries it again, since each try could lock
 * the account. Where there is no daemon every bind goes ahead.
 *
 * Messages go over a socket that is inherited, one packet each; both ends are here:
 *
 *     run: "?KEY"             daemon: "+" (go ahead), or "-WHY" (it was wrong)
 *     run: "=OUTCOME MESSAGE" when it has tried
 */
#ifndef DIRSYNC_BIND_GATE_H
#define DIRSYNC_BIND_GATE_H

#include "dirsync/secret.h"

#include <stddef.h>

/** The environment variable that names the socket. */
#define BIND_GATE_VARIABLE "DIRSYNC_BIND_GATE"
#define BIND_GATE_LONGEST 4096 /* a message; longer ones are cut */

typedef enum { BIND_GOOD, BIND_WRONG, BIND_UNKNOWN } BindOutcome;

/** What two binds have in common that would use the same password at the same server, as text without blanks;
 * g_free(). */
char *bind_gate_key(const char *uri, const char *dn, const SecretSource *password);

/** Whether there is a daemon to ask. */
bool bind_gate_is_there(void);
/** Waits until it is our turn. False: ERROR_CREDENTIALS (the password was found to be wrong),
 *  ERROR_INTERRUPTED. When it returns true bind_gate_leave() must follow, by the same thread. */
bool bind_gate_enter(const char *key, GError **error);
/** @message: of the error; "" or NULL: none. */
void bind_gate_leave(BindOutcome outcome, const char *message);

/* --- the daemon's end --- */

/** Takes a message of a run apart: the key when it asks, else what it says of the *outcome. Borrowed; NULL:
 * it cannot be understood. */
const char *bind_gate_read(const char *message, bool *asks, BindOutcome *outcome);
/** Sends the answer: @why NULL: go ahead. */
void bind_gate_answer(int fd, const char *why);

#endif
