/*
 * file_proof.h - whether a source file was read whole
 *
 * A file has no server that says "that was all". What proves completeness is
 * named by the endpoint: a trailer with the count, a checksum beside the file,
 * or else the count of the last good read. A target is our own file, which is
 * replaced as a whole: of it only the last line must end. Serves every driver
 * of files.
 */
#ifndef DIRSYNC_DIRECTORY_FILE_PROOF_H
#define DIRSYNC_DIRECTORY_FILE_PROOF_H

#include "dirsync/directory/directory.h"

#include <sys/stat.h>

/** What a read came to, as far as the file's driver can tell. */
typedef struct {
    int fd;
    struct stat before;       /* fstat() before the first byte was read */
    bool cut;                 /* the last line does not end */
    bool unended;             /* the last line does not end, which the format allows to a file proven whole */
    const char *trailer;      /* "NAME: NUMBER" from where the format has it, or NULL */
    const char *trailer_form; /* what it should look like, for messages */
    size_t records, bad;      /* bad ones are among the records */
    size_t last_good_count;   /* 0: unknown */
} FileRead;

/** Opens a regular file for reading, close-on-exec; -1 and ERROR_SOURCE for anything else. */
int file_open(const char *path, struct stat *status, GError **error);

/** True when there is no such file, or one without a byte. */
bool file_is_absent(const char *path);

/** True for the same version of the same file. */
bool file_is_same(const struct stat *a, const struct stat *b);

/** SHA-256 of the whole file, hex; NULL when it cannot be read. g_free(). */
char *file_digest(int fd);

/** True when the checksum file @checksum has a line for @path with that digest. */
bool file_checksum_fits(const char *checksum, const char *path, const char *digest);

/** As file_proof_doubt(), but only whether the content is all there (trailer, checksum, count). */
char *file_proof_doubt_content(const Endpoint *endpoint, const FileRead *read);

/** As file_proof_doubt(), but only whether it is the file of now, and not too old. */
char *file_proof_doubt_age(const Endpoint *endpoint, const FileRead *read);

/** NULL when the read is proven complete, else the reason why it is not, for people; g_free(). */
char *file_proof_doubt(const Endpoint *endpoint, const FileRead *read);

#endif
