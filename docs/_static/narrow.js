// Gives each cell the heading of its column, which narrow.css shows on narrow screens.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.docutils")) {
    const headings = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    // Of two columns only if the words of the first leave no room for the second.
    const wide = [...table.querySelectorAll("tbody td:first-child")].some((c) => c.textContent.trim().length > 16);
    if (headings.length < 3 && !wide) continue;
    table.classList.add("stacked");
    for (const row of table.querySelectorAll("tbody tr"))
      [...row.children].forEach((cell, place) => {
        cell.dataset.heading = headings[place] ?? "";
        cell.classList.toggle("nothing", cell.textContent.trim() === "");
      });
  }
});
