/*
 * text_encoder.h - UTF-8 in the encoding of a file that is written
 *
 * The way back of text_source.h, for the same encodings. A character that the
 * encoding does not have is an error and never replaced by another. Writes no
 * byte order marks of its own; one in the text is a character as any other.
 */
#ifndef DIRSYNC_TEXT_ENCODER_H
#define DIRSYNC_TEXT_ENCODER_H

#include "dirsync/error.h"

typedef struct TextEncoder TextEncoder;

/** @encoding as in text_source_convert(); NULL: UTF-8. ERROR_DEFINITION. */
TextEncoder *text_encoder_new(const char *encoding, GError **error);
void text_encoder_free(TextEncoder *encoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextEncoder, text_encoder_free)

/** Appends @text to @out. False when it is not UTF-8 (NUL included) or the encoding lacks one of its
 *  characters, which begins @at bytes into it; then @out is as it was. @at may be NULL. */
bool text_encoder_append(TextEncoder *encoder, const char *text, size_t len, GString *out, size_t *at);
/** The same without the text. */
bool text_encoder_can(TextEncoder *encoder, const char *text, size_t len, size_t *at);

#endif
