/*
 * protocol.c - see protocol.h
 */
#include "dirsync/lookup/protocol.h"

#include <string.h>

#define REASON_MAX 200

const Protocol *protocol_find(const char *name)
{
    const Protocol *const all[] = {&protocol_socketmap, &protocol_lines};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        if (!strcmp(all[i]->name, name))
            return all[i];
    return NULL;
}

char *protocol_reason(const GError *error)
{
    char *reason = g_utf8_make_valid(error->message, MIN((gssize)strlen(error->message), REASON_MAX));
    for (char *c = reason; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    return reason;
}
