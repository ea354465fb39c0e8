/*
 * ldif_file.c - the driver for LDIF files
 *
 * The LDIF reader as a format of record_file.h. The trailer is the last
 * comment.
 */
#include "dirsync/directory/ldif_file.h"

#include "dirsync/ldif.h"
#include "dirsync/directory/record_file.h"

static void *open_reader(int fd, const Endpoint *endpoint, GError **error)
{
    (void)error; /* any file can be begun */
    return ldif_reader_new(fd, endpoint->path);
}

static void close_reader(void *reader)
{
    ldif_reader_free(reader);
}

static RecordStatus skip(void *reader, GError **error)
{
    switch (ldif_skip_entry(reader, error)) {
    case LDIF_RECORD: return RECORD_GOOD;
    case LDIF_BAD: return RECORD_BAD;
    case LDIF_END: return RECORD_END;
    case LDIF_CUT: return RECORD_CUT;
    case LDIF_FAILED: break;
    }
    return RECORD_FAILED;
}

static Entry *decode(void *reader, GError **error)
{
    return ldif_decode_last(reader, error);
}

static Fingerprint fingerprint(void *reader)
{
    return ldif_reader_fingerprint(reader);
}

static unsigned long line(void *reader)
{
    return ldif_reader_line(reader);
}

static uint64_t offset(void *reader)
{
    return ldif_reader_offset(reader);
}

static const char *trailer(void *reader)
{
    return ldif_reader_last_comment(reader);
}

static bool at_end(void *reader)
{
    return ldif_reader_at_end(reader);
}

static const RecordFormat format = {
    .open = open_reader,
    .close = close_reader,
    .skip = skip,
    .decode = decode,
    .fingerprint = fingerprint,
    .line = line,
    .offset = offset,
    .trailer = trailer,
    .at_end = at_end,
    .end_wants_proof = false,
    .trailer_form = "last comment is not \"# %s: N\"",
};

static Directory *ldif_file_open(const Endpoint *endpoint, GError **error)
{
    return record_file_open(endpoint, &ldif_driver, &format, error);
}

const DirectoryDriver ldif_driver = {
    .name = "ldif",
    .open = ldif_file_open,
    .close = record_file_close,
    .describe = record_file_describe,
    .read = record_file_read,
    .fetch = record_file_fetch,
    .search = record_file_search,
};
