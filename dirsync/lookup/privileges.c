/*
 * privileges.c - see privileges.h
 */
#include "dirsync/lookup/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

static bool become(const char *user, GError **error)
{
    errno = 0;
    const struct passwd *entry = getpwnam(user);
    if (!entry) {
        error_set(error, ERROR_DEFINITION, "--user %s: there is no such user", user);
        return false;
    }
    if (entry->pw_uid == geteuid())
        return true;
    if (initgroups(user, entry->pw_gid) == 0 && setgid(entry->pw_gid) == 0 && setuid(entry->pw_uid) == 0)
        return true;
    error_set(error, ERROR_ACCESS, "--user %s: %s; only root can become somebody else", user,
              g_strerror(errno));
    return false;
}

bool privileges_drop(const char *user, GError **error)
{
    if (user && !become(user, error))
        return false;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        return true;
    error_set(error, ERROR_ACCESS, "cannot give up what privileges there are: %s", g_strerror(errno));
    return false;
}
