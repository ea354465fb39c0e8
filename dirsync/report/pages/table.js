/*
 * table.js - a list that is sorted, searched and turned page by page
 *
 * Of 100,000 rows, those of one page are in the document; for print, all that
 * the filters leave. What rows are sorted by is ranked once for each column.
 */

const rows_on_a_page = 25;

class List {
    /*
     * @section  the element it is made in
     * @spec     {name, noun: [one, many], nothing, columns: [{id, label, key(row), cell(row), class}],
     *           filters: [{id, label, value(row), words(value, row)}], words(row), anchor(row),
     *           sort: [column, direction]}
     */
    constructor(section, spec) {
        this.section = section;
        this.spec = spec;
        this.rows = [];
        this.kept = [];
        this.ranks = new Map();
        this.page = 0;
        this.all = false; /* for print */
        this.column = spec.columns.find((column) => column.id === spec.sort[0]);
        this.direction = spec.sort[1];
        this.total = 0; /* as many as there are, in the page or not */
        section.querySelector(":scope > .list")?.remove(); /* of a page that was saved with it */
        this.box = element("div", {class: "list"});
        section.append(this.box);
        this.build();
    }

    /* --- what it is made of --- */

    build() {
        this.search = element("input", {type: "search", autocomplete: "off", spellcheck: "false"});
        this.selects = new Map(
            this.spec.filters.map((filter) => [
                filter.id,
                element("select", {"data-filter-of": filter.id}, element("option", {value: ""}, "all")),
            ]),
        );
        this.form = element(
            "form",
            {class: "filters", role: "search", "aria-label": `Choose ${this.spec.noun[1]}`},
            element("label", {class: "search"}, element("span", {}, "Search"), this.search),
            this.spec.filters.map((filter) =>
                element("label", {}, element("span", {}, filter.label), this.selects.get(filter.id)),
            ),
            this.build_sort(),
            element("button", {type: "reset"}, "Show all"),
        );
        this.status = element("p", {class: "status", role: "status"});
        this.head = element(
            "tr",
            {role: "row"},
            this.spec.columns.map((column) => this.build_heading(column)),
        );
        this.body = element("tbody", {role: "rowgroup"});
        this.table = element(
            "table",
            {class: `rows rows-${this.spec.name}`, role: "table"},
            element("caption", {class: "hidden"}, this.section.querySelector("h2").textContent),
            element("thead", {role: "rowgroup"}, this.head),
            this.body,
        );
        this.pager = this.build_pager();
        this.box.append(this.form, this.status, this.table, this.pager);
        this.listen();
    }

    build_heading(column) {
        const heading = element("th", {
            scope: "col",
            role: "columnheader",
            class: column.class,
            "data-column": column.id,
        });
        if (!column.key) {
            heading.append(column.label);
            return heading;
        }
        const button = element(
            "button",
            {type: "button"},
            column.label,
            element("span", {class: "arrow", "aria-hidden": "true"}),
        );
        button.addEventListener("click", () =>
            this.sort(column.id, this.column === column ? -this.direction : (column.first ?? 1)),
        );
        /* A heading with a button in it is not repeated on each sheet of paper. */
        heading.append(button, element("span", {class: "on-paper"}, column.label));
        return heading;
    }

    /* On a narrow screen there are no headings. */
    build_sort() {
        this.sorter = element(
            "select",
            {},
            this.spec.columns
                .filter((column) => column.key)
                .map((column) =>
                    [
                        [1, "up"],
                        [-1, "down"],
                    ].map(([direction, word]) =>
                        element("option", {value: `${column.id} ${direction}`}, `${column.label}, ${word}`),
                    ),
                ),
        );
        this.sorter.addEventListener("change", () => {
            const [id, direction] = this.sorter.value.split(" ");
            this.sort(id, Number(direction));
        });
        return element("label", {class: "narrow"}, element("span", {}, "Sort by"), this.sorter);
    }

    build_pager() {
        this.previous = element("button", {type: "button"}, "Previous");
        this.next = element("button", {type: "button"}, "Next");
        this.number = element("input", {type: "number", min: "1", inputmode: "numeric"});
        this.of = element("span", {});
        return element(
            "nav",
            {class: "pager", "aria-label": `Pages of ${this.spec.noun[1]}`},
            this.previous,
            element("label", {}, "Page ", this.number, this.of),
            this.next,
        );
    }

    listen() {
        let waiting = 0;
        this.search.addEventListener("input", () => {
            clearTimeout(waiting);
            waiting = setTimeout(() => this.choose(), 150);
        });
        for (const select of this.selects.values()) select.addEventListener("change", () => this.choose());
        this.form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.choose();
        });
        this.form.addEventListener("reset", () => setTimeout(() => this.choose()));
        this.previous.addEventListener("click", () => this.turn(this.page - 1));
        this.next.addEventListener("click", () => this.turn(this.page + 1));
        this.number.addEventListener("change", () => this.turn(Number(this.number.value) - 1));
    }

    /* --- rows --- */

    add(rows) {
        for (const row of rows) {
            row.index = this.rows.length;
            this.rows.push(row);
        }
    }

    /* All rows are there: what the filters can be set to is known. */
    complete(total) {
        this.total = total;
        for (const filter of this.spec.filters) {
            const values = new Map();
            for (const row of this.rows) {
                const value = filter.value(row),
                    seen = values.get(value);
                if (seen) seen.count++;
                else values.set(value, {count: 1, words: filter.words(value, row)});
            }
            const options = [...values].sort((a, b) =>
                filter.order ? filter.order(a[0]) - filter.order(b[0]) : b[1].count - a[1].count,
            );
            this.selects
                .get(filter.id)
                .replaceChildren(
                    element("option", {value: ""}, "all"),
                    ...options.map(([value, {count: n, words}]) =>
                        element("option", {value}, `${shown(words).textContent} (${count(n)})`),
                    ),
                );
        }
        this.choose();
    }

    /* What a search looks at. */
    fold(row) {
        row.folded ??= fold(this.spec.words(row));
        return row.folded;
    }

    rank(column) {
        let ranks = this.ranks.get(column);
        if (ranks?.length === this.rows.length) return ranks;
        const keys = this.rows.map((row) => column.key(row));
        const places = new Map(
            [...new Set(keys)].sort((a, b) => (a < b ? -1 : 1)).map((key, place) => [key, place]),
        );
        ranks = Uint32Array.from(keys, (key) => places.get(key));
        this.ranks.set(column, ranks);
        return ranks;
    }

    /* --- what is chosen --- */

    /* Sets filters by id, and leaves no other. */
    set(values) {
        this.search.value = "";
        for (const [id, select] of this.selects) select.value = values[id] ?? "";
        this.choose();
    }

    choose() {
        const words = fold(this.search.value).split(/\s+/).filter(Boolean);
        const tests = this.spec.filters
            .map((filter) => [filter, this.selects.get(filter.id).value])
            .filter(([, value]) => value !== "");
        this.kept = this.rows.filter((row) => {
            if (!tests.every(([filter, value]) => String(filter.value(row)) === value)) return false;
            if (!words.length) return true;
            const folded = this.fold(row);
            return words.every((word) => folded.includes(word));
        });
        this.page = 0;
        this.order();
    }

    sort(id, direction) {
        this.column = this.spec.columns.find((column) => column.id === id);
        this.direction = direction;
        this.page = 0;
        this.order();
    }

    order() {
        const ranks = this.rank(this.column),
            direction = this.direction;
        this.kept.sort((a, b) => direction * (ranks[a.index] - ranks[b.index]) || a.index - b.index);
        this.render();
    }

    turn(page) {
        this.page = Math.max(0, Math.min(this.pages() - 1, Math.floor(page) || 0));
        this.render();
        this.section.scrollIntoView({block: "start"});
    }

    pages() {
        return Math.max(1, Math.ceil(this.kept.length / rows_on_a_page));
    }

    /* --- what is seen --- */

    render() {
        const start = this.page * rows_on_a_page;
        const seen = this.all ? this.kept : this.kept.slice(start, start + rows_on_a_page);
        this.body.replaceChildren(...seen.map((row) => this.render_row(row)));
        for (const heading of this.head.children) {
            const sorted = heading.dataset.column === this.column.id;
            if (sorted) heading.setAttribute("aria-sort", this.direction > 0 ? "ascending" : "descending");
            else heading.removeAttribute("aria-sort");
        }
        this.sorter.value = `${this.column.id} ${this.direction}`;
        this.table.hidden = !this.kept.length;
        this.form.hidden = !this.rows.length;
        this.pager.hidden = this.pages() === 1;
        this.number.value = this.page + 1;
        this.number.max = this.pages();
        this.of.textContent = ` of ${count(this.pages())}`;
        this.previous.disabled = this.page === 0;
        this.next.disabled = this.page === this.pages() - 1;
        this.status.textContent = this.say();
    }

    say() {
        const [one, many] = this.spec.noun;
        if (!this.rows.length) return this.spec.nothing();
        const left_out =
            this.total > this.rows.length
                ? ` The page holds ${count(this.rows.length)} of ${count(this.total)}; dirsync audit --json has all of them.`
                : "";
        if (!this.kept.length)
            return `None of ${plural(this.rows.length, one, many)} is like that.${left_out}`;
        const chosen =
            this.kept.length === this.rows.length
                ? plural(this.rows.length, one, many)
                : `${count(this.kept.length)} of ${plural(this.rows.length, one, many)}`;
        const first = this.page * rows_on_a_page + 1,
            last = Math.min(first + rows_on_a_page - 1, this.kept.length);
        const part = this.all || this.pages() === 1 ? "" : `; here ${count(first)} to ${count(last)}`;
        return `${chosen}${part}.${left_out}`;
    }

    render_row(row) {
        const made = element("tr", {
            role: "row",
            id: this.spec.anchor?.(row),
            tabindex: this.spec.anchor ? "-1" : null,
        });
        for (const column of this.spec.columns)
            made.append(
                element(
                    "td",
                    {role: "cell", class: column.class, "data-label": column.label},
                    column.cell(row),
                ),
            );
        return made;
    }

    /* Brings a row to where it can be seen, whatever is chosen at the moment. */
    reveal(row) {
        if (!this.kept.includes(row)) this.set({});
        this.page = Math.floor(this.kept.indexOf(row) / rows_on_a_page);
        this.render();
        const seen = document.getElementById(this.spec.anchor(row));
        seen.scrollIntoView({block: "center"});
        seen.focus({preventScroll: true});
        for (const before of document.querySelectorAll("tr.meant")) before.classList.remove("meant");
        seen.classList.add("meant");
    }

    print(printing) {
        if (this.all === printing) return;
        this.all = printing;
        this.render();
    }
}
