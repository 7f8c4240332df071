// The fields of a form: made from descriptions, read, and told what is wrong with them.

import { $, h, icon, setText } from "./dom.js";
import { t } from "./i18n.js";
import { describeProblem } from "./reasons.js";

/**
 * The description of a field. `name` is its path in the value of the whole form, such as
 * "naming.series"; its label is the text `field.<name>`, and where `hint` is set, `hint.<name>`
 * explains it. An empty field that may be left out stands for `empty`.
 * @typedef {{name: string, kind: string, hint?: boolean, options?: string[],
 *   textOf?: (option: string) => string, least?: number, most?: number,
 *   step?: number | "any", empty?: any, unit?: string,
 *   example?: string, label?: string}} Field
 *
 * What is wrong with a field, as the server says it.
 * @typedef {{field: string, issue: string, fix?: string}} Problem
 */

let formCount = 0; // makes the ids of fields of two forms differ

/** The value at a path such as "night.from". */
const valueAt = (values, path) => path.split(".").reduce((value, part) => value?.[part], values);

function setValueAt(values, path, value) {
  const parts = path.split(".");
  const last = parts.pop();
  let inner = values;
  for (const part of parts) inner = inner[part] ??= {};
  inner[last] = value;
}

// -- kinds of fields ------------------------------------------------------------------------------

const makeInput = (field, properties) =>
  h("input", { autocomplete: "off", spellcheck: false, ...properties });

/** How each kind of field is made (a node with the value shown), and how its value is read. */
const KINDS = {
  text: {
    make: (field, value) => makeInput(field, { value, maxlength: 4096 }),
    read: (node) => node.value.trim(),
  },
  secret: {
    make: (field, value) =>
      makeInput(field, { type: "password", value, maxlength: 4000, autocomplete: "new-password" }),
    read: (node) => node.value,
  },
  number: {
    make: (field, value) =>
      makeInput(field, {
        type: "number",
        value: value ?? "",
        min: String(field.least ?? 0),
        max: field.most && String(field.most),
        step: String(field.step ?? 1),
      }),
    read: (node, field) =>
      node.value === "" ? ("empty" in field ? field.empty : 0) : Number(node.value),
  },
  check: {
    make: (field, value) => h("input", { type: "checkbox", checked: Boolean(value) }),
    read: (node) => node.checked,
  },
  choice: {
    make(field, value) {
      const options = field.options.map((name) => new Option(field.textOf(name), name));
      const node = h("select", {}, options);
      node.value = value;
      return node;
    },
    read: (node) => node.value,
  },
  words: {
    make: (field, value) => makeInput(field, { value: [...value].join(", ") }),
    read: (node) => node.value.split(/[\s,;]+/).filter(Boolean),
  },
  lines: {
    make: (field, value) =>
      h("textarea", { value: [...value].join("\n"), spellcheck: false, rows: 3 }),
    read: (node) =>
      node.value
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean),
  },
  checks: {
    make(field, value) {
      const boxes = field.options.map((name) => {
        const box = h("input", { type: "checkbox", value: name, checked: value.includes(name) });
        return h("label.check", {}, box, field.textOf(name));
      });
      return h("div.checks", { role: "group" }, boxes);
    },
    read: (node) => [...node.querySelectorAll(":checked")].map((box) => box.value),
  },
  hours: {
    make: (field, value) => makeHours(value),
    read(node, field) {
      const [from, to] = [...node.querySelectorAll("input")].map((input) => input.value);
      return from || to ? { from: from || "00:00", to: to || "00:00" } : field.empty;
    },
  },
  limits: {
    make(field, value) {
      const add = h("button", { type: "button" }, t("addHours"));
      const list = h("div.field-rows", {}, value.map(makeLimit), add);
      add.onclick = () => {
        add.before(makeLimit({ from: "08:00", to: "22:00", mbps: 10 }));
        $("input", add.previousElementSibling).focus();
      };
      return list;
    },
    read: (node) =>
      [...node.querySelectorAll(".limit")].map((row) => {
        const [from, to, mbps] = [...row.querySelectorAll("input")].map((input) => input.value);
        return { from, to, mbps: Number(mbps) };
      }),
  },
};

/** Kinds of more than one input: their label names a group. */
const GROUPS = ["checks", "hours", "limits"];

function makeHours(value) {
  const isAll = !value || value.from === value.to;
  const time = (label, given) =>
    h("input", { type: "time", ariaLabel: label, value: isAll ? "" : given });
  return h(
    "div.hours",
    { role: "group" },
    time(t("hoursFrom"), value?.from),
    h("span", { ariaHidden: "true" }, "–"),
    time(t("hoursTo"), value?.to),
  );
}

function makeLimit({ from, to, mbps }) {
  const row = h("div.limit", {});
  const remove = h("button.icon", { type: "button", ariaLabel: t("removeHours") }, icon("close"));
  remove.onclick = () => {
    row.nextElementSibling.focus(); // the next row's first field, or the button that adds one
    const form = row.closest("form");
    row.remove();
    form.dispatchEvent(new Event("input"));
  };
  row.append(
    h("input", { type: "time", ariaLabel: t("hoursFrom"), value: from, required: true }),
    h("input", { type: "time", ariaLabel: t("hoursTo"), value: to, required: true }),
    h("input", { type: "number", min: "0", step: "any", ariaLabel: t("unit.mbps"), value: mbps }),
    h("span.soft", {}, t("unit.mbps")),
    remove,
  );
  return row;
}

// -- the fields of a form -------------------------------------------------------------------------

/**
 * Make fields that show `values`.
 * @param {Field[]} fields
 * @param {any} values by name; paths lead into its objects
 * @param {Record<string, string>} forced name -> what sets it in place of the owner
 */
export function makeFields(fields, values, forced = {}) {
  const formNumber = (formCount += 1);
  const parts = fields.map((field, index) => {
    const setBy = forced[field.name.split(".")[0]];
    return makePart(field, valueAt(values, field.name), `f${formNumber}-${index}`, setBy);
  });
  const partOf = ({ field: name }) =>
    parts.find(({ field }) => new RegExp(`^${field.name}($|[.[])`).test(name)) ??
    parts.find(({ field }) => field.name.startsWith(`${name}.`));

  return {
    nodes: parts.map(({ node }) => node),
    /** All values, those of `values` without a field of their own included. */
    read() {
      const read = structuredClone(values);
      for (const { field, input } of parts) {
        setValueAt(read, field.name, KINDS[field.kind].read(input, field));
      }
      return read;
    },
    /** Show what is wrong, and take away what was. Returns the problems of no field here. */
    showProblems(problems) {
      const found = new Map(problems.map((problem) => [partOf(problem), problem]));
      for (const part of parts) showProblem(part, found.get(part));
      return problems.filter((problem) => !partOf(problem));
    },
    /** Put the focus into the first field with a problem. */
    focusProblem() {
      const part = parts.find(({ error }) => error.textContent);
      (part?.input.matches("input, select, textarea")
        ? part.input
        : $("input", part?.input)
      )?.focus();
    },
  };
}

function makePart(field, value, id, setBy) {
  const isGroup = GROUPS.includes(field.kind);
  const input = KINDS[field.kind].make(field, value ?? "");
  const label = h(isGroup ? "span" : "label", { id: `${id}-label` }, t(`field.${labelOf(field)}`));
  const hint = field.hint && h("p.soft", { id: `${id}-hint` }, t(`hint.${labelOf(field)}`));
  const error = h("p.bad", { id: `${id}-error`, role: "alert" });
  const described = [hint && hint.id, error.id].filter(Boolean).join(" ");
  if (isGroup) input.setAttribute("aria-labelledby", label.id);
  else [input.id, label.htmlFor] = [id, id];
  input.setAttribute("aria-describedby", described);
  input.dataset.field = field.name;
  if (field.example) input.placeholder = field.example;
  if (setBy) {
    const inner = [input, ...input.querySelectorAll("input, select, button")];
    for (const part of inner) if ("disabled" in part) part.disabled = true;
  }
  const unit = field.unit && h("span.soft", {}, t(`unit.${field.unit}`));
  const shown = unit ? h("div.joined", {}, input, unit) : input;
  const fixed = setBy && h("p.soft", {}, t("setBy", { variable: setBy }));
  const isCheck = field.kind === "check";
  const rows = isCheck ? [h("div.check", {}, input, label)] : [label, shown];
  return { field, input, error, node: h("div.field", {}, ...rows, hint, fixed, error) };
}

/** Fields of several forms with one name may have labels of their own. */
const labelOf = (field) => field.label ?? field.name;

function showProblem({ input, error }, problem) {
  const text = sayProblems(error, problem ? [problem] : []);
  const node = input.matches("input, select") ? input : null;
  if (node) node.ariaInvalid = text ? "true" : null;
}

/** Let a line say what is wrong, in the reader's language. Returns what it says. */
export function sayProblems(line, problems) {
  const said = problems.map(describeProblem);
  const text = said.map((problem) => problem.text).join(". ");
  setText(line, text);
  line.lang = said.some(({ isEnglish }) => isEnglish) ? "en" : "";
  return text;
}

/**
 * The problems that a refusal of the server tells of; without a field there is none.
 * @param {import("./api.js").Refusal} refusal
 * @returns {Problem[]}
 */
export function problemsOf({ message, details }) {
  if (!details?.field) return [];
  return [{ field: details.field, issue: details.issue ?? message, fix: details.fix }];
}
