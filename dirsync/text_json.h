/* text_json.h - text from anywhere as JSON, which takes UTF-8 alone */
#ifndef DIRSYNC_TEXT_JSON_H
#define DIRSYNC_TEXT_JSON_H

#include <jansson.h>

/** @text as a string, whatever bytes it has: what is no UTF-8 is shown as such. NULL: null. */
json_t *text_as_json(const char *text);

#endif
