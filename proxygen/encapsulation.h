/*
 * encapsulation.h - addresses carried where they do not belong
 *
 * IMCEA puts an address of any type into an SMTP address (MS-OXCMAIL 2.1.3.1.8):
 * IMCEA<TYPE>-<encoded>@domain. The one-off form puts it into text: Display
 * name[TYPE:address]. Pure; everything handed out is g_free()d by the caller.
 *
 * A decoded address says nothing about rights: whoever relays mail must treat an
 * encapsulated SMTP address like the plain one (KB 237927). Nor is it known to be
 * good: any text can be encapsulated, line ends too, so address_validate() it.
 */
#ifndef PROXYGEN_ENCAPSULATION_H
#define PROXYGEN_ENCAPSULATION_H

#include "dirsync/error.h"

/** "IMCEANOTES-Kim+20Yoshida_Sales+40Acme@acme.example" (the local part alone may be longer than SMTP's 64
 *  octets; that is the format). NULL with ERROR_INVALID: type or domain cannot be. */
char *imcea_encode(const char *type, const char *value, const char *domain, GError **error);

/** Whether the local part begins like an encapsulated address, whatever follows. */
bool imcea_looks_like(const char *smtp);

/**
 * The reverse, for addresses whose domain is one of @domains (ours, lower case, NULL-terminated; NULL: any).
 * Takes both writers' styles: the type as it is, and the whole string escaped. ERROR_INVALID: not
 * encapsulated, another's domain, characters that cannot be there, or bytes that are not UTF-8.
 */
bool imcea_decode(const char *smtp, const char *const *domains, char **type, char **value, GError **error);

/** "Display name[TYPE:address]", with , [ ] : \ and controls quoted. @display_name NULL: left out. */
char *one_off_format(const char *display_name, const char *type, const char *value, GError **error);
/** *display_name is NULL when there is none. ERROR_INVALID: not a one-off address. */
bool one_off_parse(const char *text, char **display_name, char **type, char **value, GError **error);

#endif
