/*
 * command.h - a verb of the command line
 *
 * Each verb is one file with one Command, registered by one line in main.c. It
 * parses its words, calls the engine and prints the result; it returns the exit
 * status and never exits.
 */
#ifndef DIRSYNC_COMMAND_H
#define DIRSYNC_COMMAND_H

#include "dirsync/connector.h"
#include "dirsync/report/progress.h"
#include "dirsync/run.h"

#define EXIT_CHANGES 2 /* with --detailed-exitcode */

/** What the options that several verbs have said. */
typedef struct {
    gboolean json, quiet, detailed, progress_on, progress_off, version;
    int verbose;
    char *state_folder;
    /* of verbs that run something */
    gboolean full, allow_empty, verify;
    char *only, *step;
    char *rate;
    char *limits[LIMIT_KINDS];
    char *output; /* plan -o */
    Progress *progress;
} Settings;

typedef struct {
    const char *name;
    const char *words; /* "CONNECTOR [-o FOLDER]" */
    const char *about; /* one line */
    unsigned options;  /* OptionGroups: options of several verbs */
    int (*run)(Settings *settings, int argc, char **argv, GError **error);
    const GOptionEntry *own; /* options of this verb alone, into variables of its file; NULL: none */
} Command;

typedef enum {
    OPTIONS_RUN = 1 << 0,  /* --rate */
    OPTIONS_PLAN = 1 << 1, /* --full, --allow-empty, --only, and the limits */
    OPTIONS_VERIFY = 1 << 2,
    OPTIONS_OUTPUT = 1 << 3,
    OPTIONS_DETAILED = 1 << 4,
    OPTIONS_LIMITS = 1 << 5, /* --max-... alone */
    OPTIONS_ONLY = 1 << 6,   /* --only alone */
    OPTIONS_STEP = 1 << 7    /* --step alone */
} OptionGroups;

/** The options of a verb, with the global ones. The result borrows @settings. */
GOptionContext *settings_context(Settings *settings, const Command *command);
/** The global options alone. */
GOptionContext *settings_global_context(Settings *settings, const char *summary);
void settings_clear(Settings *settings);

/** Loads the connector named by the first word and opens its event sinks. ERROR_DEFINITION when there is
 *  no word or one too many (@words: how many the verb takes). */
Connector *settings_connector(const Settings *settings, int argc, char **argv, int words, GError **error);
/** Opens stderr at the level the options ask for, and the sinks of the definition. */
bool settings_open_events(const Settings *settings, const Connector *connector, GError **error);
/** The same for a service, which also tells what it begins and ends. */
bool settings_open_service_events(const Settings *settings, bool json, GError **error);
/** True when the environment asks for JSON lines on stderr. */
bool settings_log_json(void);
/** Options of the run: the definition's limits, changed by what the command line says. */
bool settings_run_options(Settings *settings, const Connector *connector, RunOptions *options,
                          GError **error);

#define NUMBER_ANY G_MAXDOUBLE /* no bound */
/** A number that an option takes. */
typedef struct {
    const char *name; /* "--jobs" */
    const char *what; /* "how many runs at the same time" */
    double least, most;
    bool fraction;    /* it need not be whole */
    const char *zero; /* what 0 means, which is taken too; NULL: it is nothing of its own */
} NumberOption;

/** Reads it from what the option was given; @text NULL: *number stays as it is. ERROR_DEFINITION says what is
 * allowed. */
bool settings_number(const NumberOption *option, const char *text, double *number, GError **error);
/** --rate; 0: no limit. */
bool settings_rate(const Settings *settings, double *rate, GError **error);

/** "import: nothing was removed: ..." for each step that has a reason; @what: the middle part. */
void settings_print_reasons(const RunResult *result, const char *what);
/** Plans, prints the plan and the summary, and drops it unless it is saved (-o). The exit status. */
int settings_plan(Settings *settings, const char *verb, const Connector *connector, const RunOptions *options,
                  GError **error);
/** ERROR_DEFINITION "usage: ..." */
void settings_usage(const Command *command, GError **error);
/** Prints the end of a run (summary line, or JSON), returns the exit status. Takes over @error. */
int settings_end(Settings *settings, const char *verb, const Connector *connector, const RunResult *result,
                 GError *failure, GError **error);

extern const Command command_init, command_check, command_plan, command_show, command_apply, command_sync,
    command_revert, command_status, command_proxy, command_addrtype, command_audit, command_migrate,
    command_explain, command_release, command_run, command_serve;

#endif
