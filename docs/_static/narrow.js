// Gives each cell the heading of its column, which narrow.css shows on narrow screens.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.docutils")) {
    const headings = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    if (headings.length < 3) continue;
    table.classList.add("stacked");
    for (const row of table.querySelectorAll("tbody tr"))
      [...row.children].forEach((cell, place) => {
        cell.dataset.heading = headings[place] ?? "";
        cell.classList.toggle("nothing", cell.textContent.trim() === "");
      });
  }
});
