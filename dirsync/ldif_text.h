/*
 * ldif_text.h - the lines of one LDIF record, for the modules of ldif.h only
 *
 * The reader (ldif.c) finds a record and unfolds it; what its lines say is
 * taken apart here (ldif_text.c), for content (ldif.c) and changes
 * (ldif_change.c) alike.
 */
#ifndef DIRSYNC_LDIF_TEXT_H
#define DIRSYNC_LDIF_TEXT_H

#include "dirsync/error.h"
#include "dirsync/ldif.h"

/** Distinct names in one entry; each new one is looked for among the others. */
#define LDIF_MAX_ATTRIBUTES 10000

typedef enum {
    LINE_VALUE, /* name and value are set */
    LINE_DASH,  /* "-", the end of a modification */
    LINE_END,   /* no more lines */
    LINE_BAD    /* error is set (ERROR_INVALID) */
} LdifLine;

/** Walks the unfolded lines of a record, each ended by '\n'. @name and @value are valid until the next
 *  call. The buffers are kept from record to record; ldif_lines_clear() frees them. */
typedef struct {
    const char *next, *end;
    const char *file;     /* for messages */
    unsigned long number; /* line where the record began */
    GString *name_buffer;
    char *decoded; /* base64 */
    size_t decoded_size;
    const char *name;
    Value value;
} LdifLines;

void ldif_lines_begin(LdifLines *lines, const char *text, size_t len, const char *file, unsigned long number);
LdifLine ldif_lines_next(LdifLines *lines, GError **error);
void ldif_lines_clear(LdifLines *lines);

/** First line of a record; sets @dn (valid until the next line). A "version: 1" line is passed over. */
bool ldif_lines_dn(LdifLines *lines, const char **dn, GError **error);

/** True when the lines are nothing but "version: 1". */
bool ldif_lines_are_version(LdifLines *lines);

/** True for an attribute description, as far as LDIF cares. */
bool ldif_is_name(const char *name, size_t len);

/** ERROR_INVALID "file:line: message". */
void ldif_lines_fail(const LdifLines *lines, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** Strict RFC 4648 decoding of @len characters into @out (room for len / 4 * 3 bytes). False when
 *  anything is not as an encoder would have written it. */
bool ldif_base64_decode(const char *text, size_t len, char *out, size_t *out_len);

const char *ldif_reader_name(const LdifReader *reader);
/** Unfolded comments that belong to the last record, without "#" and one blank, '\n' between them. */
const GString *ldif_reader_comments(const LdifReader *reader);
/** Finds the next record without looking into it. */
RecordStatus ldif_reader_next(LdifReader *reader, GError **error);
/** Lines of the record that ldif_reader_next() found, from the first one. */
LdifLines *ldif_reader_lines(LdifReader *reader);

#endif
