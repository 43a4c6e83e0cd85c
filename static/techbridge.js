// What pages do beyond plain links and forms; everything works without it.
"use strict";

// An answer that shows a refused form is read out and focused.
const refused = document.querySelector("[data-focus]:not([data-specimens] *)");
if (refused) refused.focus();

// Nobody loses what was typed by closing the page in the middle of a long form.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// The worklist from top to bottom by keyboard: j and k move, Enter takes the next step, x puts off, ? shows the keys.
const work = document.querySelector("[data-worklist]");
if (work) {
  const rows = [...work.querySelectorAll("[data-row]")];
  const arrived = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (rows.includes(arrived)) arrived.focus();
  document.addEventListener("keydown", (event) => {
    const at = document.activeElement;
    const inside = work.contains(at);
    if (event.ctrlKey || event.altKey || event.metaKey || at.matches("input, select, textarea") || !(inside || at === document.body)) return;
    const row = at.closest("[data-row]");
    const step = { j: 1, k: -1, ...(inside && { ArrowDown: 1, ArrowUp: -1 }) }[event.key];
    if (step) (rows[rows.indexOf(row) + step] ?? row ?? rows[0])?.focus();
    else if (event.key === "Enter" && at === row) row.querySelector("[data-step]").click();
    else if (event.key === "x" && row) row.querySelector("[data-put-off]").click();
    else if (event.key === "?") work.querySelector("[data-keys]").toggleAttribute("open");
    else return;
    event.preventDefault();
  });
}

// What cannot be undone is asked first: the question that is folded behind its button opens as a dialogue; Esc leaves everything as it is.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-confirm] > summary");
  if (!opener) return;
  event.preventDefault();
  const asked = opener.nextElementSibling;
  const dialog = document.createElement("dialog");
  const keep = asked.querySelector("[data-keep]");
  dialog.setAttribute("aria-label", asked.firstElementChild.textContent);
  dialog.append(asked);
  opener.parentElement.after(dialog);
  keep.hidden = false;
  keep.autofocus = true;
  keep.onclick = () => dialog.close();
  dialog.addEventListener("close", () => { opener.after(asked); dialog.remove(); opener.focus(); });
  dialog.showModal();
});
