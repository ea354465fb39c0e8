/*
 * pass_case_definitions.c - see pass_case_definitions.h
 */
#include "pass_case_definitions.h"

const char case_mapping_text[] =
    "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"small\"><import>\n"
    "<object class=\"top\"/><object class=\"contact\"/>\n"
    "<name attribute=\"cn\" max-length=\"64\" too-long=\"cut\" select=\"$cn[1]\"/>\n"
    "<attribute name=\"telephoneNumber\" from=\"telephoneNumber\" values=\"first\"/>\n"
    "<attribute name=\"description\" from=\"description\"/>\n"
    "<attribute name=\"title\" from=\"title\" values=\"first\" max-length=\"20\" too-long=\"error\"/>\n"
    "<attribute name=\"jpegPhoto\" from=\"jpegPhoto\"/>\n"
    "<attribute name=\"mail\" from=\"mail\" values=\"first\" required=\"yes\"/>\n"
    "<attribute name=\"targetAddress\" select=\"concat('SMTP:', $mail[1])\"/>\n"
    "<attribute name=\"proxyAddresses\" wins=\"merge\" owns=\"SMTP: smtp:\" for-each=\"$mail\"\n"
    "  select=\"concat(if-equal(position(), 1, 'SMTP:', 'smtp:'), .)\"/>\n"
    "<attribute name=\"mailNickname\" wins=\"initial\" from=\"uid\" values=\"first\"/>\n"
    "</import><export>\n"
    "<attributes id=\"all\">\n"
    "<attribute name=\"sn\" from=\"sn\" values=\"first\" default=\"x\"/>\n"
    "<attribute name=\"telephoneNumber\" from=\"telephoneNumber\" values=\"first\"/>\n"
    "<attribute name=\"description\" from=\"description\"/>\n"
    "<attribute name=\"title\" from=\"title\" values=\"first\" max-length=\"20\" too-long=\"error\"/>\n"
    "<attribute name=\"mail\" from=\"mail\" required=\"yes\"/>\n"
    "<attribute name=\"labeledURI\" from=\"proxyAddresses\"/>\n"
    "</attributes>\n"
    "<recipient of=\"contact\" as=\"contact\" when=\"$objectClass = 'contact'\" uses=\"all\">\n"
    "<object class=\"inetOrgPerson\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "</recipient>\n"
    "<recipient of=\"person\" as=\"contact\" when=\"$objectClass = 'inetOrgPerson'\" uses=\"all\">\n"
    "<object class=\"inetOrgPerson\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "</recipient>\n"
    "</export></mapping>\n";

/* The import makes groups of class group, which may be empty, the export groupOfNames, which may not. What is
 * described as "a list" is a group, as "a room" a resource, whatever its class; a group that is described as
 * "by anchor" has the anchors of its members in ou. */
const char case_kinds_text[] =
    "<mapping xmlns=\"urn:x-dirsync:mapping:1\" name=\"kinds\"><import>\n"
    "<attributes id=\"all\">\n"
    "<attribute name=\"description\" from=\"description\"/>\n"
    "<attribute name=\"mail\" from=\"mail\" values=\"first\"/>\n"
    "<attribute name=\"proxyAddresses\" wins=\"merge\" owns=\"SMTP: smtp:\" for-each=\"$mail\"\n"
    "  select=\"concat(if-equal(position(), 1, 'SMTP:', 'smtp:'), .)\"/>\n"
    "</attributes>\n"
    "<attributes id=\"target\">\n"
    "<attribute name=\"targetAddress\" select=\"and-both('SMTP:', $mail[1])\"/>\n"
    "<attribute name=\"mailNickname\" wins=\"initial\" from=\"uid\" values=\"first\"/>\n"
    "</attributes>\n"
    "<recipient of=\"group\" as=\"group\" uses=\"all\" when=\"$objectClass = 'groupOfNames' and\n"
    "  not($description = 'by anchor') or $description = 'a list'\">\n"
    "<object class=\"top\"/><object class=\"group\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "<members name=\"member\" from=\"member\"/></recipient>\n"
    "<recipient of=\"group\" as=\"group\" uses=\"all\" when=\"$description = 'by anchor'\">\n"
    "<object class=\"top\"/><object class=\"group\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "<members name=\"member\" from=\"ou\" by=\"anchor\"/></recipient>\n"
    "<recipient of=\"resource\" as=\"contact\" uses=\"all target\" when=\"$description = 'a room'\">\n"
    "<object class=\"top\"/><object class=\"contact\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "</recipient>\n"
    "<recipient of=\"group\" as=\"contact\" uses=\"all target\" when=\"$objectClass = 'groupOfNames'\">\n"
    "<object class=\"top\"/><object class=\"contact\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "</recipient>\n"
    "<recipient of=\"person\" as=\"contact\" uses=\"all target\">\n"
    "<object class=\"top\"/><object class=\"contact\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "</recipient>\n"
    "<recipient of=\"person\" as=\"user\" uses=\"all target\">\n"
    "<object class=\"top\"/><object class=\"inetOrgPerson\"/><object class=\"mailRecipient\"/>\n"
    "<name attribute=\"cn\" select=\"$cn[1]\"/><attribute name=\"sn\" from=\"sn\" values=\"first\"/>\n"
    "<attribute name=\"uid\" unique=\"yes\" wins=\"initial\" max-length=\"20\" too-long=\"cut\"\n"
    "  select=\"first($initials, $uid)\"/>\n"
    "</recipient>\n"
    "</import><export>\n"
    "<recipient of=\"group\" as=\"group\" when=\"$objectClass[. = 'group' or . = 'groupOfNames']\">\n"
    "<object class=\"groupOfNames\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "<attribute name=\"description\" from=\"description\"/>\n"
    "<members name=\"member\" from=\"member\"/></recipient>\n"
    "<recipient of=\"person\" as=\"contact\" when=\"$objectClass = 'inetOrgPerson'\">\n"
    "<object class=\"inetOrgPerson\"/><name attribute=\"cn\" select=\"$cn[1]\"/>\n"
    "<attribute name=\"sn\" from=\"sn\" values=\"first\"/><attribute name=\"mail\" from=\"mail\"/>\n"
    "</recipient>\n"
    "</export></mapping>\n";

char *case_organisation_text(const CaseStart *start, const char *home)
{
    return g_strdup_printf(
        "<organisation xmlns=\"urn:x-dirsync:organisation:1\" name=\"acme\">\n"
        "<home driver=\"memory\" base=\"o=acme\"><file path=\"%s\"/></home>\n"
        "<stamp %s/><domain>acme.example</domain><state folder=\"state\"/>\n%s</organisation>\n",
        home, start->stamp ? start->stamp : "form=\"class\"", start->policies ? start->policies : "");
}

static char *foreign_element(const CaseStart *start, const char *store)
{
    if (start->file)
        return g_strdup_printf("<foreign driver=\"ldif\"><file path=\"people.ldif\" %s/></foreign>",
                               start->file);
    return g_strdup_printf("<foreign driver=\"memory\" base=\"o=globex\"><file path=\"%s\"/></foreign>",
                           store);
}

/* What both passes have: where to, and by what mapping. */
static char *attributes(const CaseStart *start, const char *container)
{
    return g_strdup_printf("container=\"%s\" create-container=\"%s\" mapping=\"%s\" %s", container,
                           start->no_container ? "yes" : "no",
                           start->mapping ? start->mapping
                           : start->kinds ? "kinds.xml"
                                          : "mapping.xml",
                           start->kinds ? start->kinds : "groups=\"no\" resources=\"no\"");
}

static char *import_element(const CaseStart *start)
{
    const char *filter = start->filter  ? start->filter
                         : start->kinds ? "(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))"
                                        : "(objectClass=inetOrgPerson)";
    g_autofree char *common = attributes(start, "ou=in,o=acme");
    g_autofree char *filter_text = g_markup_escape_text(filter, -1);
    g_autofree char *source =
        *filter ? g_strdup_printf("<source><filter>%s</filter></source>", filter_text) : g_strdup("");
    if (start->no_import)
        return g_strdup("");
    return g_strdup_printf("<import %s %s>\n%s<anchor attribute=\"uid\"/>%s</import>\n", common,
                           start->import_kinds ? start->import_kinds : "", source,
                           start->import ? start->import : "");
}

static char *export_element(const CaseStart *start)
{
    g_autofree char *common = attributes(start, "ou=out,o=globex");
    if (!start->export)
        return g_strdup("");
    return g_strdup_printf("<export %s %s>\n<stamp attribute=\"%s\"/>%s</export>\n", common,
                           start->exported_too ? start->exported_too : "",
                           start->kinds ? "businessCategory" : "employeeType", start->export);
}

static char *addresses_element(const CaseStart *start)
{
    if (!start->addresses)
        return g_strdup("");
    return g_strdup_printf("<addresses %s>%s</addresses>\n", start->addresses,
                           start->natives ? start->natives : "<natives base=\"ou=people,o=acme\"/>");
}

char *case_connector_text(const CaseStart *start, const char *foreign, const char *name, const char *uuid)
{
    g_autofree char *foreign_text = foreign_element(start, foreign);
    g_autofree char *import = import_element(start), *export = export_element(start);
    g_autofree char *addresses = addresses_element(start);
    return g_strdup_printf("<connector xmlns=\"urn:x-dirsync:connector:1\" name=\"%s\" uuid=\"%s\" "
                           "organisation=\"organisation.xml\"%s>\n%s\n%s%s%s<limits %s/></connector>\n",
                           name ? name : "globex", uuid ? uuid : CASE_UUID,
                           start->reads_all ? " full-read=\"always\"" : "", foreign_text, import, addresses,
                           export, start->limits ? start->limits : "");
}
