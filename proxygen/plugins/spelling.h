/*
 * spelling.h - names of people in the characters that another system takes
 *
 * What the set holds stays as it is; every other letter is spelled out in ASCII:
 * Müller becomes Mueller, Łukasz Lukasz, Ольга Olga, 张 zhang. Text of ASCII alone
 * costs nothing. The same text gives the same spelling at every time; that of
 * other scripts than Latin is ICU's, and as stable as ICU's rules.
 */
#ifndef PROXYGEN_SPELLING_H
#define PROXYGEN_SPELLING_H

#include "proxygen/address.h"

typedef struct Spelling Spelling;

/** @language: that of the names, "da" or "da_DK.UTF-8"; NULL: not known. In Danish, Faeroese, Finnish,
 *  Icelandic, Norwegian and Swedish ä becomes a, elsewhere ae (KB 166572). */
Spelling *spelling_new(const char *language);
void spelling_free(Spelling *spelling);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Spelling, spelling_free)

/** Valid UTF-8, composed (NFC), at most SPELLING_TEXT_MAX characters: any text as the others here want it.
 *  g_free(). */
#define SPELLING_TEXT_MAX 1024
char *spelling_prepare(const char *text);

/** @text (prepared) with all letters that @set does not hold spelled out. ASCII is left alone even where the
 *  set does not hold it, and a letter that nobody knows is left out. NULL with ERROR_STATE when ICU has no
 *  rules. g_free(). */
char *spelling_spell(Spelling *spelling, const char *text, CharacterSet set, GError **error);

#endif
