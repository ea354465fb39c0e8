/*
 * test_event.c - events: which sink gets them, and in what form
 *
 * Files are read back as JSON; stderr is caught by a file put in its place.
 * The table is compared with the manual page, so that neither goes stale.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "manual_page.h"

#include "dirsync/event.h"
#include "tests/lab/missing.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    char *folder;
    char *path;
} Fixture;

static int make_folder(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->folder = g_dir_make_tmp("dirsync-event-XXXXXX", NULL);
    if (!fixture->folder)
        return -1;
    fixture->path = g_build_filename(fixture->folder, "events.jsonl", NULL);
    *state = fixture;
    return 0;
}

static int remove_folder(void **state)
{
    Fixture *fixture = *state;
    event_close_sinks();
    g_unlink(fixture->path);
    g_rmdir(fixture->folder);
    g_free(fixture->path);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

static SinkSettings settings_of(SinkKind kind, char *path, EventLevel level)
{
    SinkSettings settings = {.kind = kind, .path = path, .level = level};
    for (int i = 0; i < CATEGORIES; i++)
        settings.category_level[i] = -1;
    return settings;
}

static void open_file_sink(const Fixture *fixture, EventLevel level)
{
    SinkSettings settings = settings_of(SINK_FILE, fixture->path, level);
    g_autoptr(GError) error = NULL;
    assert_true(event_open_sink(&settings, &error));
    assert_null(error);
}

static char *read_file(const char *path)
{
    char *text = NULL;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static size_t count_lines(const char *path)
{
    g_autofree char *text = read_file(path);
    size_t lines = 0;
    for (size_t i = 0; text[i]; i++)
        lines += text[i] == '\n';
    return lines;
}

/* The only line of the file, parsed; json_decref(). */
static json_t *read_record(const char *path)
{
    assert_int_equal(count_lines(path), 1);
    json_t *record = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(record);
    return record;
}

static const char *member(const json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}

/* Puts a file in the place of stderr; end_capture() returns what was written there. */
static int begin_capture(const Fixture *fixture)
{
    int saved = dup(STDERR_FILENO);
    int file = open(fixture->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(saved >= 0 && file >= 0);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
    close(file);
    return saved;
}

static char *end_capture(const Fixture *fixture, int saved)
{
    event_close_sinks();
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    return read_file(fixture->path);
}

static void file_gets_one_json_object_a_line(void **state)
{
    const Fixture *fixture = *state;
    open_file_sink(fixture, LEVEL_INFO);
    event_set_context("globex", "20260102-1");
    event_emit(EVENT_SOURCE_PARTIAL, "people.ldif", "cut off at line %d", 17);
    json_t *record = read_record(fixture->path);
    assert_string_equal(member(record, "id"), "DS0201");
    assert_string_equal(member(record, "event"), "source-partial");
    assert_string_equal(member(record, "level"), "warning");
    assert_string_equal(member(record, "category"), "source");
    assert_string_equal(member(record, "connector"), "globex");
    assert_string_equal(member(record, "run"), "20260102-1");
    assert_string_equal(member(record, "subject"), "people.ldif");
    assert_string_equal(member(record, "message"), "cut off at line 17");
    assert_int_equal(json_object_size(record), 9);
    json_decref(record);
}

static void time_is_iso_8601_utc_with_milliseconds(void **state)
{
    const Fixture *fixture = *state;
    open_file_sink(fixture, LEVEL_INFO);
    gint64 before = g_get_real_time() / 1000;
    event_emit(EVENT_RUN_BEGIN, NULL, "begin");
    gint64 after = g_get_real_time() / 1000;
    json_t *record = read_record(fixture->path);
    const char *text = member(record, "time");
    assert_true(g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$", text, 0, 0));
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);
    gint64 told = g_date_time_to_unix(time) * 1000 + g_date_time_get_microsecond(time) / 1000;
    assert_in_range(told, before, after);
    json_decref(record);
}

static void absent_subject_and_context_are_left_out(void **state)
{
    const Fixture *fixture = *state;
    open_file_sink(fixture, LEVEL_INFO);
    event_set_context("globex", "1");
    event_set_context(NULL, NULL);
    event_emit(EVENT_RUN_BEGIN, NULL, "begin");
    json_t *record = read_record(fixture->path);
    assert_null(json_object_get(record, "subject"));
    assert_null(json_object_get(record, "connector"));
    assert_null(json_object_get(record, "run"));
    json_decref(record);
}

static void broken_utf8_and_line_ends_cannot_break_the_file(void **state)
{
    const Fixture *fixture = *state;
    open_file_sink(fixture, LEVEL_INFO);
    event_emit(EVENT_QUARANTINED, "cn=\xff\xfe", "first\nsecond \"quoted\"");
    json_t *record = read_record(fixture->path);
    assert_true(g_utf8_validate(member(record, "subject"), -1, NULL));
    assert_string_equal(member(record, "message"), "first\nsecond \"quoted\"");
    json_decref(record);
}

static void file_is_private_and_appended_to(void **state)
{
    const Fixture *fixture = *state;
    for (int i = 0; i < 2; i++) {
        open_file_sink(fixture, LEVEL_INFO);
        event_emit(EVENT_RUN_BEGIN, NULL, "run %d", i);
        event_close_sinks();
    }
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(count_lines(fixture->path), 2);
}

static void level_and_category_decide_what_is_admitted(void **state)
{
    const Fixture *fixture = *state;
    SinkSettings settings = settings_of(SINK_FILE, fixture->path, LEVEL_WARNING);
    settings.category_level[CATEGORY_WRITE] = LEVEL_DEBUG;
    settings.category_level[CATEGORY_SOURCE] = LEVEL_ERROR;
    assert_true(event_open_sink(&settings, NULL));
    event_emit(EVENT_WRITE_DONE, NULL, "debug, let in by its category");
    event_emit(EVENT_SOURCE_PARTIAL, NULL, "warning, kept out by its category");
    event_emit(EVENT_CONFLICT, NULL, "warning, let in by the level");
    event_emit(EVENT_ADOPTED, NULL, "notice, kept out by the level");
    g_autofree char *text = read_file(fixture->path);
    assert_int_equal(count_lines(fixture->path), 2);
    assert_non_null(strstr(text, "DS0603"));
    assert_non_null(strstr(text, "DS0503"));
}

static void stderr_line_says_program_level_code_subject_message(void **state)
{
    const Fixture *fixture = *state;
    int saved = begin_capture(fixture);
    SinkSettings settings = settings_of(SINK_STDERR, NULL, LEVEL_NOTICE);
    bool opened = event_open_sink(&settings, NULL);
    event_emit(EVENT_SOURCE_PARTIAL, "people.ldif", "cut off at line %d", 17);
    event_emit(EVENT_WRITE_FAILED, NULL, "too many deletes");
    event_emit(EVENT_RUN_LIMIT, NULL, "the command ends with that as its error");
    event_emit(EVENT_RUN_BEGIN, NULL, "info is not shown");
    g_autofree char *text = end_capture(fixture, saved);
    assert_true(opened);
    assert_string_equal(text, "dirsync: warning: DS0201 people.ldif: cut off at line 17\n"
                              "dirsync: error: DS0600 too many deletes\n");
}

static void control_characters_do_not_reach_the_terminal(void **state)
{
    const Fixture *fixture = *state;
    int saved = begin_capture(fixture);
    SinkSettings settings = settings_of(SINK_STDERR, NULL, LEVEL_NOTICE);
    bool opened = event_open_sink(&settings, NULL);
    event_emit(EVENT_CONFLICT, "cn=\033[2J\xc2\x9b", "Müller\ndirsync: error: forged");
    g_autofree char *text = end_capture(fixture, saved);
    assert_true(opened);
    assert_string_equal(text, "dirsync: warning: DS0503 cn=\\x1b[2J\\x9b: "
                              "Müller\\x0adirsync: error: forged\n");
}

static void full_disk_is_said_once_and_harms_nobody(void **state)
{
    const Fixture *fixture = *state;
    if (access("/dev/full", W_OK) != 0)
        skip_missing("there is no /dev/full that can be written");
    char full[] = "/dev/full";
    int saved = begin_capture(fixture);
    SinkSettings to_stderr = settings_of(SINK_STDERR, NULL, LEVEL_ERROR);
    SinkSettings to_full = settings_of(SINK_FILE, full, LEVEL_INFO);
    bool opened = event_open_sink(&to_stderr, NULL) && event_open_sink(&to_full, NULL);
    event_emit(EVENT_CONFLICT, NULL, "lost");
    event_emit(EVENT_CONFLICT, NULL, "lost as well");
    g_autofree char *text = end_capture(fixture, saved);
    assert_true(opened);
    assert_true(g_str_has_prefix(text, "dirsync: warning: event file /dev/full: events are lost: "));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void file_that_cannot_be_opened_is_an_error(void **state)
{
    (void)state;
    char missing[] = "/nonexistent/events.jsonl";
    char *paths[] = {missing, NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        SinkSettings settings = settings_of(SINK_FILE, paths[i], LEVEL_INFO);
        g_autoptr(GError) error = NULL;
        assert_false(event_open_sink(&settings, &error));
        assert_true(error_is(error, ERROR_IO));
    }
}

static void settings_are_copied(void **state)
{
    const Fixture *fixture = *state;
    g_autofree char *path = g_strdup(fixture->path);
    SinkSettings settings = settings_of(SINK_FILE, path, LEVEL_INFO);
    assert_true(event_open_sink(&settings, NULL));
    memset(path, 'x', strlen(path));
    settings.level = LEVEL_ERROR;
    event_emit(EVENT_RUN_BEGIN, NULL, "begin");
    assert_int_equal(count_lines(fixture->path), 1);
}

static void syslog_sink_opens_and_takes_events(void **state)
{
    (void)state;
    SinkSettings settings = settings_of(SINK_SYSLOG, NULL, LEVEL_ERROR);
    assert_true(event_open_sink(&settings, NULL));
    event_emit(EVENT_RUN_BEGIN, "globex", "kept out: the system's log is not for tests");
}

static void events_are_counted_with_or_without_sinks(void **state)
{
    (void)state;
    unsigned long before = event_count(EVENT_MISSING);
    event_emit(EVENT_MISSING, NULL, "one");
    event_emit(EVENT_MISSING, NULL, "two");
    assert_int_equal(event_count(EVENT_MISSING), before + 2);
}

#define THREAD_EVENTS 200

static gpointer emit_many(gpointer data)
{
    for (int i = 0; i < THREAD_EVENTS; i++)
        event_emit(EVENT_RUN_BEGIN, data, "event %d", i);
    return NULL;
}

static void threads_do_not_mix_their_lines(void **state)
{
    const Fixture *fixture = *state;
    open_file_sink(fixture, LEVEL_INFO);
    char one[] = "one", two[] = "two";
    GThread *threads[] = {g_thread_new(one, emit_many, one), g_thread_new(two, emit_many, two)};
    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_autofree char *text = read_file(fixture->path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    assert_int_equal(g_strv_length(lines), 2 * THREAD_EVENTS + 1);
    for (size_t i = 0; i < 2 * THREAD_EVENTS; i++) {
        json_t *record = json_loads(lines[i], 0, NULL);
        assert_non_null(record);
        json_decref(record);
    }
}

static void codes_and_names_are_unique(void **state)
{
    (void)state;
    for (int i = 0; i < EVENTS; i++) {
        assert_true(g_regex_match_simple("^DS[0-9]{4}$", event_code((EventId)i), 0, 0));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(event_code((EventId)i), event_code((EventId)j));
            assert_string_not_equal(event_name((EventId)i), event_name((EventId)j));
        }
    }
}

static void names_parse_back(void **state)
{
    (void)state;
    for (int i = 0; i < LEVELS; i++)
        assert_int_equal(event_level_parse(event_level_name((EventLevel)i)), i);
    for (int i = 0; i < CATEGORIES; i++)
        assert_int_equal(event_category_parse(event_category_name((EventCategory)i)), i);
    const char *unknown[] = {NULL, "", "Warning", "warn", "all"};
    for (size_t i = 0; i < G_N_ELEMENTS(unknown); i++) {
        assert_int_equal(event_level_parse(unknown[i]), -1);
        assert_int_equal(event_category_parse(unknown[i]), -1);
    }
}

/* The page has one line ".It Li DS0001 Em run-begin No , info , run" for each event. */
static void manual_page_lists_every_event(void **state)
{
    (void)state;
    g_autofree char *page = manual_page("dirsync-events.7");
    for (int i = 0; i < EVENTS; i++) {
        EventId id = (EventId)i;
        g_autofree char *line =
            g_strdup_printf(".It Li %s Em %s No , %s , %s\n", event_code(id), event_name(id),
                            event_level_name(event_level(id)), event_category_name(event_category(id)));
        if (!strstr(page, line))
            fail_msg("dirsync-events.7 lacks the line %s", line);
    }
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(file_gets_one_json_object_a_line),
        WITH_FOLDER(time_is_iso_8601_utc_with_milliseconds),
        WITH_FOLDER(absent_subject_and_context_are_left_out),
        WITH_FOLDER(broken_utf8_and_line_ends_cannot_break_the_file),
        WITH_FOLDER(file_is_private_and_appended_to),
        WITH_FOLDER(level_and_category_decide_what_is_admitted),
        WITH_FOLDER(stderr_line_says_program_level_code_subject_message),
        WITH_FOLDER(control_characters_do_not_reach_the_terminal),
        WITH_FOLDER(full_disk_is_said_once_and_harms_nobody),
        WITH_FOLDER(file_that_cannot_be_opened_is_an_error),
        WITH_FOLDER(settings_are_copied),
        WITH_FOLDER(syslog_sink_opens_and_takes_events),
        WITH_FOLDER(events_are_counted_with_or_without_sinks),
        WITH_FOLDER(threads_do_not_mix_their_lines),
        cmocka_unit_test(codes_and_names_are_unique),
        cmocka_unit_test(names_parse_back),
        cmocka_unit_test(manual_page_lists_every_event),
    };
    return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
