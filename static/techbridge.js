// What pages do beyond plain links and forms; everything works without it.
"use strict";

// An answer that shows a refused form is read out and focused.
const showRefused = () => document.querySelector("[data-focus]:not([data-specimens] *)")?.focus();

// Nobody loses what was typed by closing the page in the middle of a long form.
const typedIn = new Set();
document.addEventListener("input", (event) => typedIn.add(event.target.closest?.("form[data-guard]")));
document.addEventListener("submit", (event) => typedIn.delete(event.target));
window.addEventListener("beforeunload", (event) => { if ([...typedIn].some((form) => form?.isConnected)) event.preventDefault(); });

// Ctrl+K or ⌘K leads to the page that finds pages and things by their names.
document.addEventListener("keydown", (event) => {
  const go = document.querySelector("[data-go]");
  if (event.key !== "k" || !(event.ctrlKey || event.metaKey) || !go) return;
  event.preventDefault();
  go.click();
});

/** Where a link to a place of this page leads, for what can be focused there. */
function arrive(hash) {
  const place = document.getElementById(decodeURIComponent(hash.slice(1)));
  if (place?.matches("[data-row]")) place.focus();
  return place;
}

// What cannot be undone is asked first: the question that is folded behind its button opens as a dialogue; Esc leaves everything as it is.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-confirm] > summary");
  if (!opener) return;
  event.preventDefault();
  const asked = opener.nextElementSibling;
  const dialog = document.createElement("dialog");
  const keep = asked.querySelector("[data-leave]");
  dialog.setAttribute("aria-label", asked.firstElementChild.textContent);
  dialog.append(asked);
  opener.parentElement.after(dialog);
  keep.hidden = false;
  keep.autofocus = true;
  keep.onclick = () => dialog.close();
  dialog.addEventListener("close", () => { opener.after(asked); dialog.remove(); opener.focus(); });
  dialog.showModal();
});

// Parts of pages. Inside an element with data-swaps, a link or a form that stays on this page is asked for by this script, and the new content takes
// the place of the old one: scroll, focus, open folds and what is typed elsewhere stay, the back button works, and what has come is read out.
// Whatever goes another way than that (another page, an error, no connection) happens as it would without this script.
(() => {
  const content = document.getElementById("main");
  const said = document.querySelector("[data-announced]");
  const ROWS = "article, [data-row]";
  const WAIT = 2000; // ms between two looks at work in progress
  let asked = null;
  let shown = location.pathname + location.search;

  /** What a control is called, so that its successor is found in the new content: its place, its name, its words without the count behind them. */
  function nameOf(one) {
    if (one.id) return `#${one.id}`;
    const words = (one.getAttribute("aria-label") ?? one.textContent).replace(/[\s(（]*\d[\d,.]*[)）\s]*$/, "").trim();
    return [one.tagName, one.closest("[data-keep]")?.dataset.keep, one.closest("form")?.getAttribute("action"), one.name, words].join("|");
  }

  /** The control of this name that can take the focus: one inside a closed fold cannot. */
  function successor(name) {
    const named = name.startsWith("#") ? [document.getElementById(name.slice(1))] : [...content.querySelectorAll("a[href], button, summary, input, select")];
    return named.find((one) => one?.checkVisibility() && nameOf(one) === name);
  }

  /** What stands where a row stood that has gone. */
  function inPlace(place) {
    const rows = [...content.querySelectorAll(ROWS)];
    const row = place >= 0 && rows[Math.min(place, rows.length - 1)];
    return row && (row.matches("[tabindex]") ? row : row.querySelector("a[href]"));
  }

  /** What somebody has typed and not sent, and which folds are open, go over into the new content. */
  function carryOver(made, sent) {
    for (const old of content.querySelectorAll("input[id], select[id], textarea[id]")) {
      const now = made.querySelector(`#${CSS.escape(old.id)}`);
      if (!now || sent?.contains(old) || old.type === "file") continue;
      if (old.type === "checkbox" || old.type === "radio") { if (old.checked !== old.defaultChecked) now.checked = old.checked; }
      else if (old.matches("select") ? ![...old.options].every((one) => one.selected === one.defaultSelected) : old.value !== old.defaultValue) now.value = old.value;
    }
    for (const old of content.querySelectorAll("details[data-keep]")) {
      const now = made.querySelector(`details[data-keep="${CSS.escape(old.dataset.keep)}"]`);
      if (now) now.open = old.open || now.open;
    }
  }

  function announce() {
    const words = [...content.querySelectorAll("[data-says]")].map((one) => one.dataset.says || one.textContent.trim());
    said.textContent = words.join(" · ") || document.title;
  }

  /** Put a page's content in the place of ours. `anew` is for another page or a first look: it begins at its top. */
  function show(page, { anew = false, hash = "", sent = null } = {}) {
    const made = page.getElementById("main");
    if (!made) return false;
    const at = document.activeElement;
    const focused = !anew && content.contains(at) && at !== content ? nameOf(at) : "";
    const top = focused && at.getBoundingClientRect().top;
    const place = [...content.querySelectorAll(ROWS)].indexOf(at.closest(ROWS));
    carryOver(made, sent);
    content.replaceChildren(...document.adoptNode(made).childNodes);
    document.title = page.title;
    const others = page.querySelectorAll("[data-other-language]");
    document.querySelectorAll("[data-other-language]").forEach((link, index) => { link.href = others[index]?.getAttribute("href") ?? link.href; });
    const next = hash ? arrive(hash) : focused && (successor(focused) ?? inPlace(place));
    if (next && !hash) {
      next.focus({ preventScroll: true });
      window.scrollBy({ top: next.getBoundingClientRect().top - top, behavior: "instant" });
    } else if (!next) {
      content.focus({ preventScroll: true });
      if (anew) window.scrollTo({ top: 0, behavior: "instant" });
    }
    showRefused();
    announce();
    watch();
    return true;
  }

  async function ask(address, options = {}) {
    asked = (asked?.abort(), new AbortController());
    const answer = await fetch(address, { ...options, headers: { "X-Part": "main" }, signal: asked.signal });
    const page = answer.status !== 204 && new DOMParser().parseFromString(await answer.text(), "text/html");
    return { answer, page, go: answer.headers.get("X-Go") };
  }

  const targetOf = (form) => new URL(form.getAttribute("action") ?? "", location.href);
  const here = (address) => address.origin === location.origin && address.pathname === location.pathname;

  /** The address of what is shown now, as a step that the back button takes back; what a form has done here is no step. */
  function record(address, { back = false, posted = false } = {}) {
    shown = address.pathname + address.search;
    if (posted) history.replaceState(null, "", address);
    else if (!back && address.href !== location.href) history.pushState(null, "", address);
  }

  /** Show a page of this address in place; anything unexpected is left to the browser. */
  async function open(address, how = {}) {
    content.setAttribute("aria-busy", "true");
    try {
      const { answer, page } = await ask(address);
      if (!answer.ok || !page || !show(page, { ...how, hash: address.hash })) throw new TypeError("not in place");
      record(address, how);
    } catch (error) {
      if (error.name === "AbortError") return;
      how.back ? location.reload() : location.assign(address);
    } finally { content.removeAttribute("aria-busy"); }
  }

  /** Send a form; then this page in place, another page as a page, and a refusal where it would stand. */
  async function send(form, button) {
    const body = new URLSearchParams(new FormData(form, button));
    content.setAttribute("aria-busy", "true");
    try {
      const { page, go } = await ask(targetOf(form), { method: "POST", body });
      const next = go && new URL(go, location.href);
      if (next && here(next)) await open(next, { sent: form, posted: true });
      else if (next) location.assign(next);
      else if (page && show(page, { anew: true })) record(targetOf(form));
      else throw new TypeError("no page");
    } catch (error) {
      if (error.name !== "AbortError") { form.dataset.plain = ""; form.requestSubmit(button); } // with the button: it may carry a value
    } finally { content.removeAttribute("aria-busy"); }
  }

  content.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link?.closest("[data-swaps]") || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const address = new URL(link.href);
    if (!here(address) || (address.search === location.search && address.hash) || link.target || link.hasAttribute("download")) return;
    event.preventDefault();
    open(address, { anew: Boolean(link.closest(".pager")) });
  });
  content.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.closest("[data-swaps]") || "plain" in form.dataset || event.defaultPrevented || form.enctype === "multipart/form-data") return;
    const address = targetOf(form);
    if (form.getAttribute("method") === "post") { event.preventDefault(); send(form, event.submitter); }
    else if (here(address)) {
      event.preventDefault();
      address.search = new URLSearchParams([...new FormData(form, event.submitter)].filter(([, value]) => value !== "")).toString();
      open(address, { sent: form });
    }
  });
  window.addEventListener("popstate", () => { if (location.pathname + location.search !== shown) open(new URL(location.href), { back: true }); });

  // Work in progress: the part that says how far it has come is renewed; when it has ended the whole content is.
  let watching = 0;
  async function look() {
    const part = content.querySelector("[data-watched]");
    if (!part) return;
    if (!document.hidden && !content.hasAttribute("aria-busy")) {
      try {
        const { answer, page } = await ask(location.href);
        const made = answer.ok && page?.querySelector("[data-watched]");
        if (made) part.replaceChildren(...document.adoptNode(made).childNodes);
        else if (page) show(page);
      } catch (error) {
        if (!(error instanceof TypeError) && error.name !== "AbortError") throw error; // no connection: look again later
      }
    }
    watch();
  }
  function watch() {
    clearTimeout(watching);
    if (content.querySelector("[data-watched]")) watching = setTimeout(look, WAIT);
  }
  watch();
})();

showRefused();
arrive(location.hash);
