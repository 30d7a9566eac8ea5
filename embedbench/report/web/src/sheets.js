import { element } from "./dom.js";
import { NOTHING } from "./pictures.js";

/** The sheets of thumbnails, for drawing: they stand in the page's style sheet. */
export class Sheets {
  /**
   * @param {import("./pictures.js").Pictures} pictures
   * @param {() => void} loaded called when one more can be drawn
   */
  constructor(pictures, loaded) {
    this.pictures = pictures;
    this.loaded = loaded;
    /** @type {Map<number, HTMLImageElement>} */
    this.images = new Map();
  }

  /**
   * Returns the sheet that holds a picture, and where in it; null while it is not there.
   *
   * @param {number} picture
   */
  tile(picture) {
    const { tiles, side } = this.pictures;
    const place = tiles[picture];
    if (place === NOTHING) return null;
    const image = this.image(Math.floor(place / side ** 2));
    if (!image.naturalWidth) return null;
    const size = image.naturalWidth / side;
    const position = place % side ** 2;
    return { image, x: (position % side) * size, y: Math.floor(position / side) * size, size };
  }

  /** @param {number} sheet */
  image(sheet) {
    const known = this.images.get(sheet);
    if (known) return known;
    const image = element("img");
    const holder = element("span", { class: `s${sheet}`, hidden: true });
    document.body.append(holder);
    image.src = getComputedStyle(holder).backgroundImage.slice(5, -2); // url("...")
    holder.remove();
    image.addEventListener("load", this.loaded);
    this.images.set(sheet, image);
    return image;
  }
}
