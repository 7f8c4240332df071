// The picture of a series: its poster, or its letters on a colour of its own.

import { h, setText } from "./dom.js";
import { ROOT } from "./api.js";

/** A place for the picture; drawPicture fills it. */
export function makePicture(series) {
  const art = h("span.art", { ariaHidden: "true" }, h("b"));
  drawPicture(art, series);
  return art;
}

/** Show a series' poster where it has one. */
export function drawPicture(art, { title, poster }) {
  const letters = lettersOf(title);
  setText(art.firstElementChild, letters);
  const hue = String(hueOf(title));
  if (art.style.getPropertyValue("--hue") !== hue) art.style.setProperty("--hue", hue);
  const address = poster ? new URL(poster, ROOT).href : "";
  const image = art.querySelector("img");
  if (!address) return image?.remove();
  if (image?.src === address) return;
  image?.remove();
  const made = h("img", { src: address, alt: "", loading: "lazy", decoding: "async" });
  made.onerror = () => made.remove();
  art.append(made);
}

/** The first letters of its words, three at most. */
function lettersOf(title) {
  const words = title.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const many = words.length > 1;
  const letters = many ? words.slice(0, 3).map((word) => [...word][0]) : [...(words[0] ?? "?")];
  return letters
    .slice(0, many ? 3 : 2)
    .join("")
    .toLocaleUpperCase();
}

function hueOf(title) {
  let hash = 0;
  for (const character of title) hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  return hash % 360;
}
