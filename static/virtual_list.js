// A long list of which only the rows in sight are in the document, and those around them.

import { syncList } from "./dom.js";

const MARGIN = 1; // screens above and below that are drawn too, in the frames that follow
const NEW_AT_ONCE = 12; // nodes that are made in one frame: more would hold up a click

/**
 * Let `list`, a grid whose rows all have one height, show as many values as there are.
 * @param {HTMLElement} list
 * @param {{key: (value: any) => string, create: (value: any) => HTMLElement,
 *   update: (row: HTMLElement, value: any) => void}} how as syncList takes it
 */
export function makeVirtualList(list, how) {
  let values = [];
  let rowHeight = 0;
  let columns = 1;
  let nextFrame = 0;
  let drawn = ""; // as describe() has it

  function measure() {
    const style = getComputedStyle(list);
    const height = list.firstElementChild?.getBoundingClientRect().height;
    if (height) rowHeight = height + (parseFloat(style.rowGap) || 0);
    columns = Math.max(1, style.gridTemplateColumns.split(" ").length);
  }

  const countRows = () => Math.ceil(values.length / columns);
  const describe = ({ first, end }) => `${first} ${end} ${columns}`;

  /** The rows at most so many screens away from what is in sight: `end` is behind the last. */
  function rowsWithin(screens) {
    const top = -list.getBoundingClientRect().top;
    const first = Math.floor((top - screens * innerHeight) / rowHeight);
    const end = Math.ceil((top + (1 + screens) * innerHeight) / rowHeight);
    const start = Math.max(0, Math.min(first, countRows() - 1));
    return { first: start, end: Math.max(Math.min(end, countRows()), start + 1) };
  }

  /** What can be drawn now: the rows in sight come first, and rows that are there cost nothing. */
  function choose(near) {
    const there = new Set([...list.children].map((node) => node.dataset.key));
    const valuesOf = (row) => values.slice(row * columns, (row + 1) * columns);
    const costOf = (row) => valuesOf(row).filter((value) => !there.has(how.key(value))).length;
    const seen = rowsWithin(0);
    let [first, end] = [seen.first, seen.first];
    let left = Math.max(NEW_AT_ONCE, columns);
    for (const rows of [seen, near]) {
      while (end < rows.end && costOf(end) <= left) left -= costOf(end++);
      while (first > rows.first && costOf(first - 1) <= left) left -= costOf(--first);
    }
    return { first, end };
  }

  function draw() {
    if (!rowHeight && values.length) syncList(list, values.slice(0, 1), how);
    measure();
    if (!rowHeight) return syncList(list, values.slice(0, 50), how); // nothing has a size yet
    const near = rowsWithin(MARGIN);
    const { first, end } = choose(near);
    list.style.setProperty("padding-top", `${first * rowHeight}px`);
    list.style.setProperty("padding-bottom", `${(countRows() - end) * rowHeight}px`);
    drawn = describe({ first, end });
    syncList(list, values.slice(first * columns, end * columns), how);
    if (drawn !== describe(near)) follow();
  }

  /** Draw in the next frame if other rows are near by then. */
  function follow() {
    nextFrame ||= requestAnimationFrame(() => {
      nextFrame = 0;
      if (!values.length || !list.isConnected) return;
      measure();
      if (describe(rowsWithin(MARGIN)) !== drawn) draw();
    });
  }

  addEventListener("scroll", follow, { passive: true });
  addEventListener("resize", follow);
  return {
    /** Show these values, in their order. */
    show(given) {
      values = given;
      cancelAnimationFrame(nextFrame); // or one frame could draw twice
      nextFrame = 0;
      draw();
    },
    /** The rows have another height than before. */
    reset() {
      rowHeight = 0;
      list.replaceChildren();
      list.style.removeProperty("padding-top");
    },
    close() {
      cancelAnimationFrame(nextFrame);
      removeEventListener("scroll", follow);
      removeEventListener("resize", follow);
    },
  };
}
