/*
 * ring.c - see ring.h
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ring.h"

#include "dirsync/directory/memory.h"
#include "dirsync/directory/memory_store.h"
#include "dirsync/ldif.h"
#include "tests/lab/tree.h"
#include "tests/lab/world.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CONNECTORS 2
#define ENOUGH 3     /* times that all passes may go round until nothing is left to do */
#define ADDRESSES 12 /* in each domain, so that they are used again */

static const char *const names[] = {"Ada Alt", "Bob Baum", "Cat Chan", "Dan, Dorn", "Eve+Eck", "Zoe (Zizek)"};

/* Natives of a directory. */
typedef struct {
    char *uid, *name, *mail, *phone;
} Native;

typedef struct {
    const char *base;
    char *name; /* "home": the base is o=home, the domain home.example */
    char *store_name;
    MemoryStore *store; /* NULL: it is in the lab */
    Lab *lab;           /* borrowed */
    LabTree *tree;
    GPtrArray *natives;
} Place;

struct Ring {
    GRand *chance;
    GString *history;
    char *folder;
    bool addresses_stay; /* nobody gets another one */
    size_t n_places, n_connectors;
    Place places[RING_MOST_PLACES];
    char *connectors[MOST_CONNECTORS]; /* names, without .xml */
    unsigned uids;
};

static const char mapping_text[] =
    "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"ring\">\n<import>\n"
    "<object class=\"top\"/><object class=\"contact\"/>\n"
    "<name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "<attribute name=\"telephoneNumber\" from=\"telephoneNumber\" values=\"first\"/>\n"
    "<attribute name=\"mail\" from=\"mail\" values=\"first\" required=\"yes\"/>\n"
    "<attribute name=\"targetAddress\" select=\"concat('SMTP:', $mail[1])\"/>\n"
    "<attribute name=\"proxyAddresses\" wins=\"merge\" owns=\"SMTP: smtp:\"\n"
    "  select=\"concat('SMTP:', $mail[1])\"/>\n"
    "</import>\n<export>\n<attributes id=\"all\">\n"
    "<attribute name=\"sn\" select=\"$cn[1]\"/>\n"
    "<attribute name=\"telephoneNumber\" from=\"telephoneNumber\" values=\"first\"/>\n"
    "<attribute name=\"mail\" from=\"mail\" values=\"first\" required=\"yes\"/>\n"
    "</attributes>\n"
    "<recipient of=\"contact\" as=\"contact\" when=\"$objectClass = 'contact'\" uses=\"all\">\n"
    "<object class=\"inetOrgPerson\"/><name attribute=\"cn\" select=\"$cn[1]\"/></recipient>\n"
    "<recipient of=\"person\" as=\"contact\" when=\"$objectClass = 'inetOrgPerson'\" uses=\"all\">\n"
    "<object class=\"inetOrgPerson\"/><name attribute=\"cn\" select=\"$cn[1]\"/></recipient>\n"
    "</export></mapping>\n";

guint32 ring_seed(void)
{
    const char *given = g_getenv("RING_SEED");
    guint32 chosen = given ? (guint32)strtoul(given, NULL, 10) : g_random_int();
    print_message("RING_SEED=%u\n", chosen);
    return chosen;
}

const char *ring_base(RingShape shape, size_t i)
{
    static const char *const bases[][RING_MOST_PLACES] = {{"o=home", "o=x", "o=y"}, {"o=a", "o=b", NULL}};
    return i < RING_MOST_PLACES ? bases[shape][i] : NULL;
}

/* A number below @n. */
static size_t chance(Ring *ring, size_t n)
{
    return (size_t)g_rand_int_range(ring->chance, 0, (gint32)n);
}

/* Fails the test, and tells what happened since the ring was made. */
static void G_GNUC_PRINTF(2, 3) give_up(const Ring *ring, const char *why, ...)
{
    va_list arguments;
    va_start(arguments, why);
    g_autofree char *text = g_strdup_vprintf(why, arguments);
    va_end(arguments);
    g_printerr("%s", ring->history->str);
    fail_msg("%s", text);
}

/* --- definitions --- */

static void write_definition(const Ring *ring, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(ring->folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* The place as <home> or <foreign>; g_free(). */
static char *endpoint(const Place *place, const char *element)
{
    if (place->lab)
        return g_strdup_printf(
            "<%s driver=\"ldap\" uri=\"%s\" base=\"o=%s\"><bind method=\"external\"/></%s>", element,
            place->lab->uri, place->name, element);
    return g_strdup_printf("<%s driver=\"memory\" base=\"o=%s\"><file path=\"%s\"/></%s>", element,
                           place->name, place->store_name, element);
}

static void write_organisation(const Ring *ring, const Place *home)
{
    g_autofree char *file = g_strdup_printf("%s-organisation.xml", home->name);
    g_autofree char *where = endpoint(home, "home");
    g_autofree char *text = g_strdup_printf(
        "<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"%s\">%s<stamp form=\"class\"/>"
        "<domain>%s.example</domain><state folder=\"%s-state\"/></organisation>",
        home->name, where, home->name, home->name);
    write_definition(ring, file, text);
}

/* What is read: @import a filter, @export a DN below the home directory's base, with its comma. */
static void add_connector(Ring *ring, const Place *home, const Place *foreign, const char *import,
                          const char *export)
{
    size_t number = ring->n_connectors++;
    char *name = ring->connectors[number] = g_strdup_printf("%s-%s", home->name, foreign->name);
    g_autofree char *file = g_strconcat(name, ".xml", NULL);
    g_autofree char *where = endpoint(foreign, "foreign");
    g_autofree char *text = g_strdup_printf(
        "<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"%s\" organisation=\"%s-organisation.xml\" "
        "uuid=\"0b8f9d52-6f0c-4d7e-9f2e-00000000000%zu\">"
        "%s<import container=\"ou=from-%s,o=%s\" create-container=\"yes\" mapping=\"mapping.xml\" "
        "groups=\"no\" "
        "resources=\"no\"><source><filter>%s</filter></source>"
        "<grace days=\"0\"/></import>"
        "<export container=\"ou=to-%s,o=%s\" create-container=\"yes\" mapping=\"mapping.xml\" "
        "contacts=\"contact\" groups=\"no\" resources=\"no\"><stamp attribute=\"employeeType\"/>"
        "<source base=\"%so=%s\"><filter>(mail=*)</filter></source></export>"
        "<limits delete=\"none\" rename=\"none\" address=\"none\" change=\"none\" "
        "empty=\"none\"/></connector>",
        name, home->name, number, where, foreign->name, home->name, import, foreign->name, foreign->name,
        export, home->name);
    write_definition(ring, file, text);
}

static void add_place(Ring *ring, const char *base, Lab *lab)
{
    const char *name = base + strlen("o=");
    Place *place = &ring->places[ring->n_places++];
    g_autofree char *folder = g_path_get_basename(ring->folder);
    g_autofree char *top =
        g_strdup_printf("dn: o=%s\nobjectClass: organization\no: %s\n\n"
                        "dn: ou=people,o=%s\nobjectClass: organizationalUnit\nou: people\n\n",
                        name, name, name);
    place->base = base;
    place->name = g_strdup(name);
    place->store_name = g_strconcat(folder, "-", name, NULL);
    place->natives = g_ptr_array_new();
    if (lab) {
        g_autofree char *refused = NULL;
        place->lab = lab;
        place->tree = lab_tree_open(lab, base);
        assert_true(lab_tree_put(place->tree, top, &refused));
        return;
    }
    place->store = memory_store(place->store_name);
    assert_true(memory_store_load(place->store, top, NULL));
}

Ring *ring_new(RingShape shape, guint32 seed, Lab *const *labs)
{
    Ring *ring = g_new0(Ring, 1);
    ring->chance = g_rand_new_with_seed(seed);
    ring->history = g_string_new(NULL);
    g_string_printf(ring->history, "seed %u\n", seed);
    ring->folder = g_dir_make_tmp("dirsync-ring-XXXXXX", NULL);
    assert_non_null(ring->folder);
    write_definition(ring, "mapping.xml", mapping_text);
    for (size_t i = 0; ring_base(shape, i); i++)
        add_place(ring, ring_base(shape, i), labs ? labs[i] : NULL);
    Place *place = ring->places;
    write_organisation(ring, &place[0]);
    if (shape == RING_HOME_X_Y) {
        add_connector(ring, &place[0], &place[1], "(objectClass=inetOrgPerson)", "");
        add_connector(ring, &place[0], &place[2], "(objectClass=inetOrgPerson)", "");
    } else {
        write_organisation(ring, &place[1]);
        add_connector(ring, &place[0], &place[1], "(mail=*)", "ou=people,");
        add_connector(ring, &place[1], &place[0], "(mail=*)", "ou=people,");
    }
    ring->addresses_stay = shape == RING_TWO_HOMES;
    return ring;
}

/* --- people --- */

static void free_entry(gpointer entry)
{
    entry_free(entry);
}

/* Everything that has an address in that directory. */
static GPtrArray *read_recipients(const Place *place)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(free_entry);
    g_autofree char *dump = place->lab ? lab_tree_get(place->tree) : memory_store_dump(place->store, false);
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(dump, strlen(dump), "dump");
    for (Entry *entry; ldif_read_entry(reader, &entry, NULL) == RECORD_GOOD;)
        if (schema_find_string(schema_standard(), entry, "mail"))
            g_ptr_array_add(entries, entry);
        else
            entry_free(entry);
    return entries;
}

static void native_free(Native *native)
{
    g_free(native->uid);
    g_free(native->name);
    g_free(native->mail);
    g_free(native->phone);
    g_free(native);
}

void ring_free(Ring *ring)
{
    if (!ring)
        return;
    for (size_t i = 0; i < ring->n_places; i++) {
        Place *place = &ring->places[i];
        lab_tree_close(place->tree);
        if (place->store)
            memory_store_drop(place->store_name);
        g_ptr_array_set_free_func(place->natives, (GDestroyNotify)native_free);
        g_ptr_array_unref(place->natives);
        g_free(place->store_name);
        g_free(place->name);
    }
    for (size_t i = 0; i < ring->n_connectors; i++)
        g_free(ring->connectors[i]);
    remove_folder(ring->folder);
    g_free(ring->folder);
    g_rand_free(ring->chance);
    g_string_free(ring->history, TRUE);
    g_free(ring);
}

static void apply(Ring *ring, Place *place, const char *ldif)
{
    if (place->lab) {
        lab_ldif_load(place->lab, ldif);
        return;
    }
    g_autoptr(LdifReader) reader = ldif_reader_new_memory(ldif, strlen(ldif), "edit");
    g_autoptr(Change) change = NULL;
    g_autoptr(GError) error = NULL;
    if (ldif_read_change(reader, &change, &error) != RECORD_GOOD ||
        !memory_store_apply(place->store, change, &error))
        give_up(ring, "%s: %s", ldif, error ? error->message : "cut off");
}

static bool is_used(const Place *place, const char *mail)
{
    for (guint i = 0; i < place->natives->len; i++)
        if (!strcmp(((Native *)g_ptr_array_index(place->natives, i))->mail, mail))
            return true;
    return false;
}

/* One that nobody has now; somebody may have had it. g_free(). */
static char *free_address(Ring *ring, const Place *place)
{
    for (;;) {
        char *mail = g_strdup_printf("p%zu@%s.example", chance(ring, ADDRESSES), place->name);
        if (!is_used(place, mail))
            return mail;
        g_free(mail);
    }
}

static const char *any_name(Ring *ring)
{
    return names[chance(ring, G_N_ELEMENTS(names))];
}

static Native *any_native(Ring *ring, Place *place)
{
    return g_ptr_array_index(place->natives, chance(ring, place->natives->len));
}

static void create(Ring *ring, Place *place, const char *mail, const char *name)
{
    Native *native = g_new0(Native, 1);
    native->uid = g_strdup_printf("u%u", ++ring->uids);
    native->name = g_strdup(name);
    native->mail = g_strdup(mail);
    native->phone = g_strdup_printf("%zu", chance(ring, 1000));
    g_ptr_array_add(place->natives, native);
    g_autofree char *ldif = g_strdup_printf(
        "dn: uid=%s,ou=people,o=%s\nchangetype: add\nobjectClass: inetOrgPerson\nuid: %s\ncn: %s\n"
        "sn: x\nmail: %s\ntelephoneNumber: %s\n\n",
        native->uid, place->name, native->uid, name, mail, native->phone);
    apply(ring, place, ldif);
    g_string_append_printf(ring->history, "%s: %s comes as %s <%s>\n", place->name, native->uid, name, mail);
}

static void replace(Ring *ring, Place *place, const Native *native, const char *attribute, const char *value)
{
    g_autofree char *ldif = g_strdup_printf("dn: uid=%s,ou=people,o=%s\nchangetype: modify\ndelete: %s\n-\n"
                                            "add: %s\n%s: %s\n-\n\n",
                                            native->uid, place->name, attribute, attribute, attribute, value);
    apply(ring, place, ldif);
    g_string_append_printf(ring->history, "%s: %s has %s %s\n", place->name, native->uid, attribute, value);
}

static void set(char **to, char *value)
{
    g_free(*to);
    *to = value;
}

static void rename_native(Ring *ring, Place *place, Native *native)
{
    char *uid = g_strdup_printf("u%u", ++ring->uids);
    g_autofree char *ldif =
        g_strdup_printf("dn: uid=%s,ou=people,o=%s\nchangetype: modrdn\nnewrdn: uid=%s\ndeleteoldrdn: 1\n\n",
                        native->uid, place->name, uid);
    apply(ring, place, ldif);
    g_string_append_printf(ring->history, "%s: %s is now %s\n", place->name, native->uid, uid);
    set(&native->uid, uid);
}

static void delete_native(Ring *ring, Place *place, Native *native)
{
    g_autofree char *ldif =
        g_strdup_printf("dn: uid=%s,ou=people,o=%s\nchangetype: delete\n\n", native->uid, place->name);
    apply(ring, place, ldif);
    g_string_append_printf(ring->history, "%s: %s <%s> goes\n", place->name, native->uid, native->mail);
    g_ptr_array_remove(place->natives, native);
    native_free(native);
}

/* The same person to people, another one to directories. */
static void create_again(Ring *ring, Place *place, Native *native)
{
    g_autofree char *mail = g_strdup(native->mail), *name = g_strdup(native->name);
    delete_native(ring, place, native);
    create(ring, place, mail, name);
}

static void swap_addresses(Ring *ring, Place *place, Native *one, Native *other)
{
    char *mail = one->mail;
    one->mail = other->mail;
    other->mail = mail;
    replace(ring, place, one, "mail", one->mail);
    replace(ring, place, other, "mail", other->mail);
}

static void populate(Ring *ring)
{
    for (size_t i = 0; i < ring->n_places; i++)
        for (size_t n = 1 + chance(ring, ADDRESSES / 2); n > 0; n--) {
            g_autofree char *mail = free_address(ring, &ring->places[i]);
            create(ring, &ring->places[i], mail, any_name(ring));
        }
}

/* Somebody alters or deletes what a connector made. */
static void meddle(Ring *ring, Place *place)
{
    g_autoptr(GPtrArray) recipients = read_recipients(place);
    const Entry *entry =
        recipients->len ? g_ptr_array_index(recipients, chance(ring, recipients->len)) : NULL;
    if (!entry || strstr(entry_dn(entry), ",ou=people,"))
        return;
    g_autofree char *ldif =
        chance(ring, 2)
            ? g_strdup_printf("dn: %s\nchangetype: delete\n\n", entry_dn(entry))
            : g_strdup_printf("dn: %s\nchangetype: modify\ndelete: telephoneNumber\n-\nadd: telephoneNumber\n"
                              "telephoneNumber: 0\n-\n\n",
                              entry_dn(entry));
    apply(ring, place, ldif);
    g_string_append_printf(ring->history, "%s: a stranger\n%s", place->name, ldif);
}

static void edit_address(Ring *ring, Place *place, Native *native)
{
    if (chance(ring, 2)) {
        swap_addresses(ring, place, native, any_native(ring, place));
        return;
    }
    set(&native->mail, free_address(ring, place));
    replace(ring, place, native, "mail", native->mail);
}

static void edit(Ring *ring)
{
    Place *place = &ring->places[chance(ring, ring->n_places)];
    if (!chance(ring, 8)) {
        meddle(ring, place);
        return;
    }
    if (place->natives->len < 2 || (place->natives->len < ADDRESSES - 2 && !chance(ring, 4))) {
        g_autofree char *mail = free_address(ring, place);
        create(ring, place, mail, any_name(ring));
        return;
    }
    Native *native = any_native(ring, place);
    switch (chance(ring, ring->addresses_stay ? 5 : 7)) {
    case 0:
        set(&native->phone, g_strdup_printf("%zu", chance(ring, 1000)));
        replace(ring, place, native, "telephoneNumber", native->phone);
        return;
    case 1:
        set(&native->name, g_strdup(any_name(ring)));
        replace(ring, place, native, "cn", native->name);
        return;
    case 2:
        rename_native(ring, place, native);
        return;
    case 3:
        create_again(ring, place, native);
        return;
    case 4:
        delete_native(ring, place, native);
        return;
    default:
        edit_address(ring, place, native);
    }
}

/* --- passes --- */

/* To the directories in memory, which count them. */
static size_t count_writes(const Ring *ring)
{
    size_t writes = 0;
    for (size_t i = 0; i < ring->n_places; i++)
        if (ring->places[i].store)
            writes += memory_store_writes(ring->places[i].store);
    return writes;
}

/* Runs that connector; @step < 0: both steps. It must end well. The changes that it planned, or wrote. */
static size_t run_connector(Ring *ring, size_t which, int step)
{
    g_autofree char *file = g_strconcat(ring->connectors[which], ".xml", NULL);
    g_autofree char *path = g_build_filename(ring->folder, file, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Connector) connector = connector_load(path, &error);
    if (!connector)
        fail_msg("%s", error->message);
    RunOptions options = run_options(connector);
    for (int i = 0; i < STEPS; i++)
        options.steps[i] = step < 0 || step == i;
    size_t before = count_writes(ring);
    g_auto(RunResult) result = {0};
    bool good = run_sync(connector, &options, &result, &error);
    g_autofree char *summary = run_summary(&result);
    g_string_append_printf(ring->history, "%s\n%s\n", connector->name, summary);
    if (!good)
        give_up(ring, "%s", error->message);
    return MAX(run_planned(&result), count_writes(ring) - before);
}

static void lose_state(Ring *ring, size_t which)
{
    g_autofree char *home = g_strndup(ring->connectors[which], strcspn(ring->connectors[which], "-"));
    g_autofree char *state = g_strconcat(home, "-state", NULL);
    g_autofree char *path = g_build_filename(ring->folder, state, ring->connectors[which], NULL);
    remove_folder(path);
    g_string_append_printf(ring->history, "%s loses its state\n", ring->connectors[which]);
}

/* It has forgotten what has changed: slapd's session log is in memory. */
static void forget_changes(Place *place)
{
    if (!place->lab) {
        memory_store_forget_changes(place->store);
        return;
    }
    lab_tree_close(place->tree);
    lab_slapd_halt(place->lab);
    lab_slapd_restart(place->lab);
    place->tree = lab_tree_open(place->lab, place->base);
}

/* Some directory tells of changes in another way from now on, or has forgotten what has changed. */
static void alter_telling(Ring *ring)
{
    static const char *const ways[] = {[MEMORY_TELLS_CHANGES] = "who has gone",
                                       [MEMORY_TELLS_PRESENCE] = "who is there",
                                       [MEMORY_TELLS_NOTHING] = "nothing",
                                       "from now on only"};
    Place *place = &ring->places[chance(ring, ring->n_places)];
    size_t way = chance(ring, G_N_ELEMENTS(ways));
    if (way > MEMORY_TELLS_NOTHING)
        forget_changes(place);
    else if (place->store)
        memory_store_set_changes(place->store, (MemoryTelling)way);
    else
        return;
    g_string_append_printf(ring->history, "%s tells %s\n", place->name, ways[way]);
}

/* --- everybody --- */

static GHashTable *by_address(const Ring *ring, const Place *place, const GPtrArray *entries)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = g_ptr_array_index(entries, i);
        const char *mail = schema_find_string(schema_standard(), entry, "mail");
        const Entry *other = g_hash_table_lookup(table, mail);
        if (other)
            give_up(ring, "%s: %s has the address of %s", place->name, entry_dn(entry), entry_dn(other));
        g_hash_table_insert(table, (char *)mail, entry);
    }
    return table;
}

static void assert_is(const Ring *ring, const Place *place, const Entry *entry, const Native *native)
{
    const char *phone = entry ? schema_find_string(schema_standard(), entry, "telephoneNumber") : NULL;
    const char *name = entry ? schema_find_string(schema_standard(), entry, "cn") : NULL;
    if (!entry)
        give_up(ring, "%s: %s is not there", place->name, native->mail);
    if (g_strcmp0(phone, native->phone) != 0 || !g_str_has_prefix(name, native->name))
        give_up(ring, "%s: %s is %s, %s instead of %s, %s", place->name, native->mail, name, phone,
                native->name, native->phone);
}

static void assert_everybody_once(const Ring *ring)
{
    size_t people = 0;
    for (size_t i = 0; i < ring->n_places; i++)
        people += ring->places[i].natives->len;
    for (size_t i = 0; i < ring->n_places; i++) {
        const Place *place = &ring->places[i];
        g_autoptr(GPtrArray) recipients = read_recipients(place);
        g_autoptr(GHashTable) entries = by_address(ring, place, recipients);
        for (size_t j = 0; j < ring->n_places; j++)
            for (guint k = 0; k < ring->places[j].natives->len; k++) {
                const Native *native = g_ptr_array_index(ring->places[j].natives, k);
                assert_is(ring, place, g_hash_table_lookup(entries, native->mail), native);
            }
        if (g_hash_table_size(entries) != people)
            give_up(ring, "%s: %u people instead of %zu", place->name, g_hash_table_size(entries), people);
    }
}

/* --- how it goes --- */

/* Every connector once, in any order. The changes that they wrote. */
static size_t go_round(Ring *ring)
{
    size_t writes = 0, n = ring->n_connectors;
    size_t first = chance(ring, n);
    for (size_t i = 0; i < n; i++)
        writes += run_connector(ring, (first + i) % n, -1);
    return writes;
}

/* Some passes, whole or one step of them, while the edits go on. */
static void run_some(Ring *ring)
{
    for (size_t i = chance(ring, 3); i > 0; i--) {
        size_t which = chance(ring, ring->n_connectors);
        if (!chance(ring, 12))
            lose_state(ring, which);
        if (!chance(ring, 6))
            alter_telling(ring);
        run_connector(ring, which, (int)chance(ring, 4) - 2);
    }
}

static void assert_converges(Ring *ring)
{
    for (int i = 0; i < ENOUGH; i++)
        go_round(ring);
    size_t late = go_round(ring) + go_round(ring);
    if (late)
        give_up(ring, "%zu changes are still written", late);
    assert_everybody_once(ring);
}

void ring_live_through(Ring *ring, int rounds)
{
    populate(ring);
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 1 + chance(ring, 6); i > 0; i--) {
            edit(ring);
            if (!chance(ring, 3))
                run_some(ring);
        }
        run_some(ring);
        if (!chance(ring, 2))
            assert_converges(ring);
    }
    assert_converges(ring);
}
