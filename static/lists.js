// Lists by keyboard: while something in a list has the focus, j and k move from row to row, Enter opens it, / goes to the search, ? shows the keys.
"use strict";

document.documentElement.classList.add("has-keys");
document.addEventListener("keydown", (event) => {
  const at = document.activeElement;
  const list = at.closest("[data-list]");
  if (!list || event.ctrlKey || event.altKey || event.metaKey || at.matches("input, select, textarea")) return;
  const rows = [...list.querySelectorAll(".row-item, .res, tbody tr")];
  const place = rows.findIndex((row) => row.contains(at));
  const step = { j: 1, k: -1 }[event.key];
  const next = step && (rows[place + step] ?? rows[Math.max(place, 0)]);
  if (next) {
    next.tabIndex = -1;
    next.focus();
  } else if (event.key === "Enter" && at === rows[place]) at.querySelector("a[href]")?.click();
  else if (event.key === "/") (document.querySelector("[role=search] input[type=search]") ?? document.querySelector("main form input:not([type=hidden])"))?.focus();
  else if (event.key === "?") list.querySelector("[data-keys]").toggleAttribute("open");
  else return;
  event.preventDefault();
});
