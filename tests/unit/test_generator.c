/*
 * test_generator.c - sessions with generators, good ones and those that break their contract
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxygen/generator.h"
#include "tests/unit/generator_case.h"

#include <string.h>

#define PARTS 4

/* A session of type FREE with the plugin misbehaving.so, which then behaves like this. */
static Generator *open_behaving(const GeneratorCase *c, const char *behaviour, GError **error)
{
    g_autofree char *setting = g_strdup_printf("behaviour=%s", behaviour);
    const char *const settings[] = {"unused=1", setting, NULL};
    generator_case_install(c, "misbehaving.so", "plugin.so");
    return generator_open(&(GeneratorSettings){.folder = c->folder,
                                               .file = "plugin.so",
                                               .type = "FREE",
                                               .site = "FREE:@new",
                                               .settings = settings},
                          error);
}

static Generator *must_open(const GeneratorCase *c, const char *behaviour)
{
    g_autoptr(GError) error = NULL;
    Generator *generator = open_behaving(c, behaviour, &error);
    if (!generator)
        fail_msg("%s", error ? error->message : "nothing and no error");
    return generator;
}

static GeneratorRequest request_for(const char *alias, unsigned retry)
{
    return (GeneratorRequest){.recipient.alias = alias, .retry = retry};
}

static void clear_all(GeneratorRequest *requests, size_t n)
{
    for (size_t i = 0; i < n; i++)
        generator_request_clear(&requests[i]);
}

/* --- a good one --------------------------------------------------------------------------------- */

static void a_batch_has_an_answer_for_each_recipient(void **state)
{
    g_autoptr(Generator) generator = must_open(*state, "good");
    GeneratorRequest requests[] = {request_for("nobody", 0), request_for("trouble", 3),
                                   request_for("anna", 0), request_for("anna", 2),
                                   request_for("j\xc3\xb8rgen", 0)};
    g_autoptr(GError) error = NULL;
    size_t calls = 100;
    assert_true(generator_generate(generator, requests, G_N_ELEMENTS(requests), &calls, &error));
    assert_int_equal(calls, 100 + 5 + 1); /* the first address was asked for twice */
    assert_int_equal(requests[0].kind, GENERATED_NONE);
    assert_null(requests[0].address);
    assert_null(requests[0].message);
    assert_int_equal(requests[1].kind, GENERATED_ERROR);
    assert_null(requests[1].address);
    static const char *const addresses[] = {"FREE:anna@site", "FREE:anna2@site", "FREE:j\xc3\xb8rgen@site"};
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        assert_int_equal(requests[2 + i].kind, GENERATED);
        assert_string_equal(requests[2 + i].address, addresses[i]);
        assert_null(requests[2 + i].message);
    }
    clear_all(requests, G_N_ELEMENTS(requests));
}

static void later_batches_use_the_requests_again_and_ask_once(void **state)
{
    g_autoptr(Generator) generator = must_open(*state, "good");
    GeneratorRequest request = request_for("anna", 0);
    size_t calls = 0;
    for (unsigned retry = 0; retry < 3; retry++) {
        g_autofree char *expected =
            retry ? g_strdup_printf("FREE:anna%u@site", retry) : g_strdup("FREE:anna@site");
        request.retry = retry;
        assert_true(generator_generate(generator, &request, 1, &calls, NULL));
        assert_string_equal(request.address, expected);
        assert_int_equal(request.recipient.size, sizeof(ProxygenRecipient));
    }
    assert_int_equal(calls, 3 + 1);
    assert_true(generator_generate(generator, NULL, 0, &calls, NULL));
    assert_true(generator_generate(generator, &request, 1, NULL, NULL));
    assert_int_equal(calls, 3 + 1);
    generator_request_clear(&request);
    assert_null(request.address);
}

static void a_session_keeps_what_it_was_opened_with(void **state)
{
    const GeneratorCase *c = *state;
    generator_case_install(c, "misbehaving.so", "plugin.so");
    char *type = g_strdup("FREE");
    char *file = g_strdup("plugin.so");
    char *site = g_strdup("FREE:@new");
    char **settings = g_strsplit("a=1 b=2", " ", -1);
    g_autoptr(Generator) generator =
        generator_open(&(GeneratorSettings){.folder = c->folder,
                                            .file = file,
                                            .type = type,
                                            .site = site,
                                            .settings = (const char *const *)settings},
                       NULL);
    g_free(type);
    g_free(file);
    g_free(site);
    g_strfreev(settings);
    assert_non_null(generator);
    assert_int_equal(generator_version(generator).build, 1960);
    GeneratorRequest request = request_for("anna", 0);
    g_autofree char *updated = NULL;
    assert_true(generator_generate(generator, &request, 1, NULL, NULL));
    assert_string_equal(request.address, "FREE:anna@site");
    assert_true(generator_update(generator, &request.recipient, "FREE:@old", "FREE:a@old", &updated, NULL));
    assert_string_equal(updated, "FREE:a@new");
    generator_request_clear(&request);
}

static void sessions_of_one_plugin_do_not_disturb_each_other(void **state)
{
    g_autoptr(Generator) good = must_open(*state, "good");
    g_autoptr(Generator) bad = must_open(*state, "junk");
    GeneratorRequest request = request_for("anna", 0);
    assert_false(generator_generate(bad, &request, 1, NULL, NULL));
    assert_true(generator_generate(good, &request, 1, NULL, NULL));
    assert_string_equal(request.address, "FREE:anna@site");
    generator_request_clear(&request);
}

/* --- opening ------------------------------------------------------------------------------------ */

static void a_session_that_cannot_be_is_explained(void **state)
{
    static const struct {
        const char *behaviour;
        ErrorCode code;
        const char *parts[PARTS];
    } cases[] = {
        {"open-error",
         ERROR_DEFINITION,
         {"generator plugin.so: FREE: template FREE:@new: two lines,  [31mred [0m, not \xef\xbf\xbd UTF-8;",
          "mend the template or the settings"}},
        {"open-loud-error", ERROR_DEFINITION, {"template FREE:@new: !!!!!!!!", "!!!!; mend the template"}},
        {"open-no-memory", ERROR_PROTOCOL, {"generator plugin.so: ", "had no memory", "not used again"}},
        {"open-unknown-status",
         ERROR_PROTOCOL,
         {"answer 99, which does not exist", "its maker must mend it"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(open_behaving(*state, cases[i].behaviour, &error));
        assert_error_says(error, cases[i].code, cases[i].parts);
    }
}

static void a_type_without_addresses_is_no_error(void **state)
{
    g_autoptr(GError) error = NULL;
    assert_null(open_behaving(*state, "open-none", &error));
    assert_null(error);
}

static void types_that_the_generator_does_not_have_are_refused(void **state)
{
    const GeneratorCase *c = *state;
    static const struct {
        const char *type;
        const char *parts[PARTS];
    } cases[] = {
        {"NOTES",
         {"generator plugin.so: makes no NOTES addresses, only FREE, OTHER", "name another generator"}},
        {"FREE2", {"makes no FREE2 addresses"}},
        {"FRE", {"makes no FRE addresses"}},
        {"", {"\"\" cannot be an address type"}},
        {NULL, {"\"\" cannot be an address type"}},
        {"free", {"\"free\" cannot be an address type", "capitals and digits"}},
        {"FREE:x", {"\"FREE:x\" cannot be an address type", "capitals and digits"}},
        {"FR EE", {"\"FR EE\" cannot be an address type"}},
    };
    generator_case_install(c, "misbehaving.so", "plugin.so");
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        GeneratorSettings settings = {.folder = c->folder, .file = "plugin.so", .type = cases[i].type};
        assert_null(generator_open(&settings, &error));
        assert_error_says(error, ERROR_DEFINITION, cases[i].parts);
    }
    g_autoptr(Generator) other =
        generator_open(&(GeneratorSettings){.folder = c->folder, .file = "plugin.so", .type = "OTHER"}, NULL);
    assert_non_null(other);
}

static void a_generator_without_a_list_takes_any_type(void **state)
{
    const GeneratorCase *c = *state;
    g_autoptr(GError) error = NULL;
    generator_case_install(c, "misdescribed.so",
                           "plugin.so"); /* without a fault; it has nothing for anybody */
    GeneratorSettings settings = {.folder = c->folder, .file = "plugin.so", .type = "ANYTHING"};
    assert_null(generator_open(&settings, &error));
    assert_null(error);
}

static void a_file_that_may_not_be_loaded_is_not_opened(void **state)
{
    const GeneratorCase *c = *state;
    g_autoptr(GError) error = NULL;
    GeneratorSettings settings = {.folder = c->folder, .file = "missing.so", .type = "FREE"};
    assert_null(generator_open(&settings, &error));
    assert_error_says(error, ERROR_DEFINITION, (const char *[]){"missing.so: is not there", NULL});
}

/* --- generating --------------------------------------------------------------------------------- */

static void whoever_breaks_the_contract_is_not_asked_again(void **state)
{
    static const struct {
        const char *behaviour;
        const char *parts[PARTS];
    } cases[] = {
        {"null-with-ok", {"gave no address and said that all was well"}},
        {"junk", {"\"%$ no address at all\" is not of the type that was asked for"}},
        {"empty", {"its address is not good: "}},
        {"wrong-type", {"\"OTHER:anna\" is not of the type that was asked for, in capitals"}},
        {"small-type", {"\"free:anna\" is not of the type that was asked for, in capitals"}},
        {"blank-in-front", {"\"FREE: anna\" begins or ends with a blank"}},
        {"blank-behind", {"\"FREE:anna\" begins or ends with a blank"}},
        {"invalid-utf8", {"\"FREE:an\xef\xbf\xbd(na\" is not UTF-8"}},
        {"control-characters", {"\"FREE:anna proxyAddresses: FREE:root\" has control characters in it"}},
        {"too-long", {"\"FREE:aaaa", "\" is longer than 1,110 characters"}},
        {"endless", {"\"FREE:aaaa", "\" is far too long"}},
        {"not-deterministic", {"made FREE:anna3@site and, asked the same again, FREE:anna4@site"}},
        {"no-memory", {"had no memory"}},
        {"unknown-status", {"answer 7, which does not exist"}},
        {"never-valid", {"made FREE:anna@site and does not take it as valid: has no @"}},
        {"validate-error", {"made FREE:anna@site and does not take it as valid: two lines, "}},
        {"validate-no-memory", {"had no memory"}},
        {"validate-unknown-status", {"answer 4, which does not exist"}},
        {"neither-valid-nor-not", {"said neither valid nor not valid, but 42"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Generator) generator = must_open(*state, cases[i].behaviour);
        GeneratorRequest requests[] = {request_for("nobody", 0), request_for("trouble", 0),
                                       request_for("anna", 0), request_for("never asked", 0)};
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) again = NULL;
        size_t calls = 0;
        assert_false(generator_generate(generator, requests, G_N_ELEMENTS(requests), &calls, &error));
        assert_error_says(error, ERROR_PROTOCOL, cases[i].parts);
        assert_error_says(error, ERROR_PROTOCOL,
                          (const char *[]){"generator plugin.so: FREE address, retry 0, for \"anna\": ",
                                           "; it is not used again in this run, its maker must mend it",
                                           NULL});
        assert_in_range(strlen(error->message), 1, 400);
        assert_in_range(calls, 3, 4);
        for (size_t j = 0; j < G_N_ELEMENTS(requests); j++) { /* nothing that it said is left */
            assert_null(requests[j].address);
            assert_null(requests[j].message);
        }
        size_t before = calls;
        assert_false(generator_generate(generator, requests, 1, &calls, &again));
        assert_error_says(again, ERROR_PROTOCOL,
                          (const char *[]){"generator plugin.so: broke its contract before", NULL});
        assert_int_equal(calls, before);
    }
}

static void an_address_may_be_as_long_as_the_limit(void **state)
{
    g_autoptr(Generator) generator = must_open(*state, "longest");
    GeneratorRequest request = request_for("anna", 0);
    g_autoptr(GError) error = NULL;
    if (!generator_generate(generator, &request, 1, NULL, &error))
        fail_msg("%s", error->message);
    assert_int_equal(strlen(request.address), 1110);
    generator_request_clear(&request);
}

static void errors_and_none_are_answers(void **state)
{
    static const struct {
        const char *behaviour;
        GeneratedKind kind;
        const char *message; /* how it begins */
        size_t len;          /* at most */
    } cases[] = {
        {"none", GENERATED_NONE, NULL, 0},
        {"errors", GENERATED_ERROR, "two lines, ", 511},
        {"loud-errors", GENERATED_ERROR, "!!!!", 512}, /* without an end */
        {"validate-none", GENERATED, NULL, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Generator) generator = must_open(*state, cases[i].behaviour);
        GeneratorRequest requests[] = {request_for("anna", 0), request_for("bert", 0)};
        size_t calls = 0;
        assert_true(generator_generate(generator, requests, 2, &calls, NULL));
        assert_int_equal(calls, cases[i].kind == GENERATED ? 3 : 2);
        for (size_t j = 0; j < 2; j++) {
            assert_int_equal(requests[j].kind, cases[i].kind);
            assert_int_equal(!requests[j].address, cases[i].kind != GENERATED);
            assert_int_equal(!requests[j].message, !cases[i].message);
            if (cases[i].message) {
                assert_true(g_str_has_prefix(requests[j].message, cases[i].message));
                assert_in_range(strlen(requests[j].message), 1, cases[i].len);
                assert_true(g_utf8_validate(requests[j].message, -1, NULL));
                assert_null(strpbrk(requests[j].message, "\n\x1b"));
            }
        }
        clear_all(requests, 2);
    }
}

static void recipients_without_a_name_have_their_place_in_messages(void **state)
{
    static const struct {
        ProxygenRecipient recipient;
        const char *shown;
    } cases[] = {
        {{.alias = NULL}, " for \"\": "},
        {{.display_name = "Anna Berg"}, " for \"Anna Berg\": "},
        {{.alias = "anna\nevil", .display_name = "Anna Berg"}, " for \"anna evil\": "},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Generator) generator = must_open(*state, "junk");
        GeneratorRequest request = {.recipient = cases[i].recipient};
        g_autoptr(GError) error = NULL;
        assert_false(generator_generate(generator, &request, 1, NULL, &error));
        assert_error_says(error, ERROR_PROTOCOL, (const char *[]){cases[i].shown, NULL});
    }
}

/* --- updating ----------------------------------------------------------------------------------- */

static void an_address_follows_its_template_or_is_made_anew(void **state)
{
    static const struct {
        const char *behaviour, *old_site, *current, *updated;
    } cases[] = {
        {"good", "FREE:@old", "FREE:by.hand@old", "FREE:by.hand@new"},
        {"good", NULL, "FREE:by.hand@old", NULL}, /* there is nothing to compare with */
        {"update-none", "FREE:@old", "FREE:by.hand@old", NULL},
        {"update-error", "FREE:@old", "FREE:by.hand@old", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Generator) generator = must_open(*state, cases[i].behaviour);
        ProxygenRecipient anna = {.alias = "anna"};
        char *address = (char *)"left from before";
        assert_true(generator_update(generator, &anna, cases[i].old_site, cases[i].current, &address, NULL));
        g_autofree char *updated = address;
        assert_int_equal(!updated, !cases[i].updated);
        if (updated)
            assert_string_equal(updated, cases[i].updated);
    }
}

static void an_update_is_checked_like_an_address(void **state)
{
    static const struct {
        const char *behaviour;
        const char *parts[PARTS];
    } cases[] = {
        {"null-with-ok", {"gave no address and said that all was well"}},
        {"wrong-type", {"\"OTHER:anna\" is not of the type that was asked for"}},
        {"endless", {"is far too long"}},
        {"never-valid", {"made FREE:a@new and does not take it as valid: has no @"}},
        {"update-unknown-status", {"answer -1, which does not exist"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Generator) generator = must_open(*state, cases[i].behaviour);
        ProxygenRecipient anna = {.alias = "anna"};
        g_autoptr(GError) error = NULL;
        g_autoptr(GError) again = NULL;
        char *address = (char *)"left from before";
        assert_false(generator_update(generator, &anna, "FREE:@old", "FREE:a@old", &address, &error));
        assert_error_says(error, ERROR_PROTOCOL, cases[i].parts);
        assert_error_says(error, ERROR_PROTOCOL,
                          (const char *[]){"generator plugin.so: update of an address for \"anna\": ", NULL});
        assert_null(address);
        assert_false(generator_update(generator, &anna, "FREE:@old", "FREE:a@old", &address, &again));
        assert_error_says(again, ERROR_PROTOCOL, (const char *[]){"broke its contract before", NULL});
    }
}

/* --- validating --------------------------------------------------------------------------------- */

typedef bool (*Validate)(Generator *generator, const char *text, GError **error);

static const struct {
    Validate validate;
    const char *what;
} validates[] = {
    {generator_validate, "address \""},
    {generator_validate_template, "template \""},
};

static void addresses_and_templates_are_put_before_the_generator(void **state)
{
    static const struct {
        const char *behaviour, *text;
        bool valid;
        ErrorCode code;
        const char *parts[PARTS];
    } cases[] = {
        {"good", "FREE:a@b", true, 0, {NULL}},
        {"good", "FREE:a", false, ERROR_INVALID, {"FREE:a\": has no @"}},
        {"good", "FREE:a\n@b", false, ERROR_INVALID, {"FREE:a @b\": has control characters in it"}},
        {"good", "FREE:a\xc3@b", false, ERROR_INVALID, {"FREE:a\xef\xbf\xbd@b\": is not UTF-8"}},
        {"validate-none", "FREE:a", true, 0, {NULL}},
        {"validate-error", "FREE:a@b", false, ERROR_INVALID, {"FREE:a@b\": two lines,  [31mred [0m, not "}},
        {"validate-no-memory", "FREE:a@b", false, ERROR_PROTOCOL, {"generator plugin.so: ", "no memory"}},
        {"validate-unknown-status", "FREE:a@b", false, ERROR_PROTOCOL, {"FREE:a@b\": it gave the answer 4"}},
        {"neither-valid-nor-not", "FREE:a@b", false, ERROR_PROTOCOL, {"neither valid nor not valid, but 42"}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(validates); j++) {
            g_autoptr(Generator) generator = must_open(*state, cases[i].behaviour);
            g_autoptr(GError) error = NULL;
            assert_int_equal(validates[j].validate(generator, cases[i].text, &error), cases[i].valid);
            if (cases[i].valid)
                continue;
            assert_error_says(error, cases[i].code, cases[i].parts);
            assert_error_says(error, cases[i].code, (const char *[]){validates[j].what, NULL});
            g_autoptr(GError) again = NULL;
            assert_false(validates[j].validate(generator, cases[i].text, &again));
            bool refused = again && strstr(again->message, "broke its contract before");
            assert_int_equal(refused, cases[i].code == ERROR_PROTOCOL);
        }
}

static void text_without_bounds_is_refused_without_asking(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(validates); i++) {
        g_autoptr(Generator) generator = must_open(*state, "validate-unknown-status");
        g_autofree char *endless = g_strnfill(1 << 20, 'a');
        g_autoptr(GError) error = NULL;
        assert_false(validates[i].validate(generator, endless, &error));
        assert_error_says(error, ERROR_INVALID, (const char *[]){validates[i].what, "is far too long", NULL});
        assert_in_range(strlen(error->message), 1, 200);
    }
}

#define on_case(test) cmocka_unit_test_setup_teardown(test, generator_case_setup, generator_case_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_case(a_batch_has_an_answer_for_each_recipient),
        on_case(later_batches_use_the_requests_again_and_ask_once),
        on_case(a_session_keeps_what_it_was_opened_with),
        on_case(sessions_of_one_plugin_do_not_disturb_each_other),
        on_case(a_session_that_cannot_be_is_explained),
        on_case(a_type_without_addresses_is_no_error),
        on_case(types_that_the_generator_does_not_have_are_refused),
        on_case(a_generator_without_a_list_takes_any_type),
        on_case(a_file_that_may_not_be_loaded_is_not_opened),
        on_case(whoever_breaks_the_contract_is_not_asked_again),
        on_case(an_address_may_be_as_long_as_the_limit),
        on_case(errors_and_none_are_answers),
        on_case(recipients_without_a_name_have_their_place_in_messages),
        on_case(an_address_follows_its_template_or_is_made_anew),
        on_case(an_update_is_checked_like_an_address),
        on_case(addresses_and_templates_are_put_before_the_generator),
        on_case(text_without_bounds_is_refused_without_asking),
    };
    return cmocka_run_group_tests_name("generator", tests, NULL, NULL);
}
