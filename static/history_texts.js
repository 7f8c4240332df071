// The texts of the history. As in i18n.js: key: [German, English].

import { addTexts } from "./i18n.js";

addTexts({
  olderOnes: ["Ältere zeigen", "Show older ones"],
  nothingFetched: ["Noch wurde nichts geladen.", "Nothing was downloaded yet."],
});
