// What pages do beyond plain links and forms; everything works without it.
"use strict";

// An answer that shows a refused form is read out and focused.
const refused = document.querySelector("[data-focus]");
if (refused) refused.focus();

// Nobody loses what was typed by closing the page in the middle of a long form.
for (const form of document.querySelectorAll("form[data-guard]")) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}
