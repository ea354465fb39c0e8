/* connector_addresses.h - the part of connector.c that reads <addresses>; private to it */
#ifndef DIRSYNC_CONNECTOR_ADDRESSES_H
#define DIRSYNC_CONNECTOR_ADDRESSES_H

#include "dirsync/connector.h"

/** After import and export. */
void connector_read_addresses(Connector *connector, const xmlNode *node, GString **problems);
void connector_clear_addresses(ConnectorAddresses *addresses);

#endif
