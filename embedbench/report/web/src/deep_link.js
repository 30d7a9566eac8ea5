import { goTo, tellDeadLink } from "./dom.js";
import { NONE } from "./state.js";

const WORD = "#picture=";

/**
 * Keeps the opened picture in the page's address, and opens the one that the address names.
 *
 * @param {HTMLElement} place that shows it
 * @param {import("./pictures.js").Pictures} pictures
 * @param {import("./state.js").State} state
 */
export function startDeepLink(place, pictures, state) {
  const follow = () => {
    if (!location.hash.startsWith(WORD)) return;
    const name = decoded(location.hash.slice(WORD.length));
    const picture = pictures.numbers.get(name);
    tellDeadLink(place, picture === undefined ? `The address of this page names a picture that is not on it: ${name}` : "");
    if (picture === undefined) return;
    state.choose(picture);
    goTo(place);
  };
  state.listen((change) => {
    if (change !== "marks") return;
    if (state.chosen !== NONE) setHash(WORD + encodeURIComponent(pictures.names[state.chosen]));
    else if (location.hash.startsWith(WORD)) setHash("");
  });
  window.addEventListener("hashchange", follow);
  follow();
}

/**
 * Returns what an address means by a text; the text itself where it means nothing.
 *
 * @param {string} text
 */
export function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Puts a place into the page's address; "" takes it out.
 *
 * @param {string} hash
 */
export function setHash(hash) {
  if (location.hash !== hash) history.replaceState(null, "", hash || location.pathname + location.search);
}
