#!/usr/bin/env python3
"""mailboxes.py - an invented company of mailboxes, for measuring dirsync migrate by hand

    tests/bench/mailboxes.py COUNT FOLDER

Writes FOLDER/mailboxes.csv, as an administrator of another system would export it (German titles,
semicolons, windows-1252), and FOLDER/home.ldif, what there is below o=acme already: of every ten
people one is a contact made by hand, a member of one of a hundred lists, one has an account with the
same address, and one has an account with the same log-in alone. The same arguments give the same files.
"""

import pathlib
import sys

FIRST = "Anna Bernd Jürgen Zoë Mikael François Søren Ines Łukasz Mária".split()
LAST = "Müller Nowak Sørensen Dupont García Rossi Jansen Weiß Novák Schmidt".split()
TITLES = "Personalnr.;Nachname;Vorname;Anzeigename;E-Mail-Adresse;Weitere Adressen;Benutzername;" \
         "Telefon geschäftlich;Handy;Abteilung;Firma;Straße;PLZ;Ort;Kennwort;Bemerkungen"


def person(i):
    first, last = FIRST[i % 10], LAST[i // 10 % 10]
    uid = f"u{i:06d}"
    return first, last, uid, f"{uid}@globex.example"


def row(i):
    first, last, uid, mail = person(i)
    return ";".join([str(100000 + i), last, first, f"{last}, {first} {i}", mail, f"{uid}.old@globex.example",
                     uid, f"+49 30 {i:06d}", f"0170 {i:07d}", f"Abteilung {i % 50}", "Globex AG",
                     f"Ringstraße {i % 200}", f"{10000 + i % 9000}", "Berlin", "geheim", ""])


def native(i):
    first, last, uid, mail = person(i)
    if i % 10 == 0:
        return (f"dn: cn=Contact {i},ou=people,o=acme\nobjectClass: contact\ncn: Contact {i}\n"
                f"mail: {mail}\nproxyAddresses: SMTP:{mail}\nproxyAddresses: smtp:former{i}@globex.example\n"
                f"legacyExchangeDN: /o=acme/ou=first/cn=contact{i}\n\n")
    address = f"mail: {mail}\nproxyAddresses: SMTP:{mail}\n" if i % 10 == 1 else ""
    return (f"dn: cn=User {i},ou=people,o=acme\nobjectClass: inetOrgPerson\nobjectClass: mailRecipient\n"
            f"cn: User {i}\nsn: User\nuid: {uid}\n{address}\n")


def group(number, count):
    members = "".join(f"member: cn=Contact {i},ou=people,o=acme\n"
                      for i in range(number * 10, count, 1000) if i % 10 == 0)
    return f"dn: cn=List {number},ou=people,o=acme\nobjectClass: groupOfNames\ncn: List {number}\n" \
           f"member: ou=people,o=acme\n{members}\n"


def main():
    count, folder = int(sys.argv[1]), pathlib.Path(sys.argv[2])
    with open(folder / "mailboxes.csv", "w", encoding="windows-1252", errors="replace", newline="") as out:
        out.write(TITLES + "\r\n")
        for i in range(count):
            out.write(row(i) + "\r\n")
    with open(folder / "home.ldif", "w", encoding="utf-8") as out:
        out.write("dn: ou=people,o=acme\nobjectClass: organizationalUnit\nou: people\n\n")
        for i in range(count):
            if i % 10 < 3:
                out.write(native(i))
        for number in range(100):
            out.write(group(number, count))


if __name__ == "__main__":
    main()
