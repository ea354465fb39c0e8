/*
 * audit.js - the lists of an audit, from the rows in the page; begins to run at its end
 *
 * The figures are in the page already. Rows are taken up a few hundred at a
 * time, so that the page can be scrolled while it reads.
 */

const {audit, rows: totals} = JSON.parse(document.getElementById("audit").textContent);
const kinds = new Map((audit.kinds ?? []).map((kind, order) => [kind.id, {...kind, order}]));
const severities = {error: {rank: 0, word: "error"}, warning: {rank: 1, word: "warning"}, info: {rank: 2, word: "note"}};
const things = new Map(); /* objects of findings, by directory and DN */

function severity_of(finding) {
    const severity = finding.severity ?? kinds.get(finding.id)?.severity;
    return severity in severities ? severity : "info";
}

function title_of(finding) {
    return kinds.get(finding.id)?.title ?? finding.id ?? "?";
}

function place_of(directory) {
    return directory === "home" ? "at home" : `in ${directory}`;
}

function called(thing) {
    return thing.name || thing.mail || thing.dn || "?";
}

/* --- cells --- */

function severity_cell(finding) {
    const severity = severity_of(finding);
    return element("span", {class: `sev sev-${severity}`}, severities[severity].word);
}

/* The first few at once, the others when they are asked for. */
function some(items, few, render) {
    const made = items.slice(0, few).map((item) => element("li", {}, render(item)));
    const list = element("ul", {class: "some"}, made);
    if (items.length <= few)
        return list;
    const rest = element("details", {}, element("summary", {}, `${count(items.length - few)} more`));
    rest.addEventListener("toggle", () => {
        if (rest.open && rest.children.length === 1)
            rest.append(element("ul", {class: "some"}, items.slice(few).map((item) => element("li", {}, render(item)))));
    });
    return [list, rest];
}

function thing_link(thing) {
    return [element("a", {href: `#o${thing.number}`}, shown(called(thing))), " ",
            element("small", {}, thing.mail && thing.mail !== called(thing) ? [shown(thing.mail), ", "] : null,
                    shown(place_of(thing.directory)))];
}

function finding_cell(finding) {
    return [element("strong", {class: "title"}, shown(title_of(finding))),
            element("p", {class: "evidence"}, shown(finding.evidence)),
            element("details", {class: "more"}, element("summary", {}, "What to do"),
                    element("p", {}, shown(finding.remedy || kinds.get(finding.id)?.remedy || "Look at the objects.")),
                    finding.attribute ? element("p", {class: "quiet"}, "Attribute: ", element("code", {}, shown(finding.attribute))) : null,
                    element("ul", {class: "dns"}, finding.things.slice(0, 20).map((thing) =>
                        element("li", {}, element("code", {}, shown(thing.dn))))))];
}

function state_cell(finding) {
    return finding.state === "new" ? element("span", {class: "new"}, "new") : element("span", {class: "quiet"}, "standing");
}

function finding_link(finding) {
    return [element("span", {class: `mark mark-${severity_of(finding)}`, title: severities[severity_of(finding)].word}), " ",
            element("a", {href: `#f-${finding.key}`}, shown(title_of(finding)))];
}

function thing_cell(thing) {
    return [element("strong", {class: "title"}, shown(called(thing))),
            thing.mail && thing.mail !== called(thing) ? element("p", {}, shown(thing.mail)) : null,
            element("p", {class: "dn"}, element("code", {}, shown(thing.dn)))];
}

function words_of(finding) {
    return [title_of(finding), finding.id, finding.evidence, finding.attribute,
            ...finding.things.flatMap((thing) => [thing.name, thing.mail, thing.dn, thing.directory])].join("\n");
}

function first_name(finding) {
    return finding.things.length ? fold(called(finding.things[0])) : "\uffff";
}

/* --- lists --- */

const severity_filter = {id: "severity", label: "Severity", value: severity_of, words: (value) => severities[value].word,
                         order: (value) => severities[value].rank};
const kind_filter = {id: "kind", label: "Kind", value: (finding) => finding.id ?? "?", words: (value, finding) => title_of(finding)};
const severity_column = {id: "severity", label: "Severity", class: "c-severity", key: (finding) =>
    severities[severity_of(finding)].rank * 10000 + (kinds.get(finding.id)?.order ?? 9999), cell: severity_cell};
const kind_column = {id: "kind", label: "Finding", class: "c-main", key: (finding) => fold(title_of(finding)), cell: finding_cell};
const things_column = {id: "objects", label: "Objects", class: "c-things", key: first_name,
                       cell: (finding) => some(finding.things, 3, thing_link)};

const findings = new List(document.getElementById("findings"), {
    name: "findings", noun: ["finding", "findings"], nothing: () => "Nothing was found.", sort: ["severity", 1],
    columns: [severity_column, kind_column, things_column,
              {id: "state", label: "Since", class: "c-state", key: (finding) => finding.state === "new" ? 0 : 1, cell: state_cell}],
    filters: [severity_filter, kind_filter,
              {id: "state", label: "Since", value: (finding) => finding.state === "new" ? "new" : "standing", words: (value) => value}],
    words: words_of, anchor: (finding) => `f-${finding.key}`,
});

const objects = new List(document.getElementById("objects"), {
    name: "objects", noun: ["object", "objects"], nothing: () => "No finding is about an object.", sort: ["findings", -1],
    columns: [{id: "name", label: "Object", class: "c-main", key: (thing) => fold(called(thing)), cell: thing_cell},
              {id: "directory", label: "Where", class: "c-where", key: (thing) => thing.directory,
               cell: (thing) => shown(place_of(thing.directory))},
              {id: "findings", label: "Findings", class: "c-things", key: (thing) => thing.findings.length, first: -1,
               cell: (thing) => some(thing.findings, 5, finding_link)}],
    filters: [{id: "directory", label: "Where", value: (thing) => thing.directory, words: place_of}],
    words: (thing) => [thing.name, thing.mail, thing.dn].join("\n"), anchor: (thing) => `o${thing.number}`,
});

const cleared = new List(document.getElementById("cleared"), {
    name: "cleared", noun: ["finding", "findings"], sort: ["severity", 1],
    nothing: () => audit.since ? "Nothing was cleared since the audit before." : "This audit was compared with no other.",
    columns: [severity_column,
              {...kind_column, cell: (finding) => [element("strong", {class: "title"}, shown(title_of(finding))),
                                                   element("p", {class: "evidence"}, shown(finding.evidence))]},
              {...things_column, cell: (finding) => some(finding.things, 3, (thing) =>
                  [shown(called(thing)), " ", element("small", {}, shown(place_of(thing.directory)))])}],
    filters: [severity_filter, kind_filter], words: words_of,
});

/* --- both lists --- */

function sides_of(row) {
    return row.step === "export" ? ["home", row.connector] : [row.connector, "home"];
}

function direction_of(row) {
    return sides_of(row).join(" \u2192 ");
}

function verdict_of(row) {
    const [source, target] = sides_of(row);
    if (row.verdict === "differs")
        return "not the same";
    const [here, there] = row.verdict === "only-target" ? [target, source] : [source, target];
    return `${place_of(here)}, not ${place_of(there)}`;
}

function reason_of(row) {
    return String(row.reason_id || "unknown").replaceAll("-", " ");
}

function difference_row(difference) {
    const values = (list) => [].concat(list ?? []).length ? some([].concat(list), 5, shown) : element("span", {class: "quiet"}, "nothing");
    return element("div", {class: "difference"}, element("dt", {}, shown(difference.attribute)),
                   element("dd", {}, element("span", {class: "side"}, "is"), values(difference.have)),
                   element("dd", {}, element("span", {class: "side"}, "should be"), values(difference.want)));
}

function reason_cell(row) {
    const different = row.differences ?? [];
    return [element("p", {class: "title"}, shown(reason_of(row))), element("p", {class: "evidence"}, shown(row.reason)),
            different.length ? element("details", {class: "more"},
                element("summary", {}, plural(different.length, "attribute differs", "attributes differ")),
                element("dl", {class: "differences"}, different.map(difference_row))) : null];
}

function row_cell(row) {
    const [source, target] = sides_of(row);
    const dns = [[source, row.source_dn], [target, row.target_dn]].filter(([, dn]) => dn);
    return [element("strong", {class: "title"}, shown(row.name || row.mail || row.source_dn || row.target_dn)),
            row.mail && row.name ? element("p", {}, shown(row.mail)) : null,
            dns.map(([where, dn]) => element("p", {class: "dn"}, element("span", {class: "side"}, shown(place_of(where))), " ",
                                             element("code", {}, shown(dn))))];
}

const both = new List(document.getElementById("reconciliation"), {
    name: "reconciliation", noun: ["recipient", "recipients"], sort: ["verdict", 1],
    nothing: () => (audit.connectors ?? []).length ? "Both lists are the same." : "No connector was compared in this audit.",
    columns: [{id: "name", label: "Recipient", class: "c-main", key: (row) => fold(String(row.name || row.mail || row.source_dn || "")),
               cell: row_cell},
              {id: "verdict", label: "Where it is", class: "c-where", key: (row) => `${direction_of(row)} ${row.verdict}`, cell: (row) =>
                  [element("p", {}, shown(verdict_of(row))), element("p", {class: "quiet"}, row.step, " ", shown(direction_of(row)))]},
              {id: "reason", label: "Why", class: "c-things", key: (row) => fold(reason_of(row)), cell: reason_cell}],
    filters: [{id: "direction", label: "Way", value: direction_of, words: (value) => value},
              {id: "verdict", label: "Where it is", value: verdict_of, words: (value) => value},
              {id: "reason", label: "Reason", value: reason_of, words: (value) => value}],
    words: (row) => [row.name, row.mail, row.source_dn, row.target_dn, row.reason, row.reason_id,
                     ...(row.differences ?? []).map((difference) => difference.attribute)].join("\n"),
});

/* For each way: how many are in one list alone, or not the same, each with its reasons. */
function draw_matrix() {
    const cells = new Map();
    for (const row of both.rows) {
        const way = direction_of(row), verdict = verdict_of(row), reason = reason_of(row);
        if (!cells.has(way))
            cells.set(way, new Map());
        const of_way = cells.get(way);
        if (!of_way.has(verdict))
            of_way.set(verdict, new Map());
        of_way.get(verdict).set(reason, (of_way.get(verdict).get(reason) ?? 0) + 1);
    }
    document.getElementById("matrix")?.remove();
    const link = (values, text) => {
        const made = element("a", {href: "#reconciliation-list"}, text);
        made.addEventListener("click", (event) => choose_and_go(event, both, values));
        return made;
    };
    /* Both ways of a connector beside each other. */
    const connector = (way) => way.split(" \u2192 ").find((side) => side !== "home");
    const in_order = [...cells].sort(([a], [b]) => fold(`${connector(a)} ${a}`) < fold(`${connector(b)} ${b}`) ? -1 : 1);
    const ways = in_order.map(([way, verdicts]) => element("div", {class: "way"}, element("h3", {}, shown(way)),
        [...verdicts].sort().map(([verdict, reasons]) => {
            const total = [...reasons.values()].reduce((sum, n) => sum + n, 0);
            const parts = [...reasons].sort((a, b) => b[1] - a[1]).map(([reason, n]) =>
                element("li", {}, link({direction: way, verdict, reason}, shown(reason)), " ", element("span", {class: "n"}, count(n))));
            return element("div", {class: "verdict"}, element("p", {}, element("b", {}, count(total)), " ",
                           link({direction: way, verdict}, shown(verdict))), element("ul", {}, parts));
        })));
    if (ways.length)
        both.box.before(element("div", {class: "ways", id: "matrix"}, ways));
}

/* --- taking up rows --- */

function thing_of(object, finding) {
    const id = `${object.directory}\u0000${object.dn}`;
    let thing = things.get(id);
    if (!thing) {
        thing = {number: things.size + 1, directory: String(object.directory ?? "?"), dn: object.dn, name: object.name,
                 mail: object.mail, findings: []};
        things.set(id, thing);
        objects.add([thing]);
    }
    if (thing.findings[thing.findings.length - 1] !== finding)
        thing.findings.push(finding);
    return thing;
}

const take = {
    findings(rows) {
        for (const row of rows) {
            row.things = (row.objects ?? []).map((object) => thing_of(object, row));
            delete row.objects;
        }
        findings.add(rows);
    },
    cleared(rows) {
        for (const row of rows)
            row.things = row.objects ?? [];
        cleared.add(rows);
    },
    reconciliation(rows) {
        both.add(rows);
    },
};

function pause() {
    return new Promise((resume) => setTimeout(resume));
}

async function take_all() {
    const all = totals.findings + totals.cleared + totals.reconciliation;
    let began = performance.now(), taken = 0;
    for (const script of document.querySelectorAll("script[data-rows]")) {
        const rows = JSON.parse(script.textContent);
        take[script.dataset.rows](rows);
        taken += rows.length;
        if (performance.now() - began > 30) {
            findings.status.textContent = `Reading ${count(taken)} of ${count(all)} ...`;
            await pause();
            began = performance.now();
        }
    }
    for (const [list, total] of [[findings, totals.findings], [objects, things.size], [cleared, totals.cleared],
                                 [both, totals.reconciliation]]) {
        list.complete(total);
        await pause();
    }
}

/* So that the first search is as quick as the others. */
async function prepare_search() {
    for (const list of [findings, objects, both, cleared])
        for (let began = performance.now(), i = 0; i < list.rows.length; i++) {
            list.fold(list.rows[i]);
            if (i % 100 === 0 && performance.now() - began > 10) {
                await pause();
                began = performance.now();
            }
        }
}

/* --- charts --- */

function history_of(number) {
    return (audit.history ?? []).map((entry) => ({time: entry.finished, value: number(entry.counts ?? {})}));
}

function draw_charts() {
    const box = document.getElementById("charts"), sum = (counts, severity) => Object.entries(counts)
        .filter(([id]) => severity_of({id}) === severity).reduce((total, [, n]) => total + n, 0);
    if (!(audit.history ?? []).length)
        return;
    box.replaceChildren(...[["error", "Errors"], ["warning", "Warnings"], ["info", "Notes"]].map(([severity, label]) => {
        const points = history_of((counts) => sum(counts, severity));
        const now = points[points.length - 1].value, before = points[points.length - 2]?.value;
        const change = before === undefined ? "the first audit" : now === before ? "as before" :
            `${count(Math.abs(now - before))} ${now > before ? "more" : "fewer"} than before`;
        return element("figure", {class: `chart chart-${severity}`},
                       element("figcaption", {}, element("b", {}, count(now)), ` ${label.toLowerCase()} `, element("small", {}, change)),
                       line_chart(`chart-${severity}`, label, points));
    }));
}

function draw_sparks() {
    const table = document.querySelector("table.kinds"), compared = (audit.history ?? []).length > 1;
    for (const row of table?.tBodies[0].rows ?? []) {
        const id = row.dataset.kind, title = row.querySelector(".kind");
        if (!title.querySelector("a")) {
            const link = element("a", {href: "#findings", "data-filter": "kind", "data-value": id}, ...title.childNodes);
            title.replaceChildren(link);
        }
        row.querySelector(".c-spark")?.remove();
        if (compared)
            row.append(element("td", {class: `c-spark sev-${severity_of({id})}`, "data-label": "Over time"},
                               spark(kinds.get(id)?.title ?? id, history_of((counts) => counts[id] ?? 0))));
    }
    if (compared && table && !table.querySelector("thead .c-spark"))
        table.tHead.rows[0].append(element("th", {scope: "col", class: "c-spark"}, "Over time"));
}

/* --- the page --- */

function choose_and_go(event, list, values) {
    event.preventDefault();
    list.set(values);
    list.box.scrollIntoView({block: "start"});
    list.form.querySelector("select, input").focus({preventScroll: true});
}

/* Figures lead to what they count. */
function follow_figures() {
    for (const link of document.querySelectorAll("a[data-filter]"))
        link.addEventListener("click", (event) => {
            const {filter, value} = link.dataset;
            if (filter === "cleared")
                return;
            choose_and_go(event, findings, {[filter]: value});
        });
}

/* #o12 and #f-KEY are rows that may not be in the document at the moment. */
function follow_hash() {
    const hash = decodeURIComponent(location.hash.slice(1));
    const object = /^o(\d+)$/.exec(hash), finding = /^f-(.+)$/.exec(hash);
    const row = object ? objects.rows[Number(object[1]) - 1]
                       : finding ? findings.rows.find((one) => one.key === finding[1]) : null;
    if (row)
        (object ? objects : findings).reveal(row);
}

const themes = ["auto", "light", "dark"];

function set_theme(button, theme) {
    const chosen = themes.includes(theme) ? theme : "auto";
    if (chosen === "auto")
        delete document.documentElement.dataset.theme;
    else
        document.documentElement.dataset.theme = chosen;
    button.dataset.chosen = chosen;
    button.textContent = `Colours: ${chosen === "auto" ? "as the system" : chosen}`;
}

/* A browser may forbid a file to remember anything. */
function remember(theme) {
    try {
        if (theme)
            localStorage.setItem("dirsync-theme", theme);
        return localStorage.getItem("dirsync-theme");
    } catch {
        return null;
    }
}

function make_actions() {
    const box = document.getElementById("actions");
    const theme = element("button", {type: "button", id: "theme"}), print = element("button", {type: "button"}, "Print");
    set_theme(theme, remember());
    theme.addEventListener("click", () => {
        set_theme(theme, themes[(themes.indexOf(theme.dataset.chosen) + 1) % themes.length]);
        remember(theme.dataset.chosen);
    });
    print.addEventListener("click", () => window.print());
    box.replaceChildren(theme, print);
    box.hidden = false;
}

/* On paper nothing can be opened or turned. */
function print_all() {
    const lists = [findings, objects, both, cleared];
    let opened = [];
    window.addEventListener("beforeprint", () => {
        lists.forEach((list) => list.print(true));
        opened = [...document.querySelectorAll("details:not([open])")];
        opened.forEach((details) => { details.open = true; });
    });
    window.addEventListener("afterprint", () => {
        opened.forEach((details) => { details.open = false; });
        lists.forEach((list) => list.print(false));
    });
}

async function begin() {
    make_actions();
    draw_charts();
    draw_sparks();
    follow_figures();
    print_all();
    await take_all();
    draw_matrix();
    document.documentElement.dataset.ready = "yes"; /* for who waits for it */
    window.addEventListener("hashchange", follow_hash);
    follow_hash();
    prepare_search();
}

begin();
