// The simulator: every change posts the form, and the parts of the page that the server made anew take the place of the
// old ones. Without this file the buttons of the form do the same.
"use strict";

(() => {
  const PAUSE = 150;
  const STEPS = 20; // positions of a slider for each power of ten, from 1,000 up

  const form = document.querySelector("[data-simulator]");
  if (!form) return;
  let timer = 0;
  let asked = null;

  /** Put the new parts in; the part in which somebody types keeps its fields, and takes only hints and errors. */
  function show(page) {
    for (const part of document.querySelectorAll("[data-part]")) {
      const made = page.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!made) continue;
      if (part.contains(document.activeElement) && part.dataset.part !== "outcome") refresh(part, made);
      else replace(part, made);
    }
    for (const field of form.querySelectorAll(".field")) {
      const made = page.getElementById(field.querySelector("input, select, textarea")?.id)?.closest(".field");
      if (made && !field.closest("[data-part]")) note(field, made);
    }
  }

  function replace(part, made) {
    const open = new Set([...part.querySelectorAll("details[data-keep][open]")].map((one) => one.dataset.keep));
    const closed = new Set([...part.querySelectorAll("details[data-keep]:not([open])")].map((one) => one.dataset.keep));
    for (const one of made.querySelectorAll("details[data-keep]")) {
      if (open.has(one.dataset.keep)) one.open = true;
      if (closed.has(one.dataset.keep)) one.open = false;
    }
    part.replaceChildren(...document.adoptNode(made).childNodes);
  }

  /** The cells of a part in which somebody types: hints and faults of each, without taking away what is typed. */
  function refresh(part, made) {
    const fields = [...part.querySelectorAll("input, select")];
    const others = [...made.querySelectorAll("input, select")];
    if (fields.length !== others.length) return;
    fields.forEach((field, index) => {
      const other = others[index];
      if (field !== document.activeElement) field.value = other.value;
      if (other.placeholder) field.placeholder = other.placeholder;
      field.classList.toggle("is-invalid", other.classList.contains("is-invalid"));
      const box = field.closest(".field, td");
      const otherBox = other.closest(".field, td");
      if (box && otherBox) faults(box, otherBox);
    });
  }

  function faults(box, made) {
    box.querySelectorAll(".field-error").forEach((one) => one.remove());
    made.querySelectorAll(".field-error").forEach((one) => box.append(document.adoptNode(one)));
  }

  /** Errors of a field outside the parts. */
  function note(field, made) {
    const input = field.querySelector("input, select, textarea");
    const other = made.querySelector("input, select, textarea");
    input.classList.toggle("is-invalid", other.classList.contains("is-invalid"));
    if (other.classList.contains("is-invalid")) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    if (input !== document.activeElement && input.name === "quarters") input.value = other.value;
    faults(field, made);
  }

  async function calculate(fill = "") {
    asked?.abort();
    asked = new AbortController();
    const data = new FormData(form);
    if (fill) data.set("fill", fill);
    try {
      const answer = await fetch(form.action, { method: "POST", body: data, signal: asked.signal });
      if (!answer.ok && answer.status !== 422) return;
      show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      const link = document.querySelector("[data-link]");
      if (link) {
        history.replaceState(null, "", link.href);
        const other = document.querySelector("a.language");
        if (other) other.href = link.dataset.linkOther;
      }
    } catch (error) {
      // An answer that was overtaken or a lost connection leaves the page as it was.
      if (error.name !== "AbortError" && !(error instanceof TypeError)) throw error;
    }
  }

  function soon(fill = "") {
    clearTimeout(timer);
    timer = setTimeout(() => calculate(fill), PAUSE);
  }

  // Level, growth and number of quarters fill the table of sales; everything else leaves it as it is.
  const filling = new Set(["level", "growth", "quarters"]);
  form.addEventListener("input", (event) => {
    const name = event.target.name || event.target.dataset.slides;
    if (name === "pasted") return;
    soon(filling.has(name) ? "level" : "");
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    if (button) {
      event.preventDefault();
      calculate(button.dataset.fill);
    } else if (event.target.closest("[data-add-row], [data-remove-row]")) {
      soon();
    }
  });
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name) return; // a file, or a button of the terms editor: an answer of its own
    event.preventDefault();
    calculate();
  });

  /** A slider beside a field of text: it moves the field, and follows it. */
  for (const slider of form.querySelectorAll("[data-slides]")) {
    const field = form.elements[slider.dataset.slides];
    const steps = slider.dataset.scale === "log";
    const read = () => Number(field.value.replace(/[,，\s]/g, "")) * (/万/.test(field.value) ? 1e4 : 1) || parseFloat(field.value.replace(/[,，\s]/g, "")) || 0;
    const value = () => (steps ? Number((1000 * 10 ** (slider.value / STEPS)).toPrecision(2)) : Number(slider.value));
    const follow = () => {
      slider.value = steps ? Math.round(STEPS * Math.log10(Math.max(read(), 1000) / 1000)) : read();
      slider.setAttribute("aria-valuetext", field.value);
    };
    slider.hidden = false;
    follow();
    field.addEventListener("input", follow);
    slider.addEventListener("input", () => {
      field.value = value().toLocaleString("en-US");
      slider.setAttribute("aria-valuetext", field.value);
    });
  }
})();
