// Long work in turns, between which the page answers clicks and draws.

const TURN_MS = 10;

/** Let others go first: what waits for the page's thread. */
export const letOthers = () =>
  globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));

/**
 * Do something with each value, in turns of some milliseconds.
 * @template T
 * @param {Iterable<T>} values
 * @param {(value: T) => void} work
 */
export async function inTurns(values, work) {
  let began = performance.now();
  for (const value of values) {
    work(value);
    if (performance.now() - began < TURN_MS) continue;
    await letOthers();
    began = performance.now();
  }
}
