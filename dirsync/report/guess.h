/*
 * guess.h - what the columns of a file were taken for, for people and programs
 */
#ifndef DIRSYNC_REPORT_GUESS_H
#define DIRSYNC_REPORT_GUESS_H

#include "dirsync/guess_mapping.h"

#include <jansson.h>
#include <stdio.h>

/** @path: of the mapping that was written. */
void report_guess_print(const MappingGuess *guess, const char *path, FILE *out);
json_t *report_guess_json(const MappingGuess *guess, const char *path);

#endif
