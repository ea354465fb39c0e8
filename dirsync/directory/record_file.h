/*
 * record_file.h - a file of records as a directory
 *
 * What the drivers of files share: one pass over the file, the proof of its
 * completeness (file_proof.h), fetch and search; and, of the target of an
 * export, writing (file_target.h). A format says how records are found,
 * decoded and written. The file is opened anew for every read, so an export
 * that replaces it is seen by the next read.
 *
 * directory_read() delivers every record, whatever base, scope, filter and
 * attributes the request names: a record that has not changed is never
 * decoded, so its reader decides (by fingerprint first) what is in scope.
 * directory_search() applies base, scope and filter. Neither leaves out
 * attributes.
 *
 * directory_changes() only tells whether the file is the same, byte for byte: then
 * it delivers nothing, else everything must be read.
 *
 * directory_fetch() is one pass over the file; CAN_FETCH is not set, since it
 * costs a whole read. It never says that an object is gone when the file could
 * not be read to its end: that is ERROR_SOURCE.
 */
#ifndef DIRSYNC_DIRECTORY_RECORD_FILE_H
#define DIRSYNC_DIRECTORY_RECORD_FILE_H

#include "dirsync/directory/directory.h"
#include "dirsync/text_source.h"

/** How a file of a format is written; @writer is what open() made. Text is UTF-8. */
typedef struct {
    void *(*open)(const Endpoint *endpoint, GError **error);
    void (*close)(void *writer);
    /** What a change made, as the file will hold it: a new entry; NULL with an error when it cannot. */
    Entry *(*prepare)(void *writer, const Entry *entry, GError **error);
    void (*head)(void *writer, GString *out);
    bool (*entry)(void *writer, const Entry *entry, GString *out, GError **error);
    void (*tail)(void *writer, size_t records, GString *out);
} RecordWriter;

/** How a file of a format is read; @reader is what open() made. */
typedef struct {
    /** NULL with an error when nothing of the file can be read. The reader does not own @fd. */
    void *(*open)(int fd, const Endpoint *endpoint, GError **error);
    void (*close)(void *reader);
    /** Moves to the next record and checks it; RECORD_BAD and RECORD_FAILED set @error. */
    RecordStatus (*skip)(void *reader, GError **error);
    /** Decodes the record that skip() moved to. */
    Entry *(*decode)(void *reader, GError **error);
    Fingerprint (*fingerprint)(void *reader);
    unsigned long (*line)(void *reader);
    uint64_t (*offset)(void *reader);
    /** Where it draws from. */
    const TextSource *(*source)(void *reader);
    /** "NAME: NUMBER" where the trailer may be now, or NULL. */
    const char *(*trailer)(void *reader);
    /** True when the last record ended with the file and may have been cut there. */
    bool (*at_end)(void *reader);
    /** Such an end is only good where trailer or checksum prove it, not by the count of the last read. */
    bool end_wants_proof;
    const char *trailer_form; /* what a trailer looks like, with %s for its name */
    const RecordWriter *writer;
} RecordFormat;

/** For the driver's open(); everything else of a driver is below. */
Directory *record_file_open(const Endpoint *endpoint, const DirectoryDriver *driver,
                            const RecordFormat *format, GError **error);

void record_file_close(Directory *directory);
const DirectoryDescription *record_file_describe(Directory *directory);
bool record_file_read(Directory *directory, const ReadRequest *request, DirectorySink sink, void *data,
                      ReadResult *result, GError **error);
bool record_file_changes(Directory *directory, const ReadRequest *request, const char *cursor,
                         DirectoryChangeSink sink, void *data, ChangesResult *result, GError **error);
bool record_file_fetch(Directory *directory, const FetchId *ids, size_t n_ids, const char *const *attributes,
                       DirectoryFetched fetched, void *data, GError **error);
GPtrArray *record_file_search(Directory *directory, const ReadRequest *request, size_t max, GError **error);

/** Of a target; see file_target.h. ERROR_PROTOCOL for a source. */
bool record_file_submit(Directory *directory, const Change *change, DirectoryDone done, void *data,
                        GError **error);
bool record_file_flush(Directory *directory, GError **error);

#endif
