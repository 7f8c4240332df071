// Why something failed or waits, in the reader's language. The server says it in English.

import { language } from "./formats.js";
import { t } from "./i18n.js";

let patterns = []; // [pattern of the server's sentence, the same in German]

/** Load the German sentences, for those who read German. */
export async function loadReasons() {
  if (language === "de") patterns = (await import("./reasons_de.js")).SENTENCES;
}

// Between what several sources say, each with its name before it.
const BETWEEN = /; (?=[a-z0-9-]{1,40}: |another source)/;

/** The German of one sentence, with the name of a source before it or not; null if unknown. */
function translate(sentence) {
  const [, name, said] = sentence.match(/^(?:([a-z0-9-]{1,40}): )?(.*)$/s);
  const [pattern, text] = patterns.find(([pattern]) => pattern.test(said)) ?? [];
  return pattern ? `${name ? `${name}: ` : ""}${said.replace(pattern, text)}` : null;
}

/** @returns {{text: string, isEnglish: boolean}} */
export function describeReason(message, code) {
  if (language === "en") return { text: message ?? "", isEnglish: false };
  const sentences = (message ?? "").split(BETWEEN).map(translate);
  if (!sentences.includes(null)) return { text: sentences.join("; "), isEnglish: false };
  if (code) return { text: `${t(`error.${code}`)} (${message})`, isEnglish: false };
  return { text: message ?? "", isEnglish: true };
}
