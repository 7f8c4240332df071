// The picture of a series: its poster, or its letters on a colour of its own.

import { ROOT } from "./api.js";
import { h, setText } from "./dom.js";
import { pictureSeal } from "./queue_state.js";

// After which an address that brought no picture is asked again: a source may be slow, or away.
const AGAIN_MS = [4_000, 20_000, 600_000];
/** @type {Map<string, {count: number, until: number}>} addresses that brought none */
const without = new Map();
const MARGIN = "100px 0px"; // around the window, in which a picture is asked for
/** @type {WeakMap<Element, {address: string, series: any}>} what a place shows, or will in sight */
const wanted = new WeakMap();

// The browser's own lazy loading would ask for what is several screens away.
const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) load(target);
  },
  { rootMargin: MARGIN },
);

/** A place for the picture; drawPicture fills it. */
export function makePicture(series) {
  const art = h("span.art", { ariaHidden: "true" }, h("b"));
  drawPicture(art, series);
  return art;
}

/** Show a series' poster where it has one. `poster` is false where nobody has one. */
export function drawPicture(art, series) {
  const { id, title, poster } = series;
  if (art.dataset.title !== title) {
    setText(art.firstElementChild, lettersOf(title));
    art.dataset.title = title;
    art.style.setProperty("--hue", String(hueOf(title)));
  }
  const seal = pictureSeal();
  const isThere = seal && id && poster !== false;
  const address = isThere ? new URL(`posters/${seal}/${id}`, ROOT).href : "";
  if ((wanted.get(art)?.address ?? "") === address) return;
  wanted.delete(art);
  art.querySelector("img")?.remove();
  if (!address || Date.now() < (without.get(address)?.until ?? 0)) return;
  wanted.set(art, { address, series });
  sight.observe(art);
}

/** Ask for the picture of a place that came into sight. */
function load(art) {
  sight.unobserve(art);
  if (!wanted.has(art) || art.querySelector("img")) return;
  const { address, series } = wanted.get(art);
  const made = h("img", { alt: "", decoding: "async" });
  made.onload = () => made.classList.add("loaded");
  made.onerror = () => {
    made.remove();
    if (wanted.get(art)?.address === address) wanted.delete(art);
    const wait = putOff(address);
    if (series.poster && wait < AGAIN_MS.at(-1))
      setTimeout(() => art.isConnected && drawPicture(art, series), wait);
  };
  made.src = address;
  art.append(made);
}

/** Leave an address alone for a while. Returns for how many milliseconds. */
function putOff(address) {
  const count = without.get(address)?.count ?? 0;
  const wait = AGAIN_MS[Math.min(count, AGAIN_MS.length - 1)];
  without.set(address, { count: count + 1, until: Date.now() + wait - 1 });
  return wait;
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
