/*
 * crash.c - sites and trials; see crash.h
 */
#include "tests/crash/crash_internal.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* --- sites --- */

static gboolean put_now(const GMatchInfo *match, GString *result, gpointer hour_ago)
{
    g_autofree char *time = g_match_info_fetch(match, 0);
    g_string_append(result, strcmp(time, hour_ago) >= 0 ? "NOW" : time);
    return FALSE;
}

/* Times of this test, of grace that began for instance, differ from run to run, wherever they stand. What a
 * file holds need not be UTF-8. */
char *crash_dump(const CrashSite *site)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) then = g_date_time_add_hours(now, -1);
    g_autofree char *hour_ago = g_date_time_format(then, "%Y%m%d%H%M%SZ");
    g_autofree char *folded = site->home.dump(site->home.data);
    g_auto(GStrv) parts = g_strsplit(folded, "\n ", -1); /* a line may be folded within the time */
    g_autofree char *text = g_strjoinv("", parts);
    g_autoptr(GRegex) time = g_regex_new("20[0-9]{12}(\\.0)?Z", G_REGEX_RAW, 0, NULL);
    return g_regex_replace_eval(time, text, -1, 0, 0, put_now, hour_ago, NULL);
}

static char *remembered(const CrashSite *site)
{
    char *text = crash_remembered(site);
    return site->home.mask ? site->home.mask(text, site->home.data) : text;
}

char *crash_kept_folder(const CrashSite *site)
{
    return g_build_filename(site->world->folder, "start", NULL);
}

void crash_site_restore(CrashSite *site)
{
    g_autofree char *kept = crash_kept_folder(site);
    remove_folder(site->world->live);
    copy_folder(kept, site->world->live);
    if (site->home.restore)
        site->home.restore(site->home.data);
    g_ptr_array_set_size(site->runs, 0);
}

Connector *crash_connector(const World *world, CrashHome home)
{
    return home.connector ? home.connector(home.data) : world_connector(world);
}

static void keep_start(CrashSite *site)
{
    g_autofree char *kept = crash_kept_folder(site);
    remove_folder(kept);
    copy_folder(site->world->live, kept);
    if (site->home.keep)
        site->home.keep(site->home.data);
    site->start = crash_dump(site);
    g_autofree char *last = crash_state_ask(site->world, "SELECT max(number) FROM run");
    site->last_run = strtoul(last, NULL, 10);
}

/* The runs since the start, oldest first. One that was killed before it was recorded is none. */
static void note_runs(CrashSite *site)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT id FROM run WHERE number > %lu ORDER BY number", site->last_run);
    g_autoptr(GPtrArray) rows = crash_state_rows(site->world, sql);
    g_ptr_array_set_size(site->runs, 0);
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(site->runs, g_strdup(((char **)g_ptr_array_index(rows, i))[0]));
}

/* A run that carried nothing out has nothing to undo, and says so. */
static bool did_something(const CrashSite *site, const char *run)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT count(*) FROM journal WHERE run = '%s' AND outcome = 1", run);
    g_autofree char *done = crash_state_ask(site->world, sql);
    return strcmp(done, "0") != 0;
}

/* Reverts the runs of a trial, the last first. */
static char *revert_all(CrashSite *site)
{
    for (guint i = site->runs->len; i > 0; i--) {
        const char *run = g_ptr_array_index(site->runs, i - 1);
        if (!did_something(site, run))
            continue;
        g_auto(CrashReport) report = crash_run(site, (CrashRun){.revert = run, .times = 1});
        if (report.error || report.status)
            return g_strdup_printf("revert of %s: %s", run, report.error ? report.error : report.figures);
    }
    g_autofree char *now = crash_dump(site);
    return crash_difference("after revert the start is not back", now, site->start);
}

static void try_reverting(CrashSite *site)
{
    note_runs(site);
    site->irreversible = revert_all(site);
}

/* Once, and once more: what the second run writes, if anything, belongs to the end. */
static void run_undisturbed(CrashSite *site)
{
    g_auto(CrashReport) report = crash_run(site, (CrashRun){.times = 1});
    site->names = g_ptr_array_ref(report.steps);
    site->steps = report.steps->len;
    site->figures = g_strdup(report.figures);
    site->happened = g_strdup(report.happened);
    site->error = g_strdup(report.error);
    if (report.error)
        return;
    g_auto(CrashReport) again = crash_run(site, (CrashRun){.times = 1});
    site->restless = again.planned > 0;
    site->expected = crash_dump(site);
    site->remembered = remembered(site);
    site->error = g_strdup(again.error);
    if (!site->error)
        try_reverting(site);
}

CrashSite *crash_site_try(const World *world, CrashHome home)
{
    CrashSite *site = g_new0(CrashSite, 1);
    site->world = world;
    site->home = home;
    site->runs = g_ptr_array_new_with_free_func(g_free);
    site->connector = crash_connector(world, home);
    keep_start(site);
    run_undisturbed(site);
    return site;
}

CrashSite *crash_site_new(const World *world, CrashHome home)
{
    CrashSite *site = crash_site_try(world, home);
    if (site->error)
        fail_msg("the undisturbed run: %s", site->error);
    if (site->restless)
        fail_msg("the run after the undisturbed one has something to do");
    return site;
}

char *crash_run_on(CrashSite *site)
{
    g_auto(CrashReport) report = crash_run(site, (CrashRun){.times = 1});
    return g_steal_pointer(&report.error);
}

void crash_site_free(CrashSite *site)
{
    if (!site)
        return;
    connector_free(site->connector);
    g_free(site->start);
    g_free(site->expected);
    g_free(site->remembered);
    g_free(site->error);
    g_free(site->irreversible);
    g_free(site->figures);
    g_free(site->happened);
    g_ptr_array_unref(site->names);
    g_ptr_array_unref(site->runs);
    g_free(site);
}

/* --- trials --- */

/* The next run, and one more: what that one had to do is in *left. */
static char *resume(CrashSite *site, size_t *left)
{
    g_auto(CrashReport) next =
        crash_run(site, (CrashRun){.times = site->restless ? 3 : 2, .may_end = !site->restless});
    site->recovered = next.recovered;
    *left = next.planned;
    note_runs(site);
    return next.error ? g_strdup_printf("the next run failed: %s", next.error) : NULL;
}

static char *kill_and_resume(CrashSite *site, unsigned long kill_at, unsigned long again, CrashTamper tamper,
                             size_t *left)
{
    crash_site_restore(site);
    g_auto(CrashReport) killed = crash_run(site, (CrashRun){.kill_at = kill_at, .times = 1});
    if (!killed.killed)
        return g_strdup_printf("was not killed: %s", killed.error ? killed.error : "the run has fewer steps");
    if (tamper)
        tamper(site);
    if (again) {
        g_auto(CrashReport) second = crash_run(site, (CrashRun){.kill_at = again, .times = 1});
        if (!second.killed && second.error)
            return g_strdup_printf("the next run failed: %s", second.error);
    }
    return resume(site, left);
}

static char *check_end(const CrashSite *site, size_t left)
{
    g_autofree char *now = crash_dump(site), *knows = remembered(site);
    char *complaint = crash_check_settled(site);
    if (!complaint)
        complaint =
            crash_difference("the home directory is not as after an undisturbed run", now, site->expected);
    if (!complaint && left)
        complaint = g_strdup_printf("a further run had %zu changes to make", left);
    if (!complaint)
        complaint = crash_check_journals(site);
    if (!complaint)
        complaint = crash_difference("what is remembered is not as after an undisturbed run", knows,
                                     site->remembered);
    return complaint;
}

static char *try(CrashSite *site, unsigned long step, unsigned long again, CrashTamper tamper)
{
    size_t left = 0;
    char *complaint = kill_and_resume(site, step, again, tamper, &left);
    return complaint ? complaint : check_end(site, left);
}

char *crash_try(CrashSite *site, unsigned long step, CrashTamper tamper)
{
    return try(site, step, 0, tamper);
}

char *crash_try_twice(CrashSite *site, unsigned long step, unsigned long again)
{
    return try(site, step, again, NULL);
}

static CrashReport revert_last(CrashSite *site, unsigned long kill_at)
{
    const char *run = g_ptr_array_index(site->runs, site->runs->len - 1);
    return crash_run(site, (CrashRun){.revert = run, .kill_at = kill_at, .times = 1});
}

/* That nothing was left to do is right where it is true: the start is back. */
static bool is_well(const CrashReport *report)
{
    return report->error ? strstr(report->error, ": was taken back already, by run ") != NULL
                         : !report->status;
}

/* What the first of two reverts had done already, the second finds done. */
char *crash_try_revert_killed(CrashSite *site, unsigned long step, unsigned long *steps)
{
    crash_site_restore(site);
    g_auto(CrashReport) run = crash_run(site, (CrashRun){.times = 1});
    if (run.error)
        return g_strdup_printf("the run failed: %s", run.error);
    note_runs(site);
    g_auto(CrashReport) first = revert_last(site, step);
    if (!step)
        *steps = first.steps->len;
    if (step && !first.killed)
        return g_strdup_printf("the revert was not killed: %s",
                               first.error ? first.error : "it has fewer steps");
    g_auto(CrashReport) second = revert_last(site, 0);
    if (!is_well(&second))
        return g_strdup_printf("the second revert ends with %d: %s", second.status,
                               second.error ? second.error : second.figures);
    char *complaint = crash_check_settled(site);
    g_autofree char *now = crash_dump(site);
    return complaint ? complaint : crash_difference("the start is not back", now, site->start);
}

char *crash_try_full(CrashSite *site, unsigned long most_bytes, bool *stopped)
{
    size_t left = 0;
    crash_site_restore(site);
    g_auto(CrashReport) full = crash_run(site, (CrashRun){.most_bytes = most_bytes, .times = 1});
    *stopped = full.error != NULL;
    if (full.killed || full.status >= 128)
        return g_strdup_printf("the process ended: %s", full.error ? full.error : "killed");
    char *complaint = resume(site, &left);
    return complaint ? complaint : check_end(site, left);
}

char *crash_revert(CrashSite *site)
{
    return revert_all(site);
}

char *crash_try_revert(CrashSite *site, unsigned long kill_at, CrashTamper tamper)
{
    size_t left = 0;
    char *complaint = kill_and_resume(site, kill_at, 0, tamper, &left);
    return complaint ? complaint : revert_all(site);
}
