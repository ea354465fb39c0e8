/*
 * explain_case.c - asking who somebody is, in a case
 */
#include "explain_case.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

Explanation *case_explain(Case *c, const char *object, GError **error)
{
    g_autoptr(Connector) connector = case_connector(c);
    return explain(connector, case_state_folder(c), object, error);
}

Explanation *case_explain_one(Case *c, const char *object)
{
    g_autoptr(GError) error = NULL;
    Explanation *explanation = case_explain(c, object, &error);
    if (!explanation || explanation->objects->len != 1)
        fail_msg("%s: %u found; %s", object, explanation ? explanation->objects->len : 0,
                 error ? error->message : "");
    return explanation;
}

const ExplainedObject *explained_first(const Explanation *explanation)
{
    return g_ptr_array_index(explanation->objects, 0);
}

const PassStory *explained_import(const Explanation *explanation)
{
    assert_non_null(explained_first(explanation)->import);
    return explained_first(explanation)->import->story;
}

void assert_situation(const PassStory *story, const char *name, const char *reason)
{
    for (guint i = 0; i < story->situations->len; i++) {
        const StorySituation *situation = g_ptr_array_index(story->situations, i);
        if (!strcmp(situation->name, name) && (!reason || strstr(situation->reason, reason)))
            return;
    }
    fail_msg("no %s (%s); the first is %s", name, reason ? reason : "",
             ((StorySituation *)g_ptr_array_index(story->situations, 0))->name);
}
