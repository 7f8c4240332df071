// What came of trying a source or a server that is told of things, and how to mend it: the server's
// sentences in German. A {place} holds what the server has put there.

export const SENTENCES = [
  // -- what came of it
  ["The source works and has {count} series", "Die Quelle funktioniert und hat {count} Serien"],
  ["The source answers, but lists no series", "Die Quelle antwortet, hat aber keine Serien"],
  ["Another trial has not ended yet", "Ein anderer Versuch läuft noch"],
  [
    "The test message was sent; look whether it has arrived",
    "Die Testnachricht ist abgeschickt; nachsehen, ob sie angekommen ist",
  ],
  ["The server works and knows {folder}", "Der Server funktioniert und kennt {folder}"],
  [
    "The server works, but has no library yet",
    "Der Server funktioniert, hat aber noch keine Bibliothek",
  ],
  ["Add the folder to it", "Den Ordner dort hinzufügen"],
  [
    "The server works, but {folder} is in none of its folders: {folders}",
    "Der Server funktioniert, aber {folder} liegt in keinem seiner Ordner: {folders}",
  ],
  [
    "Set path_map: `from` is the library as this server sees it, `to` as the other does",
    "Die Ordner zuordnen: die Bibliothek, wie dieser Server sie sieht und wie der andere",
  ],
  [
    "The server answered {status}: it refused the token",
    "Der Server hat mit {status} geantwortet: Er lehnt das Token ab",
  ],

  // -- how to mend it: sources
  ["Try again", "Noch einmal versuchen"],
  ["Try again later", "Später noch einmal versuchen"],
  ["Correct the address", "Die Adresse berichtigen"],
  ["Correct the path in the address", "Den Pfad in der Adresse berichtigen"],
  ["Correct username and password", "Benutzer und Passwort berichtigen"],
  ["Renew the certificate", "Das Zertifikat erneuern"],
  [
    "Start the server there, or correct the port in the address",
    "Den Server dort starten, oder den Port in der Adresse berichtigen",
  ],
  [
    "Switch the machine on, or correct the address",
    "Den Rechner einschalten, oder die Adresse berichtigen",
  ],
  [
    "Correct the name in the address, or write the machine's IP address",
    "Den Namen in der Adresse berichtigen, oder die IP-Adresse des Rechners nehmen",
  ],
  [
    "Let the server speak TLS 1.2 or newer there",
    "Den Server dort TLS 1.2 oder neuer sprechen lassen",
  ],
  [
    "Let the server speak TLS 1.2 or 1.3 with ciphers of today",
    "Den Server TLS 1.2 oder 1.3 mit heutigen Verfahren sprechen lassen",
  ],
  [
    "Point the address at a folder, and switch its listing on in the server",
    "Die Adresse auf einen Ordner zeigen lassen, den der Server auflisten darf",
  ],
  [
    "Point the address at the folder that holds one folder for each series",
    "Die Adresse auf den Ordner zeigen lassen, in dem je Serie ein Ordner liegt",
  ],
  [
    "Look into the log of that server, or try again later",
    "Ins Protokoll jenes Servers sehen, oder es später noch einmal versuchen",
  ],
  [
    "Check that a web server listens at this port; if it speaks TLS, write https://",
    "Prüfen, ob an diesem Port ein Webserver lauscht; spricht er TLS, dann https:// schreiben",
  ],
  [
    "Check that a web server listens at this port, and that no firewall is between",
    "Prüfen, ob an diesem Port ein Webserver lauscht und keine Firewall dazwischen ist",
  ],
  [
    "Check that a server with TLS listens at this port",
    "Prüfen, ob an diesem Port ein Server mit TLS lauscht",
  ],
  [
    "Correct the path in the address, and let the server read and list that folder",
    "Den Pfad in der Adresse berichtigen, und den Server diesen Ordner auflisten lassen",
  ],
  [
    "Check what stands between, such as a proxy or a login page, and the address",
    "Prüfen, was dazwischen steht, etwa ein Proxy oder eine Anmeldeseite, und die Adresse",
  ],
  [
    "Renew the certificate, and compare the clocks of both machines",
    "Das Zertifikat erneuern, und die Uhren beider Rechner vergleichen",
  ],
  [
    "Use a name in the address that stands in the certificate",
    "In der Adresse einen Namen nehmen, der im Zertifikat steht",
  ],
  [
    "Name a file with its authority, or with the certificate itself, in ca_file",
    "Unter „Eigene Zertifizierungsstelle“ eine Datei mit ihr oder dem Zertifikat nennen",
  ],
  ["ca_file: {fix}", "Eigene Zertifizierungsstelle: {fix}"],
  [
    "Write http:// if the server speaks plain HTTP there",
    "http:// schreiben, falls der Server dort unverschlüsselt spricht",
  ],
  [
    "Let it do without, or use a login",
    "Ihn darauf verzichten lassen, oder eine Anmeldung nehmen",
  ],
  [
    "Put the address to which it redirects into the settings",
    "Die Adresse eintragen, zu der sie umleitet",
  ],
  [
    "Switch the server to Basic logins and https, or to Digest with MD5 or SHA-256",
    "Den Server auf Basic mit https umstellen, oder auf Digest mit MD5 oder SHA-256",
  ],
  [
    "Take the address of the WebDAV folder, or the type directory for a plain web server",
    "Die Adresse des WebDAV-Ordners nehmen, oder die Art „Ordner eines Webservers“",
  ],
  [
    "Add a library with series in that server",
    "In jenem Server eine Bibliothek mit Serien anlegen",
  ],
  [
    "Make a key in the dashboard of Jellyfin, under API keys, and put it into the settings",
    "Im Dashboard von Jellyfin unter „API-Schlüssel“ einen anlegen und hier eintragen",
  ],
  ["Check the address and the type of the source", "Adresse und Art der Quelle prüfen"],
  [
    "Let its owner share some series there, and rescan the library",
    "Den Besitzer dort Serien teilen und seine Bibliothek neu einlesen lassen",
  ],
  ["The Aniworld there has another address", "Jenes Aniworld hat eine andere Adresse"],
  [
    "The Aniworld there is older and cannot share",
    "Jenes Aniworld ist älter und kann noch nicht teilen",
  ],
  ["The Aniworld there is not set up yet", "Jenes Aniworld ist noch nicht eingerichtet"],
  ["The Aniworld there shares nothing", "Jenes Aniworld teilt nichts"],
  [
    "The source answered 403 (the key is of another scope)",
    "Die Quelle hat mit 403 geantwortet (der Schlüssel ist für anderes gemacht)",
  ],
  ["Update Aniworld here", "Aniworld hier aktualisieren"],
  [
    "Put the address of its page into the settings, such as http://nas.lan:8000/",
    "Die Adresse seiner Seite eintragen, wie http://nas.lan:8000/",
  ],
  [
    "Take another feed, or ask for something else: this one has no videos",
    "Einen anderen Feed nehmen, oder nach anderem fragen: Dieser hat keine Videos",
  ],
  [
    "Check that the address is the feed's own, which is XML, not that of a page",
    "Prüfen, ob es die Adresse des Feeds selbst ist (XML) und nicht die einer Seite",
  ],
  [
    "Take the address that its page gives to subscribers, with a token in it",
    "Die Adresse nehmen, die seine Seite Abonnenten gibt, mit einem Token darin",
  ],
  [
    "The secret part of the feed's address is not known",
    "Der geheime Teil der Adresse des Feeds ist nicht bekannt",
  ],
  [
    "Type the whole address again in the settings",
    "In den Einstellungen die ganze Adresse neu eintippen",
  ],
  ["Correct the collection or the query", "Sammlung oder Suche berichtigen"],
  ["yt-dlp is not installed", "yt-dlp ist nicht installiert"],
  [
    "Install it: pip install 'aniworld-server[ytdlp]'",
    "Installieren: pip install 'aniworld-server[ytdlp]'",
  ],
  [
    "Take other addresses: yt-dlp finds no videos at these",
    "Andere Adressen nehmen: yt-dlp findet dort keine Videos",
  ],
  [
    "Check the address, and update yt-dlp",
    "Die Adresse prüfen, und yt-dlp aktualisieren",
  ],

  // -- how to mend it: servers that are told of things
  [
    "Check that the type fits the server, and the address; its log may say more",
    "Prüfen, ob Art und Adresse zum Server passen; sein Protokoll sagt vielleicht mehr",
  ],
  [
    "Correct the token: it is sent as Authorization: Bearer",
    "Das Token berichtigen: Es wird als Authorization: Bearer geschickt",
  ],
  [
    "Make an access token in ntfy, under Account, for a user who may write to the topic",
    "In ntfy unter „Account“ ein Token anlegen, für jemanden, der in das Thema schreiben darf",
  ],
  [
    "Take the token of an application (Apps in Gotify), not that of a client",
    "Das Token einer Anwendung nehmen („Apps“ in Gotify), nicht das eines Clients",
  ],
  [
    "Copy the address of the webhook anew from the settings of the channel",
    "Die Adresse des Webhooks noch einmal aus den Einstellungen des Kanals kopieren",
  ],
  [
    "Copy the address of the webhook anew: it was deleted, or is not whole",
    "Die Adresse des Webhooks noch einmal kopieren: Er ist gelöscht, oder sie ist nicht ganz",
  ],
  [
    "Take the X-Plex-Token of the account that owns the server",
    "Das X-Plex-Token des Kontos nehmen, dem der Server gehört",
  ],
  [
    "Write the address of a topic: https://<server>/<topic>",
    "Die Adresse eines Themas schreiben: https://<Server>/<Thema>",
  ],
  [
    "Write the address of the server, without /message",
    "Die Adresse des Servers schreiben, ohne /message",
  ],
  [
    "Write the address of the server, as the page in the browser has it before /web",
    "Die Adresse des Servers schreiben, wie sie im Browser vor /web steht",
  ],
  [
    "Write the address of the server, such as http://nas.lan:32400",
    "Die Adresse des Servers schreiben, wie http://nas.lan:32400",
  ],
];
