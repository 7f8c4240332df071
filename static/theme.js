// Light or dark, as the reader chose or as the system is. Runs before anything is shown.

const KEY = "aniworld.theme"; // in localStorage
const GROUNDS = { light: "#f6f5f1", dark: "#0d0f16" }; // of the window around the page

/** "auto", "light" or "dark". */
export const theme = () => localStorage.getItem(KEY) ?? "auto";

/** Keep the reader's choice, and follow it at once. */
export function chooseTheme(name) {
  localStorage.setItem(KEY, name);
  show();
}

function show() {
  document.documentElement.dataset.theme = theme();
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
    const system = meta.media.includes("dark") ? "dark" : "light";
    meta.content = GROUNDS[theme()] ?? GROUNDS[system];
  }
}

show();
addEventListener("storage", show);
