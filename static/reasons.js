// Why something failed or waits, in the reader's language. The server says it in English.

import { language } from "./formats.js";
import { t } from "./i18n.js";

let patterns = []; // [pattern of the server's sentence, the same in German]

/** Load the German sentences, for those who read German. */
export async function loadReasons() {
  if (language === "de") patterns = (await import("./reasons_de.js")).SENTENCES;
}

/** @returns {{text: string, isEnglish: boolean}} */
export function describeReason(message, code) {
  if (language === "en") return { text: message ?? "", isEnglish: false };
  for (const [pattern, text] of patterns) {
    if (pattern.test(message)) return { text: message.replace(pattern, text), isEnglish: false };
  }
  if (code) return { text: `${t(`error.${code}`)} (${message})`, isEnglish: false };
  return { text: message ?? "", isEnglish: true };
}
