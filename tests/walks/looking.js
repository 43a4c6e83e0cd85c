// What the walks ask of a page; `looking.py` says why. One expression: an object of functions.
({
  /** Controls that are shown and have no name, or one in the other language that no `lang` marks. What users wrote carries its own `lang` and is left
      out, and so are addresses and the numbers of invoices. */
  names() {
    const page = document.documentElement.lang.split("-")[0];
    const han = /\p{Script=Han}/u;
    const known = /^(TechBridge|Excel|PDF|Atom|iCalendar|ROR|ORCID|JSON|CSV|XML|docx|xlsx|ICS|EPO|CNIPA|IPC|TRL|NDA|URL|CMA|CNAS|BibTeX|RIS|UBL)$/i;
    const faults = [];
    const spoken = (node) => (node.closest("[lang]").lang || "und").split("-")[0];
    // The words of a node that are in the language of the page.
    const written = (node) => [...node.childNodes].map((one) => {
      if (one.nodeType === Node.TEXT_NODE) return spoken(node) === page ? one.data : "";
      return one.nodeType !== Node.ELEMENT_NODE || one.matches("script, style, template, [aria-hidden=true]") ? "" : written(one);
    }).join(" ");
    const all = (node) => node.textContent + [...node.querySelectorAll("[alt], [aria-label]")].map((one) => one.alt ?? one.ariaLabel).join(" ");
    for (const one of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
      if (!one.checkVisibility() || one.closest("[aria-hidden=true]")) continue;
      const by = (one.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)).filter(Boolean);
      const labels = [...(one.labels ?? [])];
      const sources = [by, labels, one.matches("a, button, summary") ? [one] : []].find((found) => found.length) ?? [];
      const label = by.length ? "" : one.getAttribute("aria-label") ?? "";
      const where = one.outerHTML.slice(0, 120);
      if (!(label || sources.map(all).join(" ") || one.title).trim()) faults.push(`no name: ${where}`);
      const words = (label ? (spoken(one) === page ? label : "") : sources.map(written).join(" ")).trim();
      const latin = words.replace(/[\w.+-]+@[\w.-]+|https?:\S+|\b[A-Z0-9]+(-[A-Z0-9]+)*-\d[A-Z0-9-]*/g, "").match(/[A-Za-z]{3,}/g) ?? [];
      if (page === "zh" && words && !han.test(words) && latin.some((word) => !known.test(word))) faults.push(`no Chinese name: ${words.slice(0, 60)} | ${where}`);
      if (page === "en" && han.test(words.replace(/科|桥/g, ""))) faults.push(`no English name: ${words.slice(0, 60)} | ${where}`);
    }
    return faults;
  },

  /** What moves, or would move when it changes. */
  moving() {
    const faults = document.getAnimations().filter((one) => one.playState === "running").map((one) => `runs: ${one.effect?.target?.outerHTML.slice(0, 80)}`);
    const lasts = (times) => times.split(",").some((time) => parseFloat(time) > 0);
    for (const one of document.querySelectorAll("*")) {
      const style = getComputedStyle(one);
      if (lasts(style.transitionDuration)) faults.push(`changes in ${style.transitionDuration}: ${one.outerHTML.slice(0, 80)}`);
      if (style.animationName !== "none" && lasts(style.animationDuration)) faults.push(`moves for ${style.animationDuration}: ${one.outerHTML.slice(0, 80)}`);
      if (style.scrollBehavior === "smooth") faults.push(`scrolls smoothly: ${one.tagName}`);
    }
    return faults.slice(0, 5);
  },

  /** What the window cuts off, other than what scrolls in a box of its own. */
  cut() {
    const faults = [];
    for (const one of document.querySelectorAll("body *")) {
      if (!one.checkVisibility() || one.closest("svg, .visually-hidden, .skip, [aria-hidden=true], option, noscript, thead")) continue;
      const style = getComputedStyle(one);
      const clips = ["hidden", "clip"].includes(style.overflowX) && !one.matches("input, select, textarea, progress");
      if (clips && one.scrollWidth > one.clientWidth + 1) faults.push(`cut off: ${one.outerHTML.slice(0, 100)}`);
      const box = one.getBoundingClientRect();
      const beyond = box.width && box.right > 0 && (box.right > innerWidth + 1 || box.left < -1);
      if (beyond && !one.closest(".scroll-x, .deal-board")) faults.push(`beyond the edge: ${one.outerHTML.slice(0, 100)}`);
    }
    return faults.slice(0, 5);
  },

  /** The way from the focus to a control: whether it is there, by which key it comes nearer, and about how many stops lie between; what was wrong with
      the stops since the last question. Each stop is looked at when its key is let go, in the page, so that several can be pressed for one question. */
  way(target) {
    if (!window.stops) {
      window.stops = [];
      addEventListener("keyup", (event) => { if (event.key === "Tab") window.stops.push(this.stop()); }, true);
    }
    const passed = window.stops.splice(0);
    const at = document.activeElement;
    const before = at !== document.body && Boolean(at.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_PRECEDING);
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]")];
    const [low, high] = [all.indexOf(at), all.indexOf(target)].sort((one, other) => one - other);
    const grouped = (one) => one.type === "radio" && !one.checked;
    const stands = (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true }) && !grouped(one);
    const between = all.slice(low + 1, high).filter(stands).length;
    return { there: at === target, key: before ? "Shift+Tab" : "Tab", stops: between + 1, at: passed.at(-1)?.at ?? "", faults: passed.flatMap((one) => one.faults) };
  },

  /** Where the focus stands, and what is wrong with it there. */
  stop() {
    const at = document.activeElement;
    if (at === document.body || at === document.documentElement) return { at: "the end of the page", faults: [] };
    const faults = [];
    const said = (at.getAttribute("aria-label") || at.innerText || at.name || "").trim().slice(0, 40);
    const name = `${at.tagName.toLowerCase()}${at.id ? "#" + at.id : ""} ${said}`;
    const drawn = (one) => {
      const style = getComputedStyle(one);
      return style.boxShadow !== "none" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1);
    };
    if (at.id !== "main" && !drawn(at) && !drawn(at.closest(".ask") ?? at)) faults.push(`no focus drawn on ${name}`);
    const boxes = [...at.getClientRects()].filter((box) => box.width && box.height);
    const inside = boxes.filter((box) => box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth);
    if (!inside.length) faults.push(`the focus is outside of the window on ${name}`);
    const between = (low, high, end, share) => Math.max(0, low) + share * (Math.min(end, high) - Math.max(0, low));
    const points = inside.flatMap((box) => [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8]].map(
      ([x, y]) => [between(box.left, box.right, innerWidth, x), between(box.top, box.bottom, innerHeight, y)]));
    const own = ([x, y]) => {
      const top = document.elementFromPoint(x, y);
      return top && [at, ...(at.labels ?? [])].some((one) => one.contains(top) || top.contains(one));
    };
    if (points.length && !points.some(own)) faults.push(`something lies over ${name}`);
    return { at: name, faults };
  },

  /** The choices of a list: their texts, the place of one by its value, and which is chosen. */
  choices(field, value) {
    const options = [...field.options];
    return [options.map((one) => one.text.trim()), options.findIndex((one) => one.value === value), field.selectedIndex];
  },

  /** What a field says of itself to a screen reader besides its name. */
  described(field) {
    return (field.getAttribute("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.innerText ?? "").join(" ").trim();
  },

  /** Watch whether the page stays, and whether a part of it is put in its place. */
  mark() {
    window.stays = true;
    window.changed = false;
    new MutationObserver(() => { window.changed = true; }).observe(document.querySelector("main"), { childList: true, subtree: true });
  },
})
