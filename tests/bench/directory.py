#!/usr/bin/env python3
"""directory.py - writes an invented company's directory as LDIF, for the benchmark

    tests/bench/directory.py COUNT [--suffix DN] [--seed N] [--changed PERCENT] [--csv]

COUNT people and groups, one group for each hundred entries, with names from
several scripts and entries of the size and attributes that real ones have. The
same arguments give the same bytes. --changed gives that part of the people
another title, telephone and room, spread evenly, and nothing else. entryUUID is
given, so that slapadd makes the same directory each time. The file ends with
the comment "# count: N". With --csv it is the people alone, as a table.
"""
import argparse
import base64
import csv
import sys
import uuid

GIVEN_AND_FAMILY = [
    (24, "Anna/anna Björn/bjoern Chloé/chloe Dörte/doerte Émile/emile Françoise/francoise Gülşen/gulsen "
         "Håkon/hakon Inês/ines Jiří/jiri Łukasz/lukasz Māra/mara Núria/nuria Øystein/oystein Þóra/thora "
         "Zoë/zoe Ștefan/stefan John/john Mary/mary Robert/robert Patricia/patricia Thomas/thomas",
         "Müller/mueller Ångström/angstrom Çelik/celik Dvořák/dvorak Østergård/ostergard García-López/"
         "garcia-lopez Kowalczyk/kowalczyk Šimić/simic Weiß/weiss Smith/smith Jones/jones Žukauskas/zukauskas "
         "Brown/brown Williams/williams Johansson/johansson Fernández/fernandez Rossi/rossi Dubois/dubois"),
    (3, "Ольга/olga Сергей/sergei Юлия/yulia", "Иванова/ivanova Петров/petrov Щукин/shchukin"),
    (2, "Αθηνά/athina Νίκος/nikos Ζωή/zoi", "Παπαδόπουλος/papadopoulos Νικολάου/nikolaou"),
    (2, "美咲/misaki 翔太/shota 葵/aoi", "佐藤/sato 鈴木/suzuki"),
    (1, "伟/wei 芳/fang", "王/wang 李/li"),
    (1, "지훈/jihun 서연/seoyeon", "김/kim 박/park"),
    (1, "ليلى/layla عمر/omar", "حداد/haddad خوري/khoury"),
    (1, "נועם/noam תמר/tamar", "כהן/cohen לוי/levi"),
    (1, "अर्जुन/arjun प्रिया/priya", "शर्मा/sharma गुप्ता/gupta"),
]
TITLES = ["Engineer", "Clerk", "Buyer", "Nurse", "Driver", "Translator", "Head of Sales", "Geschäftsführer",
          "Ingénieur", "Senior Technical Consultant"]
DEPARTMENTS = ["Sales", "Production", "Research", "Personnel", "Einkauf", "Qualität", "Logistique",
               "Information Technology"]
TOWNS = [("Springfield", "62701", "Main Street"), ("Zürich", "8001", "Bahnhofstraße"),
         ("Århus", "8000", "Søndergade"), ("Kraków", "31-042", "Rynek Główny"), ("Αθήνα", "105 57", "Ερμού"),
         ("Нижний Новгород", "603005", "Большая Покровская"), ("大阪", "530-0001", "梅田")]
LANGUAGES = ["en", "de", "fr", "pl", "el", "ru", "ja"]
NAMESPACE = uuid.UUID("6f1f6c1e-7a5b-4c0e-8f7f-0d6f4f3b2a10")


class Random:
    """A generator of our own: the same numbers in every version of Python."""

    def __init__(self, seed):
        self.state = seed * 7919 % 2147483646 + 1

    def below(self, n):
        self.state = self.state * 16807 % 2147483647
        return self.state * n // 2147483647


def cultures():
    weighted = []
    for weight, given, family in GIVEN_AND_FAMILY:
        pair = ([n.split("/") for n in given.split()], [n.split("/") for n in family.split()])
        weighted += [pair] * weight
    return weighted


def line(name, value):
    if value.isascii() and value[:1] not in (" ", ":", "<") and not value.endswith(" "):
        return f"{name}: {value}\n"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}\n"


def identity(number):
    """Deterministic, and in the order of entries, as a server's own are."""
    return str(uuid.UUID(int=(NAMESPACE.int & ~((1 << 48) - 1)) | number))


def is_changed(number, percent):
    return percent > 0 and number * percent // 100 != (number - 1) * percent // 100


class Company:
    def __init__(self, count, suffix, seed, changed):
        self.count, self.suffix, self.changed = count, suffix, changed
        self.random = Random(seed)
        self.cultures = cultures()
        self.used = {}
        self.groups = count // 100
        self.members = [[] for _ in range(self.groups)]

    def person(self, number):
        """Attributes of one person, in order, as (name, value)."""
        pick = self.random.below
        given, family = self.cultures[pick(len(self.cultures))]
        (given, given_ascii), (family, family_ascii) = given[pick(len(given))], family[pick(len(family))]
        local = f"{given_ascii}.{family_ascii}"
        self.used[local] = self.used.get(local, 0) + 1
        if self.used[local] > 1:
            local += str(self.used[local])
        at = pick(len(TOWNS))
        town, code, street = TOWNS[at]
        title, department, room, house = pick(len(TITLES)), pick(len(DEPARTMENTS)), pick(900), pick(200) + 1
        phone = number
        if is_changed(number, self.changed):
            title, room, phone = (title + 1) % len(TITLES), room + 1, number + 5000000
        if self.groups and pick(3):
            self.members[pick(self.groups)].append(local)
        return [("uid", local), ("employeeNumber", f"E{1000000 + number}"), ("cn", f"{given} {family}"),
                ("givenName", given), ("sn", family), ("displayName", f"{given} {family}"),
                ("mail", f"{local}@globex.example"), ("title", TITLES[title]),
                ("departmentNumber", DEPARTMENTS[department]), ("o", "Globex Corporation"),
                ("physicalDeliveryOfficeName", f"Building {room // 100 + 1}, Room {room}"),
                ("telephoneNumber", f"+1 555 {phone:07d}"), ("mobile", f"+1 556 {number:07d}"),
                ("street", f"{street} {house}"), ("postalCode", code), ("l", town),
                ("preferredLanguage", LANGUAGES[at]),
                ("labeledURI", f"https://people.globex.example/{local}")]

    def people(self):
        for number in range(1, self.count - self.groups + 1):
            yield number, self.person(number)

    def write_ldif(self, out):
        top = self.suffix.split(",")[0].split("=")[1]
        out.write(f"dn: {self.suffix}\nobjectClass: dcObject\nobjectClass: organization\ndc: {top}\no: {top}\n\n")
        for name in ("people", "groups"):
            out.write(f"dn: ou={name},{self.suffix}\nobjectClass: organizationalUnit\nou: {name}\n\n")
        for number, attributes in self.people():
            out.write(f"dn: uid={attributes[0][1]},ou=people,{self.suffix}\nobjectClass: inetOrgPerson\n")
            out.write("".join(line(name, value) for name, value in attributes))
            out.write(f"entryUUID: {identity(number)}\n\n")
        for i, members in enumerate(self.members):
            self.write_group(out, i + 1, members)
        out.write(f"# count: {self.count + 3}\n")

    def write_group(self, out, number, members):
        name = f"{DEPARTMENTS[number % len(DEPARTMENTS)]} {number}"
        out.write(line("dn", f"cn=group{number},ou=groups,{self.suffix}"))
        out.write("objectClass: groupOfNames\nobjectClass: extensibleObject\n")
        out.write(f"employeeNumber: G{number}\n" + line("displayName", name))
        out.write(f"mail: group{number}@globex.example\ndescription: Distribution list {number}\n")
        for member in members or ["nobody"]:
            out.write(f"member: uid={member},ou=people,{self.suffix}\n")
        out.write(f"entryUUID: {identity(self.count + number)}\n\n")

    def write_csv(self, out):
        table = csv.writer(out, lineterminator="\r\n")
        for number, attributes in self.people():
            if number == 1:
                table.writerow(name for name, _ in attributes)
            table.writerow(value for _, value in attributes)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--suffix", default="dc=globex,dc=example")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changed", type=int, default=0)
    parser.add_argument("--csv", action="store_true")
    options = parser.parse_args()
    company = Company(options.count, options.suffix, options.seed, options.changed)
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", buffering=1 << 20)
    (company.write_csv if options.csv else company.write_ldif)(out)
    out.flush()


if __name__ == "__main__":
    main()
