/*
 * schema_build.c - making a schema from descriptions
 *
 * Reads the descriptions, enters their names, then resolves superiors from the
 * top down. Guarantees that what comes out has no cycles, no chain of superiors
 * longer than MAX_DEPTH and no more list items than MAX_ITEMS, whatever the
 * server sent; what breaks the rules is left out and counted.
 */
#include "dirsync/schema_internal.h"

#include <stdatomic.h>
#include <string.h>

#include "dirsync/error.h"

#define MAX_DEPTH 64
#define MAX_DESCRIPTIONS 65536
#define MAX_ITEMS ((size_t)8 * 1024 * 1024)
#define RESOLVING G_MAXUINT

typedef struct {
    Schema *schema;
    GPtrArray *types, *classes, *rules; /* TypeRecord, ClassRecord, Description */
    GPtrArray *must, *may, *ancestors;  /* of the class being resolved */
    size_t n_items;
    unsigned mark;
    bool names_rules; /* some type has an EQUALITY: silence elsewhere means that there is none */
} Builder;

static void *find_type(const Builder *builder, const char *name)
{
    return schema_table_find(&builder->schema->types, name, strlen(name));
}

static void *find_class(const Builder *builder, const char *name)
{
    return schema_table_find(&builder->schema->classes, name, strlen(name));
}

/* ---- reading ---- */

static void read_type(Builder *builder, Value text)
{
    TypeRecord *record = entry_alloc(builder->schema->arena, sizeof *record);
    memset(record, 0, sizeof *record);
    if (!schema_parse_description(builder->schema->arena, text, &record->description)) {
        builder->schema->skipped++;
        return;
    }
    builder->names_rules = builder->names_rules || record->description.equality;
    g_ptr_array_add(builder->types, record);
}

static void read_class(Builder *builder, Value text)
{
    ClassRecord *record = entry_alloc(builder->schema->arena, sizeof *record);
    memset(record, 0, sizeof *record);
    if (schema_parse_description(builder->schema->arena, text, &record->description))
        g_ptr_array_add(builder->classes, record);
    else
        builder->schema->skipped++;
}

static void read_rule(Builder *builder, Value text)
{
    Description *rule = entry_alloc(builder->schema->arena, sizeof *rule);
    if (schema_parse_description(builder->schema->arena, text, rule))
        g_ptr_array_add(builder->rules, rule);
    else
        builder->schema->skipped++;
}

static size_t count_names(const Description *description)
{
    size_t n = 1;
    while (description->names[n - 1])
        n++;
    return n; /* and the OID */
}

static const char *first_name(const Description *description)
{
    return description->names[0] ? description->names[0] : description->oid;
}

static void enter_names(NameTable *table, const Description *description, void *record)
{
    schema_table_add(table, description->oid, record);
    for (const char *const *name = description->names; *name; name++)
        schema_table_add(table, *name, record);
}

static void enter_types(Builder *builder)
{
    size_t n = 0;
    for (guint i = 0; i < builder->types->len; i++)
        n += count_names(&((TypeRecord *)g_ptr_array_index(builder->types, i))->description);
    builder->schema->types = schema_table_new(builder->schema->arena, n);
    for (guint i = 0; i < builder->types->len; i++) {
        TypeRecord *record = g_ptr_array_index(builder->types, i);
        enter_names(&builder->schema->types, &record->description, record);
    }
}

static void enter_classes(Builder *builder)
{
    size_t n = 0;
    for (guint i = 0; i < builder->classes->len; i++)
        n += count_names(&((ClassRecord *)g_ptr_array_index(builder->classes, i))->description);
    builder->schema->classes = schema_table_new(builder->schema->arena, n);
    for (guint i = 0; i < builder->classes->len; i++) {
        ClassRecord *record = g_ptr_array_index(builder->classes, i);
        enter_names(&builder->schema->classes, &record->description, record);
    }
}

/* ---- attribute types ---- */

/** Attributes that Active Directory computes, and lets nobody write; its subschema does not say so. */
static bool is_constructed(const char *name)
{
    static const char *const names[] = {"allowedAttributes",
                                        "allowedAttributesEffective",
                                        "allowedChildClasses",
                                        "allowedChildClassesEffective",
                                        "attributeTypes",
                                        "canonicalName",
                                        "createTimeStamp",
                                        "dITContentRules",
                                        "extendedAttributeInfo",
                                        "extendedClassInfo",
                                        "fromEntry",
                                        "memberOf",
                                        "modifyTimeStamp",
                                        "msDS-Approx-Immed-Subordinates",
                                        "msDS-KeyVersionNumber",
                                        "msDS-PrincipalName",
                                        "msDS-User-Account-Control-Computed",
                                        "msDS-UserPasswordExpiryTimeComputed",
                                        "objectClasses",
                                        "parentGUID",
                                        "possibleInferiors",
                                        "primaryGroupToken",
                                        "sAMAccountType",
                                        "sDRightsEffective",
                                        "structuralObjectClass",
                                        "subSchemaSubEntry",
                                        "tokenGroups",
                                        "tokenGroupsGlobalAndUniversal",
                                        "tokenGroupsNoGCAcceptable"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(names[i], name) == 0)
            return true;
    return false;
}

static void inherit_type(Description *own, const Description *superior)
{
    if (!own->equality)
        own->equality = superior->equality;
    if (!own->substring)
        own->substring = superior->substring;
    if (!own->max_length)
        own->max_length = superior->max_length;
    if (!own->syntax)
        own->syntax = superior->syntax;
}

static bool has_substrings(EqualityKind kind)
{
    return kind == EQUALITY_CASE_IGNORE || kind == EQUALITY_CASE_EXACT || kind == EQUALITY_NUMERIC ||
           kind == EQUALITY_TELEPHONE || kind == EQUALITY_LIST;
}

static void set_matching(const Builder *builder, TypeRecord *record)
{
    const Description *description = &record->description;
    AttributeType *type = &record->type;
    int kind = description->equality ? schema_rule_kind(description->equality) : -1;
    bool by_syntax = !description->equality && !builder->names_rules && description->syntax;
    if (kind >= 0)
        type->equality = (EqualityKind)kind;
    else if (description->equality || by_syntax)
        type->equality = schema_syntax_equality(description->syntax);
    else
        type->equality = EQUALITY_NONE;
    type->has_equality = type->equality != EQUALITY_NONE;
    type->has_substring = description->substring || (by_syntax && has_substrings(type->equality));
}

static guint32 initial_letters(const Description *description)
{
    guint32 initials = 1u << (description->oid[0] & 31);
    for (const char *const *name = description->names; *name; name++)
        initials |= 1u << (*name[0] & 31);
    return initials;
}

static guint32 name_lengths(const Description *description)
{
    guint32 lengths = 1u << (strlen(description->oid) & 31);
    for (const char *const *name = description->names; *name; name++)
        lengths |= 1u << (strlen(*name) & 31);
    return lengths;
}

static void finish_type(const Builder *builder, TypeRecord *record, const TypeRecord *superior)
{
    const Description *description = &record->description;
    AttributeType *type = &record->type;
    const char *name = first_name(description);
    char *lower_name = entry_alloc(builder->schema->arena, strlen(name) + 1);
    for (size_t i = 0; (lower_name[i] = g_ascii_tolower(name[i])); i++)
        continue;
    type->oid = description->oid;
    type->name = name;
    type->single_value = description->single_value;
    type->no_user_modification = description->no_user_modification;
    type->constructed = description->no_user_modification || (!builder->names_rules && is_constructed(name));
    type->operational = description->operational || (!builder->names_rules && is_constructed(name));
    type->superior = superior ? &superior->type : NULL;
    set_matching(builder, record);
    type->max_length = description->max_length;
    record->lower_name = lower_name;
    record->syntax = schema_syntax_kind(description->syntax);
    record->initials = initial_letters(description);
    record->lengths = name_lengths(description);
}

/** False for a superior that is in a cycle with the one being resolved, or too deep. */
static bool is_usable(unsigned depth)
{
    return depth && depth < MAX_DEPTH;
}

/** Resolves a type after its superior, or without it when that is not usable. */
static void resolve_type(Builder *builder, TypeRecord *record, unsigned level)
{
    const char *superior_name = record->description.superiors[0];
    TypeRecord *superior = superior_name ? find_type(builder, superior_name) : NULL;
    record->depth = RESOLVING;
    if (superior && !superior->depth && level < MAX_DEPTH)
        resolve_type(builder, superior, level + 1);
    if (superior && !is_usable(superior->depth)) {
        builder->schema->skipped++;
        superior = NULL;
    }
    if (superior)
        inherit_type(&record->description, &superior->description);
    finish_type(builder, record, superior);
    record->depth = superior ? superior->depth + 1 : 1;
}

/* ---- object classes ---- */

static void add_types(Builder *builder, GPtrArray *list, const char *const *names)
{
    for (; *names; names++) {
        TypeRecord *record = find_type(builder, *names);
        if (!record || record->mark == builder->mark)
            continue;
        record->mark = builder->mark;
        g_ptr_array_add(list, &record->type);
    }
}

static void add_resolved(Builder *builder, GPtrArray *list, const AttributeType *const *types)
{
    for (; *types; types++) {
        TypeRecord *record = (TypeRecord *)*types;
        if (record->mark == builder->mark)
            continue;
        record->mark = builder->mark;
        g_ptr_array_add(list, &record->type);
    }
}

static void add_ancestors(Builder *builder, const ClassRecord *superior)
{
    for (const ClassRecord *const *above = superior->ancestors; *above; above++) {
        ClassRecord *class = (ClassRecord *)*above;
        if (class->mark == builder->mark)
            continue;
        class->mark = builder->mark;
        g_ptr_array_add(builder->ancestors, class);
    }
}

static void *store_array(Builder *builder, const GPtrArray *list)
{
    void **array = entry_alloc(builder->schema->arena, (list->len + 1) * sizeof *array);
    if (list->len)
        memcpy(array, list->pdata, list->len * sizeof *array);
    array[list->len] = NULL;
    builder->n_items += list->len;
    return array;
}

/** Direct superiors that are there and not in a cycle, as a stored NULL-terminated array. */
static ClassRecord **usable_superiors(Builder *builder, const ClassRecord *class)
{
    size_t n = 0, kept = 0;
    while (class->description.superiors[n])
        n++;
    ClassRecord **superiors = entry_alloc(builder->schema->arena, (n + 1) * sizeof(ClassRecord *));
    for (size_t i = 0; i < n; i++) {
        ClassRecord *superior = find_class(builder, class->description.superiors[i]);
        if (superior && is_usable(superior->depth))
            superiors[kept++] = superior;
        else
            builder->schema->skipped++;
    }
    superiors[kept] = NULL;
    return superiors;
}

/** The lists of a class: MUST before MAY, own before inherited, each type once. */
static void fill_class(Builder *builder, ClassRecord *class, ClassRecord *const *superiors)
{
    builder->mark++;
    class->mark = builder->mark;
    g_ptr_array_set_size(builder->must, 0);
    g_ptr_array_set_size(builder->may, 0);
    g_ptr_array_set_size(builder->ancestors, 0);
    g_ptr_array_add(builder->ancestors, class);
    add_types(builder, builder->must, class->description.must);
    for (ClassRecord *const *above = superiors; *above; above++)
        add_resolved(builder, builder->must, (*above)->class.must);
    add_types(builder, builder->may, class->description.may);
    for (ClassRecord *const *above = superiors; *above; above++) {
        add_resolved(builder, builder->may, (*above)->class.may);
        add_ancestors(builder, *above);
    }
    class->class.must = store_array(builder, builder->must);
    class->class.may = store_array(builder, builder->may);
    class->ancestors = store_array(builder, builder->ancestors);
}

static void resolve_class(Builder *builder, ClassRecord *class, unsigned level)
{
    class->depth = RESOLVING;
    class->class.oid = class->description.oid;
    class->class.name = first_name(&class->description);
    class->class.kind = class->description.kind;
    for (const char *const *name = class->description.superiors; *name; name++) {
        ClassRecord *superior = find_class(builder, *name);
        if (superior && !superior->depth && level < MAX_DEPTH && builder->n_items < MAX_ITEMS)
            resolve_class(builder, superior, level + 1);
    }
    ClassRecord **superiors = usable_superiors(builder, class);
    class->class.superiors = (const ObjectClass *const *)superiors;
    fill_class(builder, class, superiors);
    class->depth = 1;
    for (ClassRecord *const *above = superiors; *above; above++)
        class->depth = MAX(class->depth, (*above)->depth + 1);
}

/** Active Directory attaches auxiliary classes to a structural one by a content rule; entries do not
 *  name them, so the class itself gets what they and the rule allow. */
static void apply_rule(Builder *builder, const Description *rule)
{
    ClassRecord *class = find_class(builder, rule->oid);
    if (!class || builder->n_items >= MAX_ITEMS)
        return;
    builder->mark++;
    g_ptr_array_set_size(builder->must, 0);
    g_ptr_array_set_size(builder->may, 0);
    add_resolved(builder, builder->must, class->class.must);
    add_types(builder, builder->must, rule->must);
    add_resolved(builder, builder->may, class->class.may);
    add_types(builder, builder->may, rule->may);
    for (const char *const *name = rule->auxiliary; *name; name++) {
        const ClassRecord *auxiliary = find_class(builder, *name);
        if (!auxiliary || !auxiliary->class.may)
            continue;
        add_resolved(builder, builder->must, auxiliary->class.must);
        add_resolved(builder, builder->may, auxiliary->class.may);
    }
    class->class.must = store_array(builder, builder->must);
    class->class.may = store_array(builder, builder->may);
}

/* ---- the whole ---- */

static bool resolve(Builder *builder)
{
    for (guint i = 0; i < builder->types->len; i++) {
        TypeRecord *record = g_ptr_array_index(builder->types, i);
        if (!record->depth)
            resolve_type(builder, record, 1);
    }
    for (guint i = 0; i < builder->classes->len && builder->n_items < MAX_ITEMS; i++) {
        ClassRecord *class = g_ptr_array_index(builder->classes, i);
        if (!class->depth)
            resolve_class(builder, class, 1);
    }
    for (guint i = 0; i < builder->rules->len && builder->n_items < MAX_ITEMS; i++)
        if (!builder->names_rules)
            apply_rule(builder, g_ptr_array_index(builder->rules, i));
    builder->schema->object_class = find_type(builder, "objectClass");
    return builder->n_items < MAX_ITEMS;
}

static _Atomic guint64 serials;

static void builder_start(Builder *builder)
{
    Entry *arena = entry_new("");
    Schema *schema = entry_alloc(arena, sizeof *schema);
    memset(schema, 0, sizeof *schema);
    schema->arena = arena;
    schema->serial = atomic_fetch_add(&serials, 1) + 1;
    *builder = (Builder){.schema = schema};
    builder->types = g_ptr_array_new();
    builder->classes = g_ptr_array_new();
    builder->rules = g_ptr_array_new();
    builder->must = g_ptr_array_new();
    builder->may = g_ptr_array_new();
    builder->ancestors = g_ptr_array_new();
}

/** Enters and resolves what was read; the schema, or NULL when it is too large. */
static Schema *builder_finish(Builder *builder)
{
    g_autoptr(Schema) schema = builder->schema;
    enter_types(builder);
    enter_classes(builder);
    bool resolved = resolve(builder);
    GPtrArray *lists[] = {builder->types, builder->classes, builder->rules,
                          builder->must,  builder->may,     builder->ancestors};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_ptr_array_free(lists[i], TRUE);
    return resolved ? g_steal_pointer(&schema) : NULL;
}

static size_t read_all(Builder *builder, const Entry *subschema, const char *name,
                       void (*read)(Builder *builder, Value text))
{
    gssize i = entry_index(subschema, name);
    const Attribute *attribute = i >= 0 ? entry_attribute(subschema, (size_t)i) : NULL;
    size_t n = attribute ? MIN(attribute->n_values, MAX_DESCRIPTIONS) : 0;
    for (size_t j = 0; j < n; j++)
        read(builder, attribute->values[j]);
    return n;
}

Schema *schema_new_from_subschema(const Entry *subschema, GError **error)
{
    Builder builder;
    builder_start(&builder);
    read_all(&builder, subschema, "attributeTypes", read_type);
    read_all(&builder, subschema, "objectClasses", read_class);
    read_all(&builder, subschema, "dITContentRules", read_rule);
    bool usable = builder.types->len && builder.classes->len;
    g_autoptr(Schema) schema = builder_finish(&builder);
    if (schema && usable)
        return g_steal_pointer(&schema);
    error_set(error, ERROR_PROTOCOL,
              "subschema \"%s\": %s; check that the bind may read attributeTypes and objectClasses there",
              entry_dn(subschema),
              schema ? "no usable attribute types and object classes" : "classes with too many attributes");
    return NULL;
}

static Schema *build_standard(void)
{
    Builder builder;
    builder_start(&builder);
    builder.schema->lenient = true;
    for (const char *const *text = schema_standard_types; *text; text++)
        read_type(&builder, (Value){*text, strlen(*text)});
    for (const char *const *text = schema_standard_classes; *text; text++)
        read_class(&builder, (Value){*text, strlen(*text)});
    return builder_finish(&builder);
}

const Schema *schema_standard(void)
{
    static gsize standard;
    if (g_once_init_enter(&standard))
        g_once_init_leave(&standard, (gsize)build_standard());
    return (const Schema *)standard; // NOLINT(performance-no-int-to-ptr): g_once_init works on integers
}
