// The picture of a series: its poster, or its letters on a colour of its own.

import { ROOT } from "./api.js";
import { h, setText } from "./dom.js";
import { pictureSeal } from "./queue_state.js";

const without = new Set(); // addresses where no poster is

/** A place for the picture; drawPicture fills it. */
export function makePicture(series) {
  const art = h("span.art", { ariaHidden: "true" }, h("b"));
  drawPicture(art, series);
  return art;
}

/** Show a series' poster where it has one. */
export function drawPicture(art, { id, title }) {
  const letters = lettersOf(title);
  if (art.firstElementChild.textContent !== letters) {
    setText(art.firstElementChild, letters);
    art.style.setProperty("--hue", String(hueOf(title)));
  }
  const seal = pictureSeal();
  const address = seal && id ? new URL(`posters/${seal}/${id}`, ROOT).href : "";
  const image = art.querySelector("img");
  if (image?.src === address) return;
  image?.remove();
  if (!address || without.has(address)) return;
  const made = h("img", { alt: "", loading: "lazy", decoding: "async" });
  made.onload = () => made.classList.add("loaded");
  made.onerror = () => {
    without.add(address);
    made.remove();
  };
  made.src = address;
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
