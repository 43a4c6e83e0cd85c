// The terms editor: rows are added and removed in place, and what the terms say is shown in both languages while they
// are typed, with what the checks say beside the fields. Lines that mean nothing yet are folded away. Without this file
// the same buttons submit the form and the page comes back with the rows, the words and the notes.
"use strict";

(() => {
  const PAUSE = 80;

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

  /** Severity as icon and word before the message, source behind it. */
  function told(tag, note, editor) {
    const { words, icons } = JSON.parse(editor.dataset.severities);
    const item = document.createElement(tag);
    item.className = `${tag === "p" ? "note " : ""}finding-${note.severity}`;
    const icon = document.createElement("span");
    icon.className = "note-icon";
    icon.setAttribute("aria-hidden", "true");
    icon.textContent = icons[note.severity];
    const severity = document.createElement("b");
    severity.textContent = `${words[note.severity]}:`;
    item.append(icon, " ", severity, ` ${note.message} `);
    if (tag === "p" && note.source) {
      const source = document.createElement("small");
      source.textContent = note.source + (note.unverified ? ` · ${editor.dataset.unverified}` : "");
      item.append(source);
    }
    return item;
  }

  /** The place for notes beside a field; fields around the editor have none until they need one. */
  function placeOf(form, name) {
    const place = form.querySelector(`[data-notes-for="${CSS.escape(name)}"]`);
    const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
    if (place || !field?.closest(".field")) return place;
    const made = document.createElement("div");
    made.className = "notes";
    made.id = `${field.id}-notes`;
    made.dataset.notesFor = name;
    field.closest(".field").append(made);
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${made.id}`.trim());
    return made;
  }

  /** Put each note beside its field and open what hides it, though not a fold in which the whole editor stands; clear the others. */
  function showNotes(form, editor, notes) {
    for (const place of form.querySelectorAll("[data-notes-for]")) {
      if (!(place.dataset.notesFor in notes)) place.replaceChildren();
    }
    for (const [name, said] of Object.entries(notes)) {
      const place = placeOf(form, name);
      place?.replaceChildren(...said.map((note) => told("p", note, editor)));
      const folded = place?.closest("details");
      if (folded && !folded.contains(editor)) folded.open = true;
    }
  }

  /** The summary of all findings, each with the way to its field; left alone while it says the same. */
  function showFindings(summary, editor, findings) {
    const now = JSON.stringify(findings);
    if (summary.dataset.said === now) return;
    summary.dataset.said = now;
    summary.hidden = findings.length === 0;
    summary.querySelector("ul").replaceChildren(...findings.map((finding) => {
      const item = told("li", finding, editor);
      const field = finding.fields.find((name) => document.getElementById(name));
      if (field) {
        const way = summary.querySelector("template").content.firstElementChild.cloneNode(true);
        way.href = `#${field}`;
        item.append(way);
      }
      return item;
    }));
  }

  /** Fold away the lines that mean nothing yet: what they hang on is empty or has another value, and nothing is in them. */
  function fold(editor) {
    for (const part of editor.querySelectorAll("[data-shown-with]")) {
      const { value } = editor.querySelector(`[name="${CSS.escape(part.dataset.shownWith)}"]`);
      const counts = part.dataset.having ? part.dataset.having.split(" ").includes(value) : value.trim() !== "";
      const touched = [...part.querySelectorAll("input:not([type=hidden]), select")].some((field) => {
        if (field.type === "checkbox") return field.checked;
        if (field.matches("select")) return field.selectedIndex > 0;
        return field.value !== "" && field.value !== "30";
      });
      part.hidden = !counts && !touched && !part.contains(document.activeElement);
    }
  }

  function showWords(form, editor, said) {
    for (const place of form.querySelectorAll("[data-words]")) {
      // What is wrong for a moment while somebody types does not wipe out what was said.
      if (said[place.dataset.words]) place.textContent = said[place.dataset.words];
      place.classList.toggle("stale", !said[place.dataset.words]);
    }
    showNotes(form, editor, said.notes);
    for (const summary of form.querySelectorAll("[data-findings]")) showFindings(summary, editor, said.findings);
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
        showWords(form, editor, said);
      } catch (error) {
        // An answer that was overtaken or a lost connection leaves the words as they were; saving checks again.
        if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
      }
    }

    function soon() {
      fold(editor);
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
    // A place in the page that is folded away is opened when a link leads there.
    form.addEventListener("click", (event) => {
      const way = event.target.closest('[data-findings] a[href^="#"]');
      const field = way && document.getElementById(way.getAttribute("href").slice(1));
      if (!field) return;
      event.preventDefault();
      field.closest("details")?.setAttribute("open", "");
      field.closest("[data-shown-with]")?.removeAttribute("hidden");
      field.focus();
    });
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);

    function begin() {
      editor.querySelectorAll("[data-rows]").forEach(number);
      fold(editor);
      ask();
    }
    // Folded away, the editor says nothing: it begins when somebody opens it.
    const closed = editor.closest("details:not([open])");
    if (closed) closed.addEventListener("toggle", begin, { once: true });
    else begin();
  }

  document.querySelectorAll("[data-terms-editor]").forEach(watch);
})();
