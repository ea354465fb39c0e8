/*
 * text_source.h - the bytes of a file or of memory, as UTF-8
 *
 * What the readers of LDIF and CSV draw from. Without an encoding bytes pass
 * as they are and nobody has checked them. With one they are converted in
 * blocks; what cannot be converted arrives as the byte 0xFF, which is never
 * UTF-8, so that the reader finds and reports it where it stands.
 */
#ifndef DIRSYNC_TEXT_SOURCE_H
#define DIRSYNC_TEXT_SOURCE_H

#include "dirsync/error.h"

#include <stdint.h>
#include <sys/types.h>

/** What reading the next record of a text came to. */
typedef enum {
    RECORD_GOOD,  /* a record is in the out-parameter */
    RECORD_BAD,   /* error is set (ERROR_INVALID: this record only); go on reading if you like */
    RECORD_END,   /* end of input, where a record may end */
    RECORD_CUT,   /* end of input where none may: in the middle of a line of LDIF, inside quotes of CSV */
    RECORD_FAILED /* error is set (ERROR_IO): reading cannot go on */
} RecordStatus;

/** The least room that text_source_take() can work with. */
#define TEXT_SOURCE_ROOM 16

typedef struct TextConverter TextConverter;
struct XXH3_state_s;

typedef struct {
    int fd; /* not owned; -1: memory */
    const char *memory;
    size_t memory_left;
    TextConverter *converter;  /* NULL: bytes as they are */
    uint64_t taken;            /* bytes of the source read so far, before conversion */
    struct XXH3_state_s *hash; /* of these, when they come from a file; NULL before the first */
} TextSource;

/** Names of encodings other than UTF-8 that can be converted, NULL-terminated. */
extern const char *const text_encodings[];

void text_source_begin(TextSource *source, int fd);
void text_source_begin_memory(TextSource *source, const void *data, size_t len);
void text_source_end(TextSource *source);

/** Converts from @encoding ("utf-8" and NULL: from nothing), before the first byte is taken.
 *  ERROR_DEFINITION when it is not one of text_encodings[] or the system does not know it. */
bool text_source_convert(TextSource *source, const char *encoding, GError **error);

/** Puts up to @room bytes into @to; @room is at least TEXT_SOURCE_ROOM where there is an encoding.
 *  0 at the end, -1 with errno when the file cannot be read. */
ssize_t text_source_take(TextSource *source, char *to, size_t room);

/** XXH3 (128 bits, low half first) of the bytes of a file taken so far, before conversion. After the last, it
 *  is that of exactly what was read, whatever has become of the file. */
void text_source_digest(const TextSource *source, uint64_t digest[2]);

/** True for the name of an encoding that text_source_convert() takes. */
bool text_encoding_is_known(const char *encoding);

#endif
