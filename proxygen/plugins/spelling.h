/*
 * spelling.h - names in the letters that an address may have
 *
 * What the set holds stays; other letters are spelled out (Müller: Mueller, Иванов:
 * Ivanov), by ICU; what cannot be spelled is left out. Depends on nothing but its
 * arguments and the version of ICU.
 */
#ifndef PROXYGEN_PLUGINS_SPELLING_H
#define PROXYGEN_PLUGINS_SPELLING_H

#include "proxygen/address.h"

typedef struct Speller Speller;

/** @language: of the names, "de"; decides how umlauts are spelled. NULL: not known. NULL when ICU has not
 * what is needed. */
Speller *speller_new(const char *language);
void speller_free(Speller *speller);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Speller, speller_free)

/** @but_not: ASCII characters of the set that are left out all the same; may be NULL. g_free(). */
char *spell(Speller *speller, const char *text, CharacterSet set, const char *but_not);

#endif
