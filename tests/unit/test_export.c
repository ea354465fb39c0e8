#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "pass_case.h"

#define ANN INSIDER("a1", "Ann Ash", "ann@acme.example", "")
#define ANN_OUT OUTSIDER("a1", "Ann Ash", "ann@acme.example", "")
#define ANN_EXPORTED EXPORTED("a1", "Ann Ash", "ann@acme.example", "")

static const PassCase cases[] = {
    {"new: a native goes out",
     {.home = ANN, .export = FROM_PEOPLE},
     {SYNC(.foreign = ANN_EXPORTED, .foreign_writes = 1, .exported = "1 created")}},
    {"in-sync: nothing is written",
     {.home = ANN, .source = ANN_OUT, .export = FROM_PEOPLE},
     {SYNC(.exported = "1 unchanged"), STATE_LOST, SYNC(.exported = "1 unchanged"), SYNC(.exported = "1 unchanged")}},
};

int main(void)
{
    return case_run_tables("export", cases, G_N_ELEMENTS(cases), NULL, 0);
}
