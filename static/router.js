// Addresses and views: each view has an address, a module of its own, and a place in the history.

import { ROOT } from "./api.js";
import { $, h } from "./dom.js";
import { describeRefusal } from "./feedback.js";
import { t } from "./i18n.js";

/**
 * An address of the page, taken apart.
 * @typedef {{view: string, id: string, path: string, query: URLSearchParams}} Address
 *
 * What the `open(root, address)` of a view's module gives: its title, and what it does when
 * something has changed (`draw`), when its address got another query or id (`update`, true when
 * that was all), and when it is left (`close`).
 * @typedef {{title: string, draw?: (changed: Set<string>) => void,
 *   update?: (address: Address) => boolean, close?: () => void}} View
 */

const VIEWS = [
  [/^(?:library)?$/, "library"],
  [/^series\/([^/]+)$/, "series"],
  [/^queue$/, "queue"],
  [/^history$/, "history"],
  [/^calendar$/, "calendar"],
  [/^search$/, "search"],
  [/^settings(?:\/([a-z]+))?$/, "settings"],
  [/^system$/, "system"],
  [/^welcome$/, "welcome"],
];

const main = $("#view");
/** @type {View | null} */
let view = null;
/** @type {Address | null} */
let address = null;
let isLeft = true; // nobody is logged in, or not yet
let opening = 0; // counts the views that were opened: one that was overtaken is dropped
let places = new Map(); // key of an entry of the history -> where its reader was
let key = "";
let listener = (address) => {};

history.scrollRestoration = "manual"; // a view is not there yet when the browser would scroll

/** The full address of a path such as "series/home_show?x=1". */
export const href = (path) => new URL(path, ROOT).pathname + new URL(path, ROOT).search;

/** Set what happens when another view is shown. */
export function onNavigation(given) {
  listener = given;
}

/** @returns {Address | null} the address that a URL of this page means */
function parse(url) {
  if (url.origin !== ROOT.origin || !url.pathname.startsWith(ROOT.pathname)) return null;
  const path = url.pathname.slice(ROOT.pathname.length);
  for (const [pattern, name] of VIEWS) {
    const match = path.match(pattern);
    if (match) return { view: name, id: match[1] ?? "", path, query: url.searchParams };
  }
  return null;
}

// -- moving ---------------------------------------------------------------------------------------

/** Go to a path of the page, as a link does. */
export async function navigate(path) {
  leavePlace();
  key = makeKey();
  history.pushState({ key }, "", href(path));
  await show({});
}

/** Give the view that is shown another address, without an entry in the history. */
export function replaceAddress(path) {
  history.replaceState({ key }, "", href(path));
  address = parse(new URL(location.href));
}

/** Show the view of the present address, at the start and after a login. */
export async function start({ takesFocus = false } = {}) {
  isLeft = false;
  key = history.state?.key ?? makeKey();
  history.replaceState({ key }, "");
  await show({ takesFocus });
}

/** Show nothing, as long as nobody is logged in. */
export function leave() {
  isLeft = true;
  opening += 1;
  closeView();
  main.replaceChildren();
}

const makeKey = () => crypto.getRandomValues(new Uint32Array(2)).join("");

function leavePlace() {
  const focused = document.activeElement?.closest?.("[data-key]");
  places.set(key, { top: scrollY, focused: focused?.dataset.key });
}

addEventListener("popstate", (event) => {
  if (!event.state?.key || isLeft) return;
  leavePlace();
  key = event.state.key;
  show({ place: places.get(key) ?? { top: 0 } });
});

// A reload keeps the place too.
addEventListener("pagehide", () => {
  leavePlace();
  sessionStorage.setItem("aniworld.places", JSON.stringify([...places].slice(-50)));
});
try {
  places = new Map(JSON.parse(sessionStorage.getItem("aniworld.places") ?? "[]"));
} catch {
  // Nobody knows the places then.
}

addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (!link || !isPlain || event.altKey || event.defaultPrevented || link.target) return;
  const url = new URL(link.href);
  if (url.hash || !parse(url)) return; // a place in this view, or no view
  event.preventDefault();
  navigate(url.pathname.slice(ROOT.pathname.length) + url.search);
});

// -- showing --------------------------------------------------------------------------------------

/** Show the view of the present address; `place` is where its reader was when he left it. */
async function show({ place, takesFocus = true }) {
  const number = (opening += 1);
  const wanted = parse(new URL(location.href)) ?? parse(ROOT);
  const isSame = view && address?.view === wanted.view && address.id === wanted.id;
  address = wanted;
  if (isSame && view.update?.(wanted)) {
    listener(wanted);
    return place && scrollTo(0, place.top);
  }
  document.body.classList.add("opening");
  let opened, root;
  try {
    const module = await import(`./${wanted.view}.js`);
    root = h("div.view", { data: { view: wanted.view } });
    opened = await module.open(root, wanted);
  } catch (error) {
    if (error.status === 401) return;
    [opened, root] = await makeFailure(error);
  }
  if (number !== opening) return opened.close?.(); // somebody went on in the meantime
  closeView();
  view = opened;
  main.replaceChildren(root);
  document.body.classList.remove("opening");
  view.draw?.(new Set(["all"]));
  listener(wanted);
  place ??= takesFocus ? undefined : places.get(key);
  scrollTo(0, place?.top ?? 0);
  if (takesFocus) focusPlace(root, place);
}

function closeView() {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  view?.close?.();
  view = null;
}

function focusPlace(root, place) {
  const row = place?.focused && $(`[data-key="${CSS.escape(place.focused)}"]`, root);
  const heir = row?.querySelector("a, button") ?? $("h1", root);
  heir?.focus({ preventScroll: true });
}

/** A view in place of one that did not come. */
async function makeFailure(error) {
  const code = navigator.onLine && !/import|load/i.test(error.message) ? "PAGE" : "NETWORK";
  const refusal = error.code ? error : { code, message: error.message, details: {} };
  const { text, general, details } = await describeRefusal(refusal);
  const again = h("button.main", { type: "button", onclick: () => show({}) }, t("tryAgain"));
  const home = h("a.button", { href: href("library") }, t("library"));
  const isOffline = refusal.code === "NETWORK";
  const said = text === general ? details : text;
  const root = h(
    "div.view.failure",
    {},
    h("h1", { tabIndex: -1 }, general),
    said && !isOffline && h("p.soft", { lang: said === details ? "en" : "" }, said),
    h("p.foot", {}, again, home),
  );
  if (!error.code) console.error(error);
  return [{ title: general }, root];
}

/** Draw what changed in the view that is shown. */
export function drawView(changed) {
  view?.draw?.(changed);
}

/** The title of the view that is shown. */
export const viewTitle = () => view?.title ?? "";

/** @returns {Address | null} */
export const currentAddress = () => address;
