// Why a file is read as it is, or keeps its name: the server's words in German, piece by piece. A
// {place} holds what the server has put there.

import { compileAll } from "./sentence_patterns.js";
import { sayErrorInGerman } from "./system_errors_de.js";

export const SENTENCES = [
  // -- which words of the name tell the episode
  ['the code "{words}"', "der Code „{words}“"],
  [
    "the code at the end, behind the folder's title",
    "der Code am Ende, hinter dem Titel des Ordners",
  ],
  ['season and episode in words, "{words}"', "Staffel und Folge in Worten, „{words}“"],
  ['the word for episode in "{words}"', "das Wort für Folge in „{words}“"],
  ['the word for special in "{words}"', "das Wort für Special in „{words}“"],
  ['the word for movie in "{words}"', "das Wort für Film in „{words}“"],
  ['the word for part in "{words}"', "das Wort für Teil in „{words}“"],
  ['the number sign in "{words}"', "das Nummernzeichen in „{words}“"],
  ['the count "{words}"', "die Zählung „{words}“"],
  ['the number "{words}"', "die Zahl „{words}“"],
  [
    'the number "{words}", read as season and episode',
    "die Zahl „{words}“, gelesen als Staffel und Folge",
  ],
  ["season {season} from the name", "Staffel {season} nach dem Namen"],
  ["season {season} from the folder", "Staffel {season} nach dem Ordner"],
  ["the folder says {first}-{last}", "der Ordner sagt {first}-{last}"],
  ["title from the folder", "Titel vom Ordner"],
  ["from the folder", "vom Ordner"],
  ["the season stands in front", "die Staffel steht vorn"],
  ["the folder has the title", "der Ordner hat den Titel"],
  ["it differs from file to file", "von Datei zu Datei anders"],
  [
    "{words} is the same in all names of this folder",
    "{words} steht in allen Namen dieses Ordners",
  ],

  // -- what is no episode
  ["a disc: the files in it are no episodes", "eine Disc: ihre Dateien sind keine Folgen"],
  ['in the folder "{folder}"', "im Ordner „{folder}“"],
  ['it begins with "{words}"', "der Name beginnt mit „{words}“"],
  ['it ends in "{words}"', "der Name endet auf „{words}“"],
  ["no episode, but {kind}", "keine Folge, sondern {kind}"],
  ["a special", "ein Special"],
  ["{number} is a special", "{number} ist ein Special"],

  // -- which episode of the series it is
  ["season {season}, for the name says none", "Staffel {season}, denn der Name nennt keine"],
  ["season {season}, with which the title ends", "Staffel {season}, mit der der Titel endet"],
  ["read as season {season}", "gelesen als Staffel {season}"],
  ["counted through all seasons", "durch alle Staffeln gezählt"],
  ["{offset} as this series is linked", "{offset}, wie bei dieser Serie eingestellt"],
  ["it may be {choices}", "es kann {choices} sein"],
  ["the source has no such number", "diese Nummer hat die Quelle nicht"],
  [
    "the others in its folder count through all seasons",
    "die anderen im Ordner zählen durch alle Staffeln",
  ],
  ["number {number} of all {total} is {code}", "Nummer {number} von allen {total} ist {code}"],
  ["{code} was aired on {day}, the day in the name", "{code} lief am {day}, dem Tag im Namen"],
  ['but "{title}" may be another series', "aber „{title}“ kann eine andere Serie sein"],
  ["but the file is empty: 0 bytes", "aber die Datei ist leer: 0 Bytes"],
  ["fetched as {codes}", "geholt als {codes}"],
  ["renamed as {codes}", "umbenannt als {codes}"],

  // -- which of several files of a source is taken
  ["{file} is taken", "{file} wird genommen"],
  ["left aside: {files}", "beiseitegelassen: {files}"],
  ["left aside: {files} and {count} more", "beiseitegelassen: {files} und {count} weitere"],
  ["wished is {wish}", "gewünscht ist {wish}"],
  ["wished is {wish}, which is waited for", "gewünscht ist {wish}, auf sie wird gewartet"],
  [
    "wished is {wish}, which is waited for until {day}",
    "gewünscht ist {wish}, auf sie wird bis {day} gewartet",
  ],

  // -- why a file keeps its name
  ["the link {link} leads to {path}", "die Verknüpfung {link} führt zu {path}"],
  ["{path} is no folder", "{path} ist kein Ordner"],
  [
    "{path} is a folder, and {new} lies on another disk",
    "{path} ist ein Ordner, und {new} liegt auf einer anderen Platte",
  ],
  ["a video lies in {path}", "in {path} liegt ein Video"],
  ["a link in {path} would lead elsewhere", "eine Verknüpfung in {path} würde woandershin führen"],
  ["{count} files would be called {name}", "{count} Dateien würden {name} heißen"],
  ["{name} is there already", "{name} gibt es schon"],
  ["{path} keeps its name", "{path} behält den Namen"],
  [
    "only the case of its folder's name differs, and this disk does not tell it apart",
    "nur die Groß- und Kleinschreibung des Ordners ist anders, und diese Platte kennt keine",
  ],
  ["it cannot be renamed", "das Umbenennen ging nicht"],
  ["it is gone", "die Datei ist weg"],
  ["it holds episodes of several seasons", "die Datei hat Folgen mehrerer Staffeln"],
  ["its name would be too long", "der Name würde zu lang"],
  ["{count} files are this episode", "{count} Dateien sind diese Folge"],
];

const INNER = ["choices", "kind", "wish"]; // places in which words of the server stand
const WORDS = [
  [/^a film$/, "ein Film"],
  [/^an extra$/, "ein Extra"],
  [/ or (?=S\d|no episode)/g, " oder "],
  [/\bno episode$/, "keine Folge"],
  [/^one of at most (\d+) lines$/, "eine mit höchstens $1 Zeilen"],
  [/^one of at least (\d+) lines$/, "eine mit mindestens $1 Zeilen"],
  [/^one in /, "eine in "],
  [/^one with /, "eine mit "],
  [/ and with /, " und mit "],
];

const PATTERNS = compileAll(SENTENCES, (value, name) =>
  INNER.includes(name)
    ? WORDS.reduce((text, [words, german]) => text.replace(words, german), value)
    : value,
);

function translatePiece(piece) {
  const [pattern, translate] = PATTERNS.find(([pattern]) => pattern.test(piece)) ?? [];
  return pattern ? piece.replace(pattern, translate) : sayErrorInGerman(piece);
}

/** The German of what is said of a file; pieces that nobody knows stay as they are. */
export const translate = (text) => text.split("; ").map(translatePiece).join("; ");
