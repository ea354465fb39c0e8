/*
 * crash.c - kill a run at any step, resume it, and look at what is left
 */
#include "tests/crash/crash.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- one run in a process of its own --- */

/* What the child reports; of several runs the first, but for what the last one planned. A child that was
 * killed has reported its steps alone. */
typedef struct {
    bool killed;
    int status;
    size_t planned;
    bool recovered;
    char *id, *figures, *error;
    GPtrArray *steps;
} Report;

static void report_clear(Report *report)
{
    g_free(report->id);
    g_free(report->figures);
    g_free(report->error);
    g_clear_pointer(&report->steps, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Report, report_clear)

static unsigned long fatal_step, step;
static FILE *told;

static void count_and_kill(const char *where)
{
    fprintf(told, "step %s\n", where);
    if (++step != fatal_step)
        return;
    fflush(told);
    raise(SIGKILL);
}

static void tell_result(const RunResult *result, const GError *error)
{
    g_autofree char *figures = figures_of(&result->step[STEP_IMPORT].counts);
    g_autofree char *message = error ? g_strdelimit(g_strdup(error->message), "\n", ' ') : NULL;
    fprintf(told, "id %s\nplanned %zu\nfigures %s\n", result->id, run_planned(result), figures);
    if (event_count(EVENT_RUN_RECOVERED))
        fputs("recovered\n", told);
    if (message)
        fprintf(told, "error %s\n", message);
}

void crash_own_chance(void)
{
    g_random_set_seed((guint32)g_get_real_time() ^ (guint32)getpid() << 12);
}

/* Nothing of cmocka may be used in the child. */
static int run_once(const CrashSite *site, const char *revert)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunResult) result = {0};
    g_autoptr(Connector) connector = connector_load(site->world->connector, &error);
    if (connector) {
        RunOptions options = run_options(connector);
        if (revert)
            run_revert(connector, &options, revert, &result, &error);
        else
            run_sync(connector, &options, &result, &error);
    }
    tell_result(&result, error);
    return error ? error_exit_status(error) : run_exit_status(&result);
}

static int child(const CrashSite *site, unsigned long kill_at, const char *revert, int times)
{
    crash_own_chance();
    fatal_step = kill_at;
    step = 0;
    fault_hook = count_and_kill;
    if (site->home.open)
        site->home.open(site->home.data);
    int status = 0;
    while (times-- > 0)
        status = run_once(site, revert);
    fclose(told);
    return status;
}

static void take_line(Report *report, const char *line)
{
    if (g_str_has_prefix(line, "step "))
        g_ptr_array_add(report->steps, g_strdup(line + strlen("step ")));
    else if (g_str_has_prefix(line, "id ") && !report->id)
        report->id = g_strdup(line + strlen("id "));
    else if (g_str_has_prefix(line, "planned "))
        report->planned = (size_t)g_ascii_strtoull(line + strlen("planned "), NULL, 10);
    else if (g_str_has_prefix(line, "figures ") && !report->figures)
        report->figures = g_strdup(line + strlen("figures "));
    else if (!strcmp(line, "recovered"))
        report->recovered = true;
    else if (g_str_has_prefix(line, "error ") && !report->error)
        report->error = g_strdup(line + strlen("error "));
}

static void read_report(int fd, Report *report)
{
    FILE *in = fdopen(fd, "r");
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, in) > 0)
        take_line(report, g_strchomp(line));
    free(line);
    fclose(in);
}

/* Killed processes lose nothing that was written, so the slow way to the disk can be spared. */
void crash_use_memory_for_files(void)
{
    if (!g_getenv("TMPDIR") && access("/dev/shm", W_OK) == 0)
        g_setenv("TMPDIR", "/dev/shm", TRUE);
}

static Report run_in_child(const CrashSite *site, unsigned long kill_at, const char *revert, int times)
{
    Report report = {.steps = g_ptr_array_new_with_free_func(g_free)};
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        told = fdopen(ends[1], "w");
        _exit(child(site, kill_at, revert, times));
    }
    close(ends[1]);
    read_report(ends[0], &report);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    report.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    report.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    if (WIFSIGNALED(status) && !report.killed)
        report.error = g_strdup_printf("ended by signal %d", WTERMSIG(status));
    return report;
}

/* --- sites --- */

static bool is_of_now(const char *time)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) hour_ago = g_date_time_add_hours(now, -1);
    g_autofree char *since = g_date_time_format(hour_ago, "%Y%m%d%H%M%SZ");
    return strcmp(time, since) >= 0;
}

/* Dates of grace that began in this test differ from run to run. */
char *crash_dump(const CrashSite *site)
{
    static const char name[] = "dirsyncGraceSince: ";
    g_autofree char *text = site->home.dump(site->home.data);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, name) || !is_of_now(*line + strlen(name)))
            continue;
        g_free(*line);
        *line = g_strconcat(name, "now", NULL);
    }
    return g_strjoinv("\n", lines);
}

static char *kept_folder(const CrashSite *site)
{
    return g_build_filename(site->world->folder, "start", NULL);
}

static void restore(CrashSite *site)
{
    g_autofree char *kept = kept_folder(site);
    remove_folder(site->world->live);
    copy_folder(kept, site->world->live);
    if (site->home.restore)
        site->home.restore(site->home.data);
    g_ptr_array_set_size(site->runs, 0);
}

CrashSite *crash_site_new(const World *world, CrashHome home)
{
    CrashSite *site = g_new0(CrashSite, 1);
    site->world = world;
    site->home = home;
    site->runs = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *kept = kept_folder(site);
    remove_folder(kept);
    copy_folder(world->live, kept);
    if (home.keep)
        home.keep(home.data);
    site->start = crash_dump(site);
    g_autofree char *last = crash_state_ask(world, "SELECT max(number) FROM run");
    site->last_run = strtoul(last, NULL, 10);
    g_auto(Report) report = run_in_child(site, 0, NULL, 1);
    if (report.error)
        fail_msg("the undisturbed run: %s", report.error);
    site->expected = crash_dump(site);
    site->names = g_ptr_array_ref(report.steps);
    site->steps = report.steps->len;
    site->figures = g_strdup(report.figures);
    return site;
}

void crash_site_free(CrashSite *site)
{
    if (!site)
        return;
    g_free(site->start);
    g_free(site->expected);
    g_free(site->figures);
    g_ptr_array_unref(site->names);
    g_ptr_array_unref(site->runs);
    g_free(site);
}

/* --- looking at what is left --- */

/* Records of @a that @b does not have. */
static void append_others(GString *text, const char *mark, const char *a, const char *b)
{
    g_auto(GStrv) of_a = g_strsplit(a, "\n\n", -1);
    g_auto(GStrv) of_b = g_strsplit(b, "\n\n", -1);
    for (char **record = of_a; *record; record++)
        if (!g_strv_contains((const char *const *)of_b, *record))
            g_string_append_printf(text, "\n--- %s\n%s", mark, *record);
}

static char *difference(const char *what, const char *is, const char *should)
{
    if (!strcmp(is, should))
        return NULL;
    GString *text = g_string_new(what);
    append_others(text, "should be", should, is);
    append_others(text, "is", is, should);
    return g_string_free(text, FALSE);
}

static char *check_settled(const CrashSite *site)
{
    g_autofree char *open = crash_state_ask(site->world, "SELECT id FROM run WHERE finished IS NULL");
    g_autofree char *intended =
        crash_state_ask(site->world, "SELECT run || '/' || seq FROM journal WHERE outcome = 0");
    if (*open)
        return g_strdup_printf("the state says that run %s is still going on", open);
    if (*intended)
        return g_strdup_printf("the journal has changes without an outcome: %s", intended);
    return NULL;
}

/* The next run, and one more: what that one had to do is in *left. */
static char *kill_and_resume(CrashSite *site, unsigned long kill_at, CrashTamper tamper, size_t *left)
{
    restore(site);
    g_auto(Report) report = run_in_child(site, kill_at, NULL, 1);
    if (!report.killed)
        return g_strdup_printf("was not killed: %s", report.error ? report.error : "the run has fewer steps");
    if (tamper)
        tamper(site);
    g_autofree char *sql = g_strdup_printf("SELECT id FROM run WHERE number > %lu", site->last_run);
    g_autofree char *killed = crash_state_ask(site->world, sql);
    if (*killed) /* else it had not begun */
        g_ptr_array_add(site->runs, g_steal_pointer(&killed));
    g_auto(Report) again = run_in_child(site, 0, NULL, 2);
    site->recovered = again.recovered;
    *left = again.planned;
    if (again.error)
        return g_strdup_printf("the next run failed: %s", again.error);
    g_ptr_array_add(site->runs, g_steal_pointer(&again.id));
    return NULL;
}

char *crash_try(CrashSite *site, unsigned long kill_at, CrashTamper tamper)
{
    size_t left = 0;
    char *complaint = kill_and_resume(site, kill_at, tamper, &left);
    if (complaint || (complaint = check_settled(site)))
        return complaint;
    g_autofree char *now = crash_dump(site);
    complaint = difference("the home directory is not as after an undisturbed run", now, site->expected);
    if (!complaint && left)
        complaint = g_strdup_printf("a further run had %zu changes to make", left);
    return complaint;
}

/* A run that carried nothing out has nothing to undo, and says so. */
static bool did_something(const CrashSite *site, const char *run)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT count(*) FROM journal WHERE run = '%s' AND outcome = 1", run);
    g_autofree char *done = crash_state_ask(site->world, sql);
    return strcmp(done, "0") != 0;
}

char *crash_try_revert(CrashSite *site, unsigned long kill_at, CrashTamper tamper)
{
    size_t left = 0;
    char *complaint = kill_and_resume(site, kill_at, tamper, &left);
    for (guint i = site->runs->len; !complaint && i > 0; i--) {
        const char *run = g_ptr_array_index(site->runs, i - 1);
        if (!did_something(site, run))
            continue;
        g_auto(Report) report = run_in_child(site, 0, run, 1);
        if (report.error || report.status)
            complaint =
                g_strdup_printf("revert of %s: %s", run, report.error ? report.error : report.figures);
    }
    if (complaint)
        return complaint;
    g_autofree char *now = crash_dump(site);
    return difference("after revert the start is not back", now, site->start);
}
