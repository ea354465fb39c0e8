/*
 * test_sync_changes.c - whole runs that read what has changed, between two real slapds
 *
 * An import with groups, addresses and an export. Most cases are a line of a
 * table: what happened on either side since the last run, and exactly what the
 * next one does about it. Each is tried on servers that remember whom they have
 * deleted, and on servers that do not; each ends with a run that reads everything
 * and must find nothing left to do.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirsync/interrupt.h"
#include "tests/lab/sync_case.h"
#include "tests/lab/tree.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HERE "ou=people," HOME_BASE
#define THERE "ou=people," SOURCE_BASE
#define TEAM "ou=team," THERE
#define OURS_THERE "ou=Acme," SOURCE_BASE
#define UNIT(dn, ou) "dn: " dn "\nobjectClass: organizationalUnit\nou: " ou "\n\n"
#define PERSON(parent, uid, name, more)                                                                      \
    "dn: uid=" uid "," parent "\nobjectClass: inetOrgPerson\nuid: " uid "\ncn: " name "\nsn: " name          \
    "\ndisplayName: " name "\n" more "\n"
#define GROUP(parent, name, mail, members)                                                                   \
    "dn: cn=" name "," parent "\nobjectClass: groupOfNames\nobjectClass: extensibleObject\ncn: " name        \
    "\nmail: " mail "\n" members "\n"
#define CONTACT(name) "cn=" name "," WORLD_CONTAINER
#define CHANGE(dn, parts) "dn: " dn "\nchangetype: modify\n" parts "\n"
#define SET(name, value) "replace: " name "\n" name ": " value "\n-\n"
#define GIVE(name, value) "add: " name "\n" name ": " value "\n-\n"
#define TAKE(name) "delete: " name "\n-\n"
#define TAKE_VALUE(name, value) "delete: " name "\n" name ": " value "\n-\n"
#define DELETE(dn) "dn: " dn "\nchangetype: delete\n\n"
#define RENAME(dn, rdn) "dn: " dn "\nchangetype: modrdn\nnewrdn: " rdn "\ndeleteoldrdn: 1\n\n"

#define NO_LIMITS                                                                                            \
    "<limits delete=\"none\" disable=\"none\" rename=\"none\" address=\"none\" change=\"none\" "             \
    "empty=\"none\" "                                                                                        \
    "members=\"none\" native=\"none\" stamp=\"none\"/>"

/* Leaves what is not asked for alone, and more than what is told of. */
#define FEW 12

enum { WITHOUT_LOG, WITH_LOG, SERVERS };
static const char *const tells[SERVERS] = {"--syncprov", "--sessionlog 10000"};

/* The servers of all cases, and those of this one. */
static Lab *homes[SERVERS], *foreigns[SERVERS];
static Lab *home, *foreign;
static World *world;
static size_t planned; /* changes of the last run; none is written that is not planned */

/* --- what a case begins with --- */

static void define_with(const char *attributes, const char *rest)
{
    g_autofree char *server = world_server("home", home->uri, HOME_BASE);
    g_autofree char *there = world_server("foreign", foreign->uri, SOURCE_BASE);
    world_define(world, server, there, "", NULL); /* for the organisation */
    g_autofree char *text = g_strdup_printf(
        "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"globex\" uuid=\"" WORLD_UUID "\" "
        "organisation=\"organisation.xml\" %s>\n%s\n"
        "<import container=\"" WORLD_CONTAINER "\" create-container=\"yes\" mapping=\"inetorgperson\" "
        "resources=\"no\"><source base=\"" THERE "\"><filter>(mail=*)</filter></source><out-of-scope "
        "action=\"missing\"/><grace days=\"0\"/></import>\n"
        "<export container=\"" OURS_THERE "\" create-container=\"yes\" mapping=\"inetorgperson\" "
        "resources=\"no\"><source base=\"" HERE "\"><filter>(mail=*)</filter></source><stamp "
        "attribute=\"businessCategory\"/></export>\n"
        "<addresses type=\"NOTES\" template=\"NOTES:&amp;d/{organisation}@Exchange\"><natives base=\"" HERE
        "\"/></addresses>\n%s\n</connector>\n",
        attributes, there, rest ? rest : NO_LIMITS);
    write_text(world->connector, text);
}

static void empty(Lab *lab, const char *base)
{
    g_autoptr(GString) ldif = g_string_new(NULL);
    static const char *const nothing[] = {"1.1", NULL};
    g_autofree char *dump = lab_dump(lab, base, nothing);
    g_auto(GStrv) lines = g_strsplit(dump, "\n", 0);
    g_autoptr(GPtrArray) dns = g_ptr_array_new();
    for (char **line = lines; *line; line++)
        if (**line && **line != ' ' && !g_str_has_prefix(*line, "dc=") &&
            !g_str_has_prefix(*line, "uid=user,"))
            g_ptr_array_add(dns, *line);
    for (int depth = 9; depth; depth--) /* the deepest first */
        for (guint i = 0; i < dns->len; i++) {
            int commas = 0;
            for (const char *c = g_ptr_array_index(dns, i); *c; c++)
                commas += *c == ',';
            if (commas == depth)
                g_string_append_printf(ldif, DELETE("%s"), (char *)g_ptr_array_index(dns, i));
        }
    if (ldif->len)
        lab_ldif_load(lab, ldif->str);
}

static void set_up_on(int which)
{
    lab_skip_unless_slapd();
    if (!homes[which]) {
        g_autofree char *here = g_strconcat("--nosync --unique ", tells[which], NULL);
        g_autofree char *there = g_strconcat("--nosync --suffix " SOURCE_BASE " ", tells[which], NULL);
        homes[which] = lab_slapd_start(here);
        foreigns[which] = lab_slapd_start(there);
    }
    home = homes[which];
    foreign = foreigns[which];
    empty(home, HOME_BASE);
    empty(foreign, SOURCE_BASE);
    world = world_new();
    define_with("", NULL);
    lab_ldif_load(home, UNIT(WORLD_CONTAINER, "Globex") UNIT(HERE, "people")
                            PERSON(HERE, "nat", "Nat", "mail: nat@acme.example\n")
                                PERSON(HERE, "kim", "Kim", "mail: kim@acme.example\n")
                                    GROUP(HERE, "Staff", "staff@acme.example",
                                          "member: uid=nat," HERE "\nmember: uid=kim," HERE "\n"));
    lab_ldif_load(foreign,
                  UNIT(OURS_THERE, "Acme") UNIT(THERE, "people") UNIT(TEAM, "team")
                      PERSON(THERE, "ann", "Ann", "mail: ann@globex.example\n")
                          PERSON(THERE, "bob", "Bob", "mail: bob@globex.example\n")
                              PERSON(TEAM, "cat", "Cat", "mail: cat@globex.example\n")
                                  PERSON(THERE, "dan", "Dan", "description: nobody to us\n")
                                      GROUP(THERE, "Sales", "sales@globex.example",
                                            "member: uid=ann," THERE "\nmember: uid=bob," THERE "\n"));
}

static int tear_down(void **state)
{
    (void)state;
    world_free(world);
    world = NULL;
    return 0;
}

static int stop_servers(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        lab_slapd_stop(homes[i]);
        lab_slapd_stop(foreigns[i]);
    }
    return 0;
}

/* --- runs --- */

static char *figures_of_steps(const RunResult *result)
{
    GString *text = g_string_new(NULL);
    for (int step = 0; step < STEPS; step++) {
        g_autofree char *figures = figures_of(&result->step[step].counts);
        if (*figures)
            g_string_append_printf(text, "%s%s: %s", text->len ? "; " : "", step_names[step], figures);
    }
    return g_string_free(text, FALSE);
}

static size_t entries_read(const RunResult *result)
{
    size_t sum = 0;
    for (int step = 0; step < STEPS; step++)
        sum += result->step[step].read;
    return sum;
}

static void assert_why(const RunResult *result, const char *reason)
{
    bool found = false;
    for (int step = 0; step < STEPS; step++) {
        const char *full = result->step[step].full_reason;
        found |= reason && full && strstr(full, reason);
        if (!reason && full)
            fail_msg("%s: everything was read: %s", step_names[step], full);
    }
    if (reason && !found)
        fail_msg("no step read everything because: %s", reason);
}

/* @full: a part of the reason why a step reads everything; NULL: none does. */
static size_t assert_ran(const RunOptions *options, const char *figures, const char *full)
{
    g_auto(Ran) ran = world_sync_with(world, options);
    if (ran.error)
        fail_msg("%s", ran.error->message);
    planned = run_planned(&ran.result);
    g_autofree char *did = figures_of_steps(&ran.result);
    if (strcmp(did, figures) != 0)
        fail_msg("done: %s\nexpected: %s", did, figures);
    assert_why(&ran.result, full);
    return entries_read(&ran.result);
}

static unsigned long searches(Lab *lab)
{
    return lab_operations(lab, "Search");
}

/* Our own echo, and then nothing at all. */
static void assert_at_rest_but_for(const char *left)
{
    assert_ran(NULL, left, NULL);
    assert_int_equal(planned, 0);
    assert_int_equal(assert_ran(NULL, left, NULL), 0);
    assert_int_equal(planned, 0);
}

static void assert_at_rest(void)
{
    assert_at_rest_but_for("");
}

/* What was read by changes is what there is. */
static void assert_nothing_was_missed(const char *left)
{
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    options.pass.full = true;
    assert_ran(&options, left, "asked for");
}

#define FIRST "import: 4 created; addresses: 7 modified; export: 3 created"

static void first_run(void)
{
    assert_ran(NULL, FIRST, "first run");
    assert_at_rest();
}

/* --- what happened, and what is done about it --- */

typedef struct {
    const char *what;
    const char *foreign, *home; /* what happened there; NULL: nothing */
    const char *done;
    const char *full; /* a part of the reason why everything must be read; NULL: none */
    const char *left; /* what each run has to say from then on; NULL: nothing */
} ChangeCase;

#define LOST "an object of ours is gone"
#define STAMP TAKE("importedFrom") TAKE("dirsyncAnchor") TAKE_VALUE("objectClass", "dirsyncStamp")

static const ChangeCase cases[] = {
    {"nothing", NULL, NULL, "", NULL, NULL},
    /* in the source */
    {"somebody is new", PERSON(THERE, "eve", "Eve", "mail: eve@globex.example\n"), NULL,
     "import: 1 created; addresses: 1 modified", NULL, NULL},
    {"somebody has changed", CHANGE("uid=ann," THERE, SET("title", "Boss")), NULL, "import: 1 modified", NULL,
     NULL},
    {"somebody has another name", CHANGE("uid=ann," THERE, SET("displayName", "Anna")), NULL,
     "import: 1 modified, 1 renamed", NULL, NULL},
    {"an entry has another DN", RENAME("uid=cat," TEAM, "uid=kate"), NULL, "", NULL, NULL},
    {"a member has another DN",
     RENAME("uid=bob," THERE, "uid=rob")
         CHANGE("cn=Sales," THERE, TAKE_VALUE("member", "uid=bob," THERE) GIVE("member", "uid=rob," THERE)),
     NULL, "", NULL, NULL},
    {"somebody leaves the filter", CHANGE("uid=cat," TEAM, TAKE("mail")), NULL, "import: 1 deleted", NULL,
     NULL},
    {"somebody comes into the filter", CHANGE("uid=dan," THERE, GIVE("mail", "dan@globex.example")), NULL,
     "import: 1 created; addresses: 1 modified", NULL, NULL},
    {"somebody is gone", DELETE("uid=cat," TEAM), NULL, "import: 1 deleted", NULL, NULL},
    {"a member is gone",
     DELETE("uid=bob," THERE) CHANGE("cn=Sales," THERE, TAKE_VALUE("member", "uid=bob," THERE)), NULL,
     "import: 1 deleted", NULL, NULL},
    {"a member is gone and the group still names it", DELETE("uid=bob," THERE), NULL,
     "import: 1 deleted, 1 quarantined", NULL, "import: 1 quarantined"},
    {"a member comes", CHANGE("cn=Sales," THERE, GIVE("member", "uid=cat," TEAM)), NULL, "import: 1 modified",
     NULL, NULL},
    {"a member goes", CHANGE("cn=Sales," THERE, TAKE_VALUE("member", "uid=bob," THERE)), NULL,
     "import: 1 modified", NULL, NULL},
    {"a member that is new",
     PERSON(THERE, "eve", "Eve", "mail: eve@globex.example\n")
         CHANGE("cn=Sales," THERE, GIVE("member", "uid=eve," THERE)),
     NULL, "import: 1 created, 1 modified; addresses: 1 modified", NULL, NULL},
    {"a container is renamed", RENAME(TEAM, "ou=crew"), NULL, "", "a container was", NULL},
    /* drift in the import container */
    {"our contact is edited", NULL, CHANGE(CONTACT("Ann"), SET("displayName", "Somebody")),
     "import: 1 modified", NULL, NULL},
    {"our contact is deleted", NULL, DELETE(CONTACT("Cat")), "import: 1 created; addresses: 1 modified", LOST,
     NULL},
    {"our contact is renamed", NULL, RENAME(CONTACT("Cat"), "cn=Kate"), "import: 1 renamed", NULL, NULL},
    {"our contact is not marked as ours any more, and so is a native that has moved home", NULL,
     CHANGE(CONTACT("Cat"), STAMP), "", NULL, NULL},
    {"our group loses a member", NULL, CHANGE(CONTACT("Sales"), TAKE_VALUE("member", CONTACT("Ann"))),
     "import: 1 modified", NULL, NULL},
    {"a native gets an address of ours", NULL, CHANGE("uid=nat," HERE, SET("mail", "ann@globex.example")),
     "import: 1 deleted; export: 1 quarantined", NULL, "export: 1 quarantined"},
    /* natives */
    {"a native is new", NULL, PERSON(HERE, "eva", "Eva", "mail: eva@acme.example\n"),
     "addresses: 1 modified; export: 1 created", NULL, NULL},
    {"a native has changed", NULL, CHANGE("uid=kim," HERE, SET("title", "Boss")), "export: 1 modified", NULL,
     NULL},
    {"a native is gone", NULL,
     DELETE("uid=kim," HERE) CHANGE("cn=Staff," HERE, TAKE_VALUE("member", "uid=kim," HERE)),
     "export: 1 deleted", NULL, NULL},
    /* drift in the export container */
    {"our person there is edited", CHANGE("cn=Kim," OURS_THERE, SET("displayName", "Somebody")), NULL,
     "export: 1 modified", NULL, NULL},
    {"our person there is deleted", DELETE("cn=Kim," OURS_THERE), NULL, "export: 1 created", LOST, NULL},
};

static void run_case(const ChangeCase *c)
{
    first_run();
    if (c->foreign)
        lab_ldif_load(foreign, c->foreign);
    if (c->home)
        lab_ldif_load(home, c->home);
    size_t read = assert_ran(NULL, c->done, c->full);
    assert_true(c->full || read <= FEW);
    assert_at_rest_but_for(c->left ? c->left : "");
    assert_nothing_was_missed(c->left ? c->left : "");
}

typedef struct {
    const ChangeCase *c;
    int which;
} TableCase;

static void run_table_case(void **state)
{
    const TableCase *table = *state;
    set_up_on(table->which);
    run_case(table->c);
}

/* --- how much it costs --- */

#define CROWD 300

static char *crowd(const char *parent, const char *domain)
{
    g_autoptr(GString) ldif = g_string_new(NULL);
    for (int i = 0; i < CROWD; i++)
        g_string_append_printf(ldif, PERSON("%s", "p%d", "P%d", "mail: p%d@%s\n"), i, parent, i, i, i, i, i,
                               domain);
    return g_string_free(g_steal_pointer(&ldif), FALSE);
}

/* Searches of a run that finds nothing, and of one that finds somebody changed on each side. */
static void count_searches(unsigned long counted[2], const char *title)
{
    g_autofree char *there = g_strdup_printf(CHANGE("uid=ann," THERE, SET("title", "%s")), title);
    g_autofree char *here = g_strdup_printf(CHANGE("uid=kim," HERE, SET("title", "%s")), title);
    unsigned long before = searches(home) + searches(foreign);
    assert_int_equal(assert_ran(NULL, "", NULL), 0);
    counted[0] = searches(home) + searches(foreign) - before;
    lab_ldif_load(foreign, there);
    lab_ldif_load(home, here);
    before = searches(home) + searches(foreign);
    assert_true(assert_ran(NULL, "import: 1 modified; export: 1 modified", NULL) <= FEW);
    counted[1] = searches(home) + searches(foreign) - before;
    assert_at_rest();
}

static void what_a_run_asks_does_not_grow_with_the_directories(void **state)
{
    g_autofree char *there = crowd(THERE, "globex.example"), *here = crowd(HERE, "acme.example");
    unsigned long few[2], many[2];
    (void)state;
    for (int which = 0; which < SERVERS; which++) {
        set_up_on(which);
        first_run();
        count_searches(few, "One");
        lab_ldif_load(foreign, there);
        lab_ldif_load(home, here);
        assert_ran(NULL, "import: 300 created; addresses: 600 modified; export: 300 created", NULL);
        g_auto(Ran) echo =
            world_sync_with(world, NULL); /* of many writes at once: perhaps everything is read */
        assert_int_equal(echo.status, 0);
        assert_int_equal(run_planned(&echo.result), 0);
        /* A write on its own, which brings slapd's contextCSN up to date. */
        lab_ldif_load(foreign, CHANGE("uid=ann," THERE, SET("title", "Settled")));
        lab_ldif_load(home, CHANGE("uid=kim," HERE, SET("title", "Settled")));
        g_auto(Ran) settled = world_sync_with(world, NULL);
        assert_int_equal(settled.status, 0);
        lab_ldif_load(foreign, CHANGE("cn=Kim," OURS_THERE, SET("description", "not ours to write")));
        lab_ldif_load(home, CHANGE(CONTACT("Ann"), SET("description", "not ours to write")));
        g_auto(Ran) last = world_sync_with(world, NULL);
        assert_int_equal(last.status, 0);
        assert_at_rest();
        count_searches(many, "Two");
        assert_int_equal(many[0], few[0]);
        assert_int_equal(many[1], few[1]);
        tear_down(NULL);
    }
}

/* Greatest value of the attribute below a base. */
static char *greatest(Lab *lab, const char *base, const char *attribute)
{
    const char *const names[] = {attribute, NULL};
    g_autofree char *dump = lab_dump(lab, base, names);
    g_auto(GStrv) lines = g_strsplit(dump, "\n", 0);
    g_autofree char *start = g_strdup_printf("  %s: ", attribute);
    const char *most = "";
    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, start) && strcmp(*line + strlen(start), most) > 0)
            most = *line + strlen(start);
    return g_strdup(most);
}

/* Of writes that are under way at the same time slapd may leave the newest out of what it tells, until there
 * is another write. So the last one of a step has to go alone. */
static void what_was_written_last_is_told_of(void **state)
{
    g_autofree char *there = crowd(THERE, "globex.example");
    (void)state;
    set_up_on(WITHOUT_LOG);
    lab_ldif_load(foreign, there);
    for (int round = 0; round < 4; round++) {
        g_autoptr(Connector) connector = world_connector(world);
        RunOptions options = run_options(connector);
        options.steps[STEP_ADDRESSES] = options.steps[STEP_EXPORT] = false;
        g_auto(Ran) ran = world_sync_with(world, &options);
        assert_null(ran.error);
        g_autofree char *told = greatest(home, HOME_BASE, "contextCSN");
        g_autofree char *written = greatest(home, HOME_BASE, "entryCSN");
        assert_string_equal(told, written);
        empty(home, WORLD_CONTAINER);
        remove_folder(world->state);
    }
}

/* They are in no answer: what came and went since the last read, or only as an identity that nobody knows. */
static void who_is_gone_before_being_told_of_is_made_again(void **state)
{
    (void)state;
    for (int which = 0; which < SERVERS; which++) {
        set_up_on(which);
        assert_ran(NULL, FIRST, "first run");
        lab_ldif_load(home, DELETE(CONTACT("Cat")));
        lab_ldif_load(foreign, DELETE("cn=Kim," OURS_THERE));
        assert_ran(NULL, "import: 1 created; addresses: 1 modified; export: 1 created", LOST);
        assert_at_rest();
        assert_nothing_was_missed("");
        world_free(world);
        world = NULL;
    }
}

/* @dn is deleted, and comes back as a backup has it, but for a word. */
static void restore_entry(const Lab *lab, const char *base, const char *dn, const char *word, const char *now)
{
    LabTree *tree = lab_tree_open(lab, base);
    g_autofree char *before = lab_tree_get(tree), *refused = NULL;
    g_autofree char *gone = g_strdup_printf(DELETE("%s"), dn);
    g_auto(GStrv) parts = g_strsplit(before, word, 2);
    g_autofree char *after = g_strjoinv(now, parts);
    assert_string_not_equal(before, after);
    lab_ldif_load((Lab *)lab, gone);
    assert_true(lab_tree_put(tree, after, &refused));
    lab_tree_close(tree);
}

/* The log says that the identity is gone, and the answer has the entry. */
static void who_is_deleted_and_restored_is_one_entry(void **state)
{
    (void)state;
    set_up_on(WITH_LOG);
    first_run();
    restore_entry(foreign, SOURCE_BASE, "uid=ann," THERE, "displayName: Ann\n",
                  "displayName: Ann\ntitle: Boss\n");
    assert_ran(NULL, "import: 1 modified", NULL);
    assert_at_rest();
    restore_entry(home, HOME_BASE, CONTACT("Ann"), "title: Boss", "title: Drifted");
    assert_ran(NULL, "import: 1 modified", NULL);
    assert_at_rest();
    restore_entry(home, HOME_BASE, "uid=nat," HERE, "displayName: Nat\n", "displayName: Nat\ntitle: Boss\n");
    assert_ran(NULL, "export: 1 modified", NULL);
    assert_at_rest();
    assert_nothing_was_missed("");
}

/* --- what is left to do although the cursor has moved --- */

static void what_the_server_refuses_is_tried_again(void **state)
{
    static const char unique[] = "dn: olcOverlay={1}unique," LAB_DATABASE "\nchangetype: modify\n";
    (void)state;
    set_up_on(WITH_LOG);
    first_run();
    g_autofree char *titles =
        g_strconcat(unique, "add: olcUniqueURI\nolcUniqueURI: ldap:///?title?sub\n", NULL);
    g_autofree char *no_titles =
        g_strconcat(unique, "delete: olcUniqueURI\nolcUniqueURI: ldap:///?title?sub\n", NULL);
    lab_ldif_load(home, CHANGE("uid=nat," HERE, SET("title", "Boss")));
    assert_ran(NULL, "export: 1 modified", NULL);
    lab_configure(home, titles);
    lab_ldif_load(foreign, CHANGE("uid=ann," THERE, SET("title", "Boss")));
    for (int i = 0; i < 3; i++) {
        g_auto(Ran) ran = world_sync_with(world, NULL);
        g_autofree char *did = figures_of_steps(&ran.result);
        assert_null(ran.error);
        assert_int_equal(ran.status, 3);
        assert_string_equal(did, "import: 1 failed");
        assert_why(&ran.result, NULL);
        assert_true(entries_read(&ran.result) <= (i ? 0 : FEW));
    }
    lab_configure(home, no_titles);
    assert_ran(NULL, "import: 1 modified", NULL);
    assert_at_rest();
    assert_nothing_was_missed("");
}

/* Nobody tells that the address is free now. */
static void who_is_in_quarantine_is_looked_at_again(void **state)
{
    (void)state;
    set_up_on(WITH_LOG);
    first_run();
    lab_ldif_load(home, PERSON(HOME_BASE, "max", "Max", "mail: taken@globex.example\n"));
    assert_ran(NULL, "", NULL);
    lab_ldif_load(foreign, PERSON(THERE, "eve", "Eve", "mail: taken@globex.example\n"));
    assert_ran(NULL, "import: 1 quarantined", NULL);
    assert_ran(NULL, "import: 1 quarantined", NULL);
    lab_ldif_load(home, CHANGE("uid=max," HOME_BASE, SET("mail", "max@acme.example")));
    assert_ran(NULL, "import: 1 created; addresses: 1 modified", NULL);
    assert_at_rest();
    assert_nothing_was_missed("");
}

/* --- what keeps the cursors where they are --- */

static void a_limit_keeps_the_cursor(void **state)
{
    (void)state;
    set_up_on(WITH_LOG);
    define_with("", "<limits delete=\"0\" disable=\"none\" change=\"none\" members=\"none\" native=\"none\" "
                    "address=\"none\"/>");
    first_run();
    lab_ldif_load(foreign, DELETE("uid=cat," TEAM) CHANGE("uid=ann," THERE, SET("title", "Boss")));
    unsigned long before = lab_writes(home);
    for (int i = 0; i < 2; i++) {
        g_auto(Ran) ran = world_sync_with(world, NULL);
        assert_int_equal(ran.status, 4);
    }
    assert_int_equal(lab_writes(home), before);
    g_autoptr(Connector) connector = world_connector(world);
    RunOptions options = run_options(connector);
    options.limits[LIMIT_DELETE] = (Limit){.unlimited = true};
    assert_true(assert_ran(&options, "import: 1 modified, 1 deleted", NULL) <= FEW);
    assert_at_rest();
}

static void a_plan_keeps_the_cursor(void **state)
{
    size_t changes[2];
    (void)state;
    set_up_on(WITH_LOG);
    first_run();
    lab_ldif_load(foreign, DELETE("uid=cat," TEAM));
    lab_ldif_load(home, CHANGE("uid=kim," HERE, SET("title", "Boss"))
                            CHANGE(CONTACT("Ann"), SET("displayName", "Somebody")));
    for (int i = 0; i < 2; i++) {
        g_autoptr(Connector) connector = world_connector(world);
        g_autofree char *folder = g_strdup_printf("%s/plan%d", world->folder, i);
        RunOptions options = run_options(connector);
        g_auto(RunResult) result = {0};
        assert_true(run_plan(connector, &options, folder, &result, NULL));
        changes[i] = run_planned(&result);
    }
    assert_true(changes[0] > 0);
    assert_int_equal(changes[1], changes[0]);
    assert_true(assert_ran(NULL, "import: 1 modified, 1 deleted; export: 1 modified", NULL) <= FEW);
    assert_at_rest();
    assert_nothing_was_missed("");
}

static void interrupt_when_writing(const char *what, size_t done, size_t total, void *data)
{
    (void)total;
    (void)data;
    if (!strcmp(what, "writing") && done > CROWD / 10)
        interrupt_request();
}

/* In a process of its own, since a wish to stop is for good. */
static int interrupted_run(void)
{
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(Connector) connector = world_connector(world);
        RunOptions options = run_options(connector);
        options.pass.progress = interrupt_when_writing;
        options.rate = 100;
        Ran ran = world_sync_with(world, &options);
        _exit(ran.status);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_interrupted_run_keeps_the_cursor(void **state)
{
    g_autofree char *there = crowd(THERE, "globex.example");
    (void)state;
    set_up_on(WITH_LOG);
    first_run();
    lab_ldif_load(foreign, there);
    assert_int_equal(interrupted_run(), 5);
    size_t made = lab_count(home, WORLD_CONTAINER, "(objectClass=contact)") - 3;
    assert_true(made > 0 && made < CROWD);
    g_autofree char *left =
        g_strdup_printf("import: %zu created; addresses: %d modified", CROWD - made, CROWD);
    assert_ran(NULL, left, NULL);
    assert_at_rest();
    assert_nothing_was_missed("");
}

/* --- why everything is read --- */

static void what_is_lost_or_changed_is_made_up_for_by_reading_everything(void **state)
{
    (void)state;
    set_up_on(WITH_LOG);
    first_run();
    remove_folder(world->state);
    assert_ran(NULL, "", "first run, or the state was lost");
    assert_at_rest();
    define_with("full-read=\"2d\"", NULL);
    assert_ran(NULL, "", "a definition or the mapping has changed");
    assert_at_rest();
    define_with("full-read=\"always\"", NULL);
    assert_ran(NULL, "", "a definition");
    assert_true(assert_ran(NULL, "", NULL) > FEW);
}

/* Cursors go as far as the index of the directory they are of. */
static void a_lost_index_of_the_home_directory_is_read_anew(void **state)
{
    (void)state;
    set_up_on(WITH_LOG);
    first_run();
    for (const char *const *end = (const char *const[]){"", "-wal", "-shm", NULL}; *end; end++) {
        g_autofree char *path = g_strdup_printf("%s/acme.home.db%s", world->state, *end);
        remove_folder(path);
    }
    lab_ldif_load(home, DELETE(CONTACT("Cat")));
    assert_true(assert_ran(NULL, "import: 1 created; addresses: 1 modified", "made anew") > FEW);
    assert_at_rest();
    assert_nothing_was_missed("");
}

/* --- two connectors, one index of the home directory --- */

#define OTHER_CONTAINER "ou=Initech," HOME_BASE

static char *define_another(void)
{
    g_autofree char *there = world_server("foreign", foreign->uri, SOURCE_BASE);
    g_autofree char *text = g_strdup_printf(
        "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"initech\" "
        "uuid=\"0d6e9c1a-3b43-4f0c-9d53-0a3a1f7c2b12\" organisation=\"organisation.xml\">\n%s\n"
        "<import container=\"" OTHER_CONTAINER "\" create-container=\"yes\" mapping=\"inetorgperson\">"
        "<source base=\"ou=others," SOURCE_BASE "\"><filter>(mail=*)</filter></source><grace days=\"0\"/>"
        "</import>\n" WORLD_NO_LIMITS "</connector>\n",
        there);
    char *path = g_build_filename(world->folder, "initech.xml", NULL);
    write_text(path, text);
    return path;
}

static void what_one_connector_sees_first_the_other_sees_too(void **state)
{
    World other;
    (void)state;
    set_up_on(WITH_LOG);
    lab_ldif_load(foreign, UNIT("ou=others," SOURCE_BASE, "others")
                               PERSON("ou=others," SOURCE_BASE, "pam", "Pam", "mail: pam@initech.example\n"));
    lab_ldif_load(home, UNIT(OTHER_CONTAINER, "Initech"));
    other = *world;
    other.connector = define_another();
    first_run();
    world_sync(&other, "1 created");
    world_sync(&other, "");
    assert_ran(NULL, "", NULL);
    lab_ldif_load(home, DELETE("cn=Pam," OTHER_CONTAINER) DELETE(CONTACT("Cat")));
    assert_ran(NULL, "import: 1 created; addresses: 1 modified", LOST);
    world_sync(&other, "1 created");
    assert_at_rest();
    lab_ldif_load(home, CHANGE("uid=kim," HERE, SET("mail", "pam@initech.example")));
    assert_ran(NULL, "export: 1 quarantined", NULL);
    world_sync(&other, "1 deleted");
    world_sync(&other, "");
    g_free(other.connector);
    assert_at_rest_but_for("export: 1 quarantined");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(what_was_written_last_is_told_of),
        CASE(what_a_run_asks_does_not_grow_with_the_directories),
        CASE(who_is_gone_before_being_told_of_is_made_again),
        CASE(who_is_deleted_and_restored_is_one_entry),
        CASE(what_the_server_refuses_is_tried_again),
        CASE(who_is_in_quarantine_is_looked_at_again),
        CASE(a_limit_keeps_the_cursor),
        CASE(a_plan_keeps_the_cursor),
        CASE(an_interrupted_run_keeps_the_cursor),
        CASE(what_is_lost_or_changed_is_made_up_for_by_reading_everything),
        CASE(a_lost_index_of_the_home_directory_is_read_anew),
        CASE(what_one_connector_sees_first_the_other_sees_too),
    };
    const char *only = g_getenv("DIRSYNC_TEST_CASE"); /* one case by name, to look at it alone */
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree TableCase *table = g_new0(TableCase, SERVERS * G_N_ELEMENTS(cases));
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(struct CMUnitTest));
    for (size_t i = 0; i < SERVERS * G_N_ELEMENTS(cases); i++) {
        table[i] = (TableCase){.c = &cases[i / SERVERS], .which = (int)(i % SERVERS)};
        char *name =
            g_strconcat(table[i].c->what, table[i].which == WITH_LOG ? ", and there is a log" : "", NULL);
        g_ptr_array_add(names, name);
        struct CMUnitTest test = {name, run_table_case, NULL, tear_down, &table[i]};
        if (!only || strstr(name, only))
            g_array_append_val(all, test);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
        if (!only || strstr(tests[i].name, only))
            g_array_append_val(all, tests[i]);
    return _cmocka_run_group_tests("sync_changes", (const struct CMUnitTest *)(void *)all->data, all->len,
                                   NULL, stop_servers);
}
