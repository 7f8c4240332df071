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

/** A new copy of the element in `<template id=...>`, translated. */
export function makeFromTemplate(id) {
  const copy = $(`#${id}`).content.cloneNode(true);
  translate(copy);
  return copy.firstElementChild;
}

/** The host of a link that may be followed, else "": a source could send anything. */
export function siteHost(site) {
  const url = URL.canParse(site) ? new URL(site) : null;
  return url && /^https?:$/.test(url.protocol) ? url.host : "";
}

/** Set a node's text; a node that has this text already is left alone, and so is its reader. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
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
    row.closest("section, dialog")?.querySelector("h2[tabindex]");
  heir?.focus({ preventScroll: true });
}
