// The texts of the settings of this page. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  pageHint: ["Gilt nur in diesem Browser.", "For this browser alone."],
  language: ["Sprache", "Language"],
  theme: ["Farben", "Colours"],
  "theme.auto": ["wie das System", "as the system"],
  "theme.light": ["hell", "light"],
  "theme.dark": ["dunkel", "dark"],
});
