// Lists by keyboard: while something in a list has the focus, j and k move from row to row, Enter takes the row's step or opens it, x puts it off,
// / goes to the search, ? shows the keys. They do nothing elsewhere (WCAG 2.1.4).
"use strict";

document.documentElement.classList.add("has-keys");
document.addEventListener("keydown", (event) => {
  const at = document.activeElement;
  const list = at.closest("[data-list]");
  if (!list || event.ctrlKey || event.altKey || event.metaKey || at.matches("input, select, textarea")) return;
  const rows = [...list.querySelectorAll("[data-row], .row-item, .res, tbody tr")];
  const place = rows.findIndex((row) => row.contains(at));
  const row = rows[place];
  const step = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
  const next = step && (rows[place + step] ?? row ?? rows[0]);
  if (next) { next.tabIndex = -1; next.focus(); }
  else if (event.key === "Enter" && at === row) (row.querySelector("[data-step]") ?? row.querySelector("a[href]"))?.click();
  else if (event.key === "x" && row?.querySelector("[data-put-off]")) row.querySelector("[data-put-off]").click();
  else if (event.key === "/") (document.querySelector("[role=search] input[type=search]") ?? document.querySelector("main form input:not([type=hidden])"))?.focus();
  else if (event.key === "?") list.querySelector("[data-keys]").toggleAttribute("open");
  else return;
  event.preventDefault();
});
