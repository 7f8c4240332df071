// Sentences of the server with places in them, as patterns that turn them into German.

import { sayErrorInGerman } from "./system_errors_de.js";

const PLACE = /\{(\w+)\}/g;

/** How many characters of a sentence stand in it whatever fills its places. */
const fixedLength = ([english]) => english.replace(PLACE, "").length;

/**
 * Patterns and what turns a text that fits into German; of two that fit a text, the one that says
 * more of it comes first.
 * @param {string[][]} sentences pairs of English and German, with {places}
 * @param {(value: string, name: string) => string} change of what stands in a place
 */
export function compileAll(sentences, change) {
  const exact = [...sentences].sort((one, other) => fixedLength(other) - fixedLength(one));
  return exact.map((sentence) => compile(sentence, change));
}

function compile([english, german], change) {
  const names = [...english.matchAll(PLACE)].map(([, name]) => name);
  const parts = english.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const translate = (...found) => {
    const inGerman = (value, name) => sayErrorInGerman(change(value, name));
    const values = new Map(names.map((name, index) => [name, inGerman(found[index + 1], name)]));
    return german.replace(PLACE, (_, name) => values.get(name));
  };
  return [new RegExp(`^${parts.join("(.+?)")}$`, "s"), translate];
}
