/**
 * Returns a new element. Text stays text: nothing in it is read as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number | boolean>} [attributes] true sets a bare one
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    const isBare = typeof value === "boolean" && !name.startsWith("aria-");
    if (!isBare) made.setAttribute(name, String(value));
    else if (value) made.setAttribute(name, "");
  }
  made.append(...children);
  return made;
}

/**
 * Returns a button.
 *
 * @param {string} text
 * @param {() => void} press
 * @param {Record<string, string | number | boolean>} [attributes]
 */
export function button(text, press, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", press);
  return made;
}

/**
 * Returns a labelled choice of one of many.
 *
 * @param {string} text
 * @param {string[]} options
 * @param {(index: number) => void} change
 */
export function choice(text, options, change) {
  const select = element("select", { "aria-label": text });
  options.forEach((option, index) => select.append(element("option", { value: index }, option)));
  select.addEventListener("change", () => change(select.selectedIndex));
  return element("label", { class: "choice" }, `${text} `, select);
}

/**
 * Returns a dot in a colour.
 *
 * @param {string} colour
 * @param {string} [shape] of `colouring.js`
 */
export function dot(colour, shape = "circle") {
  const made = element("span", { class: `dot ${shape}` });
  made.style.setProperty("--colour", colour);
  return made;
}

/** @type {ResizeObserver | null} */
let watch = null;

/**
 * Scrolls to a place, and again while the page above it grows: charts are drawn when all else is
 * there. What a person does ends that.
 *
 * @param {Element} place
 */
export function goTo(place) {
  watch?.disconnect();
  place.scrollIntoView();
  const own = new ResizeObserver(() => place.scrollIntoView({ behavior: "instant" }));
  own.observe(document.body);
  watch = own;
  const stop = () => own.disconnect();
  for (const kind of ["wheel", "touchstart", "pointerdown", "keydown"]) {
    window.addEventListener(kind, stop, { once: true, passive: true });
  }
  window.setTimeout(stop, 2500);
}

/**
 * Says in a place that an address of the page leads to nothing; "" takes it back.
 *
 * @param {HTMLElement} place
 * @param {string} text
 */
export function tellDeadLink(place, text) {
  place.querySelector(":scope > .dead-link")?.remove();
  if (!text) return;
  const told = element("p", { class: "note dead-link", role: "status" }, text);
  place.prepend(told);
  goTo(told);
}
