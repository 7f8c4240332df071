// A long list of which only the rows in sight are in the document.

import { syncList } from "./dom.js";

const OVERSCAN = 1; // screens above and below that are drawn too

/**
 * Let `list`, a grid whose rows all have one height, show as many values as there are.
 * @param {HTMLElement} list
 * @param {{key: (value: any) => string, create: (value: any) => HTMLElement,
 *   update: (row: HTMLElement, value: any) => void}} how as syncList takes it
 */
export function makeVirtualList(list, how) {
  let values = [];
  let rowHeight = 0;
  let nextFrame = 0;
  let drawn = "";

  /** Which values are in sight: [first, one behind the last], and the rows above and below. */
  function window() {
    const columns = Math.max(1, getComputedStyle(list).gridTemplateColumns.split(" ").length);
    const rows = Math.ceil(values.length / columns);
    const top = -list.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor((top - OVERSCAN * innerHeight) / rowHeight));
    const end = Math.ceil((top + (1 + OVERSCAN) * innerHeight) / rowHeight);
    const last = Math.min(rows, Math.max(end, 1));
    const start = Math.min(first, Math.max(0, last - 1));
    return { columns, rows, start, last };
  }

  function measure() {
    const gap = parseFloat(getComputedStyle(list).rowGap) || 0;
    const height = list.firstElementChild?.getBoundingClientRect().height ?? 0;
    rowHeight = height ? height + gap : 0;
  }

  function draw() {
    if (!rowHeight && values.length) {
      syncList(list, values.slice(0, 1), how);
      measure();
    }
    if (!rowHeight) return syncList(list, values.slice(0, 50), how); // nothing has a size yet
    const { columns, rows, start, last } = window();
    list.style.setProperty("padding-top", `${start * rowHeight}px`);
    list.style.setProperty("padding-bottom", `${(rows - last) * rowHeight}px`);
    drawn = `${start} ${last} ${columns}`;
    syncList(list, values.slice(start * columns, last * columns), how);
  }

  /** Draw again if other rows are in sight now. */
  function follow() {
    nextFrame ||= requestAnimationFrame(() => {
      nextFrame = 0;
      if (!values.length || !list.isConnected) return;
      const { columns, start, last } = window();
      if (`${start} ${last} ${columns}` !== drawn) draw();
    });
  }

  function resize() {
    measure();
    follow();
  }

  addEventListener("scroll", follow, { passive: true });
  addEventListener("resize", resize);
  return {
    /** Show these values, in their order. */
    show(given) {
      values = given;
      draw();
    },
    /** The rows have another height than before. */
    reset() {
      rowHeight = 0;
      list.replaceChildren();
      list.style.removeProperty("padding-top");
    },
    close() {
      removeEventListener("scroll", follow);
      removeEventListener("resize", resize);
    },
  };
}
