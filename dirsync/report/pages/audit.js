/*
 * audit.js - the page itself: takes up the rows, draws, and listens; begins to run at its end
 *
 * The figures are in the page already. Rows are taken up a few hundred at a
 * time, so that the page can be scrolled while it reads.
 */

/* --- taking up rows --- */

function thing_of(object, finding) {
    const id = `${object.directory}\u0000${object.dn}`;
    let thing = things.get(id);
    if (!thing) {
        thing = {
            number: things.size + 1,
            directory: String(object.directory ?? "?"),
            dn: object.dn,
            name: object.name,
            mail: object.mail,
            findings: [],
        };
        things.set(id, thing);
        objects.add([thing]);
    }
    if (thing.findings[thing.findings.length - 1] !== finding) thing.findings.push(finding);
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
        for (const row of rows) row.things = row.objects ?? [];
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
    let began = performance.now(),
        taken = 0;
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
    for (const [list, total] of [
        [findings, totals.findings],
        [objects, things.size],
        [cleared, totals.cleared],
        [both, totals.reconciliation],
    ]) {
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
    const box = document.getElementById("charts"),
        sum = (counts, severity) =>
            Object.entries(counts)
                .filter(([id]) => kinds.has(id) && severity_of({id}) === severity)
                .reduce((total, [, n]) => total + n, 0);
    if (!(audit.history ?? []).length) return;
    box.nextElementSibling.open = false; /* the table that says the same */
    box.replaceChildren(
        ...[
            ["error", "Errors"],
            ["warning", "Warnings"],
            ["info", "Notes"],
        ].map(([severity, label]) => {
            const points = history_of((counts) => sum(counts, severity));
            const now = points[points.length - 1].value,
                before = points[points.length - 2]?.value;
            const change =
                before === undefined
                    ? "the first audit"
                    : now === before
                      ? "as before"
                      : `${count(Math.abs(now - before))} ${now > before ? "more" : "fewer"} than before`;
            return element(
                "figure",
                {class: `chart chart-${severity}`},
                element(
                    "figcaption",
                    {},
                    element("b", {}, count(now)),
                    ` ${label.toLowerCase()} `,
                    element("small", {}, change),
                ),
                line_chart(`chart-${severity}`, label, points),
            );
        }),
    );
}

function draw_sparks() {
    const table = document.querySelector("table.kinds"),
        compared = (audit.history ?? []).length > 1;
    for (const row of table?.tBodies[0].rows ?? []) {
        const id = row.dataset.kind,
            title = row.querySelector(".kind");
        if (!title.querySelector("a")) {
            const link = element(
                "a",
                {href: "#findings", "data-filter": "kind", "data-value": id},
                ...title.childNodes,
            );
            title.replaceChildren(link);
        }
        row.querySelector(".c-spark")?.remove();
        if (compared)
            row.append(
                element(
                    "td",
                    {class: `c-spark sev-${severity_of({id})}`, "data-label": "Over time"},
                    spark(
                        kinds.get(id)?.title ?? id,
                        history_of((counts) => counts[id] ?? 0),
                    ),
                ),
            );
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
            if (filter === "cleared") return;
            choose_and_go(event, findings, {[filter]: value});
        });
}

/* #o12 and #f-KEY are rows that may not be in the document at the moment. */
function follow_hash() {
    const hash = location.hash.slice(1);
    const object = /^o(\d+)$/.exec(hash),
        finding = /^f-(.+)$/.exec(hash);
    const row = object
        ? objects.rows[Number(object[1]) - 1]
        : finding
          ? findings.rows.find((one) => one.key === finding[1])
          : null;
    if (row) (object ? objects : findings).reveal(row);
}

const themes = ["auto", "light", "dark"];

function set_theme(button, theme) {
    const chosen = themes.includes(theme) ? theme : "auto";
    if (chosen === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    button.dataset.chosen = chosen;
    button.textContent = `Colours: ${chosen === "auto" ? "as the system" : chosen}`;
}

/* A browser may forbid a file to remember anything. */
function remember(theme) {
    try {
        if (theme) localStorage.setItem("dirsync-theme", theme);
        return localStorage.getItem("dirsync-theme");
    } catch {
        return null;
    }
}

function make_actions() {
    const box = document.getElementById("actions");
    const theme = element("button", {type: "button", id: "theme"}),
        print = element("button", {type: "button"}, "Print");
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
        opened.forEach((details) => {
            details.fill?.(); /* the browser would do it too late */
            details.open = true;
        });
    });
    window.addEventListener("afterprint", () => {
        opened.forEach((details) => {
            details.open = false;
        });
        lists.forEach((list) => list.print(false));
    });
}

async function begin() {
    for (const part of document.querySelectorAll("main > section[hidden], .sections a[hidden]"))
        part.hidden = false; /* what is empty without us */
    make_actions();
    draw_charts();
    draw_sparks();
    follow_figures();
    print_all();
    await take_all();
    draw_matrix();
    document.documentElement.dataset.ready = "yes"; /* for who waits for it */
    window.addEventListener("hashchange", follow_hash);
    /* The same link once more changes nothing that the browser would tell. */
    document.addEventListener("click", (event) => {
        const link = event.target.closest?.('a[href^="#"]');
        if (link && link.hash === location.hash) follow_hash();
    });
    follow_hash();
    prepare_search();
}

begin();
