/*
 * crash_child.c - one run in a process of its own, which may be killed at a step
 */
#include "tests/crash/crash_internal.h"

#include "dirsync/event.h"
#include "dirsync/fault.h"
#include "dirsync/plan.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void crash_report_clear(CrashReport *report)
{
    g_free(report->id);
    g_free(report->figures);
    g_free(report->error);
    g_free(report->happened);
    g_clear_pointer(&report->steps, g_ptr_array_unref);
}

static unsigned long fatal_step, step;
static FILE *told;

static void count_and_kill(const char *where)
{
    step++;
    if (!fatal_step)
        fprintf(told, "step %s\n", where);
    if (step != fatal_step)
        return;
    fflush(told);
    raise(SIGKILL);
}

static void tell_situations(const RunResult *result)
{
    for (int step_of_run = 0; step_of_run < STEPS; step_of_run++) {
        if (!result->folder || !result->step[step_of_run].planned)
            continue;
        g_autoptr(PlanReader) reader = plan_reader_new(result->folder, (Step)step_of_run, NULL);
        for (;;) {
            g_autoptr(Change) change = NULL;
            if (!reader || !plan_read(reader, &change, NULL) || !change)
                break;
            if (change->situation)
                fprintf(told, "happened %s\n", change->situation);
        }
    }
}

static void tell_events(void)
{
    for (int id = 0; id < EVENTS; id++)
        if (event_count((EventId)id))
            fprintf(told, "happened %s\n", event_name((EventId)id));
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
    for (int i = 0; i < STEPS && !fatal_step; i++) {
        if (result->step[i].counts.of[COUNT_UNCHANGED])
            fputs("happened in-sync\n", told);
        if (result->step[i].counts.of[COUNT_DELETED])
            fputs("happened deleted\n", told);
    }
    if (!fatal_step) {
        tell_situations(result);
        tell_events();
    }
}

void crash_own_chance(void)
{
    guint32 seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        abort();
    g_random_set_seed(seed);
}

/* Nothing of cmocka may be used in the child. */
static int run_once(const CrashSite *site, const char *revert, size_t *planned)
{
    g_autoptr(GError) error = NULL;
    g_auto(RunResult) result = {0};
    RunOptions options = run_options(site->connector);
    if (site->home.call)
        site->home.call(&options, site->home.data);
    if (revert)
        run_revert(site->connector, &options, revert, &result, &error);
    else
        (site->home.run ? site->home.run : run_sync)(site->connector, &options, &result, &error);
    tell_result(&result, error);
    *planned = run_planned(&result);
    return error ? error_exit_status(error) : run_exit_status(&result);
}

static void limit_files(unsigned long bytes)
{
    struct rlimit limit = {bytes, bytes};
    signal(SIGXFSZ, SIG_IGN); /* an error, as when the disk is full */
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        abort();
}

static int child(const CrashSite *site, CrashRun run)
{
    crash_own_chance();
    fatal_step = run.kill_at;
    step = 0;
    if (site->home.open)
        site->home.open(site->home.data);
    if (run.most_bytes)
        limit_files(run.most_bytes);
    int status = 0;
    size_t planned = 1;
    for (int i = 0; i < run.times && (planned || !run.may_end); i++) {
        fault_hook = i == 0 ? count_and_kill : NULL;
        status = run_once(site, run.revert, &planned);
    }
    fclose(told);
    return status;
}

static void take_line(CrashReport *report, const char *line)
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

static void read_report(int fd, CrashReport *report)
{
    FILE *in = fdopen(fd, "r");
    g_autoptr(GString) happened = g_string_new(" ");
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, in) > 0) {
        g_strchomp(line);
        if (g_str_has_prefix(line, "happened ") && !strstr(happened->str, line + strlen("happened")))
            g_string_append_printf(happened, "%s ", line + strlen("happened "));
        take_line(report, line);
    }
    free(line);
    fclose(in);
    report->happened = g_strdup(happened->str);
}

CrashReport crash_run(const CrashSite *site, CrashRun run)
{
    CrashReport report = {.steps = g_ptr_array_new_with_free_func(g_free)};
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        told = fdopen(ends[1], "w");
        _exit(child(site, run));
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
