/*
 * test_generator_crash.c - what is known after the process has ended inside a plugin
 *
 * Each end happens in a child, whose signals do what they do in a program: cmocka and
 * the sanitizers have handlers of their own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/generator.h"
#include "tests/unit/generator_case.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xxhash.h>

#define SURVIVED 77

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* Opens and generates; what it reports is of no interest. */
static void use_generator(const GeneratorCase *c, const char *file, const char *behaviour)
{
    g_autofree char *setting = g_strdup_printf("behaviour=%s", behaviour);
    const char *const settings[] = {setting, NULL};
    g_autoptr(Generator) generator = generator_open(&(GeneratorSettings){.folder = c->folder,
                                                                         .file = file,
                                                                         .type = "FREE",
                                                                         .settings = settings,
                                                                         .crash_file = c->crash_file},
                                                    NULL);
    GeneratorRequest request = {.recipient.alias = "anna"};
    if (generator)
        generator_generate(generator, &request, 1, NULL, NULL);
    generator_request_clear(&request);
}

/* The wait status of a process that does it. Nothing of cmocka may be used in the child. */
static int status_of_child(const GeneratorCase *c, const char *file, const char *behaviour)
{
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        setrlimit(RLIMIT_STACK, &(struct rlimit){8 << 20, 8 << 20});
        for (size_t i = 0; i < G_N_ELEMENTS(fault_signals); i++)
            signal(fault_signals[i], SIG_DFL);
        use_generator(c, file, behaviour);
        _exit(SURVIVED);
    }
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static char *digest_of(const GeneratorCase *c, const char *file)
{
    g_autofree char *path = generator_case_path(c, file);
    g_autofree char *bytes = NULL;
    gsize len = 0;
    assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    XXH128_canonical_t digest;
    XXH128_canonicalFromHash(&digest, XXH3_128bits(bytes, len));
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < sizeof digest.digest; i++)
        g_string_append_printf(text, "%02x", digest.digest[i]);
    return g_string_free(text, FALSE);
}

static void assert_frame(const GeneratorCase *c, const char *file)
{
    g_autofree char *digest = digest_of(c, file);
    g_autofree char *expected = g_strdup_printf("%s FREE %s\n", file, digest);
    g_autofree char *frame = NULL;
    assert_true(g_file_get_contents(c->crash_file, &frame, NULL, NULL));
    assert_string_equal(frame, expected);
    g_strchomp(expected);
    g_autofree char *text = NULL;
    assert_true(generator_crashed(c->crash_file, c->folder, file, &text));
    assert_string_equal(text, expected);
}

static bool ended_by(int status, int number)
{
    return WIFSIGNALED(status) && WTERMSIG(status) == number;
}

/* A fault ends the process as it would have without the frame. */
static void a_fault_inside_a_plugin_leaves_its_name(void **state)
{
    const GeneratorCase *c = *state;
    static const struct {
        const char *behaviour;
        int signal;
    } cases[] = {
        {"fault", SIGSEGV},  {"stack-overflow", SIGSEGV}, {"bus-error", SIGBUS},
        {"divides", SIGFPE}, {"illegal", SIGILL},         {"abort", SIGABRT},
    };
    generator_case_install(c, "misbehaving.so", "bad.so");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int status = status_of_child(c, "bad.so", cases[i].behaviour);
        if (!ended_by(status, cases[i].signal))
            fail_msg("%s: wait status %#x", cases[i].behaviour, (unsigned)status);
        assert_frame(c, "bad.so");
        assert_int_equal(g_unlink(c->crash_file), 0);
    }
}

/* Though the plugin called exit(0). */
static void an_exit_inside_a_plugin_leaves_its_name_and_is_a_failure(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "bad.so");
    int status = status_of_child(c, "bad.so", "exit");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_frame(c, "bad.so");
}

static void an_end_at_loading_leaves_its_name(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misdescribed.so", "bad.so");
    g_setenv("MISDESCRIBED", "crash", TRUE);
    int status = status_of_child(c, "bad.so", "");
    g_unsetenv("MISDESCRIBED");
    assert_true(ended_by(status, SIGABRT));
    assert_frame(c, "bad.so");
}

static void a_process_that_is_ended_from_outside_leaves_nothing(void **state)
{
    const GeneratorCase *c = *state;
    static const struct {
        const char *behaviour;
        int signal;
    } cases[] = {{"killed", SIGKILL}, {"aborted-from-outside", SIGABRT}};
    generator_case_install(c, "misbehaving.so", "bad.so");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int status = status_of_child(c, "bad.so", cases[i].behaviour);
        assert_true(ended_by(status, cases[i].signal));
        assert_false(g_file_test(c->crash_file, G_FILE_TEST_EXISTS));
        assert_false(generator_crashed(c->crash_file, c->folder, "bad.so", NULL));
    }
}

static void a_plugin_that_goes_well_leaves_nothing(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "good.so");
    int status = status_of_child(c, "good.so", "good");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == SURVIVED);
    assert_false(g_file_test(c->crash_file, G_FILE_TEST_EXISTS));
}

static void an_end_without_a_place_for_the_frame_is_an_end_all_the_same(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "bad.so");
    g_autofree char *nowhere = g_build_filename(c->top, "missing", "crash", NULL);
    GeneratorCase elsewhere = *c;
    char *const places[] = {nowhere, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        elsewhere.crash_file = places[i];
        int aborted = status_of_child(&elsewhere, "bad.so", "abort");
        assert_true(ended_by(aborted, SIGABRT));
        int ended = status_of_child(&elsewhere, "bad.so", "exit");
        assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 1);
    }
}

/* A link in the place of the frame would have the process write where the link leads. */
static void a_frame_is_not_written_through_a_link(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "bad.so");
    g_autofree char *victim = g_build_filename(c->top, "victim", NULL);
    assert_true(g_file_set_contents(victim, "precious", -1, NULL));
    assert_int_equal(symlink(victim, c->crash_file), 0);
    status_of_child(c, "bad.so", "abort");
    g_autofree char *left = NULL;
    assert_true(g_file_get_contents(victim, &left, NULL, NULL));
    assert_string_equal(left, "precious");
}

static void never_called(int number)
{
    _exit(number);
}

static void handlers_and_stack_are_as_before_after_a_batch(void **state)
{
    const GeneratorCase *c = *state;
    struct sigaction before[G_N_ELEMENTS(fault_signals)];
    stack_t stack_before;
    stack_t stack_after;
    generator_case_install(c, "misbehaving.so", "good.so");
    for (size_t i = 0; i < G_N_ELEMENTS(fault_signals); i++)
        sigaction(fault_signals[i], &(struct sigaction){.sa_handler = never_called, .sa_flags = SA_NODEFER},
                  &before[i]);
    sigaltstack(NULL, &stack_before);
    use_generator(c, "good.so", "good");
    sigaltstack(NULL, &stack_after);
    assert_ptr_equal(stack_after.ss_sp, stack_before.ss_sp);
    assert_int_equal(stack_after.ss_flags, stack_before.ss_flags);
    for (size_t i = 0; i < G_N_ELEMENTS(fault_signals); i++) {
        struct sigaction after;
        sigaction(fault_signals[i], &before[i], &after);
        assert_ptr_equal(after.sa_handler, never_called);
        assert_int_equal(after.sa_flags & (SA_SIGINFO | SA_ONSTACK | SA_NODEFER), SA_NODEFER);
    }
}

/* --- reading frames ----------------------------------------------------------------------------- */

static void a_frame_counts_for_the_file_that_crashed_alone(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "bad.so");
    generator_case_install(c, "misbehaving.so", "same.so");
    status_of_child(c, "bad.so", "abort");
    assert_frame(c, "bad.so");
    char *text = (char *)"";
    assert_false(generator_crashed(c->crash_file, c->folder, "same.so", &text));
    assert_null(text);
    generator_case_install(c, "misdescribed.so", "bad.so"); /* mended */
    assert_false(generator_crashed(c->crash_file, c->folder, "bad.so", NULL));
    generator_case_install(c, "misbehaving.so", "bad.so"); /* the old one again */
    assert_true(generator_crashed(c->crash_file, c->folder, "bad.so", NULL));
    g_autofree char *path = generator_case_path(c, "bad.so");
    assert_int_equal(g_unlink(path), 0);
    assert_false(generator_crashed(c->crash_file, c->folder, "bad.so", NULL));
}

static void what_is_not_a_whole_frame_does_not_count(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "bad.so");
    g_autofree char *digest = digest_of(c, "bad.so");
    static const struct {
        const char *before;
        int digits;
        const char *after;
        bool counts;
    } cases[] = {
        {"bad.so FREE ", 32, "\n", true},
        {"bad.so FREE ", 32, "", false}, /* cut off */
        {"bad.so FREE ", 31, "\n", false},
        {"bad.so FREE ", 0, "", false},
        {"bad.so FREE ", 32, " more\n", false},
        {"bad.so FREE ", 32, "\n\n", false},
        {"bad.so FREE ", 32, "\nbad.so\n", false},
        {"bad.so ", 32, "\n", false},
        {"\nbad.so FREE ", 32, "\n", false},
        {"../bad.so FREE ", 32, "\n", false},
        {"", 0, "", false},
        {"", 0, "\n", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *frame =
            g_strdup_printf("%s%.*s%s", cases[i].before, cases[i].digits, digest, cases[i].after);
        assert_true(g_file_set_contents(c->crash_file, frame, -1, NULL));
        if (generator_crashed(c->crash_file, c->folder, "bad.so", NULL) != cases[i].counts)
            fail_msg("\"%s\"", frame);
    }
    g_autofree char *large = g_strnfill(1 << 20, 'x');
    assert_true(g_file_set_contents(c->crash_file, large, 1 << 20, NULL));
    assert_false(generator_crashed(c->crash_file, c->folder, "bad.so", NULL));
}

#define on_case(test) cmocka_unit_test_setup_teardown(test, generator_case_setup, generator_case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_case(a_fault_inside_a_plugin_leaves_its_name),
        on_case(an_exit_inside_a_plugin_leaves_its_name_and_is_a_failure),
        on_case(an_end_at_loading_leaves_its_name),
        on_case(a_process_that_is_ended_from_outside_leaves_nothing),
        on_case(a_plugin_that_goes_well_leaves_nothing),
        on_case(an_end_without_a_place_for_the_frame_is_an_end_all_the_same),
        on_case(a_frame_is_not_written_through_a_link),
        on_case(handlers_and_stack_are_as_before_after_a_batch),
        on_case(a_frame_counts_for_the_file_that_crashed_alone),
        on_case(what_is_not_a_whole_frame_does_not_count),
    };
    return cmocka_run_group_tests_name("generator_crash", tests, NULL, NULL);
}
