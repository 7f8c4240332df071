// What the server says in English, in the reader's language: why something failed or waits, …

import { h } from "./dom.js";
import { language } from "./formats.js";
import { t } from "./i18n.js";

let patterns = []; // [pattern of the server's sentence, the same in German]

/** Load the German of what items and sources fail with, for those who read German. */
export async function loadReasons() {
  if (language !== "de" || patterns.length) return;
  patterns = (await import("./reasons_de.js")).SENTENCES;
}

/** Load the German of all that the server may say: of fields, trials, checks and refusals too. */
export async function loadSentences() {
  if (language === "de") patterns = (await import("./sentences_de.js")).SENTENCES;
}

let translateFile = (why) => why; // into the reader's language

/** Load the German of why files are read as they are, for those who read German. */
export async function loadFileReasons() {
  if (language === "de") translateFile = (await import("./files_de.js")).translate;
}

/** Why a file is read as it is, or keeps its name. */
export const describeFile = (why) => translateFile(why ?? "");

// Between what several sources say, each with its name before it.
const BETWEEN = /; (?=[a-z0-9-]{1,40}: |another source)/;

/** The German of one sentence, with the name of a source before it or not; null if unknown. */
function translate(sentence) {
  const [, name, said] = sentence.match(/^(?:([a-z0-9-]{1,40}): )?(.*)$/s);
  const [pattern, text] = patterns.find(([pattern]) => pattern.test(said)) ?? [];
  if (pattern) return `${name ? `${name}: ` : ""}${said.replace(pattern, text)}`;
  // The network says the same of servers that are told of something.
  const ofSource = said.startsWith("The server ") && translate(said.replace("server", "source"));
  return ofSource ? ofSource.replace("Die Quelle", "Der Server") : null;
}

/** @returns {{text: string, isEnglish: boolean}} */
export function describeReason(message, code) {
  if (language === "en") return { text: message ?? "", isEnglish: false };
  const sentences = (message ?? "").split(BETWEEN).map(translate);
  if (!sentences.includes(null)) return { text: sentences.join("; "), isEnglish: false };
  if (code) return { text: `${t(`error.${code}`)} (${message})`, isEnglish: false };
  return { text: message ?? "", isEnglish: true };
}

/** A node that says a sentence of the server's. */
export function makeSentence(kind, message) {
  const { text, isEnglish } = describeReason(message, null);
  return h(kind, { lang: isEnglish ? "en" : "" }, text);
}

/**
 * What is wrong and how to mend it, as one text that begins as a sentence does.
 * @param {{issue: string, fix?: string}} problem
 * @returns {{text: string, isEnglish: boolean}}
 */
export function describeProblem({ issue, fix }) {
  const said = [issue, fix].filter(Boolean).map((sentence) => describeReason(sentence, null));
  const texts = said.map(({ text }) => text.charAt(0).toUpperCase() + text.slice(1));
  return { text: texts.join(". "), isEnglish: said.some(({ isEnglish }) => isEnglish) };
}
