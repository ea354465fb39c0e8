#!/usr/bin/env python3
"""sample_audit.py - the JSON of an audit of invented people, for the tests of the page

    tests/page/sample_audit.py [--findings N] [--rows N] [--hostile] [--seed N] > audit.json

Names in several scripts, long DNs, twelve audits of history. With --hostile some
names try to break out of the page or to mislead its reader.
"""

import argparse
import hashlib
import json
import random
import sys

KINDS = [
    (
        "duplicate-address",
        "error",
        "The same address twice",
        "Take it from the one who should not have it.",
        "proxyAddresses",
        "SMTP:{mail} is also an address of the other object",
    ),
    (
        "mail-loop",
        "error",
        "Mail that would go in circles",
        "Correct the target address at either end.",
        "targetAddress",
        "the target address SMTP:{mail} leads back to the same object",
    ),
    (
        "stamp-unknown",
        "error",
        "Made by a connector that is not known",
        "Put its definition back, or release the object.",
        "importedFrom",
        "the stamp names the connector 9c3b7c1e-0f6e-4a55-8f10-1f1f5c7f2d11, which no definition has",
    ),
    (
        "no-primary",
        "error",
        "No primary address of a type",
        "Make one of its addresses the primary one.",
        "proxyAddresses",
        "two secondary addresses of the type NOTES and no primary one",
    ),
    (
        "mail-not-primary",
        "warning",
        "mail is not the primary SMTP address",
        "Run the address step, or set mail by hand.",
        "mail",
        "mail is {mail}, the primary address is old.{mail}",
    ),
    (
        "member-unresolved",
        "warning",
        "Members that lead nowhere",
        "Remove the member, or bring back whom it meant.",
        "member",
        "cn=left the company,{base} is a member and does not exist",
    ),
    (
        "group-cycle",
        "warning",
        "Groups that contain each other",
        "Take one of them out of the other.",
        "member",
        "the group contains itself by way of three others",
    ),
    (
        "changed-by-hand",
        "warning",
        "Changed by hand since the last run",
        "Sync writes it back; change it at its source.",
        "title",
        "title is \u201cDirector\u201d, the source says \u201cEngineer\u201d",
    ),
    (
        "name-collision",
        "info",
        "The same name in the address list",
        "Give one of them a name that tells them apart.",
        "displayName",
        "two recipients are called {name}",
    ),
    (
        "over-long",
        "info",
        "Longer than other systems allow",
        "Shorten the value.",
        "displayName",
        "the value has 312 characters; Exchange takes 256",
    ),
    (
        "grace-over",
        "info",
        "Still hidden after grace",
        "Run sync; it is due to be deleted.",
        None,
        "in grace since 2026-08-01",
    ),
    (
        "dn-gap",
        "info",
        "No legacyExchangeDN",
        "Run the address step.",
        "legacyExchangeDN",
        "the attribute is empty",
    ),
    (
        "type-unregistered",
        "error",
        "Addresses of no registered type",
        "Register the type with dirsync addrtype register.",
        "proxyAddresses",
        "",
    ),
    (
        "generator-missing",
        "error",
        "An address type without its generator",
        "Install the generator.",
        None,
        "",
    ),
    (
        "generator-older",
        "warning",
        "An address type whose generator is older",
        "Install the newer one.",
        None,
        "",
    ),
]
FIRST = [
    "Anna",
    "Bj\u00f6rn",
    "\u010c\u0115n\u0115k",
    "Dmitri",
    "\u0414\u043c\u0438\u0442\u0440\u0438\u0439",
    "\u038c\u03bb\u03b3\u03b1",
    "\u7f8e\u54b2",
    "\u738b",
    "\u05d3\u05d5\u05d3",
    "\u0644\u064a\u0644\u0649",
    "Zo\u00eb",
    "\u0635\u062f\u0627",
    "Nguy\u1ec5n",
    "\u092a\u094d\u0930\u093f\u092f\u093e",
    "Jos\u00e9 Mar\u00eda",
    "O'Brien",
    "\u10dc\u10d8\u10dc\u10dd",
    "\uc9c0\uc6b0",
    "Marie-Claire",
    "Ted",
]
LAST = [
    "Novak",
    "M\u00fcller-L\u00fcdenscheidt",
    "\u0406\u0432\u0430\u043d\u043e\u0432\u0430",
    "\u03a0\u03b1\u03c0\u03b1\u03b4\u03cc\u03c0\u03bf\u03c5\u03bb\u03bf\u03c2",
    "\u9ad8\u6a4b",
    "\u05db\u05d4\u05df",
    "\u0639\u0628\u062f \u0627\u0644\u0631\u062d\u0645\u0646",
    "\u0160\u0165astn\u00e1",
    "van der Berg",
    "Smith",
    "\uae40",
    "Garc\u00eda L\u00f3pez",
    "\u0936\u0930\u094d\u092e\u093e",
]
UNITS = [
    "Research and Development of Things That Nobody Has Asked For",
    "Sales",
    "Gesch\u00e4ftsf\u00fchrung",
    "\u041f\u0440\u043e\u0434\u0430\u0436\u0438",
    "Globex",
    "\u55b6\u696d\u90e8",
]
HOSTILE = [
    "</script><script>document.title='broken'</script>",
    "<img src=x onerror=\"document.title='broken'\">",
    "evil \u202egnp.exe",
    "two\u2028lines\u2029here",
    "<!--<script>",
    "]]>\"'&amp;<b>bold</b>",
    "nul\u0000 and \u0007 bell",
    "\u2066isolated\u2069",
    "javascript:alert(1)",
    "${document.title='broken'}",
    "]};document.title='broken';//",
]
REASONS = [
    ("filtered-out", "the filter (mail=*) leaves it out", "only-source"),
    ("quarantined", "no mail address; in quarantine since 3 November", "only-source"),
    ("hidden", "it is hidden from address lists", "only-source"),
    ("no-source", "its source is gone; in grace until 12 December", "only-target"),
    ("not-synced", "the next sync will bring it", "only-source"),
    ("foreign-made", "no connector made it", "only-target"),
    ("attributes", "the attributes below are not what the mapping gives", "differs"),
]


class Sample:
    def __init__(self, seed, hostile):
        self.random = random.Random(seed)
        self.hostile = hostile
        self.people = {}

    def name(self):
        if self.hostile and self.random.random() < 0.2:
            return self.random.choice(HOSTILE)
        return f"{self.random.choice(FIRST)} {self.random.choice(LAST)}"

    def person(self, directory=None):
        """One of a few thousand, so that some have several findings."""
        directory = directory or self.random.choice(["home", "home", "globex", "initech"])
        known = self.people.setdefault(directory, [])
        if len(known) < 1500 or self.random.random() < 0.3:
            known.append(self.new_person(directory))
            return known[-1]
        return self.random.choice(known)

    def new_person(self, directory):
        name, number = self.name(), self.random.randrange(1, 60000)
        units = ",".join(f"ou={unit}" for unit in self.random.sample(UNITS, self.random.randrange(1, 4)))
        cn = "".join("\\" + c if c in ',+"\\<>;=#' else c for c in name).replace("\0", "\\00")
        return {
            "directory": directory,
            "dn": f"cn={cn} {number},{units},dc={'acme' if directory == 'home' else directory},dc=example",
            "name": name,
            "mail": (
                f"person.{number}@{'acme' if directory == 'home' else directory}.example"
                if number % 9
                else None
            ),
        }

    def finding(self, kind):
        objects = [self.person() for _ in range(self.random.choice([1, 1, 1, 2, 2, 3, 12]))]
        evidence = kind[5].format(
            mail=objects[0]["mail"], name=objects[0]["name"], base="ou=people,dc=acme,dc=example"
        )
        return {
            "key": hashlib.md5(json.dumps([kind[0], objects]).encode()).hexdigest(),
            "id": kind[0],
            "severity": kind[1],
            "state": "new" if self.random.random() < 0.06 else "standing",
            "objects": objects,
            "attribute": kind[4],
            "evidence": evidence,
            "remedy": f"{kind[3]} Begin with {objects[0]['dn']}.",
        }

    def row(self):
        reason = self.random.choice(REASONS)
        step, connector, person = (
            self.random.choice(["import", "export"]),
            self.random.choice(["globex", "initech"]),
            self.person("globex"),
        )
        row = {
            "connector": connector,
            "step": step,
            "verdict": reason[2],
            "name": person["name"],
            "mail": person["mail"],
            "source_dn": person["dn"] if reason[2] != "only-target" else None,
            "target_dn": self.person("home")["dn"] if reason[2] != "only-source" else None,
            "reason_id": reason[0],
            "reason": reason[1],
            "differences": [],
        }
        if reason[2] == "differs":
            row["differences"] = [
                {"attribute": "title", "have": ["Engineer"], "want": ["Director", self.name()]},
                {"attribute": "telephoneNumber", "have": [], "want": ["+49 30 123456"]},
            ][: self.random.randrange(1, 3)]
        return row


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--findings", type=int, default=3000)
    parser.add_argument("--rows", type=int, default=1200)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    sample = Sample(options.seed, options.hostile)
    weights = [1, 1, 1, 2, 9, 7, 1, 12, 6, 2, 1, 5, 0, 0, 0]
    findings = [sample.finding(sample.random.choices(KINDS, weights)[0]) for _ in range(options.findings)]
    cleared = [
        dict(sample.finding(sample.random.choices(KINDS, weights)[0]), state="cleared")
        for _ in range(options.findings // 60)
    ]
    counts = {kind[0]: sum(finding["id"] == kind[0] for finding in findings) for kind in KINDS}
    history, now = [], dict(counts)
    for month in range(12):
        old = {
            kind: max(0, round(n * (1 + 0.07 * month * sample.random.uniform(-0.3, 1.2))))
            for kind, n in now.items()
        }
        old = now if month == 0 else old
        history.insert(
            0,
            {
                "id": f"2026{12 - month if month else 11:02d}01T213000Z-{month:04x}",
                "finished": f"{2026 if month < 11 else 2025}-{(11 - month) or 12:02d}-{28 - month % 3:02d}T21:30:00Z",
                "counts": old,
                "total": sum(old.values()),
            },
        )
    history[0]["finished"] = "2025-12-27T21:30:00Z"
    audit = {
        "verb": "audit",
        "id": "20261128T213000Z-1a2b",
        "started": "2026-11-28T21:28:51Z",
        "finished": "2026-11-28T21:30:00Z",
        "organisation": HOSTILE[0] if options.hostile else "acme",
        "connectors": ["globex", "initech"],
        "since": "20261027T213000Z-0001",
        "objects": {"home": 48119, "connectors": {"globex": 21044, "initech": 3120}},
        "incomplete": [
            f"initech: the server could not be reached; its list is as it was on 27 November{' <img src=x>' if options.hostile else ''}"
        ],
        "kinds": [
            {
                "id": kind[0],
                "severity": kind[1],
                "title": kind[2],
                "remedy": kind[3],
                "count": counts[kind[0]],
                "new": sum(f["id"] == kind[0] and f["state"] == "new" for f in findings),
                "cleared": sum(f["id"] == kind[0] for f in cleared),
            }
            for kind in KINDS
        ],
        "findings": findings,
        "cleared": cleared,
        "reconciliation": [sample.row() for _ in range(options.rows)],
        "history": history,
    }
    json.dump(audit, sys.stdout, ensure_ascii=False)


main()
