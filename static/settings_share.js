// Sharing: which series other instances of this program may fetch from here.

import { callApi } from "./api.js";
import { h } from "./dom.js";
import { runAction, showToast } from "./feedback.js";
import { t } from "./i18n.js";
import { ensureLibrary, library } from "./library_state.js";
import { href } from "./router.js";
import { loadSettings } from "./settings_form.js";
import "./settings_form_texts.js";
import "./settings_share_texts.js";

export async function open(root) {
  const [config] = await Promise.all([loadSettings(), ensureLibrary()]);
  const shared = config.share.series;
  const chosen = new Set(Array.isArray(shared) ? shared : []);
  const choices = ["none", "all", "some"].map((name) => {
    const isChosen = name === (Array.isArray(shared) ? "some" : shared);
    const radio = h("input", { type: "radio", name: "share", value: name, checked: isChosen });
    return h("label.check", {}, radio, t(`share.${name}`));
  });
  const series = library.list.map(({ id, title }) => {
    const box = h("input", { type: "checkbox", value: id, checked: chosen.has(id) });
    return h("label.check", {}, box, title);
  });
  const list = h("div.checks.shared-series", { role: "group", ariaLabel: t("share.some") }, series);
  const saveButton = h("button.main", { type: "submit" }, t("save"));
  const keys = h("a", { href: href("settings/account") }, t("shareKey"));
  const legend = h("legend", {}, t("shareLegend"));
  const card = h(
    "form.card.settings-form",
    {},
    h("fieldset", {}, legend, choices),
    list,
    h("p.soft", {}, t("shareHint"), " ", keys),
    h("div.foot", {}, saveButton),
  );
  const choice = () => card.elements.share.value;
  const showList = () => (list.hidden = choice() !== "some");
  card.onchange = showList;
  card.onsubmit = (event) => {
    event.preventDefault();
    const some = [...list.querySelectorAll(":checked")].map((box) => box.value);
    // Series that are not in the library just now stay shared.
    const absent = [...chosen].filter((id) => !library.byId.has(id));
    const value = choice() === "some" ? [...some, ...absent] : choice();
    runAction(saveButton, async () => {
      await callApi("PUT", "config", { share: { series: value } });
      showToast(t("saved"));
    });
  };
  showList();
  root.append(card);
}
