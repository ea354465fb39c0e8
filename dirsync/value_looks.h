/*
 * value_looks.h - what a text looks like: a mail address, a telephone number, ...
 *
 * For guesses about files that people made; nothing is proven by it. Pure.
 */
#ifndef DIRSYNC_VALUE_LOOKS_H
#define DIRSYNC_VALUE_LOOKS_H

#include <stdbool.h>

/** Keep in step with looks[] (value_looks.c). */
typedef enum {
    LOOKS_MAIL,    /* jane@acme.example */
    LOOKS_ADDRESS, /* SMTP:jane@acme.example, X400:c=de;... */
    LOOKS_DN,      /* cn=Jane,o=acme */
    LOOKS_LEGACY,  /* /o=acme/ou=.../cn=jane */
    LOOKS_PHONE,   /* +49 30 1234-56 */
    LOOKS_NUMBER,  /* 1007 */
    LOOKS_UUID,
    LOOKS_DATE, /* 31.12.2015 */
    LOOKS_KINDS
} Looks;

bool value_looks_like(const char *value, Looks what);
/** "a mail address"; for people. */
const char *value_looks_name(Looks what);

#endif
