"use strict";
(() => {
  const input = document.getElementById("filter");
  const count = document.getElementById("count");
  const tables = [...document.querySelectorAll("table")].map((table) => ({
    body: table.tBodies[0],
    heads: [...table.tHead.rows[0].cells],
    rows: [...table.tBodies[0].rows].map((row, place) => ({
      row, place, text: (row.dataset.text || row.textContent).toLowerCase(),
    })),
    none: table.parentElement.querySelector(".none"),
  }));

  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0, all = 0;
    for (const table of tables) {
      let here = 0;
      for (const one of table.rows) {
        const fits = words.every((word) => one.text.includes(word));
        one.row.hidden = !fits;
        here += fits ? 1 : 0;
      }
      if (table.none) table.none.hidden = here > 0;
      if (table.body.id === "all-files") { shown = here; all = table.rows.length; }
    }
    for (const details of document.querySelectorAll("details[data-text]")) {
      const text = details.dataset.text.toLowerCase();
      const inside = [...details.querySelectorAll("tbody tr")].some((row) => !row.hidden);
      details.hidden = !(inside || words.every((word) => text.includes(word)));
    }
    count.textContent = words.length ? `${shown} of ${all} files` : `${all} files`;
  };

  const value = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    return cell.dataset.value !== undefined ? Number(cell.dataset.value) : cell.textContent.trim();
  };
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const sort = (table, column) => {
    const head = table.heads[column];
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.heads) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = table.rows.map((one) => ({ one, key: value(one.row, column) }));
    keyed.sort((a, b) => {
      const order = typeof a.key === "number" && typeof b.key === "number"
        ? a.key - b.key : collator.compare(String(a.key), String(b.key));
      return (down ? -order : order) || a.one.place - b.one.place;
    });
    table.body.append(...keyed.map(({ one }) => one.row));
  };

  for (const table of tables) {
    table.heads.forEach((head, column) => {
      head.setAttribute("aria-sort", "none");
      head.querySelector("button").addEventListener("click", () => sort(table, column));
    });
  }
  input.addEventListener("input", filter);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== input) {
      event.preventDefault();
      input.focus();
      input.select();
    } else if (event.key === "Escape" && input.value) {
      input.value = "";
      filter();
    }
  });
  // Printed, everything is open.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
  filter();
  document.documentElement.dataset.ready = "yes";
})();
