// All of the server's sentences in German, for views in which it may say any of them.

import { SENTENCES as checks } from "./checks_de.js";
import { SENTENCES as fields } from "./fields_de.js";
import { SENTENCES as failures } from "./reasons_de.js";
import { SENTENCES as refusals } from "./refusals_de.js";
import { SENTENCES as trials } from "./trials_de.js";

const PLACE = /\{(\w+)\}/g;
const INNER = ["fix", "reason"]; // places that may hold a sentence themselves

/** How many characters of a sentence stand in it whatever fills its places. */
const fixedLength = ([english]) => english.replace(PLACE, "").length;

/** The pattern of a sentence with places, and what it becomes in German. */
function compile([english, german]) {
  const names = [...english.matchAll(PLACE)].map(([, name]) => name);
  const parts = english.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const translate = (...found) => {
    const values = Object.fromEntries(names.map((name, index) => [name, found[index + 1]]));
    for (const name of INNER) if (name in values) values[name] = inGerman(values[name]);
    return german.replace(PLACE, (_, name) => values[name]);
  };
  return [new RegExp(`^${parts.join("(.+?)")}$`, "s"), translate];
}

function inGerman(text) {
  const [pattern, translate] = SENTENCES.find(([pattern]) => pattern.test(text)) ?? [];
  return pattern ? text.replace(pattern, translate) : text;
}

// Of two that fit a sentence, the one that says more of it is meant.
const exact = [...fields, ...checks, ...trials, ...refusals].sort(
  (one, other) => fixedLength(other) - fixedLength(one),
);

export const SENTENCES = [...failures, ...exact.map(compile)];
