/* generator_internal.h - what the files of the generator module share; nobody else includes it */
#ifndef PROXYGEN_GENERATOR_INTERNAL_H
#define PROXYGEN_GENERATOR_INTERNAL_H

#include "proxygen/generator.h"

/** Checks and loads; the plugin stays loaded until the process ends, so that a file is mapped once. */
const ProxygenGenerator *generator_load(const char *folder, const char *file, GError **error);

/** Everything until generator_frame_end() is the plugin's doing. @path NULL: nobody wants to know. */
void generator_frame_begin(const char *path, const char *text);
void generator_frame_end(void);
/** "file type digest" for such a frame. g_free(). */
char *generator_frame_text(const char *folder, const char *file, const char *type);

#endif
