/* plan_internal.h - what the files of the plan module share; nobody else includes it */
#ifndef DIRSYNC_PLAN_INTERNAL_H
#define DIRSYNC_PLAN_INTERNAL_H

#include "dirsync/plan.h"

#define PLAN_HEAD "plan.json"
#define PLAN_HEAD_NEW "plan.json.new" /* left behind by a crash */
#define PLAN_UNDO "undo"

extern const char *const plan_files[STEPS]; /* "1-home.ldif", "3-foreign.ldif" */

/** Writes plan.json: new file, fsync, rename, fsync of the folder. */
bool plan_save_head(const char *folder, const PlanHead *head, GError **error);

#endif
