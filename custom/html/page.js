"use strict";

// Moving a slider shifts the border between the two overlays of its picture.
document.addEventListener("input", ({ target }) => {
  if (target.matches(".compare input")) target.parentElement.style.setProperty("--at", `${target.value}%`);
  if (target.matches(".controls input")) target.closest("section").classList.toggle("plain", target.checked);
});

// A click on a column header sorts by that column, another click reverses the order; empty cells stay last.
for (const head of document.querySelectorAll("table.sortable thead th")) {
  head.querySelector("button").addEventListener("click", () => {
    const descending = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const body = head.closest("table").tBodies[0];
    const value = (row) => row.cells[head.cellIndex].dataset.value;
    const compare = (a, b) => (head.classList.contains("number") ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    const order = (a, b) => (value(a) === "") - (value(b) === "") || (descending ? -1 : 1) * compare(value(a), value(b));
    body.append(...[...body.rows].sort(order));
  });
}

// Links to the sections of the page.
const headings = document.querySelectorAll("h2");
if (headings.length > 2) {
  for (const [index, heading] of headings.entries()) {
    heading.id = `section-${index + 1}`;
    const link = document.createElement("a");
    link.href = `#${heading.id}`;
    link.textContent = heading.textContent;
    document.querySelector("nav").append(link);
  }
}
