// What this browser keeps: the language and the colours of the page.

import { h } from "./dom.js";
import { chooseLanguage, language } from "./formats.js";
import { t } from "./i18n.js";
import "./settings_page_texts.js";
import { chooseTheme, theme } from "./theme.js";

const LANGUAGES = { de: "Deutsch", en: "English" };

export function open(root) {
  const languages = Object.entries(LANGUAGES).map(([name, text]) => new Option(text, name));
  for (const option of languages) option.lang = option.value;
  const languageField = h("select", { id: "language" }, languages);
  languageField.value = language;
  languageField.onchange = () => chooseLanguage(languageField.value);
  const themes = ["auto", "light", "dark"].map((name) => new Option(t(`theme.${name}`), name));
  const themeField = h("select", { id: "theme" }, themes);
  themeField.value = theme();
  themeField.onchange = () => chooseTheme(themeField.value);
  const field = (input, label) =>
    h("div.field", {}, h("label", { htmlFor: input.id }, label), input);
  root.append(
    h("p.soft", {}, t("pageHint")),
    h("div.card.fields", {}, field(languageField, t("language")), field(themeField, t("theme"))),
  );
}
