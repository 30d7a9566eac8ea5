import { button, element } from "./dom.js";

/** Whether the page comes from the server that has the original pictures. */
const HAS_ORIGINALS = location.protocol === "http:";

/**
 * One picture as large as the window: the original where the page can ask for it, else the
 * thumbnail. Arrow keys go to the next and the one before among those that it was opened among, such
 * as its cluster, else among all that stand out.
 */
export class Lightbox {
  /**
   * @param {import("./pictures.js").Pictures} pictures
   * @param {import("./state.js").State} state
   */
  constructor(pictures, state) {
    this.pictures = pictures;
    this.state = state;
    /** @type {number[]} */
    this.list = [];
    this.place = 0;
    this.shown = element("div", { class: "shown" });
    this.said = element("p", { "aria-live": "polite" });
    this.dialog = element(
      "dialog",
      { class: "lightbox", "aria-label": "The picture, large" },
      this.shown,
      element(
        "div",
        { class: "bar" },
        button("\u2039", () => this.go(-1), { "aria-label": "Previous picture" }),
        this.said,
        button("\u203a", () => this.go(1), { "aria-label": "Next picture" }),
        button("\u00d7", () => this.dialog.close(), { "aria-label": "Close the large picture" }),
      ),
    );
    this.dialog.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) this.go(step);
      event.stopPropagation();
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  /** @param {number} picture */
  open(picture) {
    const { pictures, state } = this;
    const standing = () => pictures.names.map((_, number) => number).filter((one) => state.stands(one));
    this.list = state.among.includes(picture) ? state.among : standing();
    if (!this.list.includes(picture)) this.list = [picture];
    this.place = this.list.indexOf(picture);
    this.show();
    this.dialog.showModal();
  }

  /** @param {number} step */
  go(step) {
    this.place = (this.place + step + this.list.length) % this.list.length;
    this.show();
    this.state.choose(this.list[this.place], this.list);
  }

  show() {
    const { pictures, list, place } = this;
    const picture = list[place];
    const name = pictures.names[picture];
    const tile = pictures.tile(picture);
    this.shown.replaceChildren(tile);
    this.said.textContent = [
      name,
      pictures.label(picture),
      `${(place + 1).toLocaleString("en")} of ${list.length.toLocaleString("en")}`,
    ]
      .filter(Boolean)
      .join(" \u00b7 ");
    if (!HAS_ORIGINALS) return;
    const original = element("img", { alt: name, src: `originals/${pictures.rows[picture]}` });
    original.addEventListener("load", () => tile.replaceWith(original));
    original.addEventListener("error", () => {
      if (list[this.place] === picture) this.said.textContent += " \u00b7 the original is gone or changed";
    });
  }
}
