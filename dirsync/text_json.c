/*
 * text_json.c - see text_json.h
 */
#include "dirsync/text_json.h"

#include <glib.h>

json_t *text_as_json(const char *text)
{
    g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;
    return valid ? json_string(valid) : json_null();
}
