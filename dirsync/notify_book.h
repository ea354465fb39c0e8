/*
 * notify_book.h - what has been told, and what is still to be sent
 *
 * One JSON file in the connector's state folder, written anew as a whole (0600),
 * and a lock beside it, held while the book is open. It is not in the database:
 * that may be what there is trouble with. A file that is damaged is begun anew.
 */
#ifndef DIRSYNC_NOTIFY_BOOK_H
#define DIRSYNC_NOTIFY_BOOK_H

#include "dirsync/connector.h"

#include <jansson.h>

typedef struct NotifyBook NotifyBook;

/** Waits for another process that has it open. ERROR_IO. */
NotifyBook *notify_book_open(const Connector *connector, const char *state_folder, GError **error);
void notify_book_close(NotifyBook *book);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NotifyBook, notify_book_close)

/** Its content, to be changed; it always has the objects "told" and "failing" and the array "pending". */
json_t *notify_book_json(NotifyBook *book);
/** False with ERROR_IO: on disk it is as it was. */
bool notify_book_save(NotifyBook *book, GError **error);
/** For when it cannot be saved: true once a day. Needs no room on the disk. */
bool notify_book_may_tell_unsaved(NotifyBook *book);

/** The content, read without the lock; json_decref(). */
json_t *notify_book_peek(const Connector *connector, const char *state_folder);

#endif
