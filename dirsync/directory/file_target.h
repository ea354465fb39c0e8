/*
 * file_target.h - changes to a file of records, written as a whole
 *
 * The target of an export: a file that is ours alone. Changes are collected
 * and answered by flush, which goes over the old file twice, once to find what
 * the changes speak of and once to write it anew. Memory is bounded by the
 * changes and the entries that they touch.
 *
 * A change is answered as a server would answer it (entry_update.h); one that
 * fails stops no other. A file is a flat list: whether parents are there is not
 * asked, what lies below an entry that is renamed or deleted is left alone, and
 * no schema is held against it. Entries keep their place, renamed ones too, and
 * those that are deleted and added again in one flush; new ones come last, in
 * the order of submission. Of two records of one name the first is meant.
 */
#ifndef DIRSYNC_DIRECTORY_FILE_TARGET_H
#define DIRSYNC_DIRECTORY_FILE_TARGET_H

#include "dirsync/directory/record_file.h"

typedef struct FileTarget FileTarget;

/** ERROR_DEFINITION when such a file cannot be written. @endpoint and @format outlive the target. */
FileTarget *file_target_new(const Endpoint *endpoint, const RecordFormat *format, GError **error);
/** Drops what was not flushed. */
void file_target_free(FileTarget *target);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FileTarget, file_target_free)

/** As directory_submit(): @change must live until @done. */
void file_target_submit(FileTarget *target, const Change *change, DirectoryDone done, void *data);

/** Writes the file and answers every change. False with an error when it was not written (every change has
 *  failed, the old file is untouched), or was written but not what belongs to it: the checksum. Without a
 *  change that can be done nothing is written but a checksum that a killed run did not come to. */
bool file_target_flush(FileTarget *target, GError **error);

#endif
