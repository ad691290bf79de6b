"use strict";
document.addEventListener("click", (event) => {
  const head = event.target.closest("table.sortable thead th");
  if (!head || !event.target.closest("button")) return;
  const table = head.closest("table");
  const up = head.getAttribute("aria-sort") !== "ascending";
  const key = (row) => row.cells[head.cellIndex].dataset.key;
  const rows = [...table.tBodies[0].rows];
  const numbers = rows.every((row) => key(row) === "" || !Number.isNaN(Number(key(row))));
  const compare = (a, b) => (numbers ? Number(a) - Number(b) : a.localeCompare(b));
  rows.sort((one, other) => {
    const [a, b] = [key(one), key(other)];
    if (a === "" || b === "") return (a === "") - (b === "");
    return up ? compare(a, b) : compare(b, a);
  });
  table.tBodies[0].append(...rows);
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
});
