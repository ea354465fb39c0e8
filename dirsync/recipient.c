/*
 * recipient.c - see recipient.h
 */
#include "dirsync/recipient.h"

#include <assert.h>
#include <string.h>

const char *const recipient_of_names[OF_KINDS] = {"person", "contact", "group", "resource"};
const char *const recipient_settings[OF_KINDS] = {"people", "contacts", "groups", "resources"};
const char *const recipient_as_names[AS_KINDS] = {"", "contact", "user", "group"};

static_assert(OF_KINDS == 4 && AS_KINDS == 4, "a word for each kind");

static int find(const char *const *names, int n, const char *word)
{
    for (int i = 0; i < n; i++)
        if (word && *word && !strcmp(names[i], word))
            return i;
    return -1;
}

int recipient_of_parse(const char *word)
{
    return find(recipient_of_names, OF_KINDS, word);
}

int recipient_as_parse(const char *word)
{
    return find(recipient_as_names, AS_KINDS, word);
}
