/*
 * schema_standard.c - the built-in schema, for sources that have none
 *
 * Facts of RFC 4512, 4519, 4524, 4523, 2798, 4530 and 5020, the recipient
 * attributes of the Exchange schema, and our own stamp, as descriptions that
 * schema_parse.c reads like a server's. Upper bounds stand only where they are
 * binding. The names that people and groups use; not a whole server's schema.
 */
#include "dirsync/schema_internal.h"

#define RFC4517 "1.3.6.1.4.1.1466.115.121.1."
#define SYNTAX_OID(n) " SYNTAX " RFC4517 #n
#define TYPE(oid, names, rest) "( " oid " NAME " names rest " )"
#define TEXT_RULES " EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch"
#define TEXT TEXT_RULES SYNTAX_OID(15)
#define BOUNDED(n) TEXT_RULES SYNTAX_OID(15) "{" #n "}"
#define PRINTABLE TEXT_RULES SYNTAX_OID(44)
#define IA5 " EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch" SYNTAX_OID(26)
#define PHONE " EQUALITY telephoneNumberMatch SUBSTR telephoneNumberSubstringsMatch" SYNTAX_OID(50)
#define NUMERIC " EQUALITY numericStringMatch SUBSTR numericStringSubstringsMatch" SYNTAX_OID(36)
#define POSTAL " EQUALITY caseIgnoreListMatch SUBSTR caseIgnoreListSubstringsMatch" SYNTAX_OID(41)
#define NAME_OF " EQUALITY distinguishedNameMatch" SYNTAX_OID(12)
#define OCTETS " EQUALITY octetStringMatch" SYNTAX_OID(40)
#define INTEGER " EQUALITY integerMatch" SYNTAX_OID(27)
#define BOOLEAN " EQUALITY booleanMatch" SYNTAX_OID(7)
#define TIME " EQUALITY generalizedTimeMatch" SYNTAX_OID(24)
#define OID " EQUALITY objectIdentifierMatch" SYNTAX_OID(38)
#define SINGLE " SINGLE-VALUE"
#define SERVER " NO-USER-MODIFICATION USAGE directoryOperation"
#define SUBSCHEMA " EQUALITY objectIdentifierFirstComponentMatch USAGE directoryOperation"
#define ROOT_DSE " USAGE dSAOperation"

#define X520 "2.5.4."
#define PILOT "0.9.2342.19200300.100.1."
#define NETSCAPE "2.16.840.1.113730.3.1."
#define AD_2 "1.2.840.113556.1.2."
#define AD_4 "1.2.840.113556.1.4."
#define EXCHANGE "1.2.840.113556.1.4.7000.102."
#define OURS "1.2.840.113556.1.8000.2554.46321.53442.27198.19543.40216.3111648.6001606."

const char *const schema_standard_types[] = {
    /* RFC 4512, 4530, 5020 and what servers add to every entry */
    TYPE(X520 "0", "'objectClass'", OID),
    TYPE(X520 "1", "( 'aliasedObjectName' 'aliasedEntryName' )", NAME_OF SINGLE),
    TYPE("2.5.18.1", "'createTimestamp'", TIME SINGLE SERVER),
    TYPE("2.5.18.2", "'modifyTimestamp'", TIME SINGLE SERVER),
    TYPE("2.5.18.3", "'creatorsName'", NAME_OF SINGLE SERVER),
    TYPE("2.5.18.4", "'modifiersName'", NAME_OF SINGLE SERVER),
    TYPE("2.5.18.9", "'hasSubordinates'", BOOLEAN SINGLE SERVER),
    TYPE("2.5.18.10", "'subschemaSubentry'", NAME_OF SINGLE SERVER),
    TYPE("2.5.21.2", "'dITContentRules'", SUBSCHEMA),
    TYPE("2.5.21.5", "'attributeTypes'", SUBSCHEMA),
    TYPE("2.5.21.6", "'objectClasses'", SUBSCHEMA),
    TYPE("2.5.21.9", "'structuralObjectClass'", OID SINGLE SERVER),
    TYPE("1.3.6.1.1.16.4", "'entryUUID'", " EQUALITY UUIDMatch SYNTAX 1.3.6.1.1.16.1" SINGLE SERVER),
    TYPE("1.3.6.1.1.20", "'entryDN'", NAME_OF SINGLE SERVER),
    TYPE("1.3.6.1.4.1.4203.666.1.7", "'entryCSN'",
         " EQUALITY CSNMatch SYNTAX 1.3.6.1.4.1.4203.666.11.2.1" SINGLE SERVER),
    TYPE("1.3.6.1.4.1.1466.101.120.5", "'namingContexts'", NAME_OF ROOT_DSE),
    TYPE("1.3.6.1.4.1.1466.101.120.7", "'supportedExtension'", OID ROOT_DSE),
    TYPE("1.3.6.1.4.1.1466.101.120.13", "'supportedControl'", OID ROOT_DSE),
    TYPE("1.3.6.1.4.1.1466.101.120.14", "'supportedSASLMechanisms'", TEXT ROOT_DSE),
    TYPE("1.3.6.1.4.1.1466.101.120.15", "'supportedLDAPVersion'", INTEGER ROOT_DSE),
    TYPE("1.3.6.1.4.1.4203.1.3.5", "'supportedFeatures'", OID ROOT_DSE),
    TYPE("1.3.6.1.4.1.42.2.27.8.1.17", "'pwdAccountLockedTime'", TIME SINGLE " USAGE directoryOperation"),
    TYPE(NETSCAPE "542", "'nsUniqueId'", TEXT SINGLE SERVER),
    TYPE(AD_4 "2", "'objectGUID'", OCTETS SINGLE SERVER),
    TYPE(AD_4 "146", "'objectSid'", OCTETS SINGLE SERVER),
    TYPE(AD_2 "2", "'whenCreated'", TIME SINGLE SERVER),
    TYPE(AD_2 "3", "'whenChanged'", TIME SINGLE SERVER),
    TYPE(AD_2 "19", "'uSNCreated'", INTEGER SINGLE SERVER),
    TYPE(AD_2 "120", "'uSNChanged'", INTEGER SINGLE SERVER),
    TYPE(AD_2 "48", "'isDeleted'", BOOLEAN SINGLE SERVER),
    TYPE(AD_2 "102", "'memberOf'", NAME_OF SERVER),

    /* RFC 4519 and 4523 */
    TYPE(X520 "41", "'name'", TEXT),
    TYPE(X520 "3", "( 'cn' 'commonName' )", " SUP name"),
    TYPE(X520 "4", "( 'sn' 'surname' )", " SUP name"),
    TYPE(X520 "5", "'serialNumber'", PRINTABLE),
    TYPE(X520 "6", "( 'c' 'countryName' )", " SUP name" SYNTAX_OID(11) SINGLE),
    TYPE(X520 "7", "( 'l' 'localityName' )", " SUP name"),
    TYPE(X520 "8", "( 'st' 'stateOrProvinceName' )", " SUP name"),
    TYPE(X520 "9", "( 'street' 'streetAddress' )", TEXT),
    TYPE(X520 "10", "( 'o' 'organizationName' )", " SUP name"),
    TYPE(X520 "11", "( 'ou' 'organizationalUnitName' )", " SUP name"),
    TYPE(X520 "12", "'title'", " SUP name"),
    TYPE(X520 "13", "'description'", TEXT),
    TYPE(X520 "14", "'searchGuide'", SYNTAX_OID(25)),
    TYPE(X520 "15", "'businessCategory'", TEXT),
    TYPE(X520 "16", "'postalAddress'", POSTAL),
    TYPE(X520 "17", "'postalCode'", TEXT),
    TYPE(X520 "18", "'postOfficeBox'", TEXT),
    TYPE(X520 "19", "'physicalDeliveryOfficeName'", TEXT),
    TYPE(X520 "20", "'telephoneNumber'", PHONE),
    TYPE(X520 "21", "'telexNumber'", SYNTAX_OID(52)),
    TYPE(X520 "22", "'teletexTerminalIdentifier'", SYNTAX_OID(51)),
    TYPE(X520 "23", "( 'facsimileTelephoneNumber' 'fax' )", SYNTAX_OID(22)),
    TYPE(X520 "24", "'x121Address'", NUMERIC),
    TYPE(X520 "25", "'internationalISDNNumber'", NUMERIC),
    TYPE(X520 "26", "'registeredAddress'", " SUP postalAddress"),
    TYPE(X520 "27", "'destinationIndicator'", PRINTABLE),
    TYPE(X520 "28", "'preferredDeliveryMethod'", SYNTAX_OID(14) SINGLE),
    TYPE(X520 "49", "'distinguishedName'", NAME_OF),
    TYPE(X520 "31", "'member'", " SUP distinguishedName"),
    TYPE(X520 "32", "'owner'", " SUP distinguishedName"),
    TYPE(X520 "33", "'roleOccupant'", " SUP distinguishedName"),
    TYPE(X520 "34", "'seeAlso'", " SUP distinguishedName"),
    TYPE(X520 "35", "'userPassword'", OCTETS),
    TYPE(X520 "36", "'userCertificate'", " EQUALITY certificateExactMatch" SYNTAX_OID(8)),
    TYPE(X520 "42", "( 'givenName' 'gn' )", " SUP name"),
    TYPE(X520 "43", "'initials'", " SUP name"),
    TYPE(X520 "44", "'generationQualifier'", " SUP name"),
    TYPE(X520 "45", "'x500UniqueIdentifier'", " EQUALITY bitStringMatch" SYNTAX_OID(6)),
    TYPE(X520 "46", "'dnQualifier'", PRINTABLE),
    TYPE(X520 "50", "'uniqueMember'", " EQUALITY uniqueMemberMatch" SYNTAX_OID(34)),
    TYPE(X520 "51", "'houseIdentifier'", TEXT),
    TYPE(PILOT "1", "( 'uid' 'userid' )", TEXT),
    TYPE(PILOT "25", "( 'dc' 'domainComponent' )", IA5 SINGLE),

    /* RFC 4524 and 2798 */
    TYPE(PILOT "2", "'textEncodedORAddress'", TEXT),
    TYPE(PILOT "3", "( 'mail' 'rfc822Mailbox' )", IA5),
    TYPE(PILOT "4", "'info'", TEXT),
    TYPE(PILOT "5", "( 'drink' 'favouriteDrink' )", TEXT),
    TYPE(PILOT "6", "'roomNumber'", TEXT),
    TYPE(PILOT "7", "'photo'", " SYNTAX " RFC4517 "23"),
    TYPE(PILOT "8", "'userClass'", TEXT),
    TYPE(PILOT "9", "'host'", TEXT),
    TYPE(PILOT "10", "'manager'", NAME_OF),
    TYPE(PILOT "20", "( 'homePhone' 'homeTelephoneNumber' )", PHONE),
    TYPE(PILOT "21", "'secretary'", NAME_OF),
    TYPE(PILOT "37", "'associatedDomain'", IA5),
    TYPE(PILOT "38", "'associatedName'", NAME_OF),
    TYPE(PILOT "39", "'homePostalAddress'", POSTAL),
    TYPE(PILOT "40", "'personalTitle'", TEXT),
    TYPE(PILOT "41", "( 'mobile' 'mobileTelephoneNumber' )", PHONE),
    TYPE(PILOT "42", "( 'pager' 'pagerTelephoneNumber' )", PHONE),
    TYPE(PILOT "43", "( 'co' 'friendlyCountryName' )", TEXT),
    TYPE(PILOT "44", "'uniqueIdentifier'", TEXT),
    TYPE(PILOT "45", "'organizationalStatus'", TEXT),
    TYPE(PILOT "48", "'buildingName'", TEXT),
    TYPE(PILOT "55", "'audio'", SYNTAX_OID(4)),
    TYPE(PILOT "60", "'jpegPhoto'", SYNTAX_OID(28)),
    TYPE("1.3.6.1.4.1.250.1.57", "( 'labeledURI' 'labeledURL' )", " EQUALITY caseExactMatch" SYNTAX_OID(15)),
    TYPE(NETSCAPE "1", "'carLicense'", TEXT),
    TYPE(NETSCAPE "2", "'departmentNumber'", TEXT),
    TYPE(NETSCAPE "3", "'employeeNumber'", TEXT SINGLE),
    TYPE(NETSCAPE "4", "'employeeType'", TEXT),
    TYPE(NETSCAPE "39", "'preferredLanguage'", TEXT SINGLE),
    TYPE(NETSCAPE "40", "'userSMIMECertificate'", SYNTAX_OID(5)),
    TYPE(NETSCAPE "216", "'userPKCS12'", SYNTAX_OID(5)),
    TYPE(NETSCAPE "241", "'displayName'", TEXT SINGLE),

    /* recipients: Exchange schema extension and Active Directory base schema */
    TYPE(AD_2 "210", "'proxyAddresses'", BOUNDED(1123)),
    TYPE(AD_2 "352", "'targetAddress'", BOUNDED(1123) SINGLE),
    TYPE(AD_2 "447", "'mailNickname'", BOUNDED(64) SINGLE),
    TYPE(AD_4 "655", "'legacyExchangeDN'", TEXT SINGLE),
    TYPE(AD_2 "353", "'displayNamePrintable'", PRINTABLE "{256}" SINGLE),
    TYPE(AD_4 "644", "'showInAddressBook'", NAME_OF),
    TYPE(EXCHANGE "73", "'msExchHideFromAddressLists'", BOOLEAN SINGLE),
    TYPE(AD_2 "371", "'mAPIRecipient'", BOOLEAN SINGLE),
    TYPE(AD_2 "551", "'internetEncoding'", INTEGER SINGLE),
    TYPE(AD_4 "5062", "'msExchRequireAuthToSendTo'", BOOLEAN SINGLE),
    TYPE(AD_2 "263", "'importedFrom'", BOUNDED(1024) SINGLE),
    TYPE(AD_4 "651", "'otherMailbox'", TEXT),
    TYPE(AD_2 "141", "'department'", TEXT SINGLE),
    TYPE(AD_2 "146", "'company'", TEXT SINGLE),
    TYPE(AD_4 "653", "'managedBy'", NAME_OF SINGLE),
    TYPE(AD_4 "8", "'userAccountControl'", INTEGER SINGLE),
    TYPE(AD_4 "221", "'sAMAccountName'", BOUNDED(256) SINGLE),
    TYPE(AD_4 "656", "'userPrincipalName'", BOUNDED(1024) SINGLE),
    TYPE(AD_4 "750", "'groupType'", INTEGER SINGLE),
    TYPE(AD_2 "423", "'extensionAttribute1'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "424", "'extensionAttribute2'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "425", "'extensionAttribute3'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "426", "'extensionAttribute4'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "427", "'extensionAttribute5'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "428", "'extensionAttribute6'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "429", "'extensionAttribute7'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "430", "'extensionAttribute8'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "431", "'extensionAttribute9'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "432", "'extensionAttribute10'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "599", "'extensionAttribute11'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "600", "'extensionAttribute12'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "601", "'extensionAttribute13'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "602", "'extensionAttribute14'", BOUNDED(1024) SINGLE),
    TYPE(AD_2 "603", "'extensionAttribute15'", BOUNDED(1024) SINGLE),

    /* the configuration that addresses need: address types and connectors */
    TYPE(AD_2 "194", "'adminDisplayName'", BOUNDED(256) SINGLE),
    TYPE(AD_2 "296", "'containerInfo'", INTEGER SINGLE),
    TYPE(AD_2 "328", "'proxyGeneratorDLL'", BOUNDED(255) SINGLE),
    TYPE(AD_2 "178", "'fileVersion'", OCTETS SINGLE),
    TYPE(AD_2 "354", "'routingList'", BOUNDED(2243)),
    TYPE(AD_2 "241", "'deliveryMechanism'", INTEGER SINGLE),
    TYPE(AD_2 "171", "'homeMTA'", NAME_OF SINGLE),
    TYPE(AD_2 "20", "'computerName'", BOUNDED(256) SINGLE),
    TYPE(EXCHANGE "12508", "'msExchConnectorType'", BOUNDED(255) SINGLE),
    TYPE(EXCHANGE "1028", "'msExchImportContainerLinked'", NAME_OF SINGLE),
    TYPE(EXCHANGE "1026", "'msExchExportContainersLinked'", NAME_OF),
    TYPE(EXCHANGE "1012", "'msExchNotesForeignDomain'", TEXT SINGLE),
    TYPE(EXCHANGE "1204", "'msExchGWiseForeignDomain'", TEXT SINGLE),

    /* our stamp */
    TYPE(OURS "1.1", "'dirsyncAnchor'", " EQUALITY caseExactMatch" SYNTAX_OID(15) SINGLE),
    TYPE(OURS "1.2", "'dirsyncGraceSince'", TIME SINGLE),
    NULL,
};

#define POST_MAY                                                                                             \
    "street $ postOfficeBox $ postalCode $ postalAddress $ physicalDeliveryOfficeName $ st $ l $ "           \
    "telephoneNumber $ facsimileTelephoneNumber $ telexNumber $ teletexTerminalIdentifier $ "                \
    "internationalISDNNumber $ x121Address $ registeredAddress $ destinationIndicator $ "                    \
    "preferredDeliveryMethod"
#define UNIT_MAY POST_MAY " $ userPassword $ searchGuide $ seeAlso $ businessCategory $ description"
#define RECIPIENT_MAY                                                                                        \
    "proxyAddresses $ targetAddress $ mailNickname $ legacyExchangeDN $ textEncodedORAddress $ "             \
    "displayNamePrintable $ showInAddressBook $ msExchHideFromAddressLists $ mAPIRecipient $ "               \
    "internetEncoding $ "                                                                                    \
    "msExchRequireAuthToSendTo $ importedFrom $ otherMailbox $ userCertificate $ userSMIMECertificate $ "    \
    "extensionAttribute1 $ extensionAttribute2 $ extensionAttribute3 $ extensionAttribute4 $ "               \
    "extensionAttribute5 $ extensionAttribute6 $ extensionAttribute7 $ extensionAttribute8 $ "               \
    "extensionAttribute9 $ extensionAttribute10 $ extensionAttribute11 $ extensionAttribute12 $ "            \
    "extensionAttribute13 $ extensionAttribute14 $ extensionAttribute15"

const char *const schema_standard_classes[] = {
    "( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )",
    "( 2.5.6.1 NAME 'alias' SUP top STRUCTURAL MUST aliasedObjectName )",
    "( 2.5.20.1 NAME 'subschema' AUXILIARY MAY ( dITContentRules $ objectClasses $ attributeTypes ) )",
    "( 1.3.6.1.4.1.1466.101.120.111 NAME 'extensibleObject' SUP top AUXILIARY )",
    "( 2.5.6.2 NAME 'country' SUP top STRUCTURAL MUST c MAY ( searchGuide $ description ) )",
    "( 2.5.6.3 NAME 'locality' SUP top STRUCTURAL "
    "MAY ( street $ seeAlso $ searchGuide $ st $ l $ description ) )",
    "( 2.5.6.4 NAME 'organization' SUP top STRUCTURAL MUST o MAY ( " UNIT_MAY " ) )",
    "( 2.5.6.5 NAME 'organizationalUnit' SUP top STRUCTURAL MUST ou MAY ( " UNIT_MAY " ) )",
    "( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) "
    "MAY ( userPassword $ telephoneNumber $ seeAlso $ description ) )",
    "( 2.5.6.7 NAME 'organizationalPerson' SUP person STRUCTURAL MAY ( title $ ou $ " POST_MAY " ) )",
    "( 2.5.6.8 NAME 'organizationalRole' SUP top STRUCTURAL MUST cn "
    "MAY ( roleOccupant $ seeAlso $ ou $ description $ " POST_MAY " ) )",
    "( 2.5.6.9 NAME 'groupOfNames' SUP top STRUCTURAL MUST ( member $ cn ) "
    "MAY ( businessCategory $ seeAlso $ owner $ ou $ o $ description ) )",
    "( 2.5.6.10 NAME 'residentialPerson' SUP person STRUCTURAL MUST l "
    "MAY ( businessCategory $ " POST_MAY " ) )",
    "( 2.5.6.11 NAME 'applicationProcess' SUP top STRUCTURAL MUST cn "
    "MAY ( seeAlso $ ou $ l $ description ) )",
    "( 2.5.6.14 NAME 'device' SUP top STRUCTURAL MUST cn "
    "MAY ( serialNumber $ seeAlso $ owner $ ou $ o $ l $ description ) )",
    "( 2.5.6.17 NAME 'groupOfUniqueNames' SUP top STRUCTURAL MUST ( uniqueMember $ cn ) "
    "MAY ( businessCategory $ seeAlso $ owner $ ou $ o $ description ) )",
    "( 1.3.6.1.4.1.1466.344 NAME 'dcObject' SUP top AUXILIARY MUST dc )",
    "( 1.3.6.1.1.3.1 NAME 'uidObject' SUP top AUXILIARY MUST uid )",
    "( 0.9.2342.19200300.100.4.5 NAME 'account' SUP top STRUCTURAL MUST uid "
    "MAY ( description $ seeAlso $ l $ o $ ou $ host ) )",
    "( 0.9.2342.19200300.100.4.13 NAME 'domain' SUP top STRUCTURAL MUST dc "
    "MAY ( o $ associatedName $ " UNIT_MAY " ) )",
    "( 0.9.2342.19200300.100.4.17 NAME 'domainRelatedObject' SUP top AUXILIARY MUST associatedDomain )",
    "( 0.9.2342.19200300.100.4.19 NAME 'simpleSecurityObject' SUP top AUXILIARY MUST userPassword )",
    "( 1.3.6.1.4.1.250.3.15 NAME 'labeledURIObject' SUP top AUXILIARY MAY labeledURI )",
    "( 2.16.840.1.113730.3.2.2 NAME 'inetOrgPerson' SUP organizationalPerson STRUCTURAL MAY ( audio $ "
    "businessCategory $ carLicense $ departmentNumber $ displayName $ employeeNumber $ employeeType $ "
    "givenName $ homePhone $ homePostalAddress $ initials $ jpegPhoto $ labeledURI $ mail $ manager $ "
    "mobile $ o $ pager $ photo $ preferredLanguage $ roomNumber $ secretary $ uid $ userCertificate $ "
    "userPKCS12 $ userSMIMECertificate $ x500UniqueIdentifier ) )",
    "( 1.2.840.113556.1.3.23 NAME 'container' SUP top STRUCTURAL MUST cn "
    "MAY ( description $ displayName $ adminDisplayName ) )",
    "( 1.2.840.113556.1.5.7000.62.50010 NAME 'msExchContainer' SUP container STRUCTURAL MAY containerInfo )",
    "( 1.2.840.113556.1.5.7000.62.12003 NAME 'msExchConnectors' SUP container STRUCTURAL )",
    "( 1.2.840.113556.1.3.57 NAME 'addrType' SUP top STRUCTURAL "
    "MUST ( cn $ proxyGeneratorDLL $ fileVersion ) MAY displayName )",
    "( 1.2.840.113556.1.5.7000.62.12004 NAME 'msExchConnector' SUP top STRUCTURAL MAY ( cn $ displayName $ "
    "adminDisplayName $ legacyExchangeDN $ routingList $ msExchConnectorType ) )",
    "( 1.2.840.113556.1.3.51 NAME 'mailGateway' SUP msExchConnector STRUCTURAL "
    "MUST ( cn $ homeMTA $ deliveryMechanism ) MAY ( computerName $ msExchImportContainerLinked $ "
    "msExchExportContainersLinked ) )",
    "( 1.2.840.113556.1.5.7000.62.1002 NAME 'msExchNotesConnector' SUP mailGateway STRUCTURAL "
    "MAY msExchNotesForeignDomain )",
    "( 1.2.840.113556.1.5.7000.62.1005 NAME 'msExchGroupWiseConnector' SUP mailGateway STRUCTURAL "
    "MAY msExchGWiseForeignDomain )",
    "( 1.2.840.113556.1.3.46 NAME 'mailRecipient' SUP top AUXILIARY MUST cn "
    "MAY ( displayName $ telephoneNumber $ mail $ info $ company $ department $ co $ " RECIPIENT_MAY " ) )",
    "( 1.2.840.113556.1.5.8 NAME 'group' SUP top STRUCTURAL MUST cn MAY ( member $ owner $ "
    "managedBy $ ou $ o $ displayName $ description $ info $ mail $ seeAlso $ groupType $ "
    "sAMAccountName $ " RECIPIENT_MAY " ) )",
    "( 1.2.840.113556.1.5.15 NAME 'contact' SUP top STRUCTURAL MUST cn MAY ( sn $ givenName $ initials $ "
    "generationQualifier $ displayName $ title $ ou $ o $ company $ department $ departmentNumber $ "
    "roomNumber $ physicalDeliveryOfficeName $ l $ st $ street $ postalCode $ postalAddress $ c $ co $ "
    "telephoneNumber $ facsimileTelephoneNumber $ mobile $ homePhone $ pager $ mail $ description $ info $ "
    "uid $ employeeNumber $ employeeType $ manager $ labeledURI $ jpegPhoto $ "
    "preferredLanguage $ " RECIPIENT_MAY " ) )",
    "( " OURS "2.1 NAME 'dirsyncStamp' SUP top AUXILIARY "
    "MAY ( importedFrom $ dirsyncAnchor $ dirsyncGraceSince ) )",
    NULL,
};
