// All of the server's sentences in German, for views in which it may say any of them.

import { SENTENCES as checks } from "./checks_de.js";
import { SENTENCES as fields } from "./fields_de.js";
import { SENTENCES as failures } from "./reasons_de.js";
import { SENTENCES as refusals } from "./refusals_de.js";
import { compileAll } from "./sentence_patterns.js";
import { SENTENCES as trials } from "./trials_de.js";

const INNER = ["fix", "reason"]; // places that may hold a sentence themselves

function inGerman(text) {
  const [pattern, translate] = SENTENCES.find(([pattern]) => pattern.test(text)) ?? [];
  return pattern ? text.replace(pattern, translate) : text;
}

const exact = compileAll([...fields, ...checks, ...trials, ...refusals], (value, name) =>
  INNER.includes(name) ? inGerman(value) : value,
);

export const SENTENCES = [...failures, ...exact];
