/*
 * migration_source.h - where the people of a migration come from
 *
 * The connector's own foreign side, that of another connector's definition, or a
 * file. The connector says the rest: where people go, by which mapping, and how
 * objects of ours are marked.
 */
#ifndef DIRSYNC_MIGRATION_SOURCE_H
#define DIRSYNC_MIGRATION_SOURCE_H

#include "dirsync/connector.h"

/**
 * Has @connector read @source. A file is described by the definition when that
 * reads one of the same kind; else what it is (LDIF, CSV) and how it is written
 * are guessed.
 *
 * @source  NULL: what the definition says
 * @anchor  attribute that says who somebody is; NULL: as the definition says
 * ERROR_DEFINITION, ERROR_IO, ERROR_SOURCE.
 */
bool migration_take_source(Connector *connector, const char *source, const char *anchor, GError **error);

/** As whom people are made: "contact", "disabled-user" ("user") or "enabled-user". ERROR_DEFINITION. */
bool migration_make_as(Connector *connector, const char *as, GError **error);

#endif
