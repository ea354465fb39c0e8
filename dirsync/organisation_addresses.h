/* organisation_addresses.h - the part of organisation.c that reads what is about addresses; private to it */
#ifndef DIRSYNC_ORGANISATION_ADDRESSES_H
#define DIRSYNC_ORGANISATION_ADDRESSES_H

#include "dirsync/organisation.h"

void organisation_read_addresses(AddressSettings *settings, const xmlNode *root, const char *path,
                                 GString **problems);
void organisation_clear_addresses(AddressSettings *settings);

#endif
