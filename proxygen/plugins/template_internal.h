/*
 * template_internal.h - a compiled template, between template.c (compiles) and template_expand.c
 */
#ifndef PROXYGEN_TEMPLATE_INTERNAL_H
#define PROXYGEN_TEMPLATE_INTERNAL_H

#include "proxygen/plugins/template.h"

typedef enum {
    ITEM_LITERAL, /* text */
    ITEM_FIELD,   /* letter, count */
    ITEM_REPLACE  /* from, to: for the fields behind it, in all parts */
} TemplateItemKind;

typedef struct {
    TemplateItemKind kind;
    char *text;
    char letter;
    unsigned count;    /* characters; 0: all */
    gunichar from, to; /* equal: from goes */
} TemplateItem;

struct Template {
    const Form *form;
    GArray *items[FORM_PARTS_MAX];
    size_t person;
};

#endif
