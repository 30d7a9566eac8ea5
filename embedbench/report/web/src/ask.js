// The page that asks for labels: one picture after another, a dozen at a time. Every label is sent
// to the command at once, so nothing is lost when the page is closed.
import { button, element } from "./dom.js";

/** @typedef {{ name: string, row: number }} Picture */
/** @typedef {{ images: Picture[], given: Record<string, string>, labels: string[] }} State */

const DOZEN = 12;
const NUMBERED = 9;

const place = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const [strip, picture, chips, told, count] = ["strip", "picture", "chips", "told", "count"].map(place);
const [asking, standing, known] = ["asking", "standing", "labels"].map(place);
const field = /** @type {HTMLInputElement} */ (document.getElementById("label"));

/** @type {State} */
let state = { images: [], given: {}, labels: [] };
let here = 0;
let isPaused = false;
/** What was sent last; the next waits for it, so that the file gets the labels in their order. */
let sending = Promise.resolve();

/**
 * Returns what the command answers.
 *
 * @param {string} path
 * @param {unknown} [content] sent, if there is any
 */
async function ask(path, content) {
  const sent = content === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content) };
  const answer = await fetch(path, sent);
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error ?? "it was refused");
  return found;
}

/** @param {unknown} error */
function fail(error) {
  const why = error instanceof TypeError ? "the command has ended; start it again, and go on where you were" : String(error);
  told.replaceChildren(element("p", { class: "error" }, `Not kept: ${why}.`));
}

/**
 * Takes a label for the picture that is shown, and goes to the next.
 *
 * @param {string} label "" passes it over
 */
function take(label) {
  const { name } = state.images[here];
  state.given[name] = label;
  if (label && !state.labels.includes(label)) state.labels.push(label);
  send(name, label);
  field.value = "";
  here += 1;
  show();
}

/** Goes back to the picture before, which is open again. */
function back() {
  if (here % DOZEN === 0 && !standing.hidden) standing.hidden = true;
  if (here === 0) return;
  here -= 1;
  const { name } = state.images[here];
  const before = state.given[name];
  delete state.given[name];
  if (before && !Object.values(state.given).includes(before)) {
    state.labels = state.labels.filter((label) => label !== before);
  }
  send(name, null);
  show();
}

/**
 * @param {string} image
 * @param {string | null} label
 */
function send(image, label) {
  told.replaceChildren();
  sending = sending.then(() => ask("label", { image, label })).catch(fail);
}

const labelled = () => Object.values(state.given).filter(Boolean).length;

function show() {
  const [isOver, isDozen] = [here >= state.images.length, here > 0 && here % DOZEN === 0];
  count.textContent = `${labelled()} labelled`;
  if (isOver || (isDozen && standing.dataset.seen !== String(here))) {
    tell(isOver);
    return;
  }
  standing.hidden = true;
  asking.hidden = false;
  const start = here - (here % DOZEN);
  strip.replaceChildren(
    ...state.images.slice(start, start + DOZEN).map(({ name, row }, index) => {
      const label = state.given[name];
      const shown = element("img", { src: `originals/${row}`, alt: `picture ${index + 1}` });
      const under = label === undefined ? "" : label || "passed over";
      return element("li", start + index === here ? { "aria-current": "true" } : {}, shown, element("span", {}, under));
    }),
  );
  // Its name is not shown: it may hold the answer.
  const large = element("img", { src: `originals/${state.images[here].row}`, alt: `picture ${here - start + 1}` });
  large.addEventListener("error", () => picture.replaceChildren(element("p", {}, "This picture cannot be read any more: pass it over.")));
  picture.replaceChildren(large);
  chips.replaceChildren(...state.labels.map(chip));
  known.replaceChildren(...state.labels.map((label) => element("option", { value: label })));
  field.focus();
}

/** Digits choose a label only where no label is a number itself. */
const areNumbered = () => !state.labels.some((label) => /^\d+$/.test(label));

/**
 * @param {string} label
 * @param {number} index
 */
function chip(label, index) {
  const made = button("", () => take(label));
  if (index < NUMBERED && areNumbered()) made.append(element("kbd", {}, String(index + 1)), " ");
  made.append(label);
  return made;
}

/**
 * Tells how the encoders stand.
 *
 * @param {boolean} isOver whether there is no picture left
 */
async function tell(isOver) {
  asking.hidden = true;
  standing.hidden = false;
  standing.dataset.seen = String(here);
  standing.replaceChildren(element("p", {}, "One moment: the encoders are compared again."));
  await sending;
  try {
    const { sentences } = await ask("standing");
    const lines = sentences.map((/** @type {string} */ one) => element("p", {}, one));
    const on = isOver ? [element("p", {}, "There is no picture left to label.")] : [button("Twelve more", goOn, { class: "on" })];
    standing.replaceChildren(...lines, ...on, button("Back", back), button("That is enough", end));
    standing.querySelector("button")?.focus();
  } catch (error) {
    fail(error);
  }
}

function goOn() {
  isPaused = false;
  show();
}

function pause() {
  isPaused = true;
  asking.hidden = true;
  standing.hidden = false;
  standing.replaceChildren(
    element("p", {}, "Pause. What you labelled is kept; you may close this page, and start the same command again later."),
    button("Go on", goOn, { class: "on" }),
    button("How do they stand?", () => tell(false)),
  );
  standing.querySelector("button")?.focus();
}

async function end() {
  await sending;
  try {
    await ask("end", {});
    standing.replaceChildren(element("p", {}, "Thank you. The command says how to go on; you may close this page."));
  } catch (error) {
    fail(error);
  }
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.key === "Escape") {
    event.preventDefault();
    if (isPaused) goOn();
    else if (!asking.hidden) pause();
    return;
  }
  if (asking.hidden) {
    if (event.key === "Backspace") back();
    return;
  }
  const isEmpty = field.value === "";
  const number = /^[1-9]$/.test(event.key) && areNumbered() ? Number(event.key) : 0;
  if (isEmpty && number && number <= state.labels.length) take(state.labels[number - 1]);
  else if (isEmpty && event.key === " ") take("");
  else if (isEmpty && event.key === "Backspace") back();
  else if (event.key === "Enter" && event.target === field) {
    const label = field.value.trim().replace(/\s+/g, " ");
    if (label) take(label);
  } else return;
  event.preventDefault();
});
place("pass").addEventListener("click", () => take(""));
place("back").addEventListener("click", back);
place("pause").addEventListener("click", pause);

ask("state").then((/** @type {State} */ found) => {
  state = found;
  here = state.images.findIndex(({ name }) => state.given[name] === undefined);
  if (here < 0) here = state.images.length;
  standing.dataset.seen = String(here);
  show();
}, fail);
