/*
 * record_pass.h - one pass over a file of records, for the modules of
 * record_file.h only
 *
 * Moves from record to record and keeps what the proof of completeness needs.
 * Of a target that is missing, or empty as it was made by hand, a pass finds
 * nothing, and is whole.
 */
#ifndef DIRSYNC_DIRECTORY_RECORD_PASS_H
#define DIRSYNC_DIRECTORY_RECORD_PASS_H

#include "dirsync/directory/file_proof.h"
#include "dirsync/directory/record_file.h"

typedef struct {
    const RecordFormat *format;
    const Endpoint *endpoint;
    void *reader; /* NULL: there is no file */
    FileRead read;
    char *trailer_form;
    bool whole;    /* the pass came to the end of the file */
    char *failure; /* why it broke off */
} RecordPass;

/** ERROR_SOURCE when nothing of the file can be read. */
bool record_pass_begin(RecordPass *pass, const Endpoint *endpoint, const RecordFormat *format,
                       GError **error);
void record_pass_end(RecordPass *pass);
/** Moves to the next record. False at the end; @bad is set when the record cannot be used. */
bool record_pass_next(RecordPass *pass, GError **bad);
/** After the last record: NULL when the pass was complete, else why not; g_free(). */
char *record_pass_doubt(const RecordPass *pass);

#endif
