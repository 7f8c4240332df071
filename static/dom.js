// The document: finding, making and changing its nodes without losing the focus.

import { t } from "./i18n.js";

/**
 * The first element below `root` that matches.
 * @param {string} selector
 * @param {ParentNode} root
 * @returns {any}
 */
export const $ = (selector, root = document) => root.querySelector(selector);

/** Fill in the texts of all nodes below `root` that have data-t, data-t-label, -placeholder. */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-t]")) {
    node.textContent = t(node.dataset.t);
  }
  for (const node of root.querySelectorAll("[data-t-label]")) {
    node.ariaLabel = t(node.dataset.tLabel);
  }
  for (const node of root.querySelectorAll("[data-t-placeholder]")) {
    node.placeholder = t(node.dataset.tPlaceholder);
  }
}

const SVG = document.querySelector("svg").namespaceURI;

/**
 * Make an element: h("button.main", { onclick, ariaLabel, data: { action: "get" } }, "Get").
 * @param {string} kind the tag and its classes
 * @param {Record<string, any>} [properties] of the node where it has them, else attributes; `data`
 *   are those of its dataset
 * @param {...any} children nodes and texts; what is null or false is left out
 * @returns {any}
 */
export function h(kind, properties = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(node.dataset, value);
    else if (name in node) node[name] = value;
    else if (value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null && child !== false));
  return node;
}

/** An icon of the document's sprite; whatever it stands in has to have a name. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Load a style sheet of a view, once; what it is for is shown afterwards. */
export function loadStyle(name) {
  const address = new URL(`./${name}`, import.meta.url).href;
  const known = [...document.styleSheets].some((sheet) => sheet.href === address);
  if (known) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const onerror = () => reject(new TypeError(`${name} did not come`));
    document.head.append(h("link", { rel: "stylesheet", href: address, onload: resolve, onerror }));
  });
}

/** The host of a link that may be followed, else "": a source could send anything. */
export function siteHost(site) {
  const url = URL.canParse(site) ? new URL(site) : null;
  return url && /^https?:$/.test(url.protocol) ? url.host : "";
}

/**
 * A way to show in a form what is known, which leaves alone what somebody is typing into it.
 * @param {HTMLFormElement} form
 * @param {() => void} fill shows it
 * @returns {(isOwn?: boolean) => void} `isOwn`: what was typed was sent, and is known by now
 */
export function makeRefill(form, fill) {
  const values = () => [...form.elements].map(({ value }) => value).join("\n");
  let shown = values();
  return (isOwn = false) => {
    if (!isOwn && values() !== shown) return;
    fill();
    shown = values();
  };
}

/** Set a node's text; a node that has this text already is left alone, and so is its reader. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const drawn = new WeakMap(); // node -> what it shows

/** Whether a node shows these facts already: most of a thousand rows need no further look. */
export function isDrawn(node, ...facts) {
  const now = facts.join("\n");
  if (drawn.get(node) === now) return true;
  drawn.set(node, now);
  return false;
}

/**
 * Hide a node, or show it.
 * @param {HTMLElement} node
 * @param {boolean} hidden
 * @param {HTMLElement | null} heir gets the focus when it was in the node that is hidden
 */
export function setHidden(node, hidden, heir) {
  const hadFocus = hidden && node.contains(document.activeElement);
  node.hidden = hidden;
  if (hadFocus) heir?.focus({ preventScroll: true });
}

/**
 * Make `list` show one row for each value, in their order. Rows that are there already are kept,
 * and with them the focus and the place that was scrolled to.
 * @template T
 * @param {any} list
 * @param {T[]} values
 * @param {{key: (value: T) => string, create: (value: T) => HTMLElement,
 *   update: (row: HTMLElement, value: T) => void}} how
 */
export function syncList(list, values, { key, create, update }) {
  /** @type {any} */
  const focused = document.activeElement;
  const oldRows = new Map([...list.children].map((row) => [row.dataset.key, row]));
  removeRows(oldRows, new Set(values.map(key)));
  let next = list.firstElementChild;
  for (const value of values) {
    const row = oldRows.get(key(value)) ?? create(value);
    row.dataset.key = key(value);
    if (row === next) next = next.nextElementSibling;
    else if (row === next?.nextElementSibling) next = row.nextElementSibling; // that one goes down
    else if (row.isConnected && list.moveBefore) list.moveBefore(row, next);
    else list.insertBefore(row, next);
    update(row, value);
  }
  if (list.contains(focused) && document.activeElement === document.body) {
    focused.focus({ preventScroll: true }); // a row that moves loses it
  }
}

function removeRows(rows, wantedKeys) {
  for (const [key, row] of rows) {
    if (wantedKeys.has(key)) continue;
    if (row.contains(document.activeElement)) focusNeighbour(row);
    row.remove();
  }
}

/** Move the focus from a row that vanishes to the same button of the next row, or the heading. */
function focusNeighbour(row) {
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  const { action } = $(":focus", row).dataset;
  const heir =
    neighbour?.querySelector(`[data-action="${action}"]:not([hidden])`) ??
    row.closest("section, dialog, main")?.querySelector("h1[tabindex], h2[tabindex]");
  heir?.focus({ preventScroll: true });
}
