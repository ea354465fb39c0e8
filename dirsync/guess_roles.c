/*
 * guess_roles.c - what columns are called
 *
 * Titles in English, German, French, Spanish, Italian, Dutch, Portuguese,
 * Polish and the Nordic languages, as exports of mail systems and people write
 * them; folded to small ASCII letters and digits.
 */
#include "dirsync/guess_mapping.h"

#include <assert.h>

#define ANYTHING LOOKS_KINDS

const RoleAbout guess_roles[] = {
    [ROLE_MAIL] =
        {"mail address", NULL,
         "primarysmtpaddress email mail emailaddress mailaddress primaryemail primarymail "
         "primaryemailaddress primarysmtp smtp smtpaddress windowsemailaddress emailadresse "
         "mailadresse hauptadresse emailadress adressemail adresseemail adressemel adresseelectronique "
         "courriel mel correo correoelectronico direcciondecorreo posta postaelettronica "
         "indirizzoemail indirizzodiposta emailadres epost epostadress epostadresse sahkoposti "
         "enderecodeemail adresemail emailbusiness emailwork workemail businessemail emailaddress1 "
         "internetaddress userprincipalname",
         LOOKS_MAIL, true, NULL},
    [ROLE_ADDRESSES] = {"further addresses", NULL,
                        "proxyaddresses emailaddresses mailalternateaddress emailalias emailaliases "
                        "mailaliases aliases aliasaddresses otheremail othermailbox secondaryemail "
                        "secondarysmtp secondaryaddresses alternateemail alternateemails email2 email3 "
                        "emailaddress2 emailaddress3 weiteremailadressen weitereadressen "
                        "zweiteemail nebenadressen autresadresses otrascorreos altriindirizzi",
                        ANYTHING, false, NULL},
    [ROLE_DISPLAY] = {"display name", NULL,
                      "displayname name fullname cn commonname anzeigename vollername vollstaendigername "
                      "nomcomplet nomaffiche nomprenom nombrecompleto nombreparamostrar nomecompleto "
                      "nomevisualizzato weergavenaam volledigenaam visningsnavn visningsnamn navn namn "
                      "nomedeexibicao nazwawyswietlana employeename",
                      ANYTHING, false, NULL},
    [ROLE_GIVEN] = {"given name", "givenName",
                    "givenname firstname forename christianname vorname rufname prenom nombre nombres nome "
                    "nomedibattesimo voornaam roepnaam fornavn fornamn etunimi imie primeironome",
                    ANYTHING, false, NULL},
    [ROLE_SURNAME] =
        {"surname", NULL,
         "sn surname lastname familyname nachname familienname zuname nom nomdefamille apellido "
         "apellidos cognome achternaam familienaam efternavn etternavn efternamn sukunimi nazwisko "
         "sobrenome apelido",
         ANYTHING, false, NULL},
    [ROLE_INITIALS] = {"initials", "initials", "initials initialen initiales iniciales iniziali initialer",
                       ANYTHING, false, NULL},
    [ROLE_TITLE] = {"job title", "title",
                    "title jobtitle position function jobposition funktion titel stellung "
                    "berufsbezeichnung fonction poste cargo puesto qualifica mansione functie stilling "
                    "befattning stanowisko",
                    ANYTHING, false, NULL},
    [ROLE_COMPANY] = {"company", NULL,
                      "company companyname organization organisation o firma firmenname unternehmen societe "
                      "entreprise empresa azienda societa bedrijf virksomhed foretag",
                      ANYTHING, false, NULL},
    [ROLE_DEPARTMENT] = {"department", NULL,
                         "department dept ou orgunit organizationalunit abteilung bereich abt service "
                         "departement departamento reparto dipartimento afdeling avdelning dzial",
                         ANYTHING, false, NULL},
    [ROLE_OFFICE] =
        {"office", "physicalDeliveryOfficeName",
         "office officelocation physicaldeliveryofficename room roomnumber buero raum zimmer "
         "raumnummer standort bureau oficina despacho ufficio stanza kantoor kamer kontor location",
         ANYTHING, false, NULL},
    [ROLE_EMPLOYEE] = {"employee number", "employeeNumber",
                       "employeenumber employeeid employeeno staffid staffnumber personnelnumber personnelno "
                       "payrollnumber personalnummer personalnr persnr mitarbeiternummer mitarbeiternr "
                       "matricule numeroemploye numeroempleado matricola personeelsnummer medarbejdernummer "
                       "anstallningsnummer",
                       ANYTHING, false, NULL},
    [ROLE_PHONE] =
        {"telephone", "telephoneNumber",
         "telephonenumber telephone phone phonenumber tel telno businessphone officephone workphone "
         "businesstelephone telefon telefonnummer telefonnr rufnummer durchwahl telefongeschaeftlich "
         "telefondienstlich telephonebureau numerodetelephone telefono telefonooficina "
         "telefonoufficio telefoon telefoonnummer telefonarbejde telefone puhelin",
         LOOKS_PHONE, true, NULL},
    [ROLE_MOBILE] = {"mobile telephone", "mobile",
                     "mobile mobilephone mobiletelephone mobilephonenumber mobilenumber cell cellphone "
                     "cellular mobil mobiltelefon mobilnummer mobiltelefonnummer handy handynummer portable "
                     "telephoneportable telephonemobile gsm movil telefonomovil celular cellulare "
                     "telefonocellulare mobiel mobieletelefoon mobiltlf komorka",
                     LOOKS_PHONE, false, NULL},
    [ROLE_HOME_PHONE] =
        {"telephone at home", "homePhone",
         "homephone hometelephone privatephone telefonprivat privattelefon telefonpriv "
         "rufnummerprivat telephonedomicile telephonepersonnel telefonocasa telefonoabitazione "
         "telefoonthuis",
         LOOKS_PHONE, false, NULL},
    [ROLE_FAX] = {"fax", "facsimileTelephoneNumber",
                  "fax faxnumber facsimiletelephonenumber businessfax telefax faxnummer faxgeschaeftlich "
                  "telecopie telecopieur numerofax",
                  LOOKS_PHONE, false, NULL},
    [ROLE_PAGER] = {"pager", "pager", "pager funkruf bip buscapersonas cercapersone semafoon", LOOKS_PHONE,
                    false, NULL},
    [ROLE_STREET] =
        {"street", "street",
         "street streetaddress businessstreet address strasse strassehausnummer anschrift adresse "
         "rue calle direccion via indirizzo straat adres gade gata ulica",
         ANYTHING, false, NULL},
    [ROLE_POSTAL_CODE] = {"postal code", "postalCode",
                          "postalcode postcode zip zipcode businesspostalcode plz postleitzahl codepostal cp "
                          "codigopostal cap postnummer kodpocztowy",
                          ANYTHING, false, NULL},
    [ROLE_CITY] =
        {"city", "l",
         "city town l locality businesscity ort stadt wohnort ville localite ciudad localidad citta "
         "plaats woonplaats stad by postort miasto cidade",
         ANYTHING, false, NULL},
    [ROLE_STATE] =
        {"state", "st",
         "state st province stateorprovince businessstate region county bundesland kanton provincia "
         "provincie",
         ANYTHING, false, NULL},
    [ROLE_DESCRIPTION] = {"description", "description",
                          "description notes note comment comments remark remarks beschreibung bemerkung "
                          "bemerkungen kommentar anmerkung remarque commentaire comentario observaciones "
                          "descripcion descrizione opmerking omschrijving",
                          ANYTHING, false, NULL},
    [ROLE_ALIAS] = {"alias", NULL, "alias mailnickname nickname mailalias exchangealias kurzname kuerzel",
                    ANYTHING, false, NULL},
    [ROLE_LOGIN] =
        {"log-in", NULL,
         "samaccountname uid userid username user login loginname logon logonname userlogonname "
         "account accountname benutzername benutzerkennung benutzer anmeldename kennung utilisateur "
         "nomutilisateur identifiant usuario nombredeusuario utente nomeutente gebruikersnaam "
         "brugernavn anvandarnamn",
         ANYTHING, false, NULL},
    [ROLE_LEGACY] = {"legacyExchangeDN", NULL, "legacyexchangedn", LOOKS_LEGACY, true, NULL},
    [ROLE_IDENTITY] =
        {"identity", NULL,
         "objectguid guid uuid entryuuid exchangeguid immutableid uniqueid externaldirectoryobjectid "
         "objectid unid id recordid key",
         ANYTHING, false, "it says who somebody is, and is copied nowhere"},
    [ROLE_COUNTRY] = {"country", NULL,
                      "country co c land staat pays pais paese countryorregion businesscountry", ANYTHING,
                      false, "the classes of what is made have no country"},
    [ROLE_PASSWORD] =
        {"password", NULL,
         "password passwd pwd initialpassword userpassword passwort kennwort motdepasse "
         "contrasena wachtwoord adgangskode losenord haslo senha",
         ANYTHING, false,
         "passwords are never read: accounts get one that nobody knows; better take the column out "
         "of the file"},
    [ROLE_MANAGER] = {"manager", NULL,
                      "manager supervisor vorgesetzter vorgesetzte superieur responsable responsabile leider",
                      ANYTHING, false, "who manages whom is not imported"},
};
static_assert(G_N_ELEMENTS(guess_roles) == ROLES, "a row for each role");
