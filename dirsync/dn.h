/*
 * dn.h - distinguished names, RFC 4514
 *
 * Syntax only: taking apart, escaping, joining. Comparing names needs the
 * matching rules of their attributes: schema_normalise_dn() (schema.h).
 * Names are never pasted together by anything but this module.
 */
#ifndef DIRSYNC_DN_H
#define DIRSYNC_DN_H

#include "dirsync/entry.h"

/** One type=value of an RDN, unescaped. A #hex value has is_ber set and value holds the BER bytes. */
typedef struct {
    char *type;
    char *value;
    size_t len;
    bool is_ber;
} DnAva;

/** One RDN: one AVA, or several joined by '+'. */
typedef struct {
    DnAva *avas;
    size_t n_avas;
} DnRdn;

/** rdns[0] is the leftmost (the entry itself). The empty DN has n_rdns 0. */
typedef struct {
    DnRdn *rdns;
    size_t n_rdns;
} Dn;

/** Also takes what LDAPv2 allowed and files still hold: blanks around separators, "quoted values",
 *  ';' as separator. NULL and ERROR_INVALID with the position for anything else. */
Dn *dn_parse(const char *text, GError **error);
void dn_free(Dn *dn);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Dn, dn_free)

/** RFC 4514 text of the RDNs from index @first on ("" for none); canonical spelling. g_free(). */
char *dn_format(const Dn *dn, size_t first);

/** @value with every character escaped that RFC 4514 section 2.4 wants escaped. NUL and bytes that
 *  are not UTF-8 become \XX. g_free(). */
char *dn_escape(const char *value, size_t len);
/** The same, appended to @out. */
void dn_append_escaped(GString *out, const char *value, size_t len);

/** "type=escaped value,parent" ("type=escaped value" when parent is NULL or ""). g_free(). */
char *dn_build(const char *type, const char *value, size_t len, const char *parent);

/** Text of the parent ("" at the top) and of the first RDN, as canonical text; NULL on a bad DN. g_free(). */
char *dn_parent(const char *text);
char *dn_first_rdn(const char *text);

#endif
