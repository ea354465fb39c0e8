/*
 * recipient.h - what a source entry is, and as what it goes over
 *
 * The words of definitions and mappings: a mapping says what an entry of its
 * system is (of) and how to make a target object of it (as); a connector says
 * which of these it wants. Tables over code: recipient.c holds the names.
 */
#ifndef DIRSYNC_RECIPIENT_H
#define DIRSYNC_RECIPIENT_H

#include "dirsync/error.h"

/** What a source entry is. Keep in step with recipient_of_names[] and recipient_settings[]. */
typedef enum {
    OF_PERSON,   /* a mailbox */
    OF_CONTACT,  /* somebody elsewhere: a contact of the source system */
    OF_GROUP,    /* a distribution list */
    OF_RESOURCE, /* a room, equipment, a mail-in database */
    OF_KINDS
} RecipientOf;

/** What is made of it in the target. Keep in step with recipient_as_names[]. */
typedef enum {
    AS_NOTHING, /* left out */
    AS_CONTACT,
    AS_USER, /* mail-user: an account, disabled or enabled */
    AS_GROUP,
    AS_KINDS
} RecipientAs;

extern const char *const recipient_of_names[OF_KINDS]; /* in mappings: "person", "contact", ... */
extern const char *const recipient_settings[OF_KINDS]; /* in connectors: "people", "contacts", ... */
extern const char *const recipient_as_names[AS_KINDS]; /* in mappings: "", "contact", "user", "group" */

/** -1 when the word is none of the table. */
int recipient_of_parse(const char *word);
int recipient_as_parse(const char *word);

#endif
