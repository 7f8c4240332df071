// Light or dark, as the reader chose or as the system is. Runs before anything is shown.

const KEY = "aniworld.theme"; // in localStorage

/** "auto", "light" or "dark". */
export const theme = () => localStorage.getItem(KEY) ?? "auto";

/** Keep the reader's choice, and follow it at once. */
export function chooseTheme(name) {
  localStorage.setItem(KEY, name);
  show();
}

function show() {
  document.documentElement.dataset.theme = theme();
}

show();
addEventListener("storage", show);
