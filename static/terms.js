// The terms editor: rows are added and removed in place, and what the terms say is shown in both languages while they
// are typed. Without this file the same buttons submit the form and the page comes back with the rows and the words.
"use strict";

(() => {
  const PAUSE = 350;

  const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

  /** Everything the surrounding form says, without files. */
  function typed(form) {
    const data = new FormData();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string") data.append(name, value);
    }
    return data;
  }

  /** Whether somebody is still filling the line or group in which this empty field stands. */
  function yetToCome(field) {
    return field?.value === "" && field.closest("[data-row], fieldset")?.contains(document.activeElement);
  }

  /** Put each error beside its field and open what hides it; clear the others. */
  function showErrors(editor, errors) {
    for (const place of editor.querySelectorAll("[data-error-for]")) {
      const field = editor.querySelector(`[name="${CSS.escape(place.dataset.errorFor)}"]`);
      const text = yetToCome(field) ? "" : errors[place.dataset.errorFor] ?? "";
      place.textContent = text;
      field?.classList.toggle("is-invalid", text !== "");
      field?.setAttribute("aria-invalid", String(text !== ""));
      if (text) place.closest("details")?.setAttribute("open", "");
    }
  }

  /** Number the rows of a list from 0 without gaps, as the server does, so that its errors find their fields. */
  function number(list) {
    const numbered = new RegExp(`${list.dataset.rows}-(?:\\d+|__index__)`, "g");
    [...list.children].forEach((row, index) => {
      for (const part of row.querySelectorAll("*")) {
        for (const { name, value } of [...part.attributes]) {
          if (name !== "value" || part.matches("button")) part.setAttribute(name, value.replace(numbered, `${list.dataset.rows}-${index}`));
        }
      }
    });
  }

  function showFindings(list, findings) {
    list.replaceChildren(...findings.map((finding) => {
      const item = document.createElement("li");
      item.className = `finding-${finding.severity}`;
      const source = document.createElement("small");
      source.textContent = finding.source + (finding.unverified ? ` · ${list.dataset.unverified}` : "");
      item.append(`${finding.message} `, source);
      return item;
    }));
  }

  function showWords(form, said) {
    for (const place of form.querySelectorAll("[data-words]")) {
      // What is wrong for a moment while somebody types does not wipe out what was said.
      if (said[place.dataset.words]) place.textContent = said[place.dataset.words];
      place.classList.toggle("stale", !said[place.dataset.words]);
    }
    for (const list of form.querySelectorAll("[data-findings]")) showFindings(list, said.findings);
  }

  function watch(editor) {
    const form = editor.closest("form");
    let timer = 0;
    let asked = null;

    async function ask() {
      asked?.abort();
      asked = new AbortController();
      try {
        const answer = await fetch(editor.dataset.wordsUrl, {
          method: "POST", body: typed(form), headers: { "X-CSRFToken": token() }, signal: asked.signal,
        });
        if (!answer.ok) return;
        const said = await answer.json();
        showErrors(editor, said.errors);
        showWords(form, said);
      } catch (error) {
        // An answer that was overtaken or a lost connection leaves the words as they were; saving checks again.
        if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
      }
    }

    function soon() {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    }

    function addRow(name) {
      const list = editor.querySelector(`[data-rows="${name}"]`);
      list.append(editor.querySelector(`template[data-row-of="${name}"]`).content.cloneNode(true));
      number(list);
      list.lastElementChild.querySelector("input:not([type=hidden]), select")?.focus();
    }

    editor.addEventListener("click", (event) => {
      const add = event.target.closest("[data-add-row]");
      const remove = event.target.closest("[data-remove-row]");
      if (!add && !remove) return;
      event.preventDefault();
      if (add) {
        addRow(add.dataset.addRow);
      } else {
        const list = remove.closest("[data-rows]");
        remove.closest("[data-row]").remove();
        number(list);
        editor.querySelector(`[data-add-row="${list.dataset.rows}"]`)?.focus();
      }
      soon();
    });
    editor.querySelectorAll("[data-rows]").forEach(number);
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    ask();
  }

  document.querySelectorAll("[data-terms-editor]").forEach(watch);
})();
