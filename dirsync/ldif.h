/*
 * ldif.h - LDIF, RFC 2849: the text of entries and changes
 *
 * A streaming reader over a file descriptor or memory, and a writer. Reads all
 * of RFC 2849: version line, comments, folding, base64, LF, CR LF and CR as
 * line ends, content and change records, controls. URLs (attr:< url) are
 * refused: a file must not make us open another. UTF-8 BOM is skipped.
 * Errors carry "file:line:". After an error in a record the reader can go on
 * with the next one. Memory is bounded by the longest record (@max_record).
 */
#ifndef DIRSYNC_LDIF_H
#define DIRSYNC_LDIF_H

#include "dirsync/change.h"
#include "dirsync/text_source.h"

#define LDIF_MAX_RECORD (64u * 1024 * 1024)

typedef struct LdifReader LdifReader;

/** @name is for messages. The reader does not own @fd. */
LdifReader *ldif_reader_new(int fd, const char *name);
LdifReader *ldif_reader_new_memory(const void *data, size_t len, const char *name);
void ldif_reader_free(LdifReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LdifReader, ldif_reader_free)

/** Line where the last record began, 1-based; bytes consumed so far. */
unsigned long ldif_reader_line(const LdifReader *reader);
uint64_t ldif_reader_offset(const LdifReader *reader);
/** Where it draws from; for the digest of what it has read. */
const TextSource *ldif_reader_source(const LdifReader *reader);
/** Text of the last comment line seen ("# ..." without "# "), or NULL; for trailers such as "# count: 200".
 */
const char *ldif_reader_last_comment(const LdifReader *reader);
/** True when the input ended with the last record, without the blank line that usually follows it: a
 *  file cut off at a line end looks like this, and so does one of a careless writer. */
bool ldif_reader_at_end(const LdifReader *reader);
/** Fingerprint of the bytes of the last record, line ends and folding left aside. */
Fingerprint ldif_reader_fingerprint(const LdifReader *reader);

/** Next content record. A record with changetype: is RECORD_BAD ("change record in content"). */
RecordStatus ldif_read_entry(LdifReader *reader, Entry **entry, GError **error);
/** Skips decoding: fills only the fingerprint and raw bytes; ldif_decode_last() decodes that record. */
RecordStatus ldif_skip_entry(LdifReader *reader, GError **error);
Entry *ldif_decode_last(LdifReader *reader, GError **error);

/** Next change record, with control 1.3.6.1.1.12 as assertion and our comments ("# wave: 2",
 *  "# situation: new", "# anchor: ...", "# because: ...", "# after: ...", "# password: random"; values in
 *  these comments that are not plain text are base64, "# anchor:: ..."). Other controls: RECORD_BAD when
 *  critical, else ignored. "replace:" is RECORD_BAD: our plans do not hold it; so is a password. */
RecordStatus ldif_read_change(LdifReader *reader, Change **change, GError **error);

/** Append the text of a record and a blank line to @out. Lines are folded at 76 characters. */
void ldif_write_entry(GString *out, const Entry *entry);
/** @with_assertion: write the RFC 4528 control line (so that ldapmodify sends it). */
void ldif_write_change(GString *out, const Change *change, bool with_assertion);
/** "name: value" or "name:: base64", folded. */
void ldif_write_value(GString *out, const char *name, Value value);

#endif
